//! What a change makes of a task.

use galaxy_base::Timestamp;
use galaxy_domain::{
    PersonId, TaskId,
    task::{Priority, TaskRow},
};

/// What to change; `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskChange {
    /// What to do.
    pub title: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// Whether it is done.
    pub completed: Option<bool>,
    /// How much it matters.
    pub priority: Option<Priority>,
    /// All its labels.
    pub tags: Option<Vec<String>>,
    /// When it should be done; `Some(None)` means whenever.
    pub due_at: Option<Option<Timestamp>>,
    /// Who does it; `Some(None)` means the owner.
    pub assignee: Option<Option<PersonId>>,
    /// All tasks that come first.
    pub depends_on: Option<Vec<TaskId>>,
}

/// `task` after `change`; its times are touched only when something is different.
pub(super) fn changed(mut task: TaskRow, change: &TaskChange, now: Timestamp) -> TaskRow {
    let old = task.clone();
    let keep = |new: &Option<String>, old: String| new.clone().unwrap_or(old);
    task.title = keep(&change.title, task.title);
    task.description = keep(&change.description, task.description);
    task.completed = change.completed.unwrap_or(task.completed);
    task.priority = change.priority.unwrap_or(task.priority);
    task.tags = change.tags.as_deref().map_or(task.tags, sorted);
    task.due_at = change.due_at.unwrap_or(task.due_at);
    task.assignee = change.assignee.unwrap_or(task.assignee);
    task.depends_on = change.depends_on.as_deref().map_or(task.depends_on, sorted);
    if task.completed != old.completed {
        task.completed_at = task.completed.then_some(now);
    }
    if task != old {
        task.updated_at = now;
    }
    task
}

/// `list` in order and without doubles.
pub(super) fn sorted<T: Ord + Clone>(list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    list.sort();
    list.dedup();
    list
}
