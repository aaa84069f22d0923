//! Clients by which the issuers of tool servers know us.
//!
//! **Invariant:** a server has at most one client that somebody entered, and one that was
//! registered for each issuer.

use galaxy_domain::{
    Permit, ToolClientId,
    access::{Drive, Write},
    audit::{Act, Fact},
    id::ToolServer,
    sign_in::ClientRow,
};
use uuid::Uuid;

use super::records;
use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
};

/// A client to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    /// What is written down of it.
    pub row: ClientRow,
    /// The client with its secret, sealed.
    pub sealed: Vec<u8>,
}

const LIST: &str = "SELECT id, issuer, client, entered, inside, sealed FROM tool_clients
    WHERE server_id = $1 AND workspace_id = $2 ORDER BY created_at, id";
const PUT: &str = "INSERT INTO tool_clients
        (id, workspace_id, server_id, issuer, client, entered, inside, sealed, created_at)
    SELECT $1, workspace_id, id, $2, $3, $4, $5, $6, $7 FROM tool_servers
    WHERE id = $8 AND workspace_id = $9";
const REPLACED: &str = "DELETE FROM tool_clients
    WHERE server_id = $1 AND workspace_id = $2 AND issuer = $3 AND entered = FALSE";
const ENTERED: &str = "DELETE FROM tool_clients
    WHERE server_id = $1 AND workspace_id = $2 AND entered = TRUE";
pub(super) const OF_SERVER: &str =
    "DELETE FROM tool_clients WHERE server_id = $1 AND workspace_id = $2";
const SIGNS_IN: &str =
    "UPDATE tool_servers SET signs_in = TRUE WHERE id = $1 AND workspace_id = $2";

type Row = (Uuid, String, String, bool, bool, Vec<u8>);

impl Store {
    /// The clients of a server, sealed, for whatever the permit allows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tool_clients<A>(
        &self,
        permit: Permit<A, ToolServer>,
    ) -> Result<Vec<NewClient>, StoreError> {
        let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let mut conn = self.reader().await?;
        let rows: Vec<Row> = statement!(conn.fetch_all(LIST, server, workspace))?;
        let client = |(id, issuer, client, entered, inside, sealed)| {
            let id = ToolClientId::from_uuid(id);
            NewClient { row: ClientRow { id, issuer, client, entered, inside }, sealed }
        };
        Ok(rows.into_iter().map(client).collect())
    }

    /// Keeps the client that somebody entered for a server, in the place of the one before; with
    /// none, only forgets that one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enter_client(
        &self,
        permit: Permit<Write, ToolServer>,
        client: Option<NewClient>,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, client), |tx, (permit, client)| {
            Box::pin(async move {
                let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
                statement!(tx.execute(ENTERED, server, workspace))?;
                let record = records::about(permit, Act::ServerClient);
                tx.record(record.with(Fact::Enabled, client.is_some()));
                let Some(client) = client else { return Ok(()) };
                statement!(tx.execute(SIGNS_IN, server, workspace))?;
                insert(tx, (server, workspace), client).await
            })
        })
        .await
    }
}

/// Keeps a client that was registered, in the place of the one before.
pub(super) async fn put(
    tx: &mut Tx,
    permit: &Permit<Drive, ToolServer>,
    client: &NewClient,
) -> Result<(), StoreError> {
    forget_registered(tx, permit, &client.row.issuer).await?;
    insert(tx, (permit.resource().uuid(), permit.workspace().uuid()), client).await
}

/// Forgets the client that was registered at `issuer`.
pub(super) async fn forget_registered(
    tx: &mut Tx,
    permit: &Permit<Drive, ToolServer>,
    issuer: &str,
) -> Result<(), StoreError> {
    let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    statement!(tx.execute(REPLACED, server, workspace, issuer)).map(drop)
}

async fn insert(
    tx: &mut Tx,
    (server, workspace): (Uuid, Uuid),
    client: &NewClient,
) -> Result<(), StoreError> {
    let NewClient { row, sealed } = client;
    let (id, issuer, name) = (row.id.uuid(), row.issuer.as_str(), row.client.as_str());
    let (entered, inside, now) = (row.entered, row.inside, tx.now.as_millis());
    let sealed = sealed.as_slice();
    let kept = statement!(
        tx.execute(PUT, id, issuer, name, entered, inside, sealed, now, server, workspace)
    )?;
    if kept == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}
