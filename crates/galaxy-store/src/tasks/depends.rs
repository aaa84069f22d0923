//! Which task waits for which.

use std::collections::{BTreeMap, BTreeSet};

use galaxy_domain::{PersonId, TaskId, WorkspaceId, task::TaskRow};
use uuid::Uuid;

use super::{Record, columns};
use crate::{
    db::{Tx, statement},
    error::StoreError,
    json,
};

/// How many tasks one task may wait for.
const MAX: usize = 100;

const EXISTS: &str = "SELECT id FROM tasks WHERE id = $1 AND workspace_id = $2 AND owner_id = $3";
const EDGES: &str = "SELECT id, depends_on FROM tasks
    WHERE workspace_id = $1 AND owner_id = $2 AND depends_on <> '[]'";
// The list is JSON text; an id in it cannot be taken for anything else.
const DEPENDENTS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tasks WHERE workspace_id = $1 AND owner_id = $2
        AND REPLACE(depends_on, $3, '') <> depends_on"
);
const LOCK: &str = "SELECT id FROM people WHERE id = $1 FOR NO KEY UPDATE";
const LOCK_OF: &str = "SELECT people.id FROM people JOIN tasks ON tasks.owner_id = people.id
    WHERE tasks.id = $1 FOR NO KEY UPDATE OF people";

/// Makes changes of one person's tasks wait for each other, because each is made of what was read
/// before. SQLite has only one writer anyway.
pub(super) async fn lock_owner(tx: &mut Tx, owner: PersonId) -> Result<(), StoreError> {
    if tx.is_postgres() {
        statement!(tx.execute(LOCK, owner.uuid()))?;
    }
    Ok(())
}

/// As [`lock_owner`], for whoever owns `task`.
pub(super) async fn lock_owner_of(tx: &mut Tx, task: TaskId) -> Result<(), StoreError> {
    if tx.is_postgres() {
        statement!(tx.execute(LOCK_OF, task.uuid()))?;
    }
    Ok(())
}

/// Refuses what `task` may not depend on.
pub(super) async fn check(
    tx: &mut Tx,
    workspace: WorkspaceId,
    task: &TaskRow,
) -> Result<(), StoreError> {
    if task.depends_on.len() > MAX {
        return Err(StoreError::Conflict(format!("a task may depend on {MAX} others")));
    }
    let (workspace, owner) = (workspace.uuid(), task.owner.uuid());
    for wanted in task.depends_on.iter().filter(|it| **it != task.id) {
        let found: Option<(Uuid,)> =
            statement!(tx.fetch_optional(EXISTS, wanted.uuid(), workspace, owner))?;
        if found.is_none() {
            return Err(StoreError::Conflict(format!("there is no task {wanted} to depend on")));
        }
    }
    let rows: Vec<(Uuid, String)> = statement!(tx.fetch_all(EDGES, workspace, owner))?;
    let mut edges = BTreeMap::new();
    for (from, to) in rows {
        edges.insert(TaskId::from_uuid(from), json::read::<Vec<TaskId>>(&to)?);
    }
    if leads_back(task.id, &task.depends_on, &edges) {
        return Err(StoreError::Conflict(
            "tasks cannot wait for each other in a circle".to_owned(),
        ));
    }
    Ok(())
}

/// The tasks that wait for `task`.
pub(super) async fn dependents(
    tx: &mut Tx,
    workspace: WorkspaceId,
    owner: PersonId,
    task: TaskId,
) -> Result<Vec<TaskRow>, StoreError> {
    let (workspace, owner, named) = (workspace.uuid(), owner.uuid(), task.to_string());
    let rows: Vec<Record> = statement!(tx.fetch_all(DEPENDENTS, workspace, owner, named.as_str()))?;
    rows.into_iter().map(Record::row).collect()
}

/// Whether `task`, once it waits for all of `wanted`, would wait for itself.
fn leads_back(task: TaskId, wanted: &[TaskId], edges: &BTreeMap<TaskId, Vec<TaskId>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting = wanted.to_vec();
    while let Some(next) = waiting.pop() {
        if next == task {
            return true;
        }
        if seen.insert(next) {
            waiting.extend(edges.get(&next).into_iter().flatten());
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_of_any_length_are_seen() {
        let ids: Vec<TaskId> = (0..4).map(|_| TaskId::fresh()).collect();
        let edges = BTreeMap::from([(ids[1], vec![ids[2]]), (ids[2], vec![ids[3]])]);
        assert!(leads_back(ids[0], &[ids[0]], &edges));
        assert!(leads_back(ids[3], &[ids[1]], &edges));
        assert!(leads_back(ids[2], &[ids[0], ids[1]], &edges));
        assert!(!leads_back(ids[0], &[ids[1], ids[3]], &edges));
        // A circle that exists already does not keep the search going for ever.
        let round = BTreeMap::from([(ids[1], vec![ids[2]]), (ids[2], vec![ids[1]])]);
        assert!(!leads_back(ids[0], &[ids[1]], &round));
    }
}
