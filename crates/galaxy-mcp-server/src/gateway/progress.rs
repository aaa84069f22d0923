//! How far a request is, passed from the server to the client under the client's own token.

use std::time::Duration;

use galaxy_tool::server::{OnProgress, Progress};
use rmcp::{RoleServer, model::ProgressNotificationParam, service::RequestContext};
use tokio::{sync::mpsc, time::timeout};

/// So many notes wait for a client that reads slowly; more are dropped.
const WAITING: usize = 64;
/// A client that does not read is not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes notes for a client.
pub(super) struct Notes(mpsc::Sender<Progress>);

impl Notes {
    /// Notes, and where they come out.
    pub(super) fn channel() -> (Self, mpsc::Receiver<Progress>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }
}

impl OnProgress for Notes {
    fn progress(&self, progress: Progress) {
        // Progress is a courtesy.
        let _ = self.0.try_send(progress);
    }
}

/// Does `work` and tells the client of `context` what is `heard` meanwhile, if it wants to know.
pub(super) async fn telling<T>(
    context: &RequestContext<RoleServer>,
    mut heard: mpsc::Receiver<Progress>,
    work: impl Future<Output = T>,
) -> T {
    let Some(token) = context.meta.get_progress_token() else { return work.await };
    let mut work = std::pin::pin!(work);
    loop {
        let note = tokio::select! {
            biased;
            Some(note) = heard.recv() => note,
            done = &mut work => {
                // What came before the answer is told before it.
                while let Ok(note) = heard.try_recv() {
                    tell(context, token.clone(), note).await;
                }
                return done;
            }
        };
        tell(context, token.clone(), note).await;
    }
}

async fn tell(
    context: &RequestContext<RoleServer>,
    token: rmcp::model::ProgressToken,
    note: Progress,
) {
    let mut param = ProgressNotificationParam::new(token, note.done);
    param.total = note.total;
    param.message = note.message;
    if timeout(PATIENCE, context.peer.notify_progress(param)).await.is_err() {
        tracing::debug!("a client does not read its progress");
    }
}
