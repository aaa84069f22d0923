//! `/mcp` over HTTP, and what describes it to programs (RFC 9728).
//!
//! The gate in front has checked host, origin and caller. Here a scope that is lacking becomes 403,
//! as the protocol's rules for protected resources want it; everything else is `rmcp`'s.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post},
};
use bytes::Bytes;
use galaxy_app::access::in_scope;
use galaxy_domain::{Caller, access::Scope};
use http_body_util::{BodyExt, Full, Limited};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{McpServer, gateway, listing, server::Session};

/// Where the server is.
const PATH: &str = "/mcp";
/// Where programs read what opens it: at its own address, and for those that look at the root.
const METADATA: [&str; 2] =
    ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"];
/// What a caller may need to be good for here.
pub(crate) const SCOPES: [Scope; 3] = [Scope::Read, Scope::Chat, Scope::Tasks];
/// How big a message may be, in bytes.
pub(crate) const BODY: usize = 1024 * 1024;
/// How long a message may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the server answers, for whoever puts it behind its gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The protocol itself: for whoever sends a key or a token. The handler finds the [`Caller`]
    /// among the extensions of the request.
    Protocol,
    /// What opens it, for anybody; at its own address, or for those that look at the root.
    Metadata(&'static str),
    /// A tool server behind its own address: as [`Route::Protocol`].
    Server,
    /// Where clients of older revisions hear of what happens between their requests.
    ServerHears,
    /// Where they close their session.
    ServerEnds,
    /// What opens that, for anybody.
    ServerMetadata,
}

impl Route {
    /// Every route there is.
    pub const ALL: [Self; 7] = [
        Self::Protocol,
        Self::Metadata(METADATA[0]),
        Self::Metadata(METADATA[1]),
        Self::Server,
        Self::ServerHears,
        Self::ServerEnds,
        Self::ServerMetadata,
    ];

    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Protocol => PATH,
            Self::Metadata(path) => path,
            Self::Server | Self::ServerHears | Self::ServerEnds => gateway::PATH,
            Self::ServerMetadata => gateway::METADATA,
        }
    }

    /// Its only method.
    pub const fn method(self) -> Method {
        match self {
            Self::Protocol | Self::Server => Method::POST,
            Self::Metadata(_) | Self::ServerHears | Self::ServerMetadata => Method::GET,
            Self::ServerEnds => Method::DELETE,
        }
    }

    /// Whether only those get in who send a key or a token; what describes a route is for anybody.
    pub const fn is_guarded(self) -> bool {
        match self {
            Self::Protocol | Self::Server | Self::ServerHears | Self::ServerEnds => true,
            Self::Metadata(_) | Self::ServerMetadata => false,
        }
    }
}

type Service = StreamableHttpService<Session, NeverSessionManager>;

/// The server over HTTP.
struct Endpoint {
    server: McpServer,
    service: Service,
}

impl McpServer {
    /// What answers at `route`.
    pub fn handler(&self, route: Route) -> MethodRouter {
        match route {
            Route::Protocol => {
                let endpoint = Endpoint { server: self.clone(), service: service(self) };
                let endpoint = Arc::new(endpoint);
                post(move |request: Request| {
                    let endpoint = endpoint.clone();
                    async move { endpoint.answer(request).await }
                })
            }
            Route::Metadata(_) => {
                let server = self.clone();
                get(move |uri: Uri, headers: HeaderMap| async move {
                    Json(server.metadata(&uri, &headers))
                })
            }
            Route::Server | Route::ServerHears | Route::ServerEnds => {
                let server = self.clone();
                let handler = move |path: Path<String>, request: Request| {
                    let server = server.clone();
                    async move { server.relay(path, request).await }
                };
                match route.method() {
                    Method::GET => get(handler),
                    Method::DELETE => delete(handler),
                    _ => post(handler),
                }
            }
            Route::ServerMetadata => {
                let server = self.clone();
                get(move |path: Path<String>, uri: Uri, headers: HeaderMap| {
                    let server = server.clone();
                    async move { server.relay_metadata(path, uri, headers).await }
                })
            }
        }
    }

    /// What a program has to bring (RFC 9728). There is no server of tokens to point at.
    fn metadata(&self, uri: &Uri, headers: &HeaderMap) -> Value {
        json!({
            "resource": format!("{}{PATH}", self.origin(uri, headers)),
            "resource_name": self.app.config().name,
            "bearer_methods_supported": ["header"],
            "scopes_supported": SCOPES.map(Scope::as_str),
        })
    }

