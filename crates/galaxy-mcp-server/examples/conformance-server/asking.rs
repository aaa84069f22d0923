//! Asking in the client's way: by a result, or on the line.

use galaxy_base::random;
use rmcp::{
    ErrorData, RoleServer,
    model::{CustomRequest, InputResponses, ProtocolVersion, ServerRequest},
    service::RequestContext,
};
use serde_json::{Map, Value, json};

use super::{handler::Suite, questions};

impl Suite {
    /// Asks what `name` asks, in the client's way, and gives the result.
    pub(crate) async fn asking(
        &self,
        name: &str,
        arguments: &Value,
        responses: Option<&InputResponses>,
        state: Option<&str>,
        context: &RequestContext<RoleServer>,
    ) -> Result<Option<Value>, ErrorData> {
        if questions::of(name, arguments, 0).is_none() {
            return Ok(None);
        }
        if !is_new(context) {
            return self.on_the_line(name, arguments, context).await.map(Some);
        }
        let round = match state {
            Some(state) => self.shared().states.get(state).copied().ok_or_else(|| {
                ErrorData::invalid_params("`requestState` was not given away here", None)
            })?,
            None => 0,
        };
        let mut said = Map::new();
        for (key, response) in responses.into_iter().flatten() {
            said.insert(key.clone(), serde_json::to_value(response).unwrap_or_default());
        }
        let wanted = questions::of(name, arguments, round).unwrap_or_default();
        let wanted: Vec<_> = wanted.into_iter().filter(|it| can(context, name, it.1)).collect();
        let is_missing = |key: &str| !said.get(key).is_some_and(Value::is_object);
        let is_answered = !wanted.iter().any(|it| is_missing(it.0));
        let needs_state = questions::has_state(name) && state.is_none();
        if is_answered && !needs_state {
            if questions::of(name, arguments, round + 1).is_none() {
                return Ok(Some(questions::result(name, &said)));
            }
            let next = questions::of(name, arguments, round + 1).unwrap_or_default();
            return Ok(Some(self.required(name, next, round + 1)));
        }
        Ok(Some(self.required(name, wanted, round)))
    }

    fn required(&self, name: &str, wanted: Vec<questions::Question>, round: usize) -> Value {
        let mut requests = Map::new();
        for (key, method, params) in wanted {
            requests.insert(key.to_owned(), json!({ "method": method, "params": params }));
        }
        let mut result = json!({ "resultType": "input_required", "inputRequests": requests });
        if questions::has_state(name) {
            let state = random::token();
            result["requestState"] = state.as_str().into();
            self.shared().states.insert(state, round);
        }
        result
    }

    async fn on_the_line(
        &self,
        name: &str,
        arguments: &Value,
        context: &RequestContext<RoleServer>,
    ) -> Result<Value, ErrorData> {
        let mut said = Map::new();
        for round in 0.. {
            let Some(wanted) = questions::of(name, arguments, round) else { break };
            for (key, method, params) in wanted {
                if !can(context, name, method) {
                    continue;
                }
                let params = (method != "roots/list").then_some(params);
                let request = ServerRequest::CustomRequest(CustomRequest::new(method, params));
                let answer = context.peer.send_request(request).await;
                let answer =
                    answer.map_err(|err| ErrorData::internal_error(err.to_string(), None))?;
                said.insert(key.to_owned(), serde_json::to_value(answer).unwrap_or_default());
            }
        }
        Ok(questions::result(name, &said))
    }
}

/// Whether the request is of the newest revision.
pub(crate) fn is_new(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|it| it >= ProtocolVersion::V_2026_07_28)
}

/// Whether `tool` may ask the client by `method`: only one of them looks.
pub(crate) fn can(context: &RequestContext<RoleServer>, tool: &str, method: &str) -> bool {
    let able = context.client_capabilities().unwrap_or_default();
    !tool.ends_with("_capabilities")
        || match method {
            "elicitation/create" => able.elicitation.is_some(),
            "sampling/createMessage" => able.sampling.is_some(),
            _ => able.roots.is_some(),
        }
}
