//! What of a request's frame has to be known before `rmcp` reads it.

use serde_json::Value;

/// The parameters of a request as they came, without what the two ends of a connection say to each
/// other in `_meta`: the connection to the server says its own.
pub(super) fn params(body: &[u8]) -> Value {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    message.get("params").cloned().unwrap_or_default()
}

/// Whether a request begins a conversation.
pub(super) fn begins(body: &[u8]) -> bool {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let method = message.get("method").and_then(Value::as_str);
    matches!(method, Some("initialize" | "server/discover"))
}

/// The tool that is called, if one is.
pub(super) fn called(body: &[u8]) -> Option<String> {
    let message: Value = serde_json::from_slice(body).ok()?;
    let calls = message.get("method").is_some_and(|it| it == "tools/call");
    let name = message.pointer("/params/name").and_then(Value::as_str);
    name.filter(|_| calls).map(str::to_owned)
}
