//! A bounded queue with one task behind it, which writes together what comes together.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{sync::mpsc, task::JoinHandle};

use super::{Db, PATIENCE};
use crate::error::StoreError;

/// The way to such a task.
#[derive(Debug)]
pub(crate) struct Lane<T> {
    queue: Mutex<Option<mpsc::Sender<T>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl<T: Send> Lane<T> {
    /// Starts `work`, before which `most` may wait; it ends when the lane is dropped or closed.
    pub(crate) fn start<F>(
        db: &Arc<Db>,
        most: usize,
        work: impl FnOnce(Arc<Db>, mpsc::Receiver<T>) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, queue) = mpsc::channel(most);
        let task = db.tasks().spawn(work(Arc::clone(db), queue));
        Self { queue: Mutex::new(Some(sender)), task: Mutex::new(Some(task)) }
    }

    /// Queues `item`; waits for a place at most as long as for the database.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the lane is closed, or when it stays `full`.
    pub(crate) async fn send(&self, item: T, full: &'static str) -> Result<(), StoreError> {
        // The sender is dropped at once: closing waits for it, and not for whoever waits for an
        // answer.
        let queue = self.sender().ok_or_else(closed)?;
        queue.send_timeout(item, PATIENCE).await.map_err(|_| StoreError::unavailable(full))
    }

    /// Queues `item` if there is a place now; gives whether there was.
    pub(crate) fn offer(&self, item: T) -> bool {
        self.sender().is_some_and(|queue| queue.try_send(item).is_ok())
    }

    /// Has what is queued written, and ends.
    pub(crate) async fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.await.ok();
        }
    }

    fn sender(&self) -> Option<mpsc::Sender<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The task behind a lane is gone, or about to go.
pub(crate) fn closed() -> StoreError {
    StoreError::unavailable("the store is closed")
}
