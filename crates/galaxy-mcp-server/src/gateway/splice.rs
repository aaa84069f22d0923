//! Putting results into their frames: what a server said goes to the client as it came.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http_body_util::BodyExt;
use serde_json::{Map, Value};

/// What `rmcp` adds to a result for a client of the newest revision: the rest of the placeholder
/// gives way to what the server said.
const FRAME: [&str; 3] = ["resultType", "ttlMs", "cacheScope"];
/// An event of a stream of ours is not longer; what is longer is none.
const EVENT: usize = 8 * 1024 * 1024;

/// The result of one request, once there is one.
#[derive(Debug, Clone, Default)]
pub(super) struct Result(Arc<Mutex<Option<Value>>>);

impl Result {
    /// Keeps what the server said.
    pub(super) fn put(&self, result: Value) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    fn take(&self) -> Option<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// `response` with the result in `slot` in the place of the one that it holds.
pub(super) async fn into(response: Response, slot: Result) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE).cloned();
    let is = |what: &[u8]| kind.as_ref().is_some_and(|it| it.as_bytes().starts_with(what));
    let (mut parts, body) = response.into_parts();
    if is(b"text/event-stream") {
        let mut rest = BytesMut::new();
        let spliced = body.into_data_stream().map(move |piece| {
            let piece = piece?;
            rest.extend_from_slice(&piece);
            Ok::<_, axum::Error>(events(&mut rest, &slot))
        });
        return Response::from_parts(parts, Body::from_stream(spliced));
    }
    if !is(b"application/json") {
        return Response::from_parts(parts, body);
    }
    let Ok(body) = body.collect().await else {
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = body.to_bytes();
    let body = message(&body, &slot).map_or(body, Bytes::from);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// The whole events of `rest`, which keeps what is left.
fn events(rest: &mut BytesMut, slot: &Result) -> Bytes {
    let mut whole = BytesMut::new();
    while let Some(end) = rest.windows(2).position(|it| it == b"\n\n") {
        let event = rest.split_to(end + 2);
        whole.extend_from_slice(&spliced(&event, slot).unwrap_or_else(|| event.freeze()));
    }
    if rest.len() > EVENT {
        whole.extend_from_slice(&rest.split());
    }
    whole.freeze()
}

/// An event whose data is the response, with the result in it.
fn spliced(event: &[u8], slot: &Result) -> Option<Bytes> {
    let text = std::str::from_utf8(event).ok()?;
    let data = text.lines().filter_map(|it| it.strip_prefix("data:"));
    let data = data.map(str::trim_start).collect::<Vec<_>>().join("\n");
    let message = message(data.as_bytes(), slot)?;
    let others = text.lines().filter(|it| !it.starts_with("data:") && !it.is_empty());
    let mut event: String = others.map(|it| format!("{it}\n")).collect();
    event.push_str("data: ");
    event.push_str(&String::from_utf8(message).ok()?);
    event.push_str("\n\n");
    Some(event.into())
}

/// A response with the result in it; none when it is no response, or nothing was put there.
fn message(json: &[u8], slot: &Result) -> Option<Vec<u8>> {
    let mut message: Map<String, Value> = serde_json::from_slice(json).ok()?;
    if message.contains_key("method") {
        return None;
    }
    let placeholder = message.get_mut("result")?;
    let mut result = slot.take()?;
    let fields = result.as_object_mut()?;
    let modern = placeholder.get("resultType").is_some();
    for key in FRAME {
        match placeholder.get(key) {
            Some(value) => {
                fields.entry(key).or_insert_with(|| value.clone());
            }
            // An older client knows nothing of it.
            None if !modern => {
                fields.remove(key);
            }
            None => (),
        }
    }
    *placeholder = result;
    serde_json::to_vec(&message).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(result: Value) -> Result {
        let slot = Result::default();
        slot.put(result);
        slot
    }

    fn read(json: &[u8]) -> Value {
        serde_json::from_slice(json).unwrap()
    }

    #[test]
    fn nothing_of_what_the_server_said_is_lost() {
        let said = json!({ "content": [{ "type": "hologram", "x": 1 }], "future": [null] });
        let modern = br#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"resultType":"complete"}}"#;
        let mut expected = said.clone();
        expected["resultType"] = json!("complete");
        assert_eq!(read(&message(modern, &with(said.clone())).unwrap())["result"], expected);
        let legacy = br#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
        let told = with(json!({ "content": [], "resultType": "complete", "future": 1 }));
        let told = read(&message(legacy, &told).unwrap());
        assert_eq!(told["result"], json!({ "content": [], "future": 1 }));
        assert_eq!(message(modern, &Result::default()), None);
        let progress = br#"{"jsonrpc":"2.0","method":"x","params":{},"result":{}}"#;
        assert_eq!(message(progress, &with(said)), None);
    }

    #[test]
    fn a_result_is_found_in_a_stream_however_it_is_cut() {
        let stream: &[u8] = b"id: 0\nretry: 3\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n\
            id: 1\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n";
        for cut in 0..stream.len() {
            let slot = with(json!({ "a": 1 }));
            let mut rest = BytesMut::new();
            let mut whole = Vec::new();
            for piece in [&stream[..cut], &stream[cut..]] {
                rest.extend_from_slice(piece);
                whole.extend_from_slice(&events(&mut rest, &slot));
            }
            let text = String::from_utf8(whole).unwrap();
            assert!(
                text.ends_with(
                    "id: 1\ndata: {\"id\":1,\"jsonrpc\":\"2.0\",\"result\":{\"a\":1}}\n\n"
                ),
                "{text}"
            );
            assert!(text.starts_with("id: 0\nretry: 3\n\ndata:"), "{text}");
        }
    }
}
