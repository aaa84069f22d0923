//! How far registries were read. One process at a time reads one: whoever takes it holds it until
//! the moment that is written down, and moves that moment with every page.

use std::time::Duration;

use galaxy_base::Timestamp;

use super::{RegistryEntry, put};
use crate::{
    Store, Strength,
    db::{Tx, row, statement},
    error::StoreError,
};

/// How far a registry was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirror {
    /// Everything that changed before this is here.
    pub since: Option<Timestamp>,
    /// Of a reading under way, or one that failed: where the next page begins.
    pub position: Option<String>,
    /// The newest change that it met.
    pub newest: Option<Timestamp>,
    /// When everything was read the last time.
    pub done_at: Option<Timestamp>,
    /// When it is read again.
    pub due_at: Timestamp,
    /// How often in a row that went wrong.
    pub failures: u32,
    /// What went wrong the last time.
    pub trouble: Option<String>,
}

/// A page that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorPage {
    /// What was on it.
    pub entries: Vec<RegistryEntry>,
    /// Where the next one begins.
    pub position: String,
    /// The newest change that was met so far.
    pub newest: Option<Timestamp>,
    /// How long the registry is held from now on.
    pub hold: Duration,
}

const ENSURE: &str = "INSERT INTO registry_mirrors (source, due_at, failures) VALUES ($1, $2, 0)
    ON CONFLICT (source) DO NOTHING";
const FIND: &str = "SELECT since, position, newest, done_at, due_at, failures, trouble
    FROM registry_mirrors WHERE source = $1";
const TAKE: &str = "UPDATE registry_mirrors SET due_at = $3 WHERE source = $1 AND due_at <= $2";
const MOVE: &str = "UPDATE registry_mirrors SET position = $2, newest = $3, due_at = $4
    WHERE source = $1";
const FINISH: &str = "UPDATE registry_mirrors SET since = COALESCE($2, since), position = NULL,
        newest = NULL, done_at = $3, due_at = $4, failures = 0, trouble = NULL
    WHERE source = $1";
const FAIL: &str = "UPDATE registry_mirrors SET failures = failures + 1, trouble = $2, due_at = $3
    WHERE source = $1";
const BEGIN_ANEW: &str =
    "UPDATE registry_mirrors SET position = NULL, newest = NULL WHERE source = $1";

row! {
    #[derive(Debug)]
    struct Record {
        since: Option<i64>,
        position: Option<String>,
        newest: Option<i64>,
        done_at: Option<i64>,
        due_at: i64,
        failures: i64,
        trouble: Option<String>,
    }
}

impl Record {
    fn mirror(self) -> Mirror {
        Mirror {
            since: self.since.map(Timestamp::from_millis),
            position: self.position,
            newest: self.newest.map(Timestamp::from_millis),
            done_at: self.done_at.map(Timestamp::from_millis),
            due_at: Timestamp::from_millis(self.due_at),
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            trouble: self.trouble,
        }
    }
}

impl Store {
    /// How far the registry at `source` was read; `None` when nobody ever tried.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mirror(&self, source: &str) -> Result<Option<Mirror>, StoreError> {
        let mut conn = self.reader().await?;
        let record: Option<Record> = statement!(conn.fetch_optional(FIND, source))?;
        Ok(record.map(Record::mirror))
    }

    /// Takes the registry at `source` for `hold`, if it is due and nobody else has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_mirror(
        &self,
        source: &str,
        hold: Duration,
    ) -> Result<Option<Mirror>, StoreError> {
        self.write(Strength::Relaxed, (source.to_owned(), hold), |tx, (source, hold)| {
            Box::pin(take(tx, source, *hold))
        })
        .await
    }

    /// Keeps a page of the registry at `source`, and where the next one begins.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_mirror_page(
        &self,
        source: &str,
        page: MirrorPage,
    ) -> Result<u64, StoreError> {
        self.write(Strength::Synced, (source.to_owned(), page), |tx, (source, page)| {
            Box::pin(async move {
                let kept = put(tx, &page.entries).await?;
                let until = tx.now.after(page.hold).as_millis();
                let newest = page.newest.map(Timestamp::as_millis);
                let position = page.position.as_str();
                statement!(tx.execute(MOVE, source.as_str(), position, newest, until))?;
                Ok(kept)
            })
        })
        .await
    }

    /// Keeps the last page of the registry at `source`: everything up to `newest` is here, and it
    /// is due again after `rest`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_mirror(
        &self,
        source: &str,
        entries: Vec<RegistryEntry>,
        newest: Option<Timestamp>,
        rest: Duration,
    ) -> Result<u64, StoreError> {
        let input = (source.to_owned(), entries, newest, rest);
        self.write(Strength::Synced, input, |tx, (source, entries, newest, rest)| {
            Box::pin(async move {
                let kept = put(tx, entries).await?;
                let (now, due) = (tx.now.as_millis(), tx.now.after(*rest).as_millis());
                let newest = newest.map(Timestamp::as_millis);
                statement!(tx.execute(FINISH, source.as_str(), newest, now, due))?;
                Ok(kept)
            })
        })
        .await
    }

    /// Notes that reading the registry at `source` went wrong; it is tried again after `rest`, from
    /// the beginning if the place where it was is not known there any more (`anew`). What is here
    /// stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fail_mirror(
        &self,
        source: &str,
        trouble: String,
        rest: Duration,
        anew: bool,
    ) -> Result<(), StoreError> {
        let input = (source.to_owned(), trouble, rest, anew);
        self.write(Strength::Relaxed, input, |tx, (source, trouble, rest, anew)| {
            Box::pin(async move {
                let due = tx.now.after(*rest).as_millis();
                statement!(tx.execute(FAIL, source.as_str(), trouble.as_str(), due))?;
                if *anew {
                    statement!(tx.execute(BEGIN_ANEW, source.as_str()))?;
                }
                Ok(())
            })
        })
        .await
    }
}

async fn take(tx: &mut Tx, source: &str, hold: Duration) -> Result<Option<Mirror>, StoreError> {
    let (now, until) = (tx.now.as_millis(), tx.now.after(hold).as_millis());
    statement!(tx.execute(ENSURE, source, now))?;
    // One statement decides: of two processes, one changes the row and the other finds it changed.
    if statement!(tx.execute(TAKE, source, now, until))? == 0 {
        return Ok(None);
    }
    let record: Record = statement!(tx.fetch_one(FIND, source))?;
    Ok(Some(record.mirror()))
}
