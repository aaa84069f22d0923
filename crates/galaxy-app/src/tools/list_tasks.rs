//! `list_tasks`: shows the person's list.

use galaxy_domain::{Effect, Verdict, access::Scope};
use galaxy_store::{TaskFilter, TaskStatus};
use galaxy_tool::{Output, Tool, ToolCx, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::task_json;
use crate::tasks::Tasks;

/// Tasks that are shown at once.
const SHOWN: usize = 100;

/// Which tasks.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// Every task.
    #[default]
    All,
    /// Those still to do.
    Pending,
    /// Those that are done.
    Completed,
}

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Which tasks to show: all, pending or completed ones.
    #[serde(default)]
    status: Status,
    /// Whose tasks; leave it out for the person you talk to.
    #[serde(default)]
    user_id: Option<String>,
}

/// The tool.
pub(super) struct ListTasks(pub(super) Tasks);

impl Tool for ListTasks {
    type Input = Input;
    const NAME: &'static str = "list_tasks";
    const DESCRIPTION: &'static str = "Lists the tasks on the person's to-do list, with their ids.";
    const EFFECT: Effect = Effect::Reads;
    const DEFAULT: Verdict = Verdict::Allow;
    const SCOPE: Scope = Scope::Tasks;

    async fn run(&self, input: Input, cx: &ToolCx) -> Result<Output, ToolError> {
        task_json::check_person(&cx.caller, input.user_id.as_deref())?;
        let status = match input.status {
            Status::All => TaskStatus::All,
            Status::Pending => TaskStatus::Pending,
            Status::Completed => TaskStatus::Completed,
        };
        let filter = TaskFilter { status, limit: SHOWN, ..TaskFilter::default() };
        let page = self.0.list(&cx.caller, filter).await.map_err(task_json::error)?;
        let tasks: Vec<_> = page.items.iter().map(task_json::task).collect();
        Ok(task_json::output(&json!({ "tasks": tasks, "total": page.total })))
    }
}
