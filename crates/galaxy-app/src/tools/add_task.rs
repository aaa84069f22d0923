//! `add_task`: puts something on the person's list.

use galaxy_domain::{Effect, Verdict, access::Scope, task::Priority};
use galaxy_store::NewTask;
use galaxy_tool::{Output, Tool, ToolCx, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::task_json;
use crate::tasks::Tasks;

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// What to do, in a few words.
    title: String,
    /// More about it.
    #[serde(default)]
    description: Option<String>,
    /// Whose task it is; leave it out for the person you talk to.
    #[serde(default)]
    user_id: Option<String>,
}

/// The tool.
pub(super) struct AddTask(pub(super) Tasks);

impl Tool for AddTask {
    type Input = Input;
    const NAME: &'static str = "add_task";
    const DESCRIPTION: &'static str =
        "Adds a task to the person's to-do list: creates a task or reminder from what they say.";
    const EFFECT: Effect = Effect::Writes;
    const DEFAULT: Verdict = Verdict::Allow;
    const SCOPE: Scope = Scope::Tasks;

    async fn run(&self, input: Input, cx: &ToolCx) -> Result<Output, ToolError> {
        task_json::check_person(&cx.caller, input.user_id.as_deref())?;
        let new = NewTask {
            title: input.title,
            description: input.description.unwrap_or_default(),
            priority: Priority::Normal,
            ..NewTask::default()
        };
        let row = self.0.create(&cx.caller, new, None).await.map_err(task_json::error)?;
        Ok(task_json::output(&task_json::task(&row)))
    }
}
