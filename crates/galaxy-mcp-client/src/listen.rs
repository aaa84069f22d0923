//! Changes of what a modern server offers: it tells them only to who listens.

use std::time::Duration;

use galaxy_base::Backoff;
use galaxy_tool::server::Snapshot;
use rmcp::{
    model::{ServerNotification, SubscriptionFilter},
    service::{Peer, RoleClient, ServiceError},
};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

/// How long to wait before listening again.
const AGAIN: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// Listens as long as the connection lives; returns at once when there is nothing to hear.
pub(crate) async fn listen(
    peer: Peer<RoleClient>,
    snapshot: watch::Sender<Snapshot>,
    ended: CancellationToken,
) {
    let Some(filter) = wanted(&peer) else { return };
    for attempt in 0_u32.. {
        tokio::select! {
            () = ended.cancelled() => return,
            heard = hear(&peer, &filter, &snapshot) => if heard.is_err() { return },
        }
        // What changed meanwhile was told to nobody.
        snapshot.send_modify(|it| {
            it.tools += 1;
            it.resources += 1;
            it.prompts += 1;
        });
        tokio::select! {
            () = ended.cancelled() => return,
            () = sleep(AGAIN.bound(attempt)) => (),
        }
    }
}

/// What the server says that it tells, if anything.
fn wanted(peer: &Peer<RoleClient>) -> Option<SubscriptionFilter> {
    let info = peer.peer_info()?;
    let told = |it: Option<Option<bool>>| it.flatten().filter(|it| *it);
    let capabilities = &info.capabilities;
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = told(capabilities.tools.as_ref().map(|it| it.list_changed));
    filter.prompts_list_changed = told(capabilities.prompts.as_ref().map(|it| it.list_changed));
    filter.resources_list_changed = told(capabilities.resources.as_ref().map(|it| it.list_changed));
    (filter != SubscriptionFilter::new()).then_some(filter)
}

/// Listens once.
///
/// # Errors
/// When the server does not let anybody listen.
async fn hear(
    peer: &Peer<RoleClient>,
    filter: &SubscriptionFilter,
    snapshot: &watch::Sender<Snapshot>,
) -> Result<(), ()> {
    let mut subscription = match peer.listen(filter.clone()).await {
        Ok(subscription) => subscription,
        Err(ServiceError::McpError(_)) => return Err(()),
        Err(_) => return Ok(()),
    };
    while let Ok(Some(notification)) = subscription.next().await {
        snapshot.send_if_modified(|it| count(&notification, it));
    }
    Ok(())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "rmcp's list of notifications may grow")]
fn count(notification: &ServerNotification, snapshot: &mut Snapshot) -> bool {
    let counter = match notification {
        ServerNotification::ToolListChangedNotification(_) => &mut snapshot.tools,
        ServerNotification::PromptListChangedNotification(_) => &mut snapshot.prompts,
        ServerNotification::ResourceListChangedNotification(_) => &mut snapshot.resources,
        _ => return false,
    };
    *counter += 1;
    true
}
