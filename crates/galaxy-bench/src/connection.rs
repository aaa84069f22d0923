//! One connection of the client.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use galaxy_base::Tasks;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Where requests go, and with what right.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The server.
    pub(crate) address: SocketAddr,
    /// What the `Authorization` header says.
    pub(crate) authorization: Option<String>,
}

/// A connection that is kept between requests.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    place: Place,
    /// Said with every request.
    said: &'static [(&'static str, &'static str)],
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(place: &Place, tasks: &Tasks) -> Result<Self> {
        let socket = TcpStream::connect(place.address).await?;
        socket.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        tasks.spawn(connection);
        Ok(Self { sender, place: place.clone(), said: &[] })
    }

    /// Says these headers with every request from now on.
    pub(crate) fn say(&mut self, said: &'static [(&'static str, &'static str)]) {
        self.said = said;
    }

    /// Sends JSON, or nothing, and gives the body of the response, which has to be a success.
    pub(crate) async fn send(&mut self, path: &str, body: Option<&Value>) -> Result<Incoming> {
        self.sender.ready().await?;
        let host = self.place.address.to_string();
        let mut request = Request::builder().uri(path).header(header::HOST, host);
        request = request.header(header::ACCEPT, "application/json, text/event-stream");
        if let Some(authorization) = &self.place.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        for (name, value) in self.said {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request
                .method("POST")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Full::new(Bytes::from(body.to_string()))),
            None => request.body(Full::default()),
        };
        let response = self.sender.send_request(request?).await?;
        let status = response.status();
        if !status.is_success() {
            let body = response.into_body().collect().await?.to_bytes();
            anyhow::bail!("{path}: {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(response.into_body())
    }

    /// Sends JSON, or nothing, and reads the JSON that comes back.
    pub(crate) async fn exchange(&mut self, path: &str, body: Option<&Value>) -> Result<Value> {
        let body = self.send(path, body).await?.collect().await?.to_bytes();
        ensure!(!body.is_empty(), "{path}: no body");
        serde_json::from_slice(&body).with_context(|| format!("{path}: no JSON"))
    }
}
