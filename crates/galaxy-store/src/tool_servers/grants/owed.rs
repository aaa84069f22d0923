//! Grants that nobody wants any more, until they are given back at their issuers.
//!
//! **Invariant:** whatever ends a grant owes it in the same transaction, so that no crash forgets
//! it. A row names neither server nor person, which may be gone; what is sealed stays sealed for
//! the row that it was among the grants, under the same name.

use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Permit, PersonId, ToolGrantId, WorkspaceId,
    access::{Drive, Write},
    id::ToolServer,
    tool_server::Link,
};
use uuid::Uuid;

use super::ids;
use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
    json,
};

/// Who does not answer is asked again after so long, then after twice as long, and so on. It is
/// also what a process that dies keeps the others waiting for.
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(3_600);
/// A grant that could not be given back for so long is given up.
const KEEP: Duration = Duration::from_secs(24 * 3_600);

/// A grant to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedGrant {
    /// Its name when it was a grant; what is sealed is sealed for that row.
    pub id: ToolGrantId,
    /// Where that was.
    pub workspace: WorkspaceId,
    /// The grant, sealed.
    pub sealed: Vec<u8>,
    /// How its server was reached when it ended.
    pub link: Link,
    /// The issuer, if an administrator allowed it then to be in the networks inside.
    pub inside: Option<String>,
}

/// What there is to do about owed grants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owed {
    /// Those that are to be given back now.
    pub due: Vec<OwedGrant>,
    /// How many were given up.
    pub given_up: u64,
}

const END_AT: &str = "DELETE FROM tool_grants
    WHERE server_id = $1 AND workspace_id = $2 RETURNING id, server_id, sealed";
const END_OF: &str = "DELETE FROM tool_grants
    WHERE person_id = $1 AND workspace_id = $2 RETURNING id, server_id, sealed";
// Who is about to keep a grant there waits, and then finds nothing to keep it for. SQLite has one
// writer anyway.
const LOCK_SERVER: &str =
    "SELECT id FROM tool_servers WHERE id = $1 AND workspace_id = $2 FOR UPDATE";
const LOCK_PERSON: &str = "SELECT id FROM people WHERE id = $1 AND workspace_id = $2 FOR UPDATE";
const OWE: &str = "INSERT INTO tool_grants_owed
        (id, workspace_id, sealed, link, inside, tries, due_at, until_at)
    SELECT $1, workspace_id, $2, link,
        (SELECT MIN(issuer) FROM tool_clients
            WHERE server_id = $3 AND entered = TRUE AND inside = TRUE),
        0, $4, $5
    FROM tool_servers WHERE id = $3";
const ADD: &str = "INSERT INTO tool_grants_owed
        (id, workspace_id, sealed, link, inside, tries, due_at, until_at)
    VALUES ($1, $2, $3, $4, $5, 0, $6, $7)";
