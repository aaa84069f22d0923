//! The tools of the deployment: what there is, and what each person lets them do.
//!
//! Tools that act on the use cases live here, one file each; a new one is a file and a line in
//! [`all`].

use std::sync::Arc;

use galaxy_access::own;
use galaxy_agent::policy::definition;
use galaxy_domain::{Caller, Effect, Role, Verdict, access::Write, tool::ToolRule};
use galaxy_store::Store;
use galaxy_tool::{AnyTool, tool::any};
use serde_json::Value;

use crate::{App, AppError, tasks::Tasks};

mod add_task;
mod complete_task;
mod delete_task;
mod list_tasks;
mod task_json;
mod update_task;

/// A tool as a person sees it.
#[derive(Debug, Clone)]
pub struct ToolInfo {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Where it comes from.
    pub origin: String,
    /// What it can do to the world.
    pub effect: Effect,
    /// What happens when an agent asks for it.
    pub verdict: Verdict,
    /// What would happen if the person had said nothing.
    pub default_verdict: Verdict,
    /// JSON Schema of its arguments.
    pub schema: Value,
}

/// All tools that act on the use cases.
pub(crate) fn all(store: &Store) -> Vec<Arc<dyn AnyTool>> {
    let tasks = Tasks::new(store);
    vec![
        any(add_task::AddTask(tasks.clone())),
        any(list_tasks::ListTasks(tasks.clone())),
        any(complete_task::CompleteTask(tasks.clone())),
        any(delete_task::DeleteTask(tasks.clone())),
        any(update_task::UpdateTask(tasks)),
    ]
}

impl App {
    /// The tools that the caller's agents can be offered.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tools(&self, caller: &Caller) -> Result<Vec<ToolInfo>, AppError> {
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let rules = self.rules_now(caller, &shelf).await?;
        let offered =
            |tool: &&Arc<dyn AnyTool>| caller.role >= Role::Member || tool.effect().is_repeatable();
        let info = |tool: &Arc<dyn AnyTool>| ToolInfo {
            name: tool.name().to_owned(),
            description: tool.description().to_owned(),
            origin: tool.origin().to_owned(),
            effect: tool.effect(),
            verdict: rules.verdict(&**tool),
            default_verdict: tool.default_verdict(),
            schema: tool.schema().json().clone(),
        };
        Ok(shelf.toolbox.iter().filter(offered).map(info).collect())
    }

    /// Says what happens from now on when an agent of the caller asks for a tool; `None` takes
    /// back what was said. Not to be asked any more needs a fresh sign-in.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such tool; [`AppError::Denied`] to keys.
    pub async fn rule_tool(
        &self,
        caller: &Caller,
        name: &str,
        verdict: Option<Verdict>,
    ) -> Result<(), AppError> {
        let permit = own::<Write>(caller)?;
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let tool = shelf.everything.get(name).ok_or(AppError::NotFound)?;
        let changed = match verdict {
            Some(verdict) => {
                if verdict == Verdict::Allow && tool.default_verdict() != Verdict::Allow {
                    self.access.fresh(caller)?;
                }
                let definition = definition(&**tool);
                let rule =
                    ToolRule { tool: name.to_owned(), conversation: None, verdict, definition };
                self.store.put_rule(permit, rule).await
            }
            None => self.store.delete_rule(permit, name, None).await,
        };
        self.remembered.forget(caller.person);
        Ok(changed?)
    }
}
