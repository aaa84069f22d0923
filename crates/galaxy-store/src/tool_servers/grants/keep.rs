//! Keeping, renewing and giving up grants.

use galaxy_base::Timestamp;
use galaxy_domain::{Permit, access::Drive, audit::Act, id::ToolServer, sign_in::GrantRow};

use super::{NewGrant, SIGNS_IN, ids, owed};
use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
    json,
    tool_servers::{clients, records, sign_ins},
};

const TAKE: &str = "DELETE FROM tool_grants
    WHERE server_id = $1 AND workspace_id = $2 AND person_id = $3 RETURNING id, server_id, sealed";
const PUT: &str = "INSERT INTO tool_grants (id, workspace_id, server_id, person_id, state, sealed,
        issuer, scopes, expires_at, version, updated_at)
    SELECT $1, workspace_id, id, $2, 'connected', $3, $4, $5, $6, 1, $7 FROM tool_servers
    WHERE id = $8 AND workspace_id = $9";
const RENEW: &str = "UPDATE tool_grants SET sealed = $1, scopes = $2, expires_at = $3,
        renewed_at = $4, updated_at = $4, version = version + 1
    WHERE id = $5 AND version = $6 AND server_id = $7 AND workspace_id = $8 AND person_id = $9";
const LOSE: &str = "UPDATE tool_grants SET state = 'needed', sealed = NULL, reason = $1,
        expires_at = NULL, updated_at = $2, version = version + 1
    WHERE id = $3 AND version = $4 AND server_id = $5 AND workspace_id = $6 AND person_id = $7";

impl Store {
    /// Keeps what the permit's person was granted, in the place of what there was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the server was deleted meanwhile.
    pub async fn put_grant(
        &self,
        permit: Permit<Drive, ToolServer>,
        new: NewGrant,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, new), |tx, (permit, new)| {
            Box::pin(put(tx, permit, new))
        })
        .await
    }

    /// Keeps a renewed grant, if `version` is still the newest of it; tells whether it was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_grant(
        &self,
        permit: Permit<Drive, ToolServer>,
        version: i64,
        new: NewGrant,
    ) -> Result<bool, StoreError> {
        self.write(Strength::Synced, (permit, version, new), |tx, (permit, version, new)| {
            Box::pin(renew(tx, permit, *version, new))
        })
        .await
    }

    /// Drops a grant that is good for nothing any more, if `old` still is what there is; with the
    /// registered client of `issuer`, where one is named.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lose_grant(
        &self,
        permit: Permit<Drive, ToolServer>,
        old: GrantRow,
        reason: String,
        issuer: Option<String>,
    ) -> Result<(), StoreError> {
        let input = (permit, old, reason, issuer);
        self.write(Strength::Synced, input, |tx, (permit, old, reason, issuer)| {
            Box::pin(async move {
                let (server, workspace, person) = ids(permit);
                let (id, version) = (old.id.uuid(), old.version);
                let (reason, now) = (reason.as_str(), tx.now.as_millis());
                statement!(tx.execute(LOSE, reason, now, id, version, server, workspace, person))?;
                match issuer {
                    Some(issuer) => clients::forget_registered(tx, permit, issuer).await,
                    None => Ok(()),
                }
            })
        })
        .await
    }

    /// Ends what the permit's person was granted, which is owed to its issuer from now on, with
    /// the sign-ins there that are under way; tells whether there was anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_grant(&self, permit: Permit<Drive, ToolServer>) -> Result<bool, StoreError> {
        self.write(Strength::Synced, permit, |tx, permit| {
            Box::pin(async move {
                sign_ins::forget_own(tx, permit).await?;
                let (server, workspace, person) = ids(permit);
                let taken: Option<owed::Ended> =
                    statement!(tx.fetch_optional(TAKE, server, workspace, person))?;
                let was_there = taken.is_some();
                if was_there {
                    tx.record(records::about(permit, Act::ServerDisconnected));
                }
                owed::owe(tx, taken).await?;
                Ok(was_there)
            })
        })
        .await
    }
}

async fn put(
    tx: &mut Tx,
    permit: &Permit<Drive, ToolServer>,
    new: &NewGrant,
) -> Result<(), StoreError> {
    let (server, workspace, person) = ids(permit);
    // What there was is not owed: to some issuers giving it back would end the new one, too.
    let _old: Option<owed::Ended> = statement!(tx.fetch_optional(TAKE, server, workspace, person))?;
    let (id, scopes, now) = (new.id.uuid(), json::write(&new.scopes)?, tx.now.as_millis());
    let (sealed, issuer) = (new.sealed.as_slice(), new.issuer.as_str());
    let (scopes, expires) = (scopes.as_str(), new.expires_at.map(Timestamp::as_millis));
    let put = statement!(
        tx.execute(PUT, id, person, sealed, issuer, scopes, expires, now, server, workspace)
    )?;
    statement!(tx.execute(SIGNS_IN, server, workspace))?;
    if put == 0 {
        return Err(StoreError::NotFound);
    }
    tx.record(records::about(permit, Act::ServerConnected));
    Ok(())
}

async fn renew(
    tx: &mut Tx,
    permit: &Permit<Drive, ToolServer>,
    version: i64,
    new: &NewGrant,
) -> Result<bool, StoreError> {
    let (server, workspace, person) = ids(permit);
    let (id, scopes, now) = (new.id.uuid(), json::write(&new.scopes)?, tx.now.as_millis());
    let (sealed, scopes) = (new.sealed.as_slice(), scopes.as_str());
    let expires = new.expires_at.map(Timestamp::as_millis);
    let kept = statement!(
        tx.execute(RENEW, sealed, scopes, expires, now, id, version, server, workspace, person)
    )?;
    Ok(kept > 0)
}
