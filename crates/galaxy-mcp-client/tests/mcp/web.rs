//! The fixture over HTTP, and servers that only misbehave.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::protocol::Fixture;

/// Headers of every request that came.
pub(crate) type Seen = Arc<Mutex<Vec<HeaderMap>>>;

/// Serves `router` at an address of its own, as long as the test runs.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = async move { axum::serve(listener, router).await };
    galaxy_base::Tasks::default().spawn(serving);
    format!("http://{address}/mcp")
}

/// A server that answers every POST so.
pub(crate) async fn answering(
    answer: impl Fn(HeaderMap) -> Response + Clone + Send + Sync + 'static,
) -> String {
    let answer = move |headers: HeaderMap, _: Bytes| async move { answer(headers) };
    serve(Router::new().route("/mcp", post(answer))).await
}

/// The fixture; `strict` is a legacy one that refuses what is new with a 400. What it says before its answer comes as events, an answer alone as JSON.
pub(crate) async fn fixture(era: &str) -> (String, Seen) {
    let strict = era == "strict";
    let fixture = Arc::new(Mutex::new(Fixture::new(if strict { "legacy" } else { era })));
    let seen = Seen::default();
    let heard = seen.clone();
    let hear = move |headers: HeaderMap, body: Bytes| async move {
        heard.lock().unwrap().push(headers);
        let message: Value = serde_json::from_slice(&body).unwrap();
        if strict && message["method"] == "server/discover" {
            return refused();
        }
        if message["method"] == "subscriptions/listen" {
            let error = json!({ "code": -32601, "message": "nobody listens here" });
            let refusal = json!({ "jsonrpc": "2.0", "id": message["id"], "error": error });
            return json_text(&refusal.to_string());
        }
        let said = fixture.lock().unwrap().hear(&message);
        respond(&message, &said)
    };
    (serve(Router::new().route("/mcp", post(hear))).await, seen)
}

pub(crate) fn respond(message: &Value, said: &[Value]) -> Response {
    match said {
        _ if message.get("id").is_none() => StatusCode::ACCEPTED.into_response(),
        [wrong] if wrong["fixture"] == "wrong" => json_text("{oops"),
        [answer] if answer.get("method").is_none() => json_text(&answer.to_string()),
        events => {
            let events: String = events.iter().map(|it| format!("data: {it}\n\n")).collect();
            ([(header::CONTENT_TYPE, "text/event-stream")], events).into_response()
        }
    }
}

fn json_text(text: &str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.to_owned()).into_response()
}

/// An error of the protocol that names no request, as servers send with a 400.
fn refused() -> Response {
    let error = json!({ "jsonrpc": "2.0", "id": "server-error", "error": { "code": -32600, "message": "no" } });
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], error.to_string())
        .into_response()
}
