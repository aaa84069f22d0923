//! To-dos as clients see them.

use galaxy_domain::{PersonId, TaskId, task::TaskRow};
use serde::Serialize;
use utoipa::ToSchema;

use super::{event::time, names::PriorityName};

/// A to-do.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TaskView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: TaskId,
    /// What to do.
    pub title: String,
    /// More about it.
    pub description: String,
    /// Whether it is done.
    pub completed: bool,
    /// `low`, `normal` or `high`.
    pub priority: PriorityName,
    /// Labels.
    pub tags: Vec<String>,
    /// When it should be done.
    #[schema(required)]
    pub due_at: Option<String>,
    /// Who does it, if not the owner.
    #[schema(value_type = Option<uuid::Uuid>, required)]
    pub assignee: Option<PersonId>,
    /// Tasks that come first.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub depends_on: Vec<TaskId>,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was done.
    #[schema(required)]
    pub completed_at: Option<String>,
}

impl From<&TaskRow> for TaskView {
    fn from(row: &TaskRow) -> Self {
        Self {
            id: row.id,
            title: row.title.clone(),
            description: row.description.clone(),
            completed: row.completed,
            priority: row.priority.into(),
            tags: row.tags.clone(),
            due_at: row.due_at.map(time),
            assignee: row.assignee,
            depends_on: row.depends_on.clone(),
            created_at: time(row.created_at),
            updated_at: time(row.updated_at),
            completed_at: row.completed_at.map(time),
        }
    }
}
