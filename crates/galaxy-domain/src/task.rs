//! To-dos.

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{PersonId, TaskId};

/// How much a task matters. Ordered.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// As usual.
    #[default]
    Normal,
    /// First.
    High,
}

/// A to-do of a person. Serialized, it is the payload of `task.updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// Names it.
    pub id: TaskId,
    /// Whose it is.
    pub owner: PersonId,
    /// What to do.
    pub title: String,
    /// More about it.
    pub description: String,
    /// Whether it is done.
    pub completed: bool,
    /// How much it matters.
    pub priority: Priority,
    /// Labels, sorted, without doubles.
    pub tags: Vec<String>,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
    /// Who does it, if not the owner.
    pub assignee: Option<PersonId>,
    /// Tasks that come first.
    pub depends_on: Vec<TaskId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was done.
    pub completed_at: Option<Timestamp>,
}
