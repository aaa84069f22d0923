//! What becomes of jobs that are done in one transaction.

use std::any::Any;

use crate::{db::job::Job, error::StoreError, growth::Aftermath};

/// How a job fared inside its transaction.
pub(super) enum Attempt {
    Made(Aftermath),
    Refused(StoreError),
    Panicked(Box<dyn Any + Send>),
    /// The whole transaction is gone, and everything in it.
    Lost(StoreError),
}

/// How the jobs of a batch are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apart {
    /// Not at all: a job that fails before it changed anything leaves nothing to undo, and nearly
    /// all that fail do. Savepoints are not for free; the full-text index writes itself down at
    /// each of them.
    Hopefully,
    /// By a savepoint that holds the changes of the job before.
    Used,
    /// By a savepoint that holds nothing.
    Fresh,
}

/// How far a batch came.
pub(super) struct Tried {
    pub(super) jobs: Vec<(Box<dyn Job>, Attempt)>,
    /// Why the whole transaction is gone.
    pub(super) lost: Option<StoreError>,
    /// A job failed and left changes behind that cannot be told from the others'.
    pub(super) is_mixed: bool,
}

impl Attempt {
    pub(super) const fn is_made(&self) -> bool {
        match self {
            Self::Made(_) => true,
            Self::Refused(_) | Self::Panicked(_) | Self::Lost(_) => false,
        }
    }
}
