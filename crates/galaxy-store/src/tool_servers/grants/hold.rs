//! One renewal of a grant at a time, whatever process does it.

use std::time::Duration;

use galaxy_domain::{Permit, access::Drive, id::ToolServer};
use uuid::Uuid;

use super::ids;
use crate::{Store, Strength, db::statement, error::StoreError};

const HOLD: &str = "UPDATE tool_grants SET holder = $1, held_until = $2
    WHERE server_id = $3 AND workspace_id = $4 AND person_id = $5
        AND (holder IS NULL OR held_until < $6)";
const EXISTS: &str = "SELECT id FROM tool_grants
    WHERE server_id = $1 AND workspace_id = $2 AND person_id = $3";
const RELEASE: &str = "UPDATE tool_grants SET holder = NULL, held_until = NULL
    WHERE server_id = $1 AND workspace_id = $2 AND person_id = $3 AND holder = $4";

impl Store {
    /// Whether `holder` may renew the grant now: nobody else does for `time`. So it is where there
    /// is no grant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_grant(
        &self,
        permit: Permit<Drive, ToolServer>,
        holder: String,
        time: Duration,
    ) -> Result<bool, StoreError> {
        let input = (permit, holder, time);
        self.write(Strength::Relaxed, input, |tx, (permit, holder, time)| {
            Box::pin(async move {
                let (server, workspace, person) = ids(permit);
                let (now, until) = (tx.now.as_millis(), tx.now.after(*time).as_millis());
                let holder = holder.as_str();
                let held =
                    statement!(tx.execute(HOLD, holder, until, server, workspace, person, now))?;
                if held > 0 {
                    return Ok(true);
                }
                let found: Option<(Uuid,)> =
                    statement!(tx.fetch_optional(EXISTS, server, workspace, person))?;
                Ok(found.is_none())
            })
        })
        .await
    }

    /// `holder` is done with the grant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_grant(
        &self,
        permit: Permit<Drive, ToolServer>,
        holder: String,
    ) -> Result<(), StoreError> {
        self.write(Strength::Relaxed, (permit, holder), |tx, (permit, holder)| {
            Box::pin(async move {
                let (server, workspace, person) = ids(permit);
                let holder = holder.as_str();
                statement!(tx.execute(RELEASE, server, workspace, person, holder)).map(drop)
            })
        })
        .await
    }
}
