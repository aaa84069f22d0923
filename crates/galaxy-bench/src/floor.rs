//! The floor: a bare server that does the same input and output and nothing else. It keeps
//! nothing, checks nobody, and knows no conversation.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{asking::completion, lines::Lines};

#[derive(Clone)]
struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

#[derive(Deserialize)]
struct Question {
    message: String,
}

/// What broke, for the log of the client.
struct Broken(String);

impl<E: std::fmt::Display> From<E> for Broken {
    fn from(err: E) -> Self {
        Self(err.to_string())
    }
}

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        (StatusCode::BAD_GATEWAY, self.0).into_response()
    }
}

/// Serves until the process ends.
pub(crate) async fn serve(provider: SocketAddr) -> Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let upstream = Upstream { client, url: format!("http://{provider}/v1/chat/completions") };
    let router = Router::new()
        .route("/v1/chat/completions", post(pass))
        .route("/chat", post(chat))
        .route("/mcp", post(mcp))
        .with_state(upstream);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listens on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|socket| {
        // Without it, tokens wait for each other.
        socket.set_nodelay(true).ok();
    });
    Ok(axum::serve(listener, router).await?)
}

/// Passes a request and its answer on as they come.
async fn pass(State(upstream): State<Upstream>, body: Bytes) -> Result<Response, Broken> {
    Ok(upstream.ask(body).await?.map(Body::new))
}

/// Asks, makes one tool call if that is the answer, and gives the words.
async fn chat(
    State(upstream): State<Upstream>,
    Json(question): Json<Question>,
) -> Result<Json<Value>, Broken> {
    let mut request = completion(&question.message);
    let mut answer = upstream.whole(&request).await?;
    if let Some(call) = answer.call.take() {
        let id = call["id"].clone();
        let messages = request["messages"].as_array_mut().ok_or("no messages")?;
        messages.push(json!({ "role": "assistant", "content": null, "tool_calls": [call] }));
        messages.push(json!({ "role": "tool", "tool_call_id": id, "content": "done" }));
        answer = upstream.whole(&request).await?;
    }
    Ok(Json(json!({ "response": answer.text })))
}

/// Answers a host of the Model Context Protocol with about as many bytes, and does nothing. Good
/// enough to stand behind the gateway.
async fn mcp(Json(request): Json<Value>) -> Json<Value> {
    let result = match request["method"].as_str() {
        Some("server/discover") => json!({
            "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} },
            "serverInfo": { "name": "floor", "version": "1" },
            "resultType": "complete", "ttlMs": 60_000, "cacheScope": "public",
        }),
        Some("tools/list") => json!({
            "tools": [{ "name": "add_task", "description": TOOLS,
                "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": true } }],
            "resultType": "complete", "ttlMs": 60_000, "cacheScope": "public",
        }),
        _ => json!({
            "content": [{ "type": "text", "text": request["params"].to_string() }],
            "resultType": "complete",
        }),
    };
    Json(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }))
}

/// As long as the descriptions and schemas of a few tools.
static TOOLS: &str = match std::str::from_utf8(&[b'x'; 4_000]) {
    Ok(text) => text,
    Err(_) => "",
};

/// What a provider said.
#[derive(Default)]
struct Answer {
    text: String,
    call: Option<Value>,
}

impl Upstream {
    async fn ask(&self, body: Bytes) -> Result<Response<Incoming>, Broken> {
        let request = Request::post(&self.url).header(header::CONTENT_TYPE, "application/json");
        Ok(self.client.request(request.body(Full::new(body))?).await?)
    }

    async fn whole(&self, request: &Value) -> Result<Answer, Broken> {
        let mut body = self.ask(Bytes::from(request.to_string())).await?.into_body();
        let (mut lines, mut answer) = (Lines::default(), Answer::default());
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            lines.take(&data, |line| {
                let frame = line.strip_prefix(b"data: ").map(serde_json::from_slice::<Value>);
                let Some(Ok(frame)) = frame else { return };
                let delta = &frame["choices"][0]["delta"];
                answer.text.push_str(delta["content"].as_str().unwrap_or_default());
                if delta["tool_calls"][0].is_object() {
                    answer.call = Some(delta["tool_calls"][0].clone());
                }
            });
        }
        Ok(answer)
    }
}
