//! Tasks of mounted servers, for clients that look after them.
//!
//! **Invariant:** a client knows a task by a name of ours, which only that person's requests to that
//! server open. Whether they may still call its tool, and whether server and tool are what they were,
//! is seen at each request. What the server calls the task leaves this process towards the server only.

use std::sync::Arc;

use galaxy_app::access::use_tool;
use galaxy_domain::Verdict;
use galaxy_tool::{
    AnyTool,
    server::{Answer, Questions, Request, RequestCx, ToolServer, task},
};
use rmcp::{ErrorData, RoleServer, service::RequestContext};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{asked::Asked, calls::refused, session::Session};
use crate::answers;

/// What a name of a task begins with, once it is open: no state of a server does.
const TASK: char = 't';
/// By which a task is named.
const ID: &str = "taskId";

/// What a name of ours stands for.
#[derive(Debug, Serialize, Deserialize)]
struct Named {
    /// The tool that was called, as its server names it.
    tool: String,
    /// What its server calls the task.
    id: String,
    /// Which server and tool they were.
    bound_to: String,
}

impl Session {
    /// `result` of a call; if it is a task, by a name of ours.
    pub(super) fn with_own_name(&self, asked: &Asked, mut result: Value) -> Value {
        let tool = asked.params.get("name").and_then(Value::as_str).unwrap_or_default();
        let is_task = result.get("resultType").is_some_and(|it| it == "task");
        if is_task
            && let Some(mounted) = asked.mounted.tool(tool)
            && let Some(Value::String(id)) = result.get_mut(ID)
        {
            let (tool, bound_to) = (tool.to_owned(), mounted.tool.bound_to());
            let named = Named { tool, id: std::mem::take(id), bound_to };
            let named = serde_json::to_string(&named).unwrap_or_default();
            *id = self.app.seal_state(&asked.caller, asked.mounted.id, &format!("{TASK}{named}"));
        }
        result
    }

    /// Asks the server how far a task is; its answer is put aside, by the name that the client used.
    pub(super) async fn ask_about_task(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let asked = Asked::of(context)?;
        let named = self.opened(&asked)?;
        let server = asked.mounted.server.clone();
        let mut result = send(&asked, &named.id).await?;
        if server.spec().questions == Questions::Off && decline(&*server, &named.id, &result).await
        {
            result = send(&asked, &named.id).await?;
            quietened(&mut result);
        }
        if let (Some(fields), Some(name)) = (result.as_object_mut(), asked.params.get(ID)) {
            fields.insert(ID.to_owned(), name.clone());
        }
        self.slots.put(&context.id, result);
        Ok(())
    }

    /// Tells the server something about a task.
    pub(super) async fn tell_task(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let asked = Asked::of(context)?;
        let named = self.opened(&asked)?;
        let result = send(&asked, &named.id).await?;
        self.slots.put(&context.id, result);
        Ok(())
    }

    /// What the request's name of a task stands for, if whoever asks may still hear of it.
    fn opened(&self, asked: &Arc<Asked>) -> Result<Named, ErrorData> {
        let unknown = || ErrorData::invalid_params("there is no such task", None);
        let name = asked.params.get(ID).and_then(Value::as_str).unwrap_or_default();
        let opened = self.app.open_state(&asked.caller, asked.mounted.id, name);
        let opened = opened.ok_or_else(unknown)?;
        let named = opened.strip_prefix(TASK).ok_or_else(unknown)?;
        let named: Named = serde_json::from_str(named).map_err(|_| unknown())?;
        let mounted = asked.mounted.tool(&named.tool).ok_or_else(unknown)?;
        let (tool, changes) = (&mounted.tool, !mounted.tool.effect().is_repeatable());
        use_tool(&asked.caller, tool.scope(), changes)
            .map_err(|denied| answers::refused(&denied.into()))?;
        let same = named.bound_to == tool.bound_to() && mounted.verdict == Verdict::Allow;
        same.then_some(named).ok_or_else(unknown)
    }
}

/// Passes the request on, about what the server calls `id`.
async fn send(asked: &Asked, id: &str) -> Result<Value, ErrorData> {
    let server = &asked.mounted.server;
    let mut params = asked.params.clone();
    if let Some(fields) = params.as_object_mut() {
        fields.insert(ID.to_owned(), id.into());
    }
    let request = Request::new(&asked.method, params);
    let sent = server.request(request, &RequestCx::default()).await;
    sent.map_err(|err| refused(&**server, &err))
}

/// Says no to what a server asks that may not ask; whether it asked anything.
async fn decline(server: &dyn ToolServer, id: &str, result: &Value) -> bool {
    let Some(Value::Object(asked)) = result.get("inputRequests") else { return false };
    let no = Answer::Decline.into_result();
    let answers: Map<String, Value> = asked.keys().map(|it| (it.clone(), no.clone())).collect();
    let update = task::update(id, &Value::Object(answers));
    if let Err(err) = server.request(update, &RequestCx::default()).await {
        tracing::debug!(error = %err, "a task was not told that nobody answers");
    }
    true
}

/// A task of a server that may not ask anything works.
fn quietened(result: &mut Value) {
    if let Some(fields) = result.as_object_mut()
        && fields.remove("inputRequests").is_some()
    {
        fields.insert("status".to_owned(), "working".into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_task_that_may_not_ask_is_one_that_works() {
        let mut asks = json!({ "taskId": "t", "status": "input_required",
            "inputRequests": { "q": { "method": "elicitation/create" } } });
        quietened(&mut asks);
        assert_eq!(asks, json!({ "taskId": "t", "status": "working" }));
        let mut done = json!({ "taskId": "t", "status": "completed", "result": {} });
        quietened(&mut done);
        assert_eq!(done["status"], "completed");
    }
}
