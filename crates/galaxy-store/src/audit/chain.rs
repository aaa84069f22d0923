//! The chains that this process writes.
//!
//! A chain needs one writer at a time. SQLite has one anyway. On PostgreSQL transactions run side by
//! side, so a process has a few chains: a transaction holds one from its records to the end of its
//! commit, and takes another when one is busy. So nothing is locked between processes.
//!
//! **Invariants:** a head that is remembered is what is committed. Whoever holds a chain waits for
//! no other lock but that of its row.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use galaxy_base::Timestamp;
use galaxy_domain::audit::{Place, Record};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    Seal,
    canonical::{self, Hash},
    open,
    row::{self, Row},
};
use crate::{
    db::{Tx, statement},
    error::StoreError,
};

/// How many chains a process has that shares its database.
const LANES: usize = 4;

const END: &str = "SELECT seq, hash, seal FROM audit_chains WHERE chain = $1";
const ADVANCE: &str = "UPDATE audit_chains SET seq = $2, hash = $3, seal = $4
    WHERE chain = $1 AND seq = $5 AND hash = $6";

/// Where a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(super) place: Place,
    pub(super) hash: Hash,
}

/// One chain of this process, or room for one.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// The chain, once it was opened.
    chain: Option<i64>,
    /// Where it ends; not known after a change that was undone, or may have been.
    end: Option<End>,
}

/// Held by the one transaction that writes to a chain.
pub(crate) type Held = OwnedMutexGuard<Lane>;

/// The chains of this process.
#[derive(Debug)]
pub(crate) struct Chains {
    lanes: Vec<Arc<Mutex<Lane>>>,
    next: AtomicUsize,
    seal: Arc<dyn Seal>,
    pub(super) instance: String,
}

impl Chains {
    /// For the only process of a database, or one of several.
    pub(crate) fn new(seal: Arc<dyn Seal>, instance: String, is_shared: bool) -> Self {
        let count = if is_shared { LANES } else { 1 };
        let lanes = (0..count).map(|_| Arc::default()).collect();
        Self { lanes, next: AtomicUsize::new(0), seal, instance }
    }

    /// A chain to write to: one that nobody holds, else the next that becomes free.
    pub(crate) async fn hold(&self) -> Held {
        for lane in &self.lanes {
            if let Ok(held) = Arc::clone(lane).try_lock_owned() {
                return held;
            }
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.lanes.len();
        Arc::clone(&self.lanes[turn]).lock_owned().await
    }

    /// What seals their ends.
    pub(crate) fn seal(&self) -> &Arc<dyn Seal> {
        &self.seal
    }

    /// Where the chains of this process end, as far as that is known.
    pub(super) async fn ends(&self) -> Vec<End> {
        let mut ends = Vec::with_capacity(self.lanes.len());
        for lane in &self.lanes {
            ends.extend(lane.lock().await.end);
        }
        ends
    }
}

impl Lane {
    /// Forgets where the chain ends: what was written last is undone, or may be.
    pub(crate) fn forget(&mut self) {
        self.end = None;
    }

    /// Writes `records` to the chain, which is opened first if there is none.
    pub(crate) async fn append(
        &mut self,
        tx: &mut Tx,
        chains: &Chains,
        records: &[Record],
    ) -> Result<(), StoreError> {
        if let Some(end) = self.end(tx, chains).await?
            && let Some(end) = advance(tx, chains, end, records).await?
        {
            self.end = Some(end);
            return Ok(());
        }
        if let Some(chain) = self.chain {
            tracing::error!(chain, "the audit log was changed from outside; a new chain begins");
        }
        let opened = open::open(tx, chains, self.end).await?;
        let end = advance(tx, chains, opened, records).await?;
        let end = end.ok_or_else(|| StoreError::Corrupt("a new chain is not there".to_owned()))?;
        (self.chain, self.end) = (Some(end.place.chain), Some(end));
        Ok(())
    }

    /// Where the chain ends, if there is one and that is ours.
    async fn end(&self, tx: &mut Tx, chains: &Chains) -> Result<Option<End>, StoreError> {
        let (Some(chain), None) = (self.chain, self.end) else { return Ok(self.end) };
        // A chain whose opening was undone is not there.
        let found: Option<(i64, Vec<u8>, Vec<u8>)> = statement!(tx.fetch_optional(END, chain))?;
        Ok(found.and_then(|(seq, hash, seal)| {
            let place = Place { chain, seq };
            let hash = Hash::try_from(hash).ok()?;
            let is_ours = chains.seal.judge(&canonical::head(place, &hash), &seal).is_good();
            is_ours.then_some(End { place, hash })
        }))
    }
}

/// Writes `records` after `end`; gives where the chain ends then. Nothing, and nothing is written,
/// when it does not end there.
async fn advance(
    tx: &mut Tx,
    chains: &Chains,
    end: End,
    records: &[Record],
) -> Result<Option<End>, StoreError> {
    let (rows, new) = linked(end, tx.now, records);
    let seal = chains.seal.seal(&canonical::head(new.place, &new.hash));
    let (chain, seq) = (new.place.chain, new.place.seq);
    let (hash, seal) = (new.hash.as_slice(), seal.as_slice());
    let (before, old) = (end.place.seq, end.hash.as_slice());
    if statement!(tx.execute(ADVANCE, chain, seq, hash, seal, before, old))? == 0 {
        return Ok(None);
    }
    row::insert(tx, &rows).await?;
    Ok(Some(new))
}

/// The rows of `records` after `end`, and the new end.
pub(super) fn linked(mut end: End, at: Timestamp, records: &[Record]) -> (Vec<Row>, End) {
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        end.place.seq += 1;
        let mut row = Row::new(end.place, at, record);
        end.hash = canonical::hash(&end.hash, &row);
        row.hash = end.hash.to_vec();
        rows.push(row);
    }
    (rows, end)
}
