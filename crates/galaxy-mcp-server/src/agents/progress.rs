//! Notes on progress, for a client that asked for them.

use std::time::Duration;

use galaxy_base::text::headline;
use rmcp::{
    Peer, RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::RequestContext,
};
use tokio::time::{Instant, timeout};

/// A note on progress is cut to this.
const NOTE_CHARS: usize = 300;
/// A client that does not read is not waited for: progress is a courtesy.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells one client how far one call is.
pub(crate) struct Progress {
    peer: Peer<RoleServer>,
    token: ProgressToken,
    began: Instant,
    /// What was told last; the protocol wants it to grow.
    told: f64,
}

impl Progress {
    /// For the call of `context`, if its client wants to know.
    pub(crate) fn of(context: &RequestContext<RoleServer>) -> Option<Self> {
        let token = context.meta.get_progress_token()?;
        Some(Self { peer: context.peer.clone(), token, began: Instant::now(), told: 0.0 })
    }

    /// Passes a note on; `share` is what is done, from 0 to 1.
    pub(crate) async fn note(&mut self, share: Option<f64>, text: &str) {
        // Without a share only the number of notes grows, and nobody knows how many there will be.
        let (now, total) = match share {
            Some(share) => (share * 100.0, Some(100.0)),
            None => (self.told + 1.0, None),
        };
        if now <= self.told {
            return;
        }
        self.told = now;
        let mut param = ProgressNotificationParam::new(self.token.clone(), now)
            .with_message(headline(text, NOTE_CHARS));
        param.total = total;
        if timeout(PATIENCE, self.peer.notify_progress(param)).await.is_err() {
            tracing::debug!("a client does not read its progress");
        }
    }

    /// Says that it goes on.
    pub(crate) async fn sign_of_life(&mut self) {
        let text = format!("running for {} s", self.began.elapsed().as_secs());
        self.note(None, &text).await;
    }
}
