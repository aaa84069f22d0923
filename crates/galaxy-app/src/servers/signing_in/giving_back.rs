//! Giving back at issuers what nobody wants any more, behind everybody's back.
//!
//! **Invariant:** a grant is forgotten only once its issuer took it back, refused it for good, or
//! was not there for a day. Until then it is sealed in the store, so that whoever dies in between
//! leaves it to the next one. Giving back twice does no harm (RFC 7009, 2.2).

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use galaxy_domain::{
    Permit, ToolGrantId, access::Drive, id::ToolServer, tool_server::ToolServerRow,
};
use galaxy_store::tool_servers::grants::OwedGrant;
use galaxy_tool::server::{
    SignInError,
    oauth::{ClientOrigin, Grant, Inside},
};
use tokio::time::sleep;
use url::Url;

use super::{super::Servers, inside_of, keeper::Kept, sealing::Column};
use crate::AppError;

/// What others owe is looked for so often.
const LOOK: Duration = Duration::from_secs(30);
/// How many are taken at a time, and how many of them are given back side by side.
const BATCH: u32 = 32;
const AT_ONCE: usize = 8;
/// Nobody who works at the same time is waited for busily.
const CALM: Duration = Duration::from_secs(1);

impl Servers {
    /// Gives back what is owed whenever it is due, until the process stops.
    pub(crate) async fn give_back_all(self: Arc<Self>) {
        let stopping = self.tasks.stopping().clone();
        let work = async {
            loop {
                let wait = match self.give_back_due().await {
                    Ok(()) => self.until_next().await,
                    Err(err) => {
                        tracing::warn!(error = %err, "sign-ins were not given back");
                        LOOK
                    }
                };
                tokio::select! {
                    () = sleep(wait) => (),
                    () = self.owing.notified() => (),
                }
            }
        };
        tokio::select! {
            () = work => (),
            () = stopping.cancelled() => (),
        }
    }

    /// How long there is nothing to do, as far as is known.
    async fn until_next(&self) -> Duration {
        let next = self.store.next_owed_grant().await.ok().flatten();
        next.map_or(LOOK, |at| at.since(self.clock.now()).clamp(CALM, LOOK))
    }

    async fn give_back_due(&self) -> Result<(), AppError> {
        loop {
            let owed = self.store.take_owed_grants(BATCH).await?;
            if owed.given_up > 0 {
                let count = owed.given_up;
                tracing::warn!(count, "sign-ins are forgotten that no issuer took back for a day");
            }
            if owed.due.is_empty() {
                return Ok(());
            }
            stream::iter(owed.due)
                .for_each_concurrent(AT_ONCE, |owed| async move {
                    if self.give_back(&owed).await
                        && let Err(err) = self.store.gave_back(&owed).await
                    {
                        tracing::warn!(error = %err, "a sign-in will be given back once more");
                    }
                })
                .await;
        }
    }

    /// Gives one back; tells whether that is the end of it.
    async fn give_back(&self, owed: &OwedGrant) -> bool {
        // It is said there why it cannot be read; another replica may have the key.
        let Ok(grant) = self.unseal_owed(owed) else { return false };
        match self.sign_in.revoke(&grant).await {
            Ok(()) => true,
            Err(err @ SignInError::Unavailable { .. }) => {
                tracing::debug!(issuer = %grant.issuer, error = %err, "not given back yet");
                false
            }
            Err(err) => {
                tracing::info!(issuer = %grant.issuer, error = %err, "an issuer takes nothing back");
                true
            }
        }
    }

    fn unseal_owed(&self, owed: &OwedGrant) -> Result<Grant, AppError> {
        let column = Column::grant(owed.workspace, owed.id);
        let Kept { place, mut grant } = self.unseal(&column, &owed.sealed)?;
        let is_entered = grant.client.origin == ClientOrigin::Entered;
        let issuer = owed.inside.as_ref().filter(|_| is_entered);
        let issuer = issuer.and_then(|it| it.parse::<Url>().ok());
        // What was allowed of another place says nothing of this one.
        let is_same = place == owed.link.place();
        grant.inside = if is_same { inside_of(&owed.link, issuer) } else { Inside::default() };
        Ok(grant)
    }

    /// Owes `grant`, which nobody could keep, or wants any more.
    pub(super) async fn owe(
        &self,
        row: &ToolServerRow,
        permit: Permit<Drive, ToolServer>,
        grant: &Grant,
    ) -> Result<(), AppError> {
        let id = ToolGrantId::fresh();
        let sealed = self.sealed_grant(row, id, grant)?.sealed;
        let issuer = grant.issuer.parse::<Url>().ok().filter(|it| grant.inside.contains(it));
        let inside = issuer.map(|_| grant.issuer.clone());
        let (workspace, link) = (row.workspace, row.link.clone());
        let owed = OwedGrant { id, workspace, sealed, link, inside };
        self.store.owe_grant(permit, owed).await?;
        self.owing.notify_one();
        Ok(())
    }
}