const OLD: &str = "DELETE FROM tool_grants_owed WHERE until_at <= $1";
macro_rules! take {
    ($lock:literal) => {
        concat!(
            "UPDATE tool_grants_owed SET tries = tries + 1,
                due_at = $1 + CASE WHEN tries < 10 AND ($3 << tries) < $4
                    THEN $3 << tries ELSE $4 END
            WHERE id IN (SELECT id FROM tool_grants_owed WHERE due_at <= $1
                ORDER BY due_at, id LIMIT $2",
            $lock,
            ") RETURNING id, workspace_id, sealed, link, inside"
        )
    };
}
const TAKE: &str = take!("");
/// Processes that give back at the same time give back different ones.
const TAKE_SHARED: &str = take!(" FOR UPDATE SKIP LOCKED");
const DONE: &str = "DELETE FROM tool_grants_owed WHERE id = $1 AND workspace_id = $2";
const NEXT: &str = "SELECT MIN(due_at) FROM tool_grants_owed";

type Row = (Uuid, Uuid, Vec<u8>, String, Option<String>);

/// A grant that ended: its name, its server, and what opens that.
pub(super) type Ended = (Uuid, Uuid, Option<Vec<u8>>);

impl Store {
    /// Owes a grant of the permit's person that was never kept, or not any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owe_grant(
        &self,
        permit: Permit<Drive, ToolServer>,
        owed: OwedGrant,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, owed), |tx, (permit, owed)| {
            Box::pin(async move {
                let (_, workspace, _) = ids(permit);
                let (id, link) = (owed.id.uuid(), json::write(&owed.link)?);
                let (sealed, inside) = (owed.sealed.as_slice(), owed.inside.as_deref());
                let (link, (now, until)) = (link.as_str(), times(tx));
                statement!(tx.execute(ADD, id, workspace, sealed, link, inside, now, until))
                    .map(drop)
            })
        })
        .await
    }

    /// Takes up to `most` grants that are to be given back now, in any workspace. Each is due again
    /// later, unless [`Store::gave_back`] is told. Those whose time is over are forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_owed_grants(&self, most: u32) -> Result<Owed, StoreError> {
        self.write(Strength::Relaxed, most, |tx, most| Box::pin(take(tx, *most))).await
    }

    /// Forgets an owed grant: it was given back, or nobody takes it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gave_back(&self, owed: &OwedGrant) -> Result<(), StoreError> {
        let (id, workspace) = (owed.id.uuid(), owed.workspace.uuid());
        self.write(Strength::Relaxed, (id, workspace), |tx, (id, workspace)| {
            Box::pin(async move { statement!(tx.execute(DONE, *id, *workspace)).map(drop) })
        })
        .await
    }

    /// When the next grant is to be given back, if any is owed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_owed_grant(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut conn = self.reader().await?;
        let (next,): (Option<i64>,) = statement!(conn.fetch_one(NEXT))?;
        Ok(next.map(Timestamp::from_millis))
    }
}

async fn take(tx: &mut Tx, most: u32) -> Result<Owed, StoreError> {
    let now = tx.now.as_millis();
    let given_up = statement!(tx.execute(OLD, now))?;
    let (first, longest) = (millis(FIRST), millis(LONGEST));
    let text = if tx.is_postgres() { TAKE_SHARED } else { TAKE };
    let taken: Vec<Row> = statement!(tx.fetch_all(text, now, i64::from(most), first, longest))?;
    let due = taken.into_iter().map(read).collect::<Result<_, StoreError>>()?;
    Ok(Owed { due, given_up })
}

fn read((id, workspace, sealed, link, inside): Row) -> Result<OwedGrant, StoreError> {
    let (id, workspace) = (ToolGrantId::from_uuid(id), WorkspaceId::from_uuid(workspace));
    Ok(OwedGrant { id, workspace, sealed, link: json::read(&link)?, inside })
}

/// Ends every grant at a server.
pub(in super::super) async fn end_at(
    tx: &mut Tx,
    permit: Permit<Write, ToolServer>,
) -> Result<(), StoreError> {
    let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    if tx.is_postgres() {
        let _locked: Option<(Uuid,)> =
            statement!(tx.fetch_optional(LOCK_SERVER, server, workspace))?;
    }
    let ended: Vec<Ended> = statement!(tx.fetch_all(END_AT, server, workspace))?;
    owe(tx, ended).await
}

/// Ends every grant of a person.
pub(crate) async fn end_of(
    tx: &mut Tx,
    person: PersonId,
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    let (person, workspace) = (person.uuid(), workspace.uuid());
    if tx.is_postgres() {
        let _locked: Option<(Uuid,)> =
            statement!(tx.fetch_optional(LOCK_PERSON, person, workspace))?;
    }
    let ended: Vec<Ended> = statement!(tx.fetch_all(END_OF, person, workspace))?;
    owe(tx, ended).await
}

/// Owes what was in grants that ended just now, and whose servers are still there.
pub(super) async fn owe(
    tx: &mut Tx,
    ended: impl IntoIterator<Item = Ended>,
) -> Result<(), StoreError> {
    let (now, until) = times(tx);
    for (id, server, sealed) in ended {
        let Some(sealed) = sealed else { continue };
        statement!(tx.execute(OWE, id, sealed.as_slice(), server, now, until))?;
    }
    Ok(())
}

/// Now, and until when what is owed from now on is tried.
fn times(tx: &Tx) -> (i64, i64) {
    (tx.now.as_millis(), tx.now.after(KEEP).as_millis())
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
