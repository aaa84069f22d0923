//! What is known of one request to a mounted server before `rmcp` reads it.

use std::sync::Arc;

use galaxy_app::servers::Mounted;
use galaxy_domain::Caller;
use galaxy_tool::server::{OnTask, Questions, task};
use rmcp::{ErrorData, RoleServer, model::ProtocolVersion, service::RequestContext};
use serde_json::{Map, Value, json};

/// Where a request of the newest revision says what its client can be asked.
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// What servers may ask of clients.
const ASKABLE: [&str; 3] = ["elicitation", "sampling", "roots"];

/// One request: who asks, what for, and of which server. It travels with the HTTP request.
pub(super) struct Asked {
    pub(super) caller: Caller,
    pub(super) mounted: Arc<Mounted>,
    /// The method.
    pub(super) method: String,
    /// The parameters as they came.
    pub(super) params: Value,
}

impl Asked {
    /// The request that `context` belongs to.
    ///
    /// # Errors
    /// When it came by no way of ours.
    pub(super) fn of(context: &RequestContext<RoleServer>) -> Result<Arc<Self>, ErrorData> {
        let parts = context.extensions.get::<http::request::Parts>();
        let asked = parts.and_then(|it| it.extensions.get::<Arc<Self>>()).cloned();
        // The gateway let nothing through without it.
        asked.ok_or_else(|| ErrorData::internal_error("nobody is asking", None))
    }

    /// What a server may be told that the client of `context` can be asked: nothing, unless it was
    /// allowed to ask.
    pub(super) fn asker(&self, context: &RequestContext<RoleServer>) -> Value {
        let said = if is_modern(context) {
            self.capabilities().cloned()
        } else {
            context.client_capabilities().and_then(|it| serde_json::to_value(it).ok())
        };
        let mut said = said.filter(Value::is_object).unwrap_or_else(|| json!({}));
        if let Some(fields) = said.as_object_mut() {
            if self.mounted.server.spec().questions == Questions::Off {
                fields.retain(|key, _| !ASKABLE.contains(&key.as_str()));
            }
            let extensions = fields.get_mut("extensions").and_then(Value::as_object_mut);
            // Whether an answer may be a task is for the connection to say.
            extensions.map(|it| it.remove(task::EXTENSION));
        }
        said
    }

    /// What the client of `context` gets of a task: itself, if it says that it looks after tasks.
    pub(super) fn on_task(&self, context: &RequestContext<RoleServer>) -> OnTask {
        let extensions = self.capabilities().and_then(|it| it.get("extensions"));
        let declared = extensions.is_some_and(|it| it.get(task::EXTENSION).is_some());
        if declared && is_modern(context) { OnTask::HandsOn } else { OnTask::Waits }
    }

    /// What a client of the newest revision says that it can.
    fn capabilities(&self) -> Option<&Value> {
        self.params.pointer(&format!("/_meta/{}", CAPABILITIES.replace('/', "~1")))
    }
}

/// Whether the request is of the newest revision, in which nothing is asked on the line.
pub(super) fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|it| it >= ProtocolVersion::V_2026_07_28)
}

/// The questions of a result that asks (`input_required`), by their keys; none for other results.
pub(super) fn questions(result: &Value) -> Option<Map<String, Value>> {
    let asks = result.get("resultType").is_some_and(|it| it == "input_required");
    let questions = || result.get("inputRequests").and_then(Value::as_object).cloned();
    asks.then(|| questions().unwrap_or_default())
}

/// Whether a client of which `asker` is said can be asked what `question` asks.
pub(super) fn can_answer(asker: &Value, question: &Value) -> bool {
    let needed = match question.get("method").and_then(Value::as_str) {
        Some("elicitation/create") => "elicitation",
        Some("sampling/createMessage") => "sampling",
        Some("roots/list") => "roots",
        Some(_) | None => return false,
    };
    asker.get(needed).is_some_and(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_asked_only_what_it_says_that_it_can_be() {
        let asker = json!({ "elicitation": {}, "roots": null });
        let ask = |method: &str| can_answer(&asker, &json!({ "method": method }));
        assert!(ask("elicitation/create"));
        assert!(!ask("sampling/createMessage") && !ask("roots/list") && !ask("tools/list"));
        assert!(!can_answer(&asker, &json!({})));
    }

    #[test]
    fn only_a_result_that_asks_has_questions() {
        let question = json!({ "method": "roots/list" });
        let asks = json!({ "resultType": "input_required", "inputRequests": { "a": question } });
        assert_eq!(questions(&asks).unwrap()["a"], question);
        assert_eq!(questions(&json!({ "resultType": "input_required" })), Some(Map::new()));
        assert_eq!(questions(&json!({ "inputRequests": { "a": question } })), None);
    }
}
