//! The tools of servers: what each server says of them, and what somebody allowed.

use std::collections::BTreeMap;

use galaxy_domain::{
    Permit, PersonId, ToolServerId, WorkspaceId,
    access::{Drive, Read, Write},
    id::{ToolServer, Workspace},
    tool_server::{Pinned, ServerToolRow},
};
use uuid::Uuid;

use super::records;
use crate::{
    Store, Strength,
    db::{Tx, row, statement},
    error::StoreError,
};

/// A tool that a server lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTool {
    /// How the server calls it.
    pub tool: String,
    /// What it says of it.
    pub found: Pinned,
}

/// How many tools a server has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that it lists or once listed.
    pub all: i64,
    /// Those that agents are offered.
    pub offered: i64,
    /// Those that wait for somebody to allow them.
    pub waiting: i64,
}

/// What somebody decides about one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRuling {
    /// How the server calls it.
    pub tool: String,
    /// Allows the definition with this pin, if it still is the one.
    pub approve: Option<String>,
    /// The switch.
    pub enabled: Option<bool>,
}

const LIST: &str = "SELECT server_id, tool, found_pin, found, pin, definition, enabled
    FROM server_tools WHERE server_id = $1 AND workspace_id = $2 ORDER BY place, tool";
const OFFERED: &str = "SELECT t.server_id, t.tool, t.found_pin, t.found, t.pin, t.definition,
        t.enabled
    FROM server_tools t JOIN tool_servers s ON s.id = t.server_id
    WHERE s.workspace_id = $1 AND (s.owner_id IS NULL OR s.owner_id = $2) AND s.enabled = TRUE
        AND t.enabled = TRUE AND t.pin = t.found_pin
    ORDER BY t.server_id, t.place, t.tool";
const EXISTS: &str = "SELECT id FROM tool_servers WHERE id = $1 AND workspace_id = $2";
const COUNT: &str = "SELECT t.server_id, COUNT(*),
        SUM(CASE WHEN t.enabled AND t.pin = t.found_pin THEN 1 ELSE 0 END),
        SUM(CASE WHEN t.found_pin IS NOT NULL AND (t.pin IS NULL OR t.pin <> t.found_pin)
            THEN 1 ELSE 0 END)
    FROM server_tools t JOIN tool_servers s ON s.id = t.server_id
    WHERE s.workspace_id = $1 AND (s.owner_id IS NULL OR s.owner_id = $2) GROUP BY t.server_id";
const FOUND: &str = "INSERT INTO server_tools
        (server_id, tool, workspace_id, place, found_pin, found, enabled)
    VALUES ($1, $2, $3, $4, $5, $6, TRUE)
    ON CONFLICT (server_id, tool) DO UPDATE
    SET place = excluded.place, found_pin = excluded.found_pin, found = excluded.found";
const LOSE: &str = "UPDATE server_tools SET found_pin = NULL, found = NULL
    WHERE server_id = $1 AND workspace_id = $2 AND tool = $3";
const FORGET: &str =
    "DELETE FROM server_tools WHERE server_id = $1 AND workspace_id = $2 AND tool = $3";
const APPROVE: &str = "UPDATE server_tools SET pin = found_pin, definition = found
    WHERE server_id = $1 AND workspace_id = $2 AND tool = $3 AND found_pin = $4";
const SWITCH: &str = "UPDATE server_tools SET enabled = $4
    WHERE server_id = $1 AND workspace_id = $2 AND tool = $3";

row! {
    #[derive(Debug)]
    struct Record {
        server_id: Uuid,
        tool: String,
        found_pin: Option<String>,
        found: Option<String>,
        pin: Option<String>,
        definition: Option<String>,
        enabled: bool,
    }
}

impl Record {
    fn row(self) -> ServerToolRow {
        let pinned = |(pin, definition)| Pinned { pin, definition };
        ServerToolRow {
            tool: self.tool,
            found: self.found_pin.zip(self.found).map(pinned),
            approved: self.pin.zip(self.definition).map(pinned),
            enabled: self.enabled,
        }
    }
}

