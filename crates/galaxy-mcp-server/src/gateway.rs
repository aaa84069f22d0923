//! The gateway: each tool server behind its own address here, `/api/mcp/{name}`.
//!
//! `rmcp` reads requests, negotiates revisions and frames answers; what the server itself said goes
//! through unread and whole: results are put into their frames at the edge (`splice`), with
//! nothing but what the client's revision wants beside it.
//!
//! **Invariant:** only tools that were allowed, as they were allowed, are listed and called, and
//! only for those who may; no header of the client reaches the server.

mod calls;
mod frame;
mod progress;
mod session;
mod splice;

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, Request},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use galaxy_app::{AppError, access::in_scope, servers::Mounted};
use galaxy_domain::{Caller, Kind, access::Scope};
use galaxy_tool::AnyTool;
use http_body_util::Full;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::{Value, json};

use crate::{
    McpServer,
    http::{BODY, SCOPES, insufficient, readable, refusal, whole},
};
use frame::Frame;
use session::Session;
use splice::Result as Slot;

/// Where the servers are.
pub(crate) const PATH: &str = "/api/mcp/{name}";
/// Where programs read what opens one of them.
pub(crate) const METADATA: &str = "/.well-known/oauth-protected-resource/api/mcp/{name}";

impl McpServer {
    /// Answers a request to the tool server called `name`.
    pub(crate) async fn relay(&self, Path(name): Path<String>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Some(caller) = parts.extensions.get::<Caller>().cloned() else {
            // The gate let nobody through without one.
            return refusal(StatusCode::UNAUTHORIZED, "nobody is asking");
        };
        let mounted = match self.app.mounted(&caller, &name).await {
            Ok(mounted) => Arc::new(mounted),
            Err(err) => {
                let origin = self.origin(&parts.uri, &parts.headers);
                return unreachable(&err, &caller, &origin, &name);
            }
        };
        let body = match whole(body).await {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let frame = Frame::read(&body);
        if let Some(needed) = lacking(&caller, &mounted, &frame) {
            let origin = self.origin(&parts.uri, &parts.headers);
            return insufficient(&caller, needed, &metadata(&origin, &name));
        }
        let slot = Slot::default();
        if frame.begins() {
            // What it is and what it can do is known once it is connected.
            if let Err(err) = mounted.server.tools().await {
                tracing::debug!(server = %name, error = %err, "a mounted server does not answer");
            }
        }
        let session = Session {
            app: self.app.clone(),
            caller,
            mounted,
            params: frame.params,
            slot: slot.clone(),
        };
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            // One that tells something before it answers is a stream all the same.
            .with_json_response(true)
            .with_max_request_body_bytes(BODY)
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let service = StreamableHttpService::<_, NeverSessionManager>::new(
            move || Ok(session.clone()),
            Arc::default(),
            config,
        );
        let request = Request::from_parts(parts, Full::new(body));
        let response = readable(service.handle(request).await.map(Body::new)).await;
        splice::into(response, slot).await
    }

    /// What a program has to bring for the tool server called `name` (RFC 9728).
    pub(crate) async fn relay_metadata(
        &self,
        Path(name): Path<String>,
        uri: Uri,
        headers: HeaderMap,
    ) -> Json<Value> {
        Json(json!({
            "resource": format!("{}/api/mcp/{name}", self.origin(&uri, &headers)),
            "resource_name": format!("{}: {name}", self.app.config().name),
            "bearer_methods_supported": ["header"],
            "scopes_supported": SCOPES.map(Scope::as_str),
        }))
    }
}

/// Why there is no such server for the caller.
fn unreachable(err: &AppError, caller: &Caller, origin: &str, name: &str) -> Response {
    match err.kind() {
        Kind::NotFound => refusal(StatusCode::NOT_FOUND, "there is no tool server of that name"),
        Kind::Forbidden => insufficient(caller, Scope::Read, &metadata(origin, name)),
        Kind::Invalid
        | Kind::Unauthenticated
        | Kind::Conflict
        | Kind::TooLarge
        | Kind::TooMany
        | Kind::Unavailable
        | Kind::Internal => {
            tracing::warn!(error = ?err, "a tool server cannot be mounted");
            refusal(StatusCode::SERVICE_UNAVAILABLE, "this does not work at the moment")
                .into_response()
        }
    }
}

/// Where it is written what opens the server called `name`.
fn metadata(origin: &str, name: &str) -> String {
    format!("{origin}/.well-known/oauth-protected-resource/api/mcp/{name}")
}

/// The scope that what the caller came by lacks for the tool that they call.
fn lacking(caller: &Caller, mounted: &Mounted, frame: &Frame) -> Option<Scope> {
    let tool = &mounted.tool(frame.tool()?)?.tool;
    let changes = !tool.effect().is_repeatable();
    let needed = if changes { tool.scope() } else { Scope::Read };
    (!in_scope(caller, tool.scope(), changes)).then_some(needed)
}

/// Whether the server of `mounted` says that it has what `key` names.
fn can(mounted: &Mounted, key: &str) -> bool {
    let health = mounted.server.health();
    health.server.is_some_and(|it| it.capabilities.get(key).is_some_and(Value::is_object))
}
