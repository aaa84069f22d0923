//! The grant of one person at one server, as their connection sees it.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_access::on_behalf;
use galaxy_base::{ExposeSecret, random};
use galaxy_domain::{
    Permit, PersonId, ToolGrantId, access::Drive, id::ToolServer, tool_server::ToolServerRow,
};
use galaxy_store::tool_servers::grants::{KeptGrant, NewGrant};
use galaxy_tool::server::{
    Credentials, ServerError, SignInError,
    oauth::{ClientOrigin, Grant, Grants, Held, Renewing},
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::{super::Servers, inside_of, sealing::Column, told};
use crate::AppError;

/// A replica that renews a grant and dies keeps the others waiting for so long.
const LEASE: Duration = Duration::from_secs(60);
/// How long to wait until nobody else renews it.
const PATIENCE: Duration = Duration::from_secs(50);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// A grant as it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// Where the server was that it was asked for.
    pub(super) place: String,
    pub(super) grant: Grant,
}

/// Keeps the grant of one person at one server in the store.
struct Keeper {
    servers: Weak<Servers>,
    row: ToolServerRow,
    permit: Permit<Drive, ToolServer>,
}

/// The right to renew a grant, given back when it is dropped.
struct Hold {
    servers: Arc<Servers>,
    permit: Permit<Drive, ToolServer>,
    holder: String,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let (store, permit) = (self.servers.store.clone(), self.permit);
        let holder = std::mem::take(&mut self.holder);
        self.servers.tasks.spawn(async move {
            if let Err(err) = store.release_grant(permit, holder).await {
                tracing::warn!(error = %err, "the lease of a sign-in runs out by itself");
            }
        });
    }
}

impl Servers {
    /// What the connection of `person` to the server of `row` shows it.
    ///
    /// # Errors
    /// [`AppError::Denied`] when the server is somebody else's.
    pub(in super::super) fn credentials(
        self: &Arc<Self>,
        row: &ToolServerRow,
        person: PersonId,
    ) -> Result<Arc<dyn Credentials>, AppError> {
        let permit = on_behalf(row, person)?;
        let keeper = Keeper { servers: Arc::downgrade(self), row: row.clone(), permit };
        let (sign_in, clock, tasks) =
            (self.sign_in.clone(), self.clock.clone(), self.tasks.clone());
        Ok(Arc::new(Renewing::new(sign_in, Arc::new(keeper), clock, tasks)))
    }

    /// What is in a stored grant, if anything opens the server.
    pub(super) fn unseal_grant(
        &self,
        row: &ToolServerRow,
        kept: &KeptGrant,
    ) -> Result<Option<Grant>, AppError> {
        let Some(sealed) = &kept.sealed else { return Ok(None) };
        let column = Column::grant(kept.row.workspace, kept.row.id);
        let Kept { place, mut grant } = self.unseal(&column, sealed)?;
        grant.inside = inside_of(&row.link, None);
        // An old connection, to where the server was before, is shown nothing of the new one.
        Ok((place == row.link.place()).then_some(grant))
    }

    /// `grant` for the server of `row`, sealed for the row `id` of its person.
    pub(super) fn sealed_grant(
        &self,
        row: &ToolServerRow,
        id: ToolGrantId,
        grant: &Grant,
    ) -> Result<NewGrant, AppError> {
        let kept = Kept { place: row.link.place().to_owned(), grant: grant.clone() };
        Ok(NewGrant {
            id,
            sealed: self.seal_json(&Column::grant(row.workspace, id), &kept)?,
            issuer: grant.issuer.clone(),
            scopes: grant.scopes.clone(),
            expires_at: grant.expires_at,
        })
    }
}

impl Keeper {
    fn servers(&self) -> Result<Arc<Servers>, ServerError> {
        let stopping = || ServerError::Refused("the server is stopping".to_owned());
        self.servers.upgrade().ok_or_else(stopping)
    }

