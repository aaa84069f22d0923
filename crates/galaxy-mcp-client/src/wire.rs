//! From bytes to a message of the protocol, with its result caught on the way.

use galaxy_tool::server::ServerError;
use rmcp::model::{
    CustomResult, ErrorCode, ErrorData, RequestId, ServerJsonRpcMessage, ServerResult,
};
use serde_json::Value;

use crate::tap::Tap;

/// Reads one message. A result that is waited for is put into `tap` and handed on empty, except
/// for lists of tools, which the HTTP transport has to read itself. A message that cannot be read
/// but answers a request becomes an error for that request.
///
/// # Errors
/// What is wrong with it, when nobody in particular waits for it.
pub(crate) fn decode(
    bytes: &[u8],
    tap: &Tap,
    max_depth: usize,
) -> Result<ServerJsonRpcMessage, ServerError> {
    let mut value: Value = serde_json::from_slice(bytes)
        .map_err(|err| ServerError::Garbled(format!("not JSON: {err}")))?;
    let id = value.get("id").and_then(id_text);
    if depth(&value, max_depth) > max_depth {
        let err = ServerError::TooLarge(format!("JSON is nested deeper than {max_depth}"));
        return id.map_or(Err(err.clone()), |id| Ok(failed(&id, err, tap)));
    }
    let Some(id) = id.filter(|_| value.get("method").is_none()) else {
        return typed(value);
    };
    let Some(method) = tap.method(&id) else { return typed(value) };
    let result = value.get_mut("result").map(Value::take);
    match result {
        Some(result) if method == "tools/list" => {
            value["result"] = result.clone();
            tap.put(&id, Ok(result));
            Ok(typed(value).unwrap_or_else(|_| empty(&id)))
        }
        Some(result) => {
            tap.put(&id, Ok(result));
            Ok(empty(&id))
        }
        None => Ok(typed(value).unwrap_or_else(|err| failed(&id, err, tap))),
    }
}

fn typed(value: Value) -> Result<ServerJsonRpcMessage, ServerError> {
    serde_json::from_value(value)
        .map_err(|err| ServerError::Garbled(format!("no message of the protocol: {err}")))
}

/// Ends the request `id` with `err`.
pub(crate) fn failed(id: &str, err: ServerError, tap: &Tap) -> ServerJsonRpcMessage {
    let data = ErrorData::new(ErrorCode::INTERNAL_ERROR, err.to_string(), None);
    tap.put(id, Err(err));
    ServerJsonRpcMessage::error(data, Some(request_id(id)))
}

fn empty(id: &str) -> ServerJsonRpcMessage {
    let nothing = ServerResult::CustomResult(CustomResult(Value::Null));
    ServerJsonRpcMessage::response(nothing, request_id(id))
}

/// Our own ids are numbers, whatever a server makes of them.
fn request_id(text: &str) -> RequestId {
    text.parse().map_or_else(|_| RequestId::String(text.into()), RequestId::Number)
}

fn id_text(id: &Value) -> Option<String> {
    id.as_i64().map(|it| it.to_string()).or_else(|| id.as_str().map(str::to_owned))
}

/// How deep `value` is nested; stops counting beyond `enough`.
pub(crate) fn depth(value: &Value, enough: usize) -> usize {
    let deepest = |inner: &mut dyn Iterator<Item = &Value>| {
        let Some(left) = enough.checked_sub(1) else { return 1 };
        1 + inner.map(|it| depth(it, left)).max().unwrap_or(0)
    };
    match value {
        Value::Array(items) => deepest(&mut items.iter()),
        Value::Object(fields) => deepest(&mut fields.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{ClientJsonRpcMessage, ClientRequest, CustomRequest};
    use serde_json::json;

    use super::*;

    fn tap(method: &str) -> Tap {
        let tap = Tap::default();
        let request = ClientRequest::CustomRequest(CustomRequest::new(method, None));
        tap.expect(&ClientJsonRpcMessage::request(request, RequestId::Number(7)));
        tap
    }

    fn caught(tap: &Tap) -> Option<Result<Value, ServerError>> {
        tap.take(&RequestId::Number(7))
    }

    #[test]
    fn a_result_is_caught_whole_whatever_is_in_it() {
        let result = json!({ "content": [{ "type": "hologram" }], "future": { "x": [1] } });
        for id in [json!(7), json!("7")] {
            let tap = tap("tools/call");
            let text = json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string();
            let message = decode(text.as_bytes(), &tap, 64).unwrap();
            assert!(matches!(message, ServerJsonRpcMessage::Response(_)), "{message:?}");
            assert_eq!(caught(&tap), Some(Ok(result.clone())));
        }
    }

    #[test]
    fn what_nobody_asked_for_is_not_kept() {
        let tap = tap("tools/call");
        let text = json!({ "jsonrpc": "2.0", "id": 8, "result": {} }).to_string();
        assert!(decode(text.as_bytes(), &tap, 64).is_ok());
        assert_eq!(tap.sole().as_deref(), Some("7"));
        assert_eq!(caught(&tap), None);
        assert_eq!(tap.sole(), None);
    }

    #[test]
    fn what_is_nested_too_deep_ends_the_request() {
        let tap = tap("tools/call");
        let deep = (0..70).fold(json!(1), |inner, _| json!([inner]));
        let text = json!({ "jsonrpc": "2.0", "id": 7, "result": deep }).to_string();
        let message = decode(text.as_bytes(), &tap, 64).unwrap();
        assert!(matches!(message, ServerJsonRpcMessage::Error(_)), "{message:?}");
        assert!(matches!(caught(&tap), Some(Err(ServerError::TooLarge(_)))));
        assert_eq!(depth(&json!({ "a": [[]] }), 64), 3);
    }

    #[test]
    fn nonsense_is_an_error_and_nonsense_with_an_id_ends_its_request() {
        let none = tap("tools/call");
        assert!(matches!(decode(b"{oops", &none, 64), Err(ServerError::Garbled(_))));
        assert!(decode(b"[1]", &none, 64).is_err());
        let odd = json!({ "jsonrpc": "2.0", "id": 7, "outcome": 3 }).to_string();
        assert!(matches!(decode(odd.as_bytes(), &none, 64), Ok(ServerJsonRpcMessage::Error(_))));
        assert!(matches!(caught(&none), Some(Err(ServerError::Garbled(_)))));
    }
}
