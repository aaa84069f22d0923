//! Where a run's entries are kept, as the driver sees it.

use futures::{
    FutureExt,
    channel::oneshot,
    future::{BoxFuture, Shared},
};
use galaxy_domain::{
    Item, Permit, RunId, RunState, Transcript, access::Drive, audit::Record, id::Run,
};
use galaxy_store::{Entries, Store, StoreError, Strength};

use crate::drive::RunError;

/// The log of one run, open for its driver.
pub trait RunLog: Send + Sync {
    /// Appends `entries` after entry `after`; gives the new last number.
    fn append(
        &self,
        after: u64,
        entries: Entries,
        strength: Strength,
    ) -> BoxFuture<'static, Result<u64, StoreError>>;

    /// Appends `entries` after entry `after` and leaves the run in `state`, in one change.
    fn finish(
        &self,
        after: u64,
        entries: Entries,
        state: RunState,
    ) -> BoxFuture<'static, Result<u64, StoreError>>;
}

/// A log in the store, fenced.
#[derive(Clone)]
pub struct StoredLog {
    /// Where it is.
    pub store: Store,
    /// The right to drive the run.
    pub permit: Permit<Drive, Run>,
    /// The claim that gave the right.
    pub fence: i64,
}

impl RunLog for StoredLog {
    fn append(
        &self,
        after: u64,
        entries: Entries,
        strength: Strength,
    ) -> BoxFuture<'static, Result<u64, StoreError>> {
        let Self { store, permit, fence } = self.clone();
        async move { store.append(permit, fence, after, entries, strength).await }.boxed()
    }

    fn finish(
        &self,
        after: u64,
        entries: Entries,
        state: RunState,
    ) -> BoxFuture<'static, Result<u64, StoreError>> {
        let Self { store, permit, fence } = self.clone();
        async move { store.finish(permit, fence, after, entries, state).await }.boxed()
    }
}

/// The log of a run that is being stored for the first time while it is driven already: nothing is
/// appended before its first entry is there.
#[derive(Clone)]
pub struct NewbornLog {
    /// Tells whether the run was stored, and as this driver's.
    pub birth: Shared<oneshot::Receiver<bool>>,
    /// The log it then has.
    pub log: StoredLog,
}

impl NewbornLog {
    async fn born(birth: Shared<oneshot::Receiver<bool>>) -> Result<(), StoreError> {
        match birth.await {
            Ok(true) => Ok(()),
            // It was not stored, or is somebody else's.
            Ok(false) | Err(oneshot::Canceled) => Err(StoreError::Fenced),
        }
    }
}

impl RunLog for NewbornLog {
    fn append(
        &self,
        after: u64,
        entries: Entries,
        strength: Strength,
    ) -> BoxFuture<'static, Result<u64, StoreError>> {
        let Self { birth, log } = self.clone();
        async move {
            Self::born(birth).await?;
            log.append(after, entries, strength).await
        }
        .boxed()
    }

    fn finish(
        &self,
        after: u64,
        entries: Entries,
        state: RunState,
    ) -> BoxFuture<'static, Result<u64, StoreError>> {
        let Self { birth, log } = self.clone();
        async move {
            Self::born(birth).await?;
            log.finish(after, entries, state).await
        }
        .boxed()
    }
}

/// A transcript and the entries of it that are not stored yet.
///
/// **Invariant:** what `unsaved` holds is the newest part of the transcript, in order; nothing
/// with effects starts while it holds anything.
pub(crate) struct Journal<'a> {
    pub(crate) run: RunId,
    pub(crate) transcript: &'a mut Transcript,
    log: &'a dyn RunLog,
    unsaved: Vec<Item>,
    /// What is written down of them elsewhere, by the same change.
    records: Vec<Record>,
}

impl<'a> Journal<'a> {
    pub(crate) fn new(run: RunId, transcript: &'a mut Transcript, log: &'a dyn RunLog) -> Self {
        Self { run, transcript, log, unsaved: Vec::new(), records: Vec::new() }
    }

    /// Adds `item` to the transcript; it is stored with the next commit.
    pub(crate) fn stage(&mut self, item: Item) -> Result<(), RunError> {
        self.transcript.push(item.clone())?;
        self.unsaved.push(item);
        Ok(())
    }

    /// Has `record` stored together with what is staged.
    pub(crate) fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    fn take(&mut self) -> Entries {
        let items = std::mem::take(&mut self.unsaved);
        Entries { items, records: std::mem::take(&mut self.records) }
    }

    pub(crate) fn has_unsaved(&self) -> bool {
        !self.unsaved.is_empty()
    }

    /// The number of the newest stored entry.
    fn stored(&self) -> u64 {
        self.transcript.last_seq() - self.unsaved.len() as u64
    }

    /// Begins to store what is staged. One such commit is under way at a time: the caller waits
    /// for it before the next.
    pub(crate) fn start_commit(
        &mut self,
        strength: Strength,
    ) -> BoxFuture<'static, Result<u64, StoreError>> {
        let after = self.stored();
        self.log.append(after, self.take(), strength)
    }

    /// Stores what is staged.
    pub(crate) async fn commit(&mut self, strength: Strength) -> Result<(), RunError> {
        if self.has_unsaved() {
            self.start_commit(strength).await?;
        }
        Ok(())
    }

    /// Stores what is staged and leaves the run in `state`.
    pub(crate) async fn finish(&mut self, state: RunState) -> Result<(), RunError> {
        let after = self.stored();
        let entries = self.take();
        self.log.finish(after, entries, state).await?;
        Ok(())
    }
}