    /// The address under which the request reached us.
    pub(crate) fn origin(&self, uri: &Uri, headers: &HeaderMap) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let header = headers.get(header::HOST).and_then(|it| it.to_str().ok());
        let host = uri.authority().map(|it| it.as_str()).or(header).unwrap_or_default();
        format!("{scheme}://{host}")
    }
}

/// The protocol, without sessions: nothing is remembered between two requests. The gate has
/// checked host and origin by the deployment's own lists.
fn service(server: &McpServer) -> Service {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(BODY)
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let server = server.clone();
    StreamableHttpService::new(move || Ok(server.session(None)), Arc::default(), config)
}

impl Endpoint {
    async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = match whole(body).await {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        if let Some(caller) = parts.extensions.get::<Caller>()
            && let Some(needed) = self.lacking(caller, &body).await
        {
            let origin = self.server.origin(&parts.uri, &parts.headers);
            return insufficient(caller, needed, &format!("{origin}{}", METADATA[0]));
        }
        if let Some(caller) = parts.extensions.get::<Caller>()
            && let Some((id, era)) = listing::plain(&parts.headers, &body)
            && let Some(list) = self.server.tools_ready(caller, era).await
        {
            return answered(id, &list);
        }
        let request = Request::from_parts(parts, Full::new(body));
        readable(self.service.handle(request).await.map(Body::new)).await
    }

    /// The scope that what the caller came by lacks for what they ask.
    async fn lacking(&self, caller: &Caller, body: &Bytes) -> Option<Scope> {
        let glance: Glance = serde_json::from_slice(body).ok()?;
        match &*glance.method {
            "tools/call" => {
                let tool = glance.params.and_then(|it| it.name)?;
                match self.server.agents.named(&tool) {
                    Some(own) => own.lacking_scope(caller),
                    // What cannot be found out now is found out when the tool is called.
                    None => self.server.app.lacking_scope(caller, &tool).await.ok().flatten(),
                }
            }
            "tasks/update" | "tasks/cancel" => {
                (!in_scope(caller, Scope::Chat, true)).then_some(Scope::Chat)
            }
            "resources/list" | "resources/read" | "tasks/get" => {
                (!in_scope(caller, Scope::Chat, false)).then_some(Scope::Read)
            }
            _ => None,
        }
    }
}

/// A message, once all of it is here.
pub(crate) async fn whole(body: Body) -> Result<Bytes, Response> {
    match tokio::time::timeout(PATIENCE, Limited::new(body, BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => {
            let message = format!("a message has at most {BODY} bytes");
            Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, &message))
        }
        Err(_) => Err(refusal(StatusCode::REQUEST_TIMEOUT, "the message took too long")),
    }
}

/// A result that is JSON already.
fn answered(id: &str, result: &[u8]) -> Response {
    let pieces: [&[u8]; 5] =
        [br#"{"jsonrpc":"2.0","id":"#, id.as_bytes(), br#","result":"#, result, b"}"];
    let body = pieces.concat();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// What a message is about, without reading the rest of it.
#[derive(Deserialize)]
struct Glance {
    method: String,
    #[serde(default)]
    params: Option<GlanceParams>,
}

#[derive(Deserialize)]
struct GlanceParams {
    #[serde(default)]
    name: Option<String>,
}

/// Tells a program which scopes it has to come back with: those that it has and what it lacks.
/// `metadata` is where that is written, too.
pub(crate) fn insufficient(caller: &Caller, needed: Scope, metadata: &str) -> Response {
    let wanted = SCOPES.iter().filter(|it| **it == needed || caller.scopes.contains(it));
    let wanted: Vec<&str> = wanted.map(|it| it.as_str()).collect();
    let text = format!(
        "Bearer error=\"insufficient_scope\", scope=\"{}\", resource_metadata=\"{metadata}\"",
        wanted.join(" ")
    );
    let message = format!("this needs a key with the scope `{}`", needed.as_str());
    let mut response = refusal(StatusCode::FORBIDDEN, &message);
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// A refusal in the protocol's words.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Response {
    let error = json!({ "code": -32600, "message": message });
    (status, Json(json!({ "jsonrpc": "2.0", "id": null, "error": error }))).into_response()
}

/// Has every refusal speak the protocol; some are plain text.
pub(crate) async fn readable(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|it| it.as_bytes().starts_with(b"application/json"));
    if status.is_success() || is_json {
        return response;
    }
    if status.is_server_error() {
        return refusal(status, "something went wrong on our side");
    }
    let body = response.into_body().collect().await.map(|it| it.to_bytes()).unwrap_or_default();
    refusal(status, &galaxy_base::text::clip(&String::from_utf8_lossy(&body), 500))
}
