//! The API, as programs use it.

use std::{net::SocketAddr, sync::OnceLock};

use galaxy_net::{Config, Error, Reach, Request};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::{Value, json};
use url::Url;

use crate::reader::Reader;

/// The longest body of a reply.
const BODY: usize = 16 << 20;

/// Talks to one server.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: galaxy_net::Client,
    address: SocketAddr,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// A request that can be sent again.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    key: Option<String>,
    body: Value,
}

impl Call {
    /// A GET.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), key: None, body: Value::Null }
    }

    /// A POST.
    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), key: None, body }
    }

    /// A PUT.
    pub(crate) fn put(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::PUT, ..Self::post(path, body) }
    }

    /// A DELETE.
    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// To be done once, however often it is sent.
    pub(crate) fn once(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// A message to a conversation.
    pub(crate) fn message(conversation: &str, text: &str) -> Self {
        Self::post(format!("/api/conversations/{conversation}/messages"), json!({ "text": text }))
    }
}

impl Client {
    /// For the server at `address`.
    pub(crate) fn new(address: SocketAddr) -> Self {
        // Building one reads all certificates of the machine.
        static HTTP: OnceLock<galaxy_net::Client> = OnceLock::new();
        let http = HTTP.get_or_init(|| {
            rustls::crypto::ring::default_provider().install_default().unwrap();
            galaxy_net::Client::new(Config::default()).unwrap()
        });
        Self { http: http.clone(), address }
    }

    /// Sends `call` and reads the whole reply.
    pub(crate) async fn send(&self, call: &Call) -> Result<Reply, Error> {
        let response = self.http.send(Reach::Configured, self.request(call)).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text_bounded(BODY).await?;
        assert!(text.is_whole, "{}: too long", call.path);
        let body = serde_json::from_str(&text.text).unwrap_or(Value::String(text.text));
        Ok(Reply { status, headers, body })
    }

    /// A GET.
    pub(crate) async fn get(&self, path: &str) -> Result<Reply, Error> {
        self.send(&Call::get(path)).await
    }

    /// Sends `call`, which has to succeed, and gives the body.
    pub(crate) async fn done(&self, call: &Call) -> Value {
        let reply = self.send(call).await.unwrap();
        assert!((200..300).contains(&reply.status), "{call:?}\n{reply:?}");
        reply.body
    }

    /// Begins a conversation; gives its id.
    pub(crate) async fn conversation(&self) -> String {
        let made = self.done(&Call::post("/api/conversations", json!({ "title": "Test" }))).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Sends a message; gives the run that answers it.
    pub(crate) async fn say(&self, conversation: &str, text: &str) -> String {
        let said = self.done(&Call::message(conversation, text)).await;
        said["run_id"].as_str().unwrap().to_owned()
    }

    /// Reads the events of a run after number `after`.
    pub(crate) async fn events(&self, run: &str, after: u64) -> Result<Reader, Error> {
        let mut request = self.request(&Call::get(format!("/api/runs/{run}/events")));
        let name = HeaderName::from_static("last-event-id");
        request.headers.insert(name, HeaderValue::from(after));
        let response = self.http.send(Reach::Configured, request).await?;
        assert_eq!(response.status(), 200, "events of {run}");
        Ok(Reader::new(response.bytes()))
    }

    /// All items of a list that has pages.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let place = cursor.map(|it| format!("&cursor={it}")).unwrap_or_default();
            let page = self.done(&Call::get(format!("{path}?limit=100{place}"))).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return items,
            }
        }
    }

    /// All messages of the shown branch of a conversation, oldest first.
    pub(crate) async fn messages(&self, conversation: &str) -> Vec<Value> {
        let path = format!("/api/conversations/{conversation}/messages");
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let before = messages.first().and_then(|it| it["id"].as_str());
            let before = before.map(|it| format!("&before={it}")).unwrap_or_default();
            let page = self.done(&Call::get(format!("{path}?limit=100{before}"))).await;
            let mut older = page["items"].as_array().unwrap().clone();
            older.append(&mut messages);
            messages = older;
            if page["has_more"] == false {
                return messages;
            }
        }
    }

    fn request(&self, call: &Call) -> Request {
        let url = Url::parse(&format!("http://{}{}", self.address, call.path)).unwrap();
        let mut request = if call.body.is_null() {
            Request::get(url)
        } else {
            Request::post_json(url, call.body.to_string())
        };
        request.method = call.method.clone();
        if let Some(key) = &call.key {
            let key = HeaderValue::from_str(key).unwrap();
            request.headers.insert(HeaderName::from_static("idempotency-key"), key);
        }
        request.headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        request
    }
}
