//! Between the port's words and rmcp's.

use galaxy_tool::server::{Era, Request, ServerInfo, task};
use rmcp::{
    model::{CustomRequest, RequestMetaObject, ServerPeerInfo, ServerResult},
    service::{Peer, RoleClient},
};
use serde_json::{Map, Value};

use crate::failure::words;

/// What the connection itself says in `_meta`, whoever asks for something else.
const OURS: [&str; 4] = [
    "progressToken",
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientInfo",
    CAPABILITIES,
];
/// What whoever sent the request can be asked.
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// Which of its log a modern server sends along.
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// The request as rmcp takes it: `_meta` apart from the other parameters, without what is ours to
/// say. A modern server sends its log only to requests that name a level, and asks only what the
/// request says can be asked (`asker`).
pub(super) fn outgoing(
    request: Request,
    level: Option<&str>,
    asker: Option<&Value>,
) -> (CustomRequest, RequestMetaObject) {
    let mut params = request.params;
    let meta = params.as_mut().and_then(Value::as_object_mut).and_then(|it| it.remove("_meta"));
    let mut meta = meta.filter(Value::is_object).unwrap_or_else(|| Value::Object(Map::new()));
    if let Some(fields) = meta.as_object_mut() {
        fields.retain(|key, _| !OURS.contains(&key.as_str()));
        if let Some(level) = level {
            fields.entry(LOG_LEVEL).or_insert_with(|| level.into());
        }
        if let Some(asker) = asker {
            fields.insert(CAPABILITIES.to_owned(), with_tasks(asker.clone()));
        }
    }
    let meta = serde_json::from_value(meta).unwrap_or_default();
    (CustomRequest::new(request.method, params), meta)
}

/// Whoever asks can be asked what `asker` says; that an answer may be a task is ours to say, because
/// such a task is looked after here.
fn with_tasks(mut asker: Value) -> Value {
    if let Some(fields) = asker.as_object_mut() {
        let extensions = fields.entry("extensions").or_insert_with(|| Value::Object(Map::new()));
        if let Some(extensions) = extensions.as_object_mut() {
            extensions.insert(task::EXTENSION.to_owned(), Value::Object(Map::new()));
        }
    }
    asker
}

/// Takes those tools out of a list that the transport refused: their `x-mcp-header` annotations
/// make no valid headers, and a client must not offer them.
pub(super) fn without_refused(typed: &ServerResult, result: &mut Value) {
    let ServerResult::ListToolsResult(kept) = typed else { return };
    if let Some(tools) = result.get_mut("tools").and_then(Value::as_array_mut) {
        tools.retain(|tool| kept.tools.iter().any(|it| tool["name"] == *it.name));
    }
}

/// Who is there, and how it speaks.
pub(super) fn introduce(peer: &Peer<RoleClient>) -> (ServerInfo, Era) {
    let info = peer.peer_info();
    let Some(ServerPeerInfo { protocol_version, server_info, instructions, capabilities, .. }) =
        info.as_deref()
    else {
        return (ServerInfo::default(), Era::Legacy);
    };
    let era = if protocol_version.has_initialize() { Era::Legacy } else { Era::Modern };
    let server = server_info.as_ref();
    let info = ServerInfo {
        name: server.map(|it| words(&it.name)).unwrap_or_default(),
        title: server.and_then(|it| it.title.as_deref()).map(words),
        version: server.map(|it| words(&it.version)).unwrap_or_default(),
        instructions: instructions.as_deref().map(words),
        protocol: protocol_version.to_string(),
        capabilities: serde_json::to_value(capabilities).unwrap_or_default(),
    };
    (info, era)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_keeps_its_meta_but_not_what_is_ours_to_say() {
        let request = Request::new(
            "tools/call",
            json!({ "name": "x", "future": 1, "_meta": {
                "traceparent": "00-1", "progressToken": 3,
                "io.modelcontextprotocol/protocolVersion": "1999-01-01" } }),
        );
        let (custom, meta) = outgoing(request.clone(), None, None);
        assert_eq!(custom.params, Some(json!({ "name": "x", "future": 1 })));
        assert_eq!(serde_json::to_value(meta).unwrap(), json!({ "traceparent": "00-1" }));
        let asker = json!({ "elicitation": { "form": {} } });
        let (_, meta) = outgoing(request, Some("info"), Some(&asker));
        let said = serde_json::to_value(meta).unwrap();
        let mut expected = asker;
        expected["extensions"] = json!({ "io.modelcontextprotocol/tasks": {} });
        assert_eq!(said[CAPABILITIES], expected);
        assert_eq!(said[LOG_LEVEL], "info");
    }
}
