//! What happened, record by record, so that nobody can change it unnoticed.
//!
//! **Invariants:** a record is written by the transaction that makes the change it tells of, as its
//! last statements. Each record's hash holds that of the one before it in its chain; where a chain
//! ends is sealed with a key that the database does not hold. Nothing here changes a record.

mod canonical;
pub(crate) mod chain;
mod check;
mod list;
mod open;
mod prune;
mod recorder;
mod reseal;
mod row;

use std::fmt;

use galaxy_domain::audit::Record;

use crate::{Store, Strength, error::StoreError};

pub use check::{Checked, Head, NoHead, Trouble};
pub use list::{Cursor, Wanted};
pub use prune::Pruned;
pub(crate) use recorder::Recorder;
pub use reseal::Resealed;

/// Puts seals on where chains end, with a key that the database does not hold.
pub trait Seal: fmt::Debug + Send + Sync {
    /// The seal of `content`.
    fn seal(&self, content: &[u8]) -> Vec<u8>;

    /// What `seal` is worth as a seal of `content`.
    fn judge(&self, content: &[u8], seal: &[u8]) -> Sealing;
}

/// What a seal is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// It is ours.
    Current,
    /// It is ours, made with an older key.
    Older,
    /// It was made with a key that is not here.
    Foreign,
    /// It belongs to something else, or to nothing.
    Broken,
}

impl Sealing {
    /// Whether it says that what is sealed is ours.
    pub const fn is_good(self) -> bool {
        match self {
            Self::Current | Self::Older => true,
            Self::Foreign | Self::Broken => false,
        }
    }
}

impl Store {
    /// Writes `record` down, for an act that changes nothing else here.
    ///
    /// # Errors
    /// When the database fails: then the act must not be done.
    pub async fn record(&self, record: Record, strength: Strength) -> Result<(), StoreError> {
        self.write(strength, record, |tx, record| {
            tx.record(record.clone());
            Box::pin(async { Ok(()) })
        })
        .await
    }

    /// Writes `record` down soon, together with others: for what has no effect. Waits only when
    /// very many are waiting. What is not written yet is lost when the process is killed.
    ///
    /// # Errors
    /// When the store is closed, or does not keep up.
    pub async fn note(&self, record: Record) -> Result<(), StoreError> {
        self.recorder().note(record).await
    }

    /// The same for whoever cannot wait; gives whether there was room.
    pub fn note_now(&self, record: Record) -> bool {
        self.recorder().note_now(record)
    }

    /// Waits until everything that was noted so far is written.
    ///
    /// # Errors
    /// When the store is closed.
    pub async fn notes_written(&self) -> Result<(), StoreError> {
        self.recorder().written().await
    }
}

/// Seals nothing, for tests of other things.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct NoSeal;

#[cfg(test)]
impl Seal for NoSeal {
    fn seal(&self, _: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    fn judge(&self, _: &[u8], _: &[u8]) -> Sealing {
        Sealing::Current
    }
}
