//! The gateway: each tool server behind its own address here, `/api/mcp/{name}`.
//!
//! `rmcp` reads requests, negotiates revisions and frames answers; what the server itself said goes
//! through unread and whole: results are put into their frames on the way out (`Slots`), with
//! nothing but what the client's revision wants beside it.
//!
//! **Invariant:** only tools that were allowed, as they were allowed, are listed and called, and
//! only for those who may; no header of the client reaches the server.

mod abilities;
mod asked;
mod calls;
mod flight;
mod frame;
mod held;
mod lasting;
mod line;
mod log;
mod news;
mod progress;
mod session;
mod states;
mod tasks;
mod telling;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use galaxy_app::{App, AppError, access::in_scope, servers::Mounted};
use galaxy_domain::{Caller, Kind, ToolServerId, access::Scope};
use galaxy_tool::AnyTool;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::{
    McpServer,
    http::{SCOPES, insufficient, refusal, whole},
    sessions::{Names, Standing},
};
use asked::Asked;
use frame::Frame;
pub(crate) use held::Holding;
use lasting::Lasting;
use session::Session;

/// Where the servers are.
pub(crate) const PATH: &str = "/api/mcp/{name}";
/// Where programs read what opens one of them.
pub(crate) const METADATA: &str = "/.well-known/oauth-protected-resource/api/mcp/{name}";

/// What the name of a session opens to: it is sealed anew for each, and so never the same twice.
const SESSION: &str = "session";

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
        if frame.begins() || frame.is_about_a_task() {
            // What it is and what it can do is known once it is connected.
            if let Err(err) = mounted.server.tools().await {
                tracing::debug!(server = %name, error = %err, "a mounted server does not answer");
            }
        }
        let shakes = frame.shakes_hands();
        let Frame { method, params } = frame;
        let asked = Asked { caller: caller.clone(), mounted: mounted.clone(), method, params };
        let mut request = Request::from_parts(parts, Full::new(body));
        request.extensions_mut().insert(Arc::new(asked));
        let names = Named { app: self.app.clone(), caller: caller.clone(), server: mounted.id };
        let (app, holding) = (self.app.clone(), self.holding.clone());
        let make = move |slots, standing| Session {
            app: app.clone(),
            caller: caller.clone(),
            mounted: mounted.clone(),
            standing,
            slots,
            lasting: Lasting::default(),
            holding: holding.clone(),
            hears: standing == Standing::Session || !shakes,
        };
        self.sessions.answer(&names, request, shakes, make).await
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

/// Names the sessions of one caller with one server.
struct Named {
    app: Arc<App>,
    caller: Caller,
    server: ToolServerId,
}

impl Names for Named {
    fn person(&self) -> String {
        self.caller.person.to_string()
    }

    fn new_name(&self) -> String {
        self.app.seal_state(&self.caller, self.server, SESSION)
    }

    fn is_ours(&self, name: &str) -> bool {
        self.app.open_state(&self.caller, self.server, name).is_some_and(|it| it == SESSION)
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
