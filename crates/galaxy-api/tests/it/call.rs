//! One request, and what came back.

use std::net::{IpAddr, SocketAddr};

use axum::{Router, body::Body, extract::ConnectInfo};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{events::Events, house::Person};

/// A request under construction.
pub(crate) struct Call {
    router: Router,
    method: String,
    uri: String,
    headers: HeaderMap,
    body: Bytes,
    peer: IpAddr,
}

/// A response with its whole body. What all responses have in common was checked.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn new(router: Router, method: &str, uri: &str) -> Self {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("localhost"))]);
        let peer = IpAddr::from([192, 0, 2, 10]);
        let (method, uri) = (method.to_owned(), uri.to_owned());
        Self { router, method, uri, headers, body: Bytes::new(), peer }
    }

    /// As our page asks on behalf of whoever is signed in.
    pub(crate) fn by(self, person: &Person) -> Self {
        let this = self.cookie(&person.secret).header("x-requested-with", "galaxy");
        this.header("origin", "http://localhost")
    }

    /// With the session's cookie, and nothing that says who asks.
    pub(crate) fn cookie(self, secret: &str) -> Self {
        self.header("cookie", &format!("galaxy={secret}"))
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// From that address.
    pub(crate) fn from(mut self, peer: &str) -> Self {
        self.peer = peer.parse().unwrap();
        self
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        self.headers.insert(header::HOST, host.parse().unwrap());
        self
    }

    /// Adds a header, beside what there is of that name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With a body of that type.
    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", media_type)
    }

    pub(crate) fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// Sends it and reads all of the answer; of a stream only the beginning.
    pub(crate) async fn send(self) -> Reply {
        let (head, body) = self.dispatch().await;
        let body = if is_stream(&head.headers) {
            Bytes::new()
        } else {
            body.collect().await.unwrap().to_bytes()
        };
        let reply = Reply { status: head.status.as_u16(), headers: head.headers, body };
        reply.check();
        reply
    }

    /// Sends it and reads the events of the answer as they come.
    pub(crate) async fn follow(self) -> Events {
        let (head, body) = self.dispatch().await;
        assert_eq!(head.status, StatusCode::OK, "a stream was refused");
        assert!(is_stream(&head.headers), "no stream: {:?}", head.headers);
        check_headers(&head.headers);
        Events::new(body)
    }

    async fn dispatch(self) -> (http::response::Parts, Body) {
        let mut request = Request::new(Body::from(self.body));
        *request.method_mut() = self.method.parse().unwrap();
        *request.uri_mut() = self.uri.parse::<Uri>().unwrap();
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((self.peer, 50_000))));
        self.router.oneshot(request).await.unwrap().into_parts()
    }
}

impl Reply {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(err) => panic!("{} is no JSON: {err}: {}", self.status, self.text()),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|it| it.to_str().unwrap())
    }

    /// The JSON of an answer with that status.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem document of an answer with that status and code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }

    /// The problem document without what differs from request to request.
    pub(crate) fn problem(&self) -> Value {
        let mut problem = self.json();
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    }

    fn check(&self) {
        check_headers(&self.headers);
        // A sick server describes itself.
        let is_report = self.status == 503 && self.text().contains("\"checks\"");
        // The protocol of tools has errors of its own.
        let is_rpc = self.text().contains("\"jsonrpc\"");
        if self.status >= 400 && !is_report && !is_rpc && !self.body.is_empty() {
            self.check_problem();
        }
    }

    fn check_problem(&self) {
        let problem = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{problem}");
        assert_eq!(self.header("content-encoding"), None, "checked as it came");
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        let code = problem["code"].as_str().unwrap();
        let is_word = |ch: char| ch.is_ascii_lowercase() || ch == '_';
        assert!(!code.is_empty() && code.chars().all(is_word), "{problem}");
        for field in ["title", "detail"] {
            assert!(!problem[field].as_str().unwrap().is_empty(), "{problem}");
        }
        assert!(self.body.len() < 8_192, "a problem is never as long as what caused it");
        let told = self.text().to_lowercase();
        for secret in ["sqlite", "postgres", "sqlx", "panicked", "/src/", "select ", "$argon2"] {
            assert!(!told.contains(secret), "an inner detail in {told}");
        }
        assert_ne!(self.status, 500, "{problem}");
        assert_eq!(self.header("retry-after").is_some(), matches!(self.status, 429 | 503));
        // RFC 6750, 3.1: a key that is too weak is told what would do.
        let scope = self.header("www-authenticate").is_some_and(|it| it.contains("_scope"));
        let is_asked = self.status == 401 || (self.status == 403 && scope);
        assert_eq!(self.header("www-authenticate").is_some(), is_asked);
    }
}

fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|it| it == "text/event-stream")
}

/// What every response carries, whatever it is.
fn check_headers(headers: &HeaderMap) {
    let text = |name: &str| headers.get(name).map_or("", |it| it.to_str().unwrap());
    assert!(text("x-request-id").parse::<uuid::Uuid>().is_ok(), "{headers:?}");
    let policy = text("content-security-policy");
    // The document around views has a policy of its own: it is nobody's.
    let (scripts, ancestors) = if policy.contains("; sandbox allow-scripts") {
        ("script-src 'unsafe-inline'", "object-src 'none'")
    } else {
        ("script-src 'self';", "frame-ancestors 'none'")
    };
    for directive in ["default-src 'none'", scripts, ancestors, "base-uri 'none'", "form-action "] {
        assert!(policy.contains(directive), "{directive} in {policy}");
    }
    let expected = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in expected {
        assert_eq!(text(name), value, "{name}");
    }
    assert!(text("permissions-policy").contains("camera=()"));
    for name in ["server", "x-powered-by"] {
        assert!(!headers.contains_key(name), "{name}");
    }
}
