//! What a server says, as lines for a host.

use std::time::Duration;

use eventsource_stream::Eventsource;
use futures::StreamExt;
use galaxy_base::text::clip;
use galaxy_net::Response;
use http::{StatusCode, header};
use serde_json::{Value, json};
use tokio::time::timeout;

/// The longest answer, in bytes.
const MOST: usize = 16 * 1024 * 1024;
/// A server that goes on says so at least this often.
const SILENCE: Duration = Duration::from_secs(120);

/// Gives `line` what `response` says.
///
/// # Errors
/// Why there is no answer to the request, in words.
pub(super) async fn pass(
    response: Response,
    id: Option<&Value>,
    mut line: impl AsyncFnMut(String),
) -> Result<(), String> {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).cloned();
    let is = |wanted: &[u8]| kind.as_ref().is_some_and(|it| it.as_bytes().starts_with(wanted));
    if is(b"text/event-stream") {
        let mut events = response.bytes().eventsource();
        loop {
            match timeout(SILENCE, events.next()).await {
                Ok(Some(Ok(event))) if event.data.is_empty() => (),
                Ok(Some(Ok(event))) => line(one_line(&event.data)).await,
                Ok(Some(Err(err))) => return Err(format!("the answer broke off: {err}")),
                Ok(None) => return Ok(()),
                Err(_) => return Err("the server has fallen silent".to_owned()),
            }
        }
    }
    let body = response.text_bounded(MOST).await.map_err(|err| err.to_string())?;
    if !body.is_whole {
        return Err(format!("the answer is longer than {MOST} bytes"));
    }
    let answer: Value = serde_json::from_str(&body.text).unwrap_or_default();
    if answer["jsonrpc"] == "2.0" && id.is_some_and(|id| answer["id"] == *id) {
        line(one_line(&body.text)).await;
        return Ok(());
    }
    if status.is_success() { Ok(()) } else { Err(refusal(status, &answer, &body.text)) }
}

/// Why a server refused, from whatever it said about that.
fn refusal(status: StatusCode, answer: &Value, text: &str) -> String {
    let words = answer["error"]["message"].as_str().or_else(|| answer["detail"].as_str());
    let words = clip(words.unwrap_or(text), 500);
    match status {
        StatusCode::UNAUTHORIZED => {
            format!("the server does not accept the key in GALAXY_API_KEY: {words}")
        }
        _ => format!("the server refuses ({}): {words}", status.as_u16()),
    }
}

/// JSON on one line: outside of texts a line break means nothing, and inside there is none.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// An error that answers a request, or none in particular.
pub(super) fn failed(id: Option<&Value>, message: &str) -> String {
    let error = json!({ "code": -32603, "message": message });
    json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string()
}

/// An error for what is no message.
pub(super) fn unreadable() -> String {
    let error = json!({ "code": -32700, "message": "this is no request or notification" });
    json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string()
}
