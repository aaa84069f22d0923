//! Writing tool servers down, and changing them.

use galaxy_domain::{Permit, PersonId, access::Write, id::ToolServer, tool_server::ToolServerRow};

use super::{
    FIND, NewToolServer, Place, SECRETS, ToolServerChange, record::Record, records, sign_ins,
};
use crate::{
    db::{Tx, statement},
    error::StoreError,
    json,
};

const COUNT_OWN: &str =
    "SELECT COUNT(*) FROM tool_servers WHERE owner_id = $1 AND workspace_id = $2";
const COUNT_SHARED: &str =
    "SELECT COUNT(*) FROM tool_servers WHERE owner_id IS NULL AND workspace_id = $1";
const INSERT: &str = "INSERT INTO tool_servers (id, workspace_id, owner_id, name, title, enabled,
        link, secrets, trusted, may_ask, revision, created_at, updated_at, origin)
    VALUES ($1, $2, $3, $4, $5, TRUE, $6, $7, $8, $9, 1, $10, $10, $11)";
const UPDATE: &str = "UPDATE tool_servers SET title = $3, enabled = $4, link = $5, secrets = $6,
        trusted = $7, may_ask = $8, revision = $9, updated_at = $10, signs_in = $11,
        origin = $12
    WHERE id = $1 AND workspace_id = $2";

/// Writes a server down.
pub(super) async fn insert(
    tx: &mut Tx,
    place: Place,
    new: &NewToolServer,
    most: usize,
) -> Result<(), StoreError> {
    let (owner, workspace) = (place.owner().map(PersonId::uuid), place.workspace().uuid());
    let (count,): (i64,) = match owner {
        Some(owner) => statement!(tx.fetch_one(COUNT_OWN, owner, workspace))?,
        None => statement!(tx.fetch_one(COUNT_SHARED, workspace))?,
    };
    if usize::try_from(count).is_ok_and(|count| count >= most) {
        return Err(StoreError::TooMany { limit: most });
    }
    let (id, link, now) = (new.id.uuid(), json::write(&new.link)?, tx.now.as_millis());
    let origin = new.origin.as_ref().map(json::write).transpose()?;
    let inserted = statement!(tx.execute(
        INSERT,
        id,
        workspace,
        owner,
        new.name.as_str(),
        new.title.as_str(),
        link.as_str(),
        new.secrets.as_deref(),
        new.trusted,
        new.may_ask,
        now,
        origin.as_deref()
    ));
    match inserted {
        Ok(_) => Ok(()),
        Err(StoreError::Conflict(_)) => {
            Err(StoreError::Conflict("There is a tool server of that name already.".to_owned()))
        }
        Err(err) => Err(err),
    }
}

/// Changes a server.
pub(super) async fn update(
    tx: &mut Tx,
    permit: Permit<Write, ToolServer>,
    change: &ToolServerChange,
) -> Result<ToolServerRow, StoreError> {
    let (id, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let record: Record = statement!(tx.fetch_one(FIND, id, workspace))?;
    let (kept,): (Option<Vec<u8>>,) = statement!(tx.fetch_one(SECRETS, id, workspace))?;
    let before = record.row()?;
    if change.link.as_ref().is_some_and(|(link, _)| *link.place() != *before.link.place()) {
        // Nobody signed in at the other place.
        sign_ins::forget_all(tx, permit).await?;
    }
    let (row, secrets) = changed(before, kept, change);
    let (link, now) = (json::write(&row.link)?, tx.now.as_millis());
    let origin = row.origin.as_ref().map(json::write).transpose()?;
    statement!(tx.execute(
        UPDATE,
        id,
        workspace,
        row.title.as_str(),
        row.enabled,
        link.as_str(),
        secrets.as_deref(),
        row.trusted,
        row.may_ask,
        row.revision,
        now,
        row.signs_in,
        origin.as_deref()
    ))?;
    tx.record(records::changed(&permit, change, &row));
    Ok(ToolServerRow { updated_at: tx.now, ..row })
}

/// `row` and its secrets after `change`. What a connection depends on begins a new revision.
fn changed(
    mut row: ToolServerRow,
    secrets: Option<Vec<u8>>,
    change: &ToolServerChange,
) -> (ToolServerRow, Option<Vec<u8>>) {
    let (trusted, may_ask) = (row.trusted, row.may_ask);
    row.title = change.title.clone().unwrap_or(row.title);
    row.enabled = change.enabled.unwrap_or(row.enabled);
    row.trusted = change.trusted.unwrap_or(row.trusted);
    row.may_ask = change.may_ask.unwrap_or(row.may_ask);
    let reached = change.link.clone();
    if reached.is_some() || (trusted, may_ask) != (row.trusted, row.may_ask) {
        row.revision += 1;
    }
    match reached {
        Some((link, secrets)) => {
            row.signs_in &= link.place() == row.link.place();
            row.link = link;
            row.origin.clone_from(&change.origin);
            (row, secrets)
        }
        None => (row, secrets),
    }
}
