//! What people were granted at tool servers.
//!
//! **Invariant:** a person has at most one grant at a server, and a permit reaches only the grant
//! of its own person. What opens the server is here only as bytes that are sealed for their row.

mod hold;
mod keep;
pub(crate) mod owed;
mod record;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Permit, ToolGrantId,
    access::{Drive, Read},
    audit::{Act, Ending, Fact},
    id::{ToolServer, Workspace},
    sign_in::GrantRow,
};
use uuid::Uuid;

use super::records;
use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
};
pub use owed::{Owed, OwedGrant};
use record::{Record, columns};

/// What opens a server, with its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptGrant {
    /// The row.
    pub row: GrantRow,
    /// The grant, sealed; none when there is nothing that opens the server.
    pub sealed: Option<Vec<u8>>,
}

/// A grant to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGrant {
    /// Names its row; what is sealed is sealed for it. A renewed grant stays in its row.
    pub id: ToolGrantId,
    /// The grant, sealed.
    pub sealed: Vec<u8>,
    /// Who gave it.
    pub issuer: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// When its token expires, if that is known.
    pub expires_at: Option<Timestamp>,
}

/// What a server wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Its challenge.
    pub challenge: Option<String>,
    /// Why what there is does not do, in words for people; `None` leaves what was said before.
    pub reason: Option<String>,
}

const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tool_grants WHERE server_id = $1 AND workspace_id = $2 AND person_id = $3"
);
const LIST: &str =
    concat!("SELECT ", columns!(), " FROM tool_grants WHERE workspace_id = $1 AND person_id = $2");
const SIGNS_IN: &str =
    "UPDATE tool_servers SET signs_in = TRUE WHERE id = $1 AND workspace_id = $2";
const WANT: &str = "INSERT INTO tool_grants (id, workspace_id, server_id, person_id, state, scopes,
        challenge, reason, version, updated_at)
    SELECT $1, workspace_id, id, $2, 'needed', '[]', $3, $4, 0, $5 FROM tool_servers
    WHERE id = $6 AND workspace_id = $7
    ON CONFLICT (server_id, person_id) DO UPDATE SET state = 'needed',
        challenge = COALESCE(excluded.challenge, tool_grants.challenge),
        reason = COALESCE(excluded.reason, tool_grants.reason), updated_at = excluded.updated_at";
const REFUSE: &str = "INSERT INTO tool_grants (id, workspace_id, server_id, person_id, state,
        scopes, reason, version, updated_at)
    SELECT $1, workspace_id, id, $2, 'refused', '[]', $3, 0, $4 FROM tool_servers
    WHERE id = $5 AND workspace_id = $6
    ON CONFLICT (server_id, person_id) DO UPDATE SET state = 'refused', reason = excluded.reason,
        updated_at = excluded.updated_at
    WHERE tool_grants.state <> 'connected'";
/// Server, workspace and person of a permit.
fn ids(permit: &Permit<Drive, ToolServer>) -> (Uuid, Uuid, Uuid) {
    (permit.resource().uuid(), permit.workspace().uuid(), permit.person().uuid())
}

impl Store {
    /// What the permit's person was granted at the server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn grant(
        &self,
        permit: Permit<Drive, ToolServer>,
    ) -> Result<Option<KeptGrant>, StoreError> {
        let (server, workspace, person) = ids(&permit);
        let mut conn = self.reader().await?;
        let found: Option<Record> =
            statement!(conn.fetch_optional(FIND, server, workspace, person))?;
        found.map(Record::kept).transpose()
    }

    /// What the permit's person was granted, at whatever server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn grants(
        &self,
        permit: Permit<Read, Workspace>,
    ) -> Result<Vec<GrantRow>, StoreError> {
        let (workspace, person) = (permit.workspace().uuid(), permit.person().uuid());
        let mut conn = self.reader().await?;
        let found: Vec<Record> = statement!(conn.fetch_all(LIST, workspace, person))?;
        found.into_iter().map(|it| Ok(it.kept()?.row)).collect()
    }

    /// Notes that people sign in at a server, whoever noticed it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_signs_in(&self, permit: Permit<Drive, ToolServer>) -> Result<(), StoreError> {
        self.write(Strength::Synced, permit, |tx, permit| {
            Box::pin(async move {
                let (server, workspace, _) = ids(permit);
                statement!(tx.execute(SIGNS_IN, server, workspace)).map(drop)
            })
        })
        .await
    }

    /// Notes that a server wants the permit's person to sign in, or to allow more. What they were
    /// granted stays: it may be good for something else.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn want_sign_in(
        &self,
        permit: Permit<Drive, ToolServer>,
        wanted: Wanted,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, wanted), |tx, (permit, wanted)| {
            Box::pin(want(tx, permit, wanted))
        })
        .await
    }

    /// Notes why a sign-in of the permit's person went wrong: in words for them, and as a stable code
    /// for the record. Who is signed in stays so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refuse_sign_in(
        &self,
        permit: Permit<Drive, ToolServer>,
        reason: String,
        code: &'static str,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, reason, code), |tx, (permit, reason, code)| {
            Box::pin(async move {
                let (server, workspace, person) = ids(permit);
                let (id, now) = (ToolGrantId::fresh().uuid(), tx.now.as_millis());
                let reason = reason.as_str();
                statement!(tx.execute(REFUSE, id, person, reason, now, server, workspace))?;
                let record = records::about(permit, Act::ServerConnected);
                tx.record(record.ended(Ending::Failed).with(Fact::Reason, *code));
                Ok(())
            })
        })
        .await
    }
}

async fn want(
    tx: &mut Tx,
    permit: &Permit<Drive, ToolServer>,
    wanted: &Wanted,
) -> Result<(), StoreError> {
    let (server, workspace, person) = ids(permit);
    let (id, now) = (ToolGrantId::fresh().uuid(), tx.now.as_millis());
    let (challenge, reason) = (wanted.challenge.as_deref(), wanted.reason.as_deref());
    statement!(tx.execute(SIGNS_IN, server, workspace))?;
    statement!(tx.execute(WANT, id, person, challenge, reason, now, server, workspace)).map(drop)
}
