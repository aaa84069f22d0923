//! A page at the other end of the WebSocket.

use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt, StreamExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::house::Person;

const PATIENCE: Duration = Duration::from_secs(20);

/// An open WebSocket.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one as our own page does.
    pub(crate) async fn open(address: SocketAddr, person: &Person) -> Self {
        let origin = format!("http://{address}");
        Self::try_open(address, Some(person), Some(&origin)).await.unwrap()
    }

    /// Opens one from a page of `origin`, or says with which status that was refused.
    pub(crate) async fn try_open(
        address: SocketAddr,
        person: Option<&Person>,
        origin: Option<&str>,
    ) -> Result<Self, StatusCode> {
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        let headers = request.headers_mut();
        if let Some(person) = person {
            headers.insert("cookie", format!("galaxy={}", person.secret).parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status()),
            Err(err) => panic!("the WebSocket broke: {err}"),
        }
    }

    pub(crate) async fn say(&mut self, order: &Value) {
        self.text(&order.to_string()).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn follow(&mut self, topic: &str, after: u64) {
        self.say(&json!({ "op": "follow", "topic": topic, "after": after })).await;
    }

    /// The next frame that is no ping; none when the server hung up.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        timeout(PATIENCE, self.read()).await.expect("a frame in time")
    }

    async fn read(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if frame["op"] != "ping" {
                        return Some(frame);
                    }
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => (),
                Ok(Message::Close(_) | Message::Binary(_) | Message::Frame(_)) | Err(_) => {
                    return None;
                }
            }
        }
    }

    /// The frames up to the first event of that type, which is the last.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut all = Vec::new();
        while let Some(frame) = self.next().await {
            all.push(frame);
            if all.last().is_some_and(|it| it["type"] == kind) {
                return all;
            }
        }
        panic!("{kind} never came: {all:?}");
    }
}
