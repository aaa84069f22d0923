//! Putting results into answers over HTTP that `rmcp` has written already ([`Slots`]).

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http_body_util::BodyExt;
use rmcp::model::RequestId;
use serde_json::{Map, Value};

use crate::slots::{Slots, merged};

/// An event of a stream of ours is not longer; what is longer is none.
const EVENT: usize = 8 * 1024 * 1024;

/// `response` with the result that was put aside in the place of the one that it holds.
pub(crate) async fn into(response: Response, slots: Slots) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE).cloned();
    let is = |what: &[u8]| kind.as_ref().is_some_and(|it| it.as_bytes().starts_with(what));
    let (mut parts, body) = response.into_parts();
    if is(b"text/event-stream") {
        let mut rest = BytesMut::new();
        let spliced = body.into_data_stream().map(move |piece| {
            let piece = piece?;
            rest.extend_from_slice(&piece);
            Ok::<_, axum::Error>(events(&mut rest, &slots))
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
    let body = message(&body, &slots).map_or(body, Bytes::from);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// The whole events of `rest`, which keeps what is left.
fn events(rest: &mut BytesMut, slots: &Slots) -> Bytes {
    let mut whole = BytesMut::new();
    while let Some(end) = rest.windows(2).position(|it| it == b"\n\n") {
        let event = rest.split_to(end + 2);
        whole.extend_from_slice(&spliced(&event, slots).unwrap_or_else(|| event.freeze()));
    }
    if rest.len() > EVENT {
        whole.extend_from_slice(&rest.split());
    }
    whole.freeze()
}

/// An event whose data is the response, with the result in it.
fn spliced(event: &[u8], slots: &Slots) -> Option<Bytes> {
    let text = std::str::from_utf8(event).ok()?;
    let data = text.lines().filter_map(|it| it.strip_prefix("data:"));
    let data = data.map(str::trim_start).collect::<Vec<_>>().join("\n");
    let message = message(data.as_bytes(), slots)?;
    let others = text.lines().filter(|it| !it.starts_with("data:") && !it.is_empty());
    let mut event: String = others.map(|it| format!("{it}\n")).collect();
    event.push_str("data: ");
    event.push_str(&String::from_utf8(message).ok()?);
    event.push_str("\n\n");
    Some(event.into())
}

/// A response with the result in it; none when it is no response, or nothing was put there.
fn message(json: &[u8], slots: &Slots) -> Option<Vec<u8>> {
    let mut message: Map<String, Value> = serde_json::from_slice(json).ok()?;
    if message.contains_key("method") {
        return None;
    }
    let id: RequestId = serde_json::from_value(message.get("id")?.clone()).ok()?;
    let placeholder = message.get_mut("result")?;
    let result = slots.take(&id)?;
    *placeholder = merged(placeholder, result);
    serde_json::to_vec(&message).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(result: Value) -> Slots {
        let slots = Slots::default();
        slots.put(&RequestId::Number(1), result);
        slots
    }

    #[test]
    fn only_the_answer_to_the_request_is_changed() {
        let answer = br#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
        let changed = message(answer, &with(json!({ "future": 1 }))).unwrap();
        let changed: Value = serde_json::from_slice(&changed).unwrap();
        assert_eq!(changed["result"], json!({ "future": 1 }));
        assert_eq!(message(answer, &Slots::default()), None);
        let other = br#"{"jsonrpc":"2.0","id":"1","result":{}}"#;
        assert_eq!(message(other, &with(json!({}))), None);
        let progress = br#"{"jsonrpc":"2.0","method":"x","id":1,"params":{},"result":{}}"#;
        assert_eq!(message(progress, &with(json!({}))), None);
    }

    #[test]
    fn a_result_is_found_in_a_stream_however_it_is_cut() {
        let stream: &[u8] = b"id: 0\nretry: 3\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"n\"}\n\n\
            id: 1\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n";
        for cut in 0..stream.len() {
            let slots = with(json!({ "a": 1 }));
            let mut rest = BytesMut::new();
            let mut whole = Vec::new();
            for piece in [&stream[..cut], &stream[cut..]] {
                rest.extend_from_slice(piece);
                whole.extend_from_slice(&events(&mut rest, &slots));
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
