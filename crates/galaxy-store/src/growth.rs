//! What is told to the rest of the process once a change is durable.

use std::sync::Arc;

use galaxy_base::Timestamp;
use galaxy_domain::{Entry, RunId, TopicId, WorkspaceId, notice::Notice};

/// New entries of one topic, in order and without gaps among themselves.
#[derive(Debug, Clone)]
pub struct Growth {
    /// Whose log grew.
    pub topic: TopicId,
    /// Where it lives.
    pub workspace: WorkspaceId,
    /// What is new.
    pub logged: Arc<[Logged]>,
}

/// One entry of any topic's log.
#[derive(Debug, Clone, PartialEq)]
pub enum Logged {
    /// Of a run.
    Item(Entry),
    /// Of a conversation or a person.
    Notice {
        /// Its number; the first is 1, and there are no gaps.
        seq: u64,
        /// When it was written.
        at: Timestamp,
        /// What it says.
        notice: Notice,
    },
}

impl Logged {
    /// Its number in its topic.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Item(entry) => entry.seq,
            Self::Notice { seq, .. } => *seq,
        }
    }
}

/// Is told what was committed, and only after it was.
///
/// Calls come from the task that commits: they must return at once. With PostgreSQL two growths
/// of one conversation's or person's topic may arrive in the wrong order; their numbers tell.
pub trait Watcher: Send + Sync {
    /// A topic grew, by this process.
    fn grew(&self, growth: Growth);
    /// A topic grew, by another process that shares the database; its rows can be read now.
    fn grew_elsewhere(&self, topic: TopicId);
    /// A run waits for a worker.
    fn queued(&self);
    /// A person asked a running run to stop.
    fn stop_requested(&self, run: RunId);
    /// News of other processes may have been missed: whoever follows something reads again.
    fn missed(&self);
}

/// What one committed change has to tell.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    /// Topics that grew.
    pub(crate) grown: Vec<Growth>,
    /// Whether a run became claimable.
    pub(crate) queued: bool,
    /// Runs that a person asked to stop.
    pub(crate) stops: Vec<RunId>,
}

impl Aftermath {
    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.grown.is_empty() && !self.queued && self.stops.is_empty()
    }
}
