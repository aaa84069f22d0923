//! How the task tools speak: what a task looks like to a model, and whose tasks they touch.

use galaxy_domain::{Caller, Part, TaskId, task::TaskRow};
use galaxy_tool::{Output, ToolError};
use serde_json::{Value, json};

use crate::AppError;

/// A task for a model: without what it cannot use.
pub(super) fn task(row: &TaskRow) -> Value {
    let mut value = json!({
        "id": row.id.to_string(),
        "title": row.title,
        "completed": row.completed,
    });
    if let Some(fields) = value.as_object_mut() {
        if !row.description.is_empty() {
            fields.insert("description".to_owned(), row.description.clone().into());
        }
        if let Some(due) = row.due_at {
            fields.insert("due_at".to_owned(), due.to_string().into());
        }
        if !row.tags.is_empty() {
            fields.insert("tags".to_owned(), row.tags.clone().into());
        }
    }
    value
}

/// One JSON text.
pub(super) fn output(value: &Value) -> Output {
    vec![Part::text(value.to_string())]
}

/// The caller's identity wins over whatever `user_id` says: another person's is refused.
pub(super) fn check_person(caller: &Caller, user_id: Option<&str>) -> Result<(), ToolError> {
    match user_id {
        Some(id) if !id.is_empty() && id != "me" && id != caller.person.to_string() => {
            Err(ToolError::tell("these are another person's tasks; leave `user_id` out"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Parses the id of a task.
pub(super) fn task_id(text: &str) -> Result<TaskId, ToolError> {
    let hint = "`task_id` is the `id` of a task as `list_tasks` shows it, not its title";
    text.trim().parse().map_err(|_| ToolError::tell(hint))
}

/// What a model is told of an error.
pub(super) fn error(err: AppError) -> ToolError {
    use galaxy_domain::Kind;
    match err.kind() {
        Kind::NotFound => ToolError::tell("there is no such task"),
        Kind::Invalid | Kind::Conflict | Kind::Forbidden | Kind::TooLarge | Kind::TooMany => {
            ToolError::tell(err.to_string())
        }
        Kind::Unauthenticated | Kind::Unavailable | Kind::Internal => {
            ToolError::Internal(Box::new(err))
        }
    }
}
