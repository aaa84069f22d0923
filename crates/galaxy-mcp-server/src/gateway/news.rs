//! What a mounted server says without being asked: that its lists, or resources that somebody
//! follows, changed.

use std::{sync::Arc, time::Duration};

use futures::{
    StreamExt,
    stream::{self, BoxStream, SelectAll},
};
use galaxy_app::{App, servers::Mounted};
use galaxy_domain::Caller;
use galaxy_tool::server::Snapshot;
use rmcp::{
    ErrorData,
    model::{
        PromptListChangedNotification, ResourceListChangedNotification,
        ResourceUpdatedNotification, ResourceUpdatedNotificationParam, ServerNotification,
        ToolListChangedNotification,
    },
};
use tokio::sync::watch;

use super::calls::refused;

/// A connection that is over is looked for again so often.
const AGAIN: Duration = Duration::from_secs(30);

/// News of lists, as far as this process notices them; they never end.
pub(super) struct News {
    mounted: Arc<Mounted>,
    offers: watch::Receiver<u64>,
    changes: watch::Receiver<Snapshot>,
    seen: Snapshot,
}

impl News {
    /// News from now on. What tells them is a connection, so there has to be one.
    pub(super) async fn of(app: &App, mounted: Arc<Mounted>) -> Self {
        let mut offers = app.offers_changed();
        offers.mark_unchanged();
        if let Err(err) = mounted.server.tools().await {
            tracing::debug!(server = %mounted.name, error = %err, "nothing to listen to yet");
        }
        let mut changes = mounted.server.changes();
        let seen = changes.borrow_and_update().clone();
        Self { mounted, offers, changes, seen }
    }

    /// What changed next, one notification for each list.
    pub(super) async fn next(&mut self) -> Vec<ServerNotification> {
        loop {
            let now = tokio::select! {
                Ok(()) = self.offers.changed() => return vec![tools()],
                changed = self.changes.changed() => match changed {
                    Ok(()) => self.changes.borrow_and_update().clone(),
                    Err(_) => {
                        tokio::time::sleep(AGAIN).await;
                        self.changes = self.mounted.server.changes();
                        self.changes.borrow_and_update().clone()
                    }
                },
            };
            let seen = std::mem::replace(&mut self.seen, now);
            let now = &self.seen;
            let mut news = Vec::new();
            if now.tools != seen.tools {
                news.push(tools());
            }
            if now.prompts != seen.prompts {
                let changed = PromptListChangedNotification::default();
                news.push(ServerNotification::PromptListChangedNotification(changed));
            }
            if now.resources != seen.resources {
                let changed = ResourceListChangedNotification::default();
                news.push(ServerNotification::ResourceListChangedNotification(changed));
            }
            if !news.is_empty() {
                return news;
            }
        }
    }
}

/// Whether `caller` may still hear of `mounted`: nobody asks again while a stream is open.
pub(super) async fn may_hear(app: &App, caller: &Caller, mounted: &Mounted) -> bool {
    let Ok(caller) = app.access().recheck(caller).await else { return false };
    let now = app.mounted(&caller, mounted.name.as_str()).await;
    now.is_ok_and(|it| it.id == mounted.id)
}

fn tools() -> ServerNotification {
    ServerNotification::ToolListChangedNotification(ToolListChangedNotification::default())
}

/// That the resource at `uri` changed.
pub(super) fn updated(uri: &str) -> ServerNotification {
    let params = ResourceUpdatedNotificationParam::new(uri);
    ServerNotification::ResourceUpdatedNotification(ResourceUpdatedNotification::new(params))
}

/// Changes of the resources at `uris`, each by its address.
pub(super) async fn resources(
    mounted: &Mounted,
    uris: &[String],
) -> Result<SelectAll<BoxStream<'static, String>>, ErrorData> {
    let mut all = SelectAll::new();
    for uri in uris {
        let count =
            mounted.server.follow(uri).await.map_err(|err| refused(&*mounted.server, &err))?;
        all.push(changes(count, uri.clone()));
    }
    Ok(all)
}

fn changes(count: watch::Receiver<u64>, uri: String) -> BoxStream<'static, String> {
    stream::unfold((count, uri), |(mut count, uri)| async move {
        count.changed().await.ok()?;
        count.mark_unchanged();
        Some((uri.clone(), (count, uri)))
    })
    .boxed()
}