impl Store {
    /// All tools of a server, in its order, for whatever the permit allows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn server_tools<A>(
        &self,
        permit: Permit<A, ToolServer>,
    ) -> Result<Vec<ServerToolRow>, StoreError> {
        let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let mut conn = self.reader().await?;
        let records: Vec<Record> = statement!(conn.fetch_all(LIST, server, workspace))?;
        Ok(records.into_iter().map(Record::row).collect())
    }

    /// The tools that the runs of a person may be offered, by server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn offered_tools(
        &self,
        person: PersonId,
        workspace: WorkspaceId,
    ) -> Result<BTreeMap<ToolServerId, Vec<ServerToolRow>>, StoreError> {
        let mut conn = self.reader().await?;
        let records: Vec<Record> =
            statement!(conn.fetch_all(OFFERED, workspace.uuid(), person.uuid()))?;
        let mut offered: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for record in records {
            let server = ToolServerId::from_uuid(record.server_id);
            offered.entry(server).or_default().push(record.row());
        }
        Ok(offered)
    }

    /// How many tools each server has that the permit's person may use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tool_tallies(
        &self,
        permit: Permit<Read, Workspace>,
    ) -> Result<BTreeMap<ToolServerId, Tally>, StoreError> {
        let (person, workspace) = (permit.person().uuid(), permit.workspace().uuid());
        let mut conn = self.reader().await?;
        let rows: Vec<(Uuid, i64, i64, i64)> =
            statement!(conn.fetch_all(COUNT, workspace, person))?;
        let tally = |(server, all, offered, waiting)| {
            (ToolServerId::from_uuid(server), Tally { all, offered, waiting })
        };
        Ok(rows.into_iter().map(tally).collect())
    }

    /// Notes all that a server lists now; gives whether any of it is news. Nothing is allowed by
    /// that.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the server was deleted meanwhile.
    pub async fn note_server_tools(
        &self,
        permit: Permit<Drive, ToolServer>,
        found: Vec<FoundTool>,
    ) -> Result<bool, StoreError> {
        self.write(Strength::Synced, (permit, found), |tx, (permit, found)| {
            Box::pin(note(tx, *permit, found))
        })
        .await
    }

    /// Decides about tools of a server, all or none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a tool is not what was looked at, or not there.
    pub async fn rule_server_tools(
        &self,
        permit: Permit<Write, ToolServer>,
        rulings: Vec<ToolRuling>,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, rulings), |tx, (permit, rulings)| {
            Box::pin(async move {
                for ruling in rulings {
                    decide(tx, *permit, ruling).await?;
                }
                if !rulings.is_empty() {
                    tx.record(records::ruled(permit, rulings));
                }
                Ok(())
            })
        })
        .await
    }
}

async fn note(
    tx: &mut Tx,
    permit: Permit<Drive, ToolServer>,
    found: &[FoundTool],
) -> Result<bool, StoreError> {
    let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let exists: Option<(Uuid,)> = statement!(tx.fetch_optional(EXISTS, server, workspace))?;
    exists.ok_or(StoreError::NotFound)?;
    let known: Vec<Record> = statement!(tx.fetch_all(LIST, server, workspace))?;
    let same = known.len() == found.len()
        && known.iter().zip(found).all(|(old, new)| {
            old.tool == new.tool && old.found_pin.as_ref() == Some(&new.found.pin)
        });
    if same {
        return Ok(false);
    }
    for old in known.iter().filter(|old| !found.iter().any(|new| new.tool == old.tool)) {
        // What somebody once allowed is remembered: it may come back as it was.
        let statement = if old.pin.is_some() { LOSE } else { FORGET };
        statement!(tx.execute(statement, server, workspace, old.tool.as_str()))?;
    }
    for (place, FoundTool { tool, found }) in (0_i64..).zip(found) {
        let (pin, text) = (found.pin.as_str(), found.definition.as_str());
        statement!(tx.execute(FOUND, server, tool.as_str(), workspace, place, pin, text))?;
    }
    Ok(true)
}

async fn decide(
    tx: &mut Tx,
    permit: Permit<Write, ToolServer>,
    ruling: &ToolRuling,
) -> Result<(), StoreError> {
    let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let tool = ruling.tool.as_str();
    if let Some(pin) = &ruling.approve
        && statement!(tx.execute(APPROVE, server, workspace, tool, pin.as_str()))? == 0
    {
        let words = format!("The tool `{tool}` is not what was looked at. Look again.");
        return Err(StoreError::Conflict(words));
    }
    if let Some(enabled) = ruling.enabled
        && statement!(tx.execute(SWITCH, server, workspace, tool, enabled))? == 0
    {
        return Err(StoreError::Conflict(format!("There is no tool `{tool}` at this server.")));
    }
    Ok(())
}
