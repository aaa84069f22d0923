//! Runs that are driven from the moment they are stored.

use std::time::Duration;

use galaxy_domain::{MessageId, RunId};

use super::Say;

/// A run that a worker has begun to carry while it is being stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Birth {
    /// The run.
    pub run: RunId,
    /// The message it answers.
    pub question: MessageId,
    /// The message it writes.
    pub answer: MessageId,
    /// What the question follows as the worker sees it.
    pub after: Option<MessageId>,
    /// The worker.
    pub worker: String,
    /// How long its claim holds without a sign of life.
    pub lease: Duration,
}

impl Say {
    /// The same, with its run at its birth if there is one.
    #[must_use]
    pub fn born(mut self, birth: Option<Birth>) -> Self {
        if let Some(run) = &mut self.run {
            run.birth = birth;
        }
        self
    }
}
