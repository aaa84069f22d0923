//! Changes on their way into a batch.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::db::job::Job;

/// How many changes are committed together at most.
const BATCH: usize = 512;

/// The end of the queue that the writer sits at.
pub(super) struct Queue {
    receiver: mpsc::Receiver<Box<dyn Job>>,
    /// What the next batch is made of.
    pub(super) waiting: VecDeque<Box<dyn Job>>,
}

impl Queue {
    /// The changes that come out of `receiver`.
    pub(super) fn new(receiver: mpsc::Receiver<Box<dyn Job>>) -> Self {
        Self { receiver, waiting: VecDeque::new() }
    }

    /// Waits until there is something to do, and takes what is there; tells whether there ever
    /// will be again. Nothing is waited for beyond that: whoever asks in turns would wait each time.
    pub(super) async fn gather(&mut self) -> bool {
        if self.waiting.is_empty() {
            match self.receiver.recv().await {
                Some(job) => self.waiting.push_back(job),
                None => return false,
            }
        }
        while self.waiting.len() < BATCH
            && let Ok(job) = self.receiver.try_recv()
        {
            self.waiting.push_back(job);
        }
        true
    }
}
