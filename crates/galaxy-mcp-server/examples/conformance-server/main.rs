//! The server that the protocol's own conformance suite talks to: it offers the tools, resources and
//! prompts that the suite knows, at `/mcp`, through the same sessions and results as Galaxy's own
//! endpoints. Behind the gateway it stands for a server of either generation.
//!
//! `conformance-server [--port PORT] [--old]`; with `--old` it speaks no revision that has no
//! handshake. It says where it listens, and serves until it is ended.

mod asking;
mod catalogue;
mod handler;
mod plain;
mod questions;
mod tasks;
mod telling;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::any,
};
use galaxy_base::random;
use galaxy_mcp_server::{Names, Sessions};
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use handler::{Generation, Suite};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Sessions here are nobody's in particular.
#[derive(Default)]
struct Given(Mutex<HashSet<String>>);

impl Names for Given {
    fn person(&self) -> String {
        "suite".to_owned()
    }

    fn new_name(&self) -> String {
        let name = random::token();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        name
    }

    fn is_ours(&self, name: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }
}

/// What is served.
struct Served {
    sessions: Arc<Sessions>,
    given: Given,
    suite: Suite,
}

impl Served {
    async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        if !is_local(&parts.uri, &parts.headers) {
            return StatusCode::FORBIDDEN.into_response();
        }
        let Ok(body) = body.collect().await else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let body: Bytes = body.to_bytes();
        let message: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let begins = message["method"] == "initialize";
        let request = Request::from_parts(parts, Full::new(body));
        let suite = self.suite.clone();
        let make = move |slots, standing| suite.clone().with(slots, standing);
        self.sessions.answer(&self.given, request, begins, make).await
    }
}

/// Whether both host and origin are this machine: what the gate checks in Galaxy.
fn is_local(uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|it| it.to_str().unwrap_or_default().to_owned());
    let host = uri.authority().map(ToString::to_string).or_else(|| text(header::HOST));
    let origin = text(header::ORIGIN).map(|it| it.replacen("http://", "", 1));
    let local = |place: &str| {
        let name = place.rsplit_once(':').map_or(place, |(name, _)| name);
        matches!(name, "localhost" | "127.0.0.1" | "[::1]")
    };
    host.is_some_and(|it| local(&it)) && origin.is_none_or(|it| local(&it))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|it| it == name)?;
        arguments.get(at + 1).cloned()
    };
    let port: u16 = after("--port").map_or(Ok(0), |it| it.parse())?;
    let is_old = arguments.iter().any(|it| it == "--old");
    let generation = if is_old { Generation::Old } else { Generation::Both };
    let served = Arc::new(Served {
        sessions: Sessions::new(CancellationToken::new()),
        given: Given::default(),
        suite: Suite::new(generation),
    });
    let answer = any(move |request: Request| {
        let served = served.clone();
        async move { served.answer(request).await }
    });
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    #[expect(clippy::print_stdout, reason = "whoever started it wants to know")]
    {
        println!("listens on http://{address}");
    }
    Ok(axum::serve(listener, Router::new().route("/mcp", answer)).await?)
}
