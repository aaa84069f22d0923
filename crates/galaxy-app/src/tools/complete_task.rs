//! `complete_task`: ticks a task off.

use galaxy_domain::{Effect, Verdict, access::Scope};
use galaxy_store::TaskChange;
use galaxy_tool::{Output, Tool, ToolCx, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

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
pub(super) struct CompleteTask(pub(super) Tasks);

impl Tool for CompleteTask {
    type Input = Input;
    const NAME: &'static str = "complete_task";
    const DESCRIPTION: &'static str = "Marks a task on the person's to-do list as done.";
    const EFFECT: Effect = Effect::Writes;
    const DEFAULT: Verdict = Verdict::Allow;
    const SCOPE: Scope = Scope::Tasks;

    async fn run(&self, input: Input, cx: &ToolCx) -> Result<Output, ToolError> {
        task_json::check_person(&cx.caller, input.user_id.as_deref())?;
        let id = task_json::task_id(&input.task_id)?;
        let change = TaskChange { completed: Some(true), ..TaskChange::default() };
        let row = self.0.change(&cx.caller, id, change).await.map_err(task_json::error)?;
        Ok(task_json::output(&task_json::task(&row)))
    }
}
