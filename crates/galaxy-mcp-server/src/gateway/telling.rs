//! What a client is told between its requests, for as long as that lasts.

use rmcp::service::{Peer, RoleServer};
use tokio_util::sync::CancellationToken;

use super::{
    news::{self, News},
    session::Session,
};

impl Session {
    /// Does `work` behind, until `ends` fires or the process stops.
    pub(super) fn until(
        &self,
        ends: CancellationToken,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let tasks = self.app.background();
        let stopping = tasks.stopping().clone();
        tasks.spawn(async move {
            tokio::select! {
                () = ends.cancelled() => (),
                () = stopping.cancelled() => (),
                () = work => (),
            }
        });
    }

    /// Whether whoever began it may still be told what happens.
    pub(super) async fn may_hear(&self) -> bool {
        news::may_hear(&self.app, &self.caller, &self.mounted).await
    }

    /// Tells `peer` what changes, until its session is over.
    pub(super) async fn tell(self, peer: Peer<RoleServer>) {
        let mut news = News::of(&self.app, self.mounted.clone()).await;
        loop {
            for changed in news.next().await {
                if !self.may_hear().await || peer.send_notification(changed).await.is_err() {
                    return;
                }
            }
        }
    }
}
