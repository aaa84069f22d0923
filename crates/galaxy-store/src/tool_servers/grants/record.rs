//! Grants as rows.

use galaxy_base::Timestamp;
use galaxy_domain::{
    PersonId, ToolGrantId, ToolServerId, WorkspaceId,
    sign_in::{GrantRow, GrantState},
};
use uuid::Uuid;

use super::KeptGrant;
use crate::{db::row, error::StoreError, json};

macro_rules! columns {
    () => {
        "id, server_id, workspace_id, person_id, state, sealed, issuer, scopes, challenge, reason,
        expires_at, renewed_at, version"
    };
}
pub(super) use columns;

row! {
    /// A grant, with what opens the server.
    #[derive(Debug)]
    pub(super) struct Record {
        id: Uuid,
        server_id: Uuid,
        workspace_id: Uuid,
        person_id: Uuid,
        state: String,
        sealed: Option<Vec<u8>>,
        issuer: Option<String>,
        scopes: String,
        challenge: Option<String>,
        reason: Option<String>,
        expires_at: Option<i64>,
        renewed_at: Option<i64>,
        version: i64,
    }
}

impl Record {
    /// What it says.
    pub(super) fn kept(self) -> Result<KeptGrant, StoreError> {
        let state = GrantState::parse(&self.state);
        let odd = || StoreError::Corrupt(format!("a sign-in is `{}`", self.state));
        let row = GrantRow {
            id: ToolGrantId::from_uuid(self.id),
            server: ToolServerId::from_uuid(self.server_id),
            workspace: WorkspaceId::from_uuid(self.workspace_id),
            person: PersonId::from_uuid(self.person_id),
            state: state.ok_or_else(odd)?,
            issuer: self.issuer,
            scopes: json::read(&self.scopes)?,
            challenge: self.challenge,
            reason: self.reason,
            expires_at: self.expires_at.map(Timestamp::from_millis),
            renewed_at: self.renewed_at.map(Timestamp::from_millis),
            version: self.version,
        };
        Ok(KeptGrant { row, sealed: self.sealed })
    }
}
