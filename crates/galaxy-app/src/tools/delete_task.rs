//! `delete_task`: takes a task off the list.

use galaxy_domain::{Effect, Verdict, access::Scope};
use galaxy_tool::{Output, Tool, ToolCx, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::task_json;
use crate::tasks::Tasks;

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// The id of the task, as `list_tasks` shows it.
    task_id: String,
    /// Whose task; leave it out for the person you talk to.
    #[serde(default)]
    user_id: Option<String>,
}

/// The tool.
pub(super) struct DeleteTask(pub(super) Tasks);

impl Tool for DeleteTask {
    type Input = Input;
    const NAME: &'static str = "delete_task";
    const DESCRIPTION: &'static str = "Deletes a task from the person's to-do list for good.";
    const EFFECT: Effect = Effect::Writes;
    const DEFAULT: Verdict = Verdict::Allow;
    const SCOPE: Scope = Scope::Tasks;

    async fn run(&self, input: Input, cx: &ToolCx) -> Result<Output, ToolError> {
        task_json::check_person(&cx.caller, input.user_id.as_deref())?;
        let id = task_json::task_id(&input.task_id)?;
        self.0.delete(&cx.caller, id).await.map_err(task_json::error)?;
        Ok(task_json::output(&json!({ "deleted": id.to_string() })))
    }
}
