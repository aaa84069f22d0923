//! A log in memory that checks what the store checks.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_agent::RunLog;
use galaxy_base::Clock;
use galaxy_domain::{Entry, Item, RunState, Transcript, audit::Record};
use galaxy_store::{Entries, StoreError, Strength};
use tokio::time::{Instant, sleep};

/// One change of the log.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    /// When it was asked for.
    pub(crate) at: Instant,
    pub(crate) items: Vec<Item>,
    /// What was written down of them elsewhere.
    pub(crate) records: Vec<Record>,
    pub(crate) strength: Strength,
    /// Where it leaves the run, if it is the last of its drive.
    pub(crate) state: Option<RunState>,
}

/// What is kept of a run.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) entries: Vec<Entry>,
    pub(crate) commits: Vec<Commit>,
    pub(crate) state: Option<RunState>,
    fence: i64,
}

/// The log of one run, as one driver sees it. Clones share the entries.
#[derive(Debug, Clone)]
pub(crate) struct MemoryLog {
    kept: Arc<Mutex<Kept>>,
    clock: Clock,
    fence: i64,
    /// How long a change takes.
    pub(crate) slowness: Duration,
    /// How often a change gives way before it is durable, and after.
    pub(crate) pauses: (usize, usize),
}

impl MemoryLog {
    /// A log that begins with `item`.
    pub(crate) fn beginning_with(item: Item, clock: Clock) -> Self {
        let log = Self {
            kept: Arc::default(),
            clock,
            fence: 0,
            slowness: Duration::ZERO,
            pauses: (0, 0),
        };
        log.write(vec![item]);
        log
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// The log for the next driver; this one cannot write any more.
    pub(crate) fn claimed(&self) -> Self {
        let mut kept = self.kept();
        kept.fence += 1;
        kept.state = Some(RunState::Running);
        Self { fence: kept.fence, ..self.clone() }
    }

    pub(crate) fn items(&self) -> Vec<Item> {
        self.kept().entries.iter().map(|entry| entry.item.clone()).collect()
    }

    /// Rebuilds the transcript, which re-checks every entry.
    pub(crate) fn transcript(&self) -> Transcript {
        Transcript::replay(self.kept().entries.clone()).unwrap()
    }

    /// Adds what a person decided.
    pub(crate) fn write(&self, items: Vec<Item>) {
        let mut kept = self.kept();
        for item in items {
            let seq = kept.entries.len() as u64 + 1;
            kept.entries.push(Entry { seq, at: self.clock.now(), item });
        }
    }

    fn change(
        &self,
        after: u64,
        Entries { items, records }: Entries,
        strength: Strength,
        state: Option<RunState>,
    ) -> BoxFuture<'static, Result<u64, StoreError>> {
        let log = self.clone();
        let at = Instant::now();
        async move {
            sleep_if(log.slowness).await;
            give_way(log.pauses.0).await;
            let last = log.commit(after, Commit { at, items, records, strength, state })?;
            give_way(log.pauses.1).await;
            Ok(last)
        }
        .boxed()
    }

    fn commit(&self, after: u64, commit: Commit) -> Result<u64, StoreError> {
        {
            let mut kept = self.kept();
            if kept.fence != self.fence || kept.entries.len() as u64 != after {
                return Err(StoreError::Fenced);
            }
            kept.state = commit.state.or(kept.state);
            kept.commits.push(commit.clone());
        }
        self.write(commit.items);
        Ok(self.kept().entries.len() as u64)
    }
}

impl RunLog for MemoryLog {
    fn append(
        &self,
        after: u64,
        entries: Entries,
        strength: Strength,
    ) -> BoxFuture<'static, Result<u64, StoreError>> {
        self.change(after, entries, strength, None)
    }

    fn finish(
        &self,
        after: u64,
        entries: Entries,
        state: RunState,
    ) -> BoxFuture<'static, Result<u64, StoreError>> {
        self.change(after, entries, Strength::Synced, Some(state))
    }
}

/// Lets everything else go first, so many times.
pub(crate) async fn give_way(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

async fn sleep_if(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}
