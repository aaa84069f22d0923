//! Tool servers as rows.

use galaxy_base::Timestamp;
use galaxy_domain::{
    PersonId, ToolServerId, WorkspaceId,
    tool_server::{Check, ToolServerRow},
};
use uuid::Uuid;

use crate::{db::row, error::StoreError, json};

macro_rules! columns {
    () => {
        "id, workspace_id, owner_id, name, title, enabled, link, trusted, may_ask, signs_in, era,
        revision, created_at, updated_at, checked_at, state, latency_ms, trouble, origin"
    };
}
pub(super) use columns;

row! {
    /// A tool server without its secrets.
    #[derive(Debug)]
    pub(super) struct Record {
        id: Uuid,
        workspace_id: Uuid,
        owner_id: Option<Uuid>,
        name: String,
        title: String,
        enabled: bool,
        link: String,
        trusted: bool,
        may_ask: bool,
        signs_in: bool,
        era: Option<String>,
        revision: i64,
        created_at: i64,
        updated_at: i64,
        checked_at: Option<i64>,
        state: Option<String>,
        latency_ms: Option<i64>,
        trouble: Option<String>,
        origin: Option<String>,
    }
}

impl Record {
    /// What it says.
    pub(super) fn row(self) -> Result<ToolServerRow, StoreError> {
        let last = self.checked_at.zip(self.state).map(|(at, state)| Check {
            at: Timestamp::from_millis(at),
            state,
            latency_ms: self.latency_ms,
            trouble: self.trouble,
        });
        Ok(ToolServerRow {
            id: ToolServerId::from_uuid(self.id),
            workspace: WorkspaceId::from_uuid(self.workspace_id),
            owner: self.owner_id.map(PersonId::from_uuid),
            name: self.name,
            title: self.title,
            enabled: self.enabled,
            link: json::read(&self.link)?,
            origin: self.origin.as_deref().map(json::read).transpose()?,
            trusted: self.trusted,
            may_ask: self.may_ask,
            signs_in: self.signs_in,
            era: self.era,
            revision: self.revision,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            last,
        })
    }
}
