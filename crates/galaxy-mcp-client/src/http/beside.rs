//! The stream beside the requests, on which servers with sessions ask and tell.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A server that does not answer for so long is not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether that stream is open. Some servers lose what they say before it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    expected: Arc<AtomicBool>,
    answered: CancellationToken,
}

impl Beside {
    /// There is a session, so it will be asked for.
    pub(super) fn expect(&self) {
        self.expected.store(true, Ordering::Relaxed);
    }

    /// The server opened it, or said that it has none.
    pub(super) fn answered(&self) {
        self.answered.cancel();
    }

    /// Returns when it is as open as it will be, or has taken too long.
    pub(crate) async fn settled(&self) {
        if self.expected.load(Ordering::Relaxed) {
            let _ = timeout(PATIENCE, self.answered.cancelled()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_stream_that_is_expected_is_waited_for_and_not_for_ever() {
        let beside = Beside::default();
        assert!(beside.settled().now_or_never().is_some());
        beside.expect();
        assert!(beside.settled().now_or_never().is_none());
        beside.settled().await;
        beside.answered();
        assert!(beside.settled().now_or_never().is_some());
    }
}
