//! How far a request is, told to the client under its own token.

use std::time::Duration;

use galaxy_tool::server::Progress;
use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::RequestContext,
};
use tokio::time::timeout;

/// A client that does not read is not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells the client of `context`.
pub(super) async fn tell(
    context: &RequestContext<RoleServer>,
    token: ProgressToken,
    note: Progress,
) {
    let mut param = ProgressNotificationParam::new(token, note.done);
    param.total = note.total;
    param.message = note.message;
    if timeout(PATIENCE, context.peer.notify_progress(param)).await.is_err() {
        tracing::debug!("a client does not read its progress");
    }
}
