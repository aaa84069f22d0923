//! To-dos.
//!
//! **Invariant:** what a task depends on exists, belongs to the same person, and never leads back
//! to the task itself.

mod change;
mod depends;
mod list;
mod row;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Permit, PersonId, TaskId, WorkspaceId,
    access::{Create, Read, Target, Write},
    audit,
    id::{Task, Workspace},
    notice::Notice,
    task::{Priority, TaskRow},
};
use uuid::Uuid;

use crate::{
    Made, Once, Store, Strength,
    db::{Tx, statement},
    error::StoreError,
    once,
};
use change::{changed, sorted};
use row::{Record, Stored, columns, priority_number};

pub use change::TaskChange;
pub use list::{TaskFilter, TaskPage, TaskSort, TaskStatus};

/// A task to make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTask {
    /// What to do.
    pub title: String,
    /// More about it.
    pub description: String,
    /// How much it matters.
    pub priority: Priority,
    /// Labels, in any order.
    pub tags: Vec<String>,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
    /// Who does it, if not the owner.
    pub assignee: Option<PersonId>,
    /// Tasks that come first.
    pub depends_on: Vec<TaskId>,
}

const TARGET: &str = "SELECT workspace_id, owner_id FROM tasks WHERE id = $1";
const FIND: &str =
    concat!("SELECT ", columns!(), " FROM tasks WHERE id = $1 AND workspace_id = $2");
const INSERT: &str = "INSERT INTO tasks (id, workspace_id, owner_id, title, description, folded,
        completed, priority, tags, due_at, assignee_id, depends_on, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7, $8, $9, $10, $11, $12, $12)";
const UPDATE: &str = "UPDATE tasks SET title = $3, description = $4, folded = $5, completed = $6,
        priority = $7, tags = $8, due_at = $9, assignee_id = $10, depends_on = $11,
        updated_at = $12, completed_at = $13
    WHERE id = $1 AND workspace_id = $2";
const DELETE: &str = "DELETE FROM tasks WHERE id = $1 AND workspace_id = $2";
const IS_PERSON: &str = "SELECT id FROM people WHERE id = $1 AND workspace_id = $2";

impl Store {
    /// Makes a task of the permit's person. With `once`, a second call gives the same task.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the assignee or a task it depends on does not exist.
    pub async fn create_task(
        &self,
        permit: Permit<Create, Workspace>,
        new: NewTask,
        once: Option<&Once>,
    ) -> Result<Made<TaskRow>, StoreError> {
        let input = (permit, new, once.cloned());
        self.write(Strength::Synced, input, |tx, (permit, new, once)| {
            Box::pin(create(tx, permit, new, once.as_ref()))
        })
        .await
    }

    /// Where a task lives and whose it is, for an access decision.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_target(&self, task: TaskId) -> Result<Option<Target<Task>>, StoreError> {
        let mut conn = self.reader().await?;
        let found: Option<(Uuid, Uuid)> = statement!(conn.fetch_optional(TARGET, task.uuid()))?;
        Ok(found.map(|(workspace, owner)| Target {
            resource: task,
            workspace: WorkspaceId::from_uuid(workspace),
            owner: PersonId::from_uuid(owner),
        }))
    }

    /// The task.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is gone.
    pub async fn task(&self, permit: Permit<Read, Task>) -> Result<TaskRow, StoreError> {
        let (task, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let mut conn = self.reader().await?;
        let found: Option<Record> = statement!(conn.fetch_optional(FIND, task, workspace))?;
        found.ok_or(StoreError::NotFound)?.row()
    }

    /// Changes a task and gives it as it is now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is gone; [`StoreError::Conflict`] when the assignee or a
    /// task it depends on does not exist, or when tasks would wait for each other in a circle.
    pub async fn change_task(
        &self,
        permit: Permit<Write, Task>,
        change: TaskChange,
    ) -> Result<TaskRow, StoreError> {
        self.write(Strength::Synced, (permit, change), |tx, (permit, change)| {
            Box::pin(make_change(tx, permit, change))
        })
        .await
    }

    /// Deletes a task; nothing depends on it any more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is gone.
    pub async fn delete_task(&self, permit: Permit<Write, Task>) -> Result<(), StoreError> {
        self.write(Strength::Synced, permit, |tx, permit| Box::pin(delete(tx, permit))).await
    }
}

