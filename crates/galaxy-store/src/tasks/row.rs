//! The stored form of a task.

use galaxy_base::Timestamp;
use galaxy_domain::{
    PersonId, TaskId,
    task::{Priority, TaskRow},
};
use uuid::Uuid;

use crate::{db::row, error::StoreError, json, terms};

macro_rules! columns {
    () => {
        "id, owner_id, title, description, completed, priority, tags, due_at, assignee_id, \
         depends_on, created_at, updated_at, completed_at"
    };
}
pub(super) use columns;

/// What of a task is stored in another form.
pub(super) struct Stored {
    pub(super) folded: String,
    pub(super) priority: i64,
    pub(super) tags: String,
    pub(super) due_at: Option<i64>,
    pub(super) assignee: Option<Uuid>,
    pub(super) depends_on: String,
}

impl Stored {
    pub(super) fn of(task: &TaskRow) -> Result<Self, StoreError> {
        Ok(Self {
            // The line break sorts before every letter, so this sorts by title first.
            folded: terms::folded(&format!("{}\n{}", task.title, task.description)),
            priority: priority_number(task.priority),
            tags: json::write(&task.tags)?,
            due_at: task.due_at.map(Timestamp::as_millis),
            assignee: task.assignee.map(PersonId::uuid),
            depends_on: json::write(&task.depends_on)?,
        })
    }
}

/// Its place in the order, as it is stored.
pub(super) const fn priority_number(priority: Priority) -> i64 {
    match priority {
        Priority::Low => 0,
        Priority::Normal => 1,
        Priority::High => 2,
    }
}

row! {
    /// A row as it is stored.
    #[derive(Debug)]
    pub(super) struct Record {
        id: Uuid,
        owner_id: Uuid,
        title: String,
        description: String,
        completed: bool,
        priority: i64,
        tags: String,
        due_at: Option<i64>,
        assignee_id: Option<Uuid>,
        depends_on: String,
        created_at: i64,
        updated_at: i64,
        completed_at: Option<i64>,
    }
}

impl Record {
    pub(super) fn row(self) -> Result<TaskRow, StoreError> {
        let known = [Priority::Low, Priority::Normal, Priority::High];
        let priority = known.into_iter().find(|it| priority_number(*it) == self.priority);
        let priority = priority.ok_or_else(|| {
            StoreError::Corrupt(format!("task {} has the priority {}", self.id, self.priority))
        })?;
        Ok(TaskRow {
            id: TaskId::from_uuid(self.id),
            owner: PersonId::from_uuid(self.owner_id),
            title: self.title,
            description: self.description,
            completed: self.completed,
            priority,
            tags: json::read(&self.tags)?,
            due_at: self.due_at.map(Timestamp::from_millis),
            assignee: self.assignee_id.map(PersonId::from_uuid),
            depends_on: json::read(&self.depends_on)?,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            completed_at: self.completed_at.map(Timestamp::from_millis),
        })
    }
}