    /// The stored grant that `grant` was read from, if it is still there.
    async fn same(&self, servers: &Servers, grant: &Grant) -> Result<Option<KeptGrant>, AppError> {
        let Some(kept) = servers.store.grant(self.permit).await? else { return Ok(None) };
        let stored = servers.unseal_grant(&self.row, &kept)?;
        let is_same =
            |it: &Grant| it.access_token.expose_secret() == grant.access_token.expose_secret();
        Ok(stored.as_ref().is_some_and(is_same).then_some(kept))
    }

    async fn read(&self) -> Result<Option<Grant>, AppError> {
        let servers = self.servers().map_err(|err| AppError::Unavailable(err.to_string()))?;
        let Some(kept) = servers.store.grant(self.permit).await? else { return Ok(None) };
        let Some(mut grant) = servers.unseal_grant(&self.row, &kept)? else { return Ok(None) };
        if grant.client.origin == ClientOrigin::Entered {
            grant.inside = servers.clients(self.permit).await?.inside(&self.row);
        }
        Ok(Some(grant))
    }

    async fn replace(&self, old: &Grant, new: &Grant) -> Result<(), AppError> {
        let servers = self.servers().map_err(|err| AppError::Unavailable(err.to_string()))?;
        if let Some(kept) = self.same(&servers, old).await? {
            let sealed = servers.sealed_grant(&self.row, kept.row.id, new)?;
            if servers.store.renew_grant(self.permit, kept.row.version, sealed).await? {
                return Ok(());
            }
        }
        // Who gave the old one back meanwhile does not want the new one.
        match servers.store.grant(self.permit).await? {
            None => servers.owe(&self.row, self.permit, new).await,
            Some(_) => Ok(()),
        }
    }

    async fn give_up(&self, grant: &Grant, why: &SignInError) -> Result<(), AppError> {
        let servers = self.servers().map_err(|err| AppError::Unavailable(err.to_string()))?;
        let Some(kept) = self.same(&servers, grant).await? else { return Ok(()) };
        let is_unknown = *why == SignInError::ClientUnknown;
        let issuer = is_unknown.then(|| grant.issuer.clone());
        tracing::info!(server = %self.row.name, code = why.code(), "a sign-in is lost");
        Ok(servers.store.lose_grant(self.permit, kept.row, told(why), issuer).await?)
    }

    async fn wait(&self) -> Result<Held, ServerError> {
        let servers = self.servers()?;
        let (holder, latest) = (random::token(), Instant::now() + PATIENCE);
        loop {
            let held = servers.store.hold_grant(self.permit, holder.clone(), LEASE).await;
            if held.map_err(|err| unavailable(&err.into()))? {
                return Ok(Box::new(Hold { servers, permit: self.permit, holder }));
            }
            if Instant::now() >= latest {
                let message = "another process renews the sign-in for too long".to_owned();
                return Err(ServerError::Unavailable { message, retry_after: Some(LOOK) });
            }
            sleep(LOOK).await;
        }
    }
}

fn unavailable(err: &AppError) -> ServerError {
    ServerError::Unavailable { message: err.to_string(), retry_after: None }
}

impl Grants for Keeper {
    fn load(&self) -> BoxFuture<'_, Result<Option<Grant>, ServerError>> {
        async { self.read().await.map_err(|err| unavailable(&err)) }.boxed()
    }

    fn keep<'a>(
        &'a self,
        old: &'a Grant,
        new: &'a Grant,
    ) -> BoxFuture<'a, Result<(), ServerError>> {
        async { self.replace(old, new).await.map_err(|err| unavailable(&err)) }.boxed()
    }

    fn lost<'a>(
        &'a self,
        grant: &'a Grant,
        why: &'a SignInError,
    ) -> BoxFuture<'a, Result<(), ServerError>> {
        async { self.give_up(grant, why).await.map_err(|err| unavailable(&err)) }.boxed()
    }

    fn hold(&self) -> BoxFuture<'_, Result<Held, ServerError>> {
        self.wait().boxed()
    }
}
