//! Sign-ins at tool servers whose people are away at the issuer.
//!
//! **Invariant:** a sign-in is used once, in time, and by nobody but the person who began it.

use galaxy_base::Timestamp;
use galaxy_domain::{
    Permit, ToolServerId, ToolSignInId, WorkspaceId,
    access::{Drive, Write},
    id::{Person, ToolServer},
    sign_in::SignInRow,
};
use uuid::Uuid;

use super::{
    clients::{self, NewClient},
    grants,
};
use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
};

/// Sign-ins of one person that are under way at once; more than one tab needs.
const MOST: usize = 20;

/// A sign-in that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSignIn {
    /// Names it; what is sealed is sealed for this row.
    pub id: ToolSignInId,
    /// SHA-256 of the state that the person comes back with, in hexadecimal.
    pub state_hash: String,
    /// What is needed to finish it, sealed.
    pub sealed: Vec<u8>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

const COUNT: &str = "SELECT COUNT(*) FROM tool_sign_ins WHERE person_id = $1 AND expires_at > $2";
const BEGIN: &str = "INSERT INTO tool_sign_ins
        (id, state_hash, workspace_id, server_id, person_id, sealed, expires_at)
    SELECT $1, $2, workspace_id, id, $3, $4, $5 FROM tool_servers
    WHERE id = $6 AND workspace_id = $7";
const TAKE: &str = "DELETE FROM tool_sign_ins
    WHERE state_hash = $1 AND person_id = $2 AND workspace_id = $3
    RETURNING id, server_id, sealed, expires_at";
const OLD: &str = "DELETE FROM tool_sign_ins WHERE expires_at < $1";
const OWN: &str = "DELETE FROM tool_sign_ins
    WHERE server_id = $1 AND workspace_id = $2 AND person_id = $3";
const OF_SERVER: &str = "DELETE FROM tool_sign_ins WHERE server_id = $1 AND workspace_id = $2";

impl Store {
    /// Keeps a sign-in of the permit's person until they come back, and a client that was
    /// registered for it.
    ///
    /// # Errors
    /// [`StoreError::TooMany`]; [`StoreError::NotFound`] when the server was deleted meanwhile.
    pub async fn begin_sign_in(
        &self,
        permit: Permit<Drive, ToolServer>,
        new: NewSignIn,
        client: Option<NewClient>,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, new, client), |tx, (permit, new, client)| {
            Box::pin(begin(tx, permit, new, client.as_ref()))
        })
        .await
    }

    /// Takes the sign-in that the permit's person came back from out of the store, with what is
    /// needed to finish it. Somebody else's stays, and one that is too late is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_sign_in(
        &self,
        permit: Permit<Write, Person>,
        state_hash: String,
    ) -> Result<Option<(SignInRow, Vec<u8>)>, StoreError> {
        self.write(Strength::Synced, (permit, state_hash), |tx, (permit, state_hash)| {
            Box::pin(async move {
                let (person, workspace) = (permit.resource().uuid(), permit.workspace());
                let taken: Option<(Uuid, Uuid, Vec<u8>, i64)> = statement!(tx.fetch_optional(
                    TAKE,
                    state_hash.as_str(),
                    person,
                    workspace.uuid()
                ))?;
                Ok(taken.map(|it| read(it, workspace)).filter(|(it, _)| it.expires_at >= tx.now))
            })
        })
        .await
    }

    /// Forgets sign-ins that nobody came back from in time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep_sign_ins(&self) -> Result<u64, StoreError> {
        self.write(Strength::Relaxed, (), |tx, ()| {
            Box::pin(async move {
                let now = tx.now.as_millis();
                statement!(tx.execute(OLD, now))
            })
        })
        .await
    }
}

fn read(
    (id, server, sealed, expires_at): (Uuid, Uuid, Vec<u8>, i64),
    workspace: WorkspaceId,
) -> (SignInRow, Vec<u8>) {
    let row = SignInRow {
        id: ToolSignInId::from_uuid(id),
        server: ToolServerId::from_uuid(server),
        workspace,
        expires_at: Timestamp::from_millis(expires_at),
    };
    (row, sealed)
}

async fn begin(
    tx: &mut Tx,
    permit: &Permit<Drive, ToolServer>,
    new: &NewSignIn,
    client: Option<&NewClient>,
) -> Result<(), StoreError> {
    let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let (person, now) = (permit.person().uuid(), tx.now.as_millis());
    let (count,): (i64,) = statement!(tx.fetch_one(COUNT, person, now))?;
    if usize::try_from(count).is_ok_and(|count| count >= MOST) {
        return Err(StoreError::TooMany { limit: MOST });
    }
    let (id, hash) = (new.id.uuid(), new.state_hash.as_str());
    let (sealed, expires) = (new.sealed.as_slice(), new.expires_at.as_millis());
    let begun =
        statement!(tx.execute(BEGIN, id, hash, person, sealed, expires, server, workspace))?;
    if begun == 0 {
        return Err(StoreError::NotFound);
    }
    match client {
        Some(client) => clients::put(tx, permit, client).await,
        None => Ok(()),
    }
}

/// Forgets the sign-ins of the permit's person at the server.
pub(super) async fn forget_own(
    tx: &mut Tx,
    permit: &Permit<Drive, ToolServer>,
) -> Result<(), StoreError> {
    let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let person = permit.person().uuid();
    statement!(tx.execute(OWN, server, workspace, person)).map(drop)
}

/// Forgets every sign-in and client of a server, and ends every grant there: it is another one
/// now.
pub(super) async fn forget_all(
    tx: &mut Tx,
    permit: Permit<Write, ToolServer>,
) -> Result<(), StoreError> {
    let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    // What is owed is given back by what the clients allow.
    grants::owed::end_at(tx, permit).await?;
    for statement in [OF_SERVER, clients::OF_SERVER] {
        statement!(tx.execute(statement, server, workspace))?;
    }
    Ok(())
}
