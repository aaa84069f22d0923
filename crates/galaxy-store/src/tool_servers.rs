//! Tool servers: how each is reached, what it offers and what of that was allowed.
//!
//! **Invariant:** a name is given once among the servers of everybody, and once among those of a
//! person. What opens a server is here only as bytes that are sealed for its row.

pub mod checks;
pub mod clients;
pub mod grants;
mod record;
mod records;
pub mod sign_ins;
pub mod tools;
mod write;

use galaxy_domain::{
    Permit, PersonId, ToolServerId, WorkspaceId,
    access::{Administer, Create, Read, SharedTarget, Write},
    audit::Act,
    id::{ToolServer, Workspace},
    tool_server::{Link, Origin, ToolServerRow},
};
use uuid::Uuid;

use crate::{Made, Once, Store, Strength, db::statement, error::StoreError, once};
use record::{Record, columns};
use write::{insert, update};

/// The right to add a tool server, which says whose it will be.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// The permit's person's own.
    Own(Permit<Create, Workspace>),
    /// Everybody's.
    Shared(Permit<Administer, Workspace>),
}

impl Place {
    const fn owner(self) -> Option<PersonId> {
        match self {
            Self::Own(permit) => Some(permit.person()),
            Self::Shared(_) => None,
        }
    }

    const fn workspace(self) -> WorkspaceId {
        match self {
            Self::Own(permit) => permit.workspace(),
            Self::Shared(permit) => permit.workspace(),
        }
    }

    const fn person(self) -> PersonId {
        match self {
            Self::Own(permit) => permit.person(),
            Self::Shared(permit) => permit.person(),
        }
    }
}

/// A tool server to write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToolServer {
    /// Names it; what is sealed is sealed for this row.
    pub id: ToolServerId,
    /// The prefix of its tools.
    pub name: String,
    /// What people read.
    pub title: String,
    /// How it is reached.
    pub link: Link,
    /// What opens it, sealed.
    pub secrets: Option<Vec<u8>>,
    /// Where it was chosen.
    pub origin: Option<Origin>,
    /// Whether what it says about its tools is believed.
    pub trusted: bool,
    /// Whether it may ask people.
    pub may_ask: bool,
}

/// What to change; `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolServerChange {
    /// What people read.
    pub title: Option<String>,
    /// Whether it is used.
    pub enabled: Option<bool>,
    /// How it is reached, and what opens it, sealed.
    pub link: Option<(Link, Option<Vec<u8>>)>,
    /// Where that was chosen; without it, a server that is reached another way is nobody's choice
    /// from a list any more.
    pub origin: Option<Origin>,
    /// Whether what it says about its tools is believed.
    pub trusted: Option<bool>,
    /// Whether it may ask people.
    pub may_ask: Option<bool>,
}

const TARGET: &str = "SELECT workspace_id, owner_id FROM tool_servers WHERE id = $1";
const FIND: &str =
    concat!("SELECT ", columns!(), " FROM tool_servers WHERE id = $1 AND workspace_id = $2");
const VISIBLE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tool_servers WHERE workspace_id = $1 AND (owner_id IS NULL OR owner_id = $2)
    ORDER BY name, id"
);
const SECRETS: &str = "SELECT secrets FROM tool_servers WHERE id = $1 AND workspace_id = $2";
const DELETE: &str = "DELETE FROM tool_servers WHERE id = $1 AND workspace_id = $2 RETURNING name";

impl Store {
    /// Writes a tool server down; `most` of them may be at that place. With `once`, a second call
    /// gives the same server.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the name is taken there; [`StoreError::TooMany`].
    pub async fn create_tool_server(
        &self,
        place: Place,
        new: NewToolServer,
        most: usize,
        once: Option<&Once>,
    ) -> Result<Made<ToolServerId>, StoreError> {
        let input = (place, new, most, once.cloned());
        self.write(Strength::Synced, input, |tx, (place, new, most, once)| {
            Box::pin(async move {
                let once = once.as_ref();
                if let Some(made) = once::replay(tx, place.person(), once).await? {
                    return Ok(made);
                }
                insert(tx, *place, new, *most).await?;
                tx.record(records::added(*place, new));
                once::keep(tx, place.person(), once, new.id).await
            })
        })
        .await
    }

    /// Where a tool server lives and whose it is, for an access decision.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tool_server_target(
        &self,
        id: ToolServerId,
    ) -> Result<Option<SharedTarget<ToolServer>>, StoreError> {
        let mut conn = self.reader().await?;
        let found: Option<(Uuid, Option<Uuid>)> =
            statement!(conn.fetch_optional(TARGET, id.uuid()))?;
        Ok(found.map(|(workspace, owner)| SharedTarget {
            resource: id,
            workspace: WorkspaceId::from_uuid(workspace),
            owner: owner.map(PersonId::from_uuid),
        }))
    }

    /// One tool server, for whatever the permit allows.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn tool_server<A>(
        &self,
        permit: Permit<A, ToolServer>,
    ) -> Result<ToolServerRow, StoreError> {
        let (id, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let mut conn = self.reader().await?;
        let record: Record = statement!(conn.fetch_one(FIND, id, workspace))?;
        record.row()
    }

    /// The tool servers of the permit's person and those of everybody, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tool_servers(
        &self,
        permit: Permit<Read, Workspace>,
    ) -> Result<Vec<ToolServerRow>, StoreError> {
        self.servers_of(permit.person(), permit.workspace()).await
    }

    /// The same for the runs of a person, which need no further permit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn servers_of(
        &self,
        person: PersonId,
        workspace: WorkspaceId,
    ) -> Result<Vec<ToolServerRow>, StoreError> {
        let mut conn = self.reader().await?;
        let records: Vec<Record> =
            statement!(conn.fetch_all(VISIBLE, workspace.uuid(), person.uuid()))?;
        records.into_iter().map(Record::row).collect()
    }

    /// What opens the server, sealed. For whoever connects to it, on behalf of whom it may serve.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn tool_server_secrets(
        &self,
        row: &ToolServerRow,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut conn = self.reader().await?;
        let found: Option<(Option<Vec<u8>>,)> =
            statement!(conn.fetch_optional(SECRETS, row.id.uuid(), row.workspace.uuid()))?;
        found.map(|(secrets,)| secrets).ok_or(StoreError::NotFound)
    }

    /// Changes a tool server.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn change_tool_server(
        &self,
        permit: Permit<Write, ToolServer>,
        change: ToolServerChange,
    ) -> Result<ToolServerRow, StoreError> {
        self.write(Strength::Synced, (permit, change), |tx, (permit, change)| {
            Box::pin(update(tx, *permit, change))
        })
        .await
    }

    /// Deletes a tool server with all that was decided about its tools. What people were granted
    /// there is owed to its issuers from now on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_tool_server(
        &self,
        permit: Permit<Write, ToolServer>,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, permit, |tx, permit| {
            Box::pin(async move {
                let (id, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
                grants::owed::end_at(tx, *permit).await?;
                let gone: Option<(String,)> = statement!(tx.fetch_optional(DELETE, id, workspace))?;
                let (name,) = gone.ok_or(StoreError::NotFound)?;
                tx.record(records::about(permit, Act::ServerDeleted).called(&name));
                Ok(())
            })
        })
        .await
    }
}
