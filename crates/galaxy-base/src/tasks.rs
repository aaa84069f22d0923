//! Background tasks that a shutdown can wait for.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The one way to start a task: every task is counted, told when to stop, and waited for.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Starts `work` in the background.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(work)
    }

    /// Fires when the process is asked to stop.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// How many tasks are alive.
    pub fn count(&self) -> usize {
        self.tracker.len()
    }

    /// Asks every task to stop and waits for them, at most `patience`; tells whether all ended.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stopping_waits_for_every_task() {
        let tasks = Tasks::default();
        let stop = tasks.stopping().clone();
        let work = tasks.spawn(async move { stop.cancelled().await });
        assert_eq!(tasks.count(), 1);
        assert!(tasks.stop(Duration::from_secs(5)).await);
        work.await.unwrap();
    }
}