async fn create(
    tx: &mut Tx,
    permit: &Permit<Create, Workspace>,
    new: &NewTask,
    once: Option<&Once>,
) -> Result<Made<TaskRow>, StoreError> {
    let (workspace, owner) = (permit.workspace(), permit.person());
    if let Some(made) = once::replay(tx, owner, once).await? {
        return Ok(made);
    }
    let task = TaskRow {
        id: TaskId::fresh(),
        owner,
        title: new.title.clone(),
        description: new.description.clone(),
        completed: false,
        priority: new.priority,
        tags: sorted(&new.tags),
        due_at: new.due_at,
        assignee: new.assignee,
        depends_on: sorted(&new.depends_on),
        created_at: tx.now,
        updated_at: tx.now,
        completed_at: None,
    };
    check_assignee(tx, workspace, task.assignee).await?;
    if !task.depends_on.is_empty() {
        depends::lock_owner(tx, owner).await?;
        depends::check(tx, workspace, &task).await?;
    }
    let stored = Stored::of(&task)?;
    statement!(tx.execute(
        INSERT,
        task.id.uuid(),
        workspace.uuid(),
        owner.uuid(),
        task.title.as_str(),
        task.description.as_str(),
        stored.folded.as_str(),
        stored.priority,
        stored.tags.as_str(),
        stored.due_at,
        stored.assignee,
        stored.depends_on.as_str(),
        task.created_at.as_millis(),
    ))?;
    tx.notify_person(workspace, owner, Notice::TaskChanged { task: task.clone() });
    once::keep(tx, owner, once, task).await
}

async fn make_change(
    tx: &mut Tx,
    permit: &Permit<Write, Task>,
    change: &TaskChange,
) -> Result<TaskRow, StoreError> {
    let workspace = permit.workspace();
    depends::lock_owner_of(tx, permit.resource()).await?;
    let old = find(tx, workspace, permit.resource()).await?;
    let task = changed(old.clone(), change, tx.now);
    if task == old {
        return Ok(task);
    }
    if task.assignee != old.assignee {
        check_assignee(tx, workspace, task.assignee).await?;
    }
    if task.depends_on != old.depends_on {
        depends::check(tx, workspace, &task).await?;
    }
    update(tx, workspace, &task).await?;
    Ok(task)
}

async fn delete(tx: &mut Tx, permit: &Permit<Write, Task>) -> Result<(), StoreError> {
    let (workspace, task) = (permit.workspace(), permit.resource());
    depends::lock_owner_of(tx, task).await?;
    let owner = find(tx, workspace, task).await?.owner;
    for mut dependent in depends::dependents(tx, workspace, owner, task).await? {
        dependent.depends_on.retain(|it| *it != task);
        dependent.updated_at = tx.now;
        update(tx, workspace, &dependent).await?;
    }
    statement!(tx.execute(DELETE, task.uuid(), workspace.uuid()))?;
    let record = audit::Record::by(permit, audit::Act::TaskDeleted);
    tx.record(record.about(audit::Thing::Task, task));
    tx.notify_person(workspace, owner, Notice::TaskDeleted { task });
    Ok(())
}

async fn find(tx: &mut Tx, workspace: WorkspaceId, task: TaskId) -> Result<TaskRow, StoreError> {
    let found: Option<Record> = statement!(tx.fetch_optional(FIND, task.uuid(), workspace.uuid()))?;
    found.ok_or(StoreError::NotFound)?.row()
}

async fn update(tx: &mut Tx, workspace: WorkspaceId, task: &TaskRow) -> Result<(), StoreError> {
    let stored = Stored::of(task)?;
    statement!(tx.execute(
        UPDATE,
        task.id.uuid(),
        workspace.uuid(),
        task.title.as_str(),
        task.description.as_str(),
        stored.folded.as_str(),
        task.completed,
        stored.priority,
        stored.tags.as_str(),
        stored.due_at,
        stored.assignee,
        stored.depends_on.as_str(),
        task.updated_at.as_millis(),
        task.completed_at.map(Timestamp::as_millis),
    ))?;
    tx.notify_person(workspace, task.owner, Notice::TaskChanged { task: task.clone() });
    Ok(())
}

async fn check_assignee(
    tx: &mut Tx,
    workspace: WorkspaceId,
    assignee: Option<PersonId>,
) -> Result<(), StoreError> {
    let Some(person) = assignee else { return Ok(()) };
    let found: Option<(Uuid,)> =
        statement!(tx.fetch_optional(IS_PERSON, person.uuid(), workspace.uuid()))?;
    found.map(drop).ok_or_else(|| StoreError::Conflict("there is no such assignee".to_owned()))
}
