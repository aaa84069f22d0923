//! Removing what nobody needs any more, a little at a time.
//!
//! Each step is one small transaction, so that a person's write never waits long behind it. What
//! is removed can be lost or left without harm, so no step waits for the disk.

use std::time::Duration;

use galaxy_base::Timestamp;
use uuid::Uuid;

use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
};

/// What a sweep leaves alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// For how long idempotency keys, passing entries and notices are kept at least.
    pub time: Duration,
    /// How many notices of a topic are kept at least, however old they are.
    pub notices: u32,
}

/// What readers and clients were promised: a day, and 10,000 notices.
impl Default for Keep {
    fn default() -> Self {
        Self { time: Duration::from_hours(24), notices: 10_000 }
    }
}

/// How many rows one step removes at most.
const ROWS: i64 = 1_000;
/// How many runs one step looks at.
const RUNS: i64 = 100;
/// How many steps of one kind one sweep does at most.
const STEPS: usize = 50;

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Idempotency keys with their replies.
    pub replies: u64,
    /// Sessions that had ended.
    pub sessions: u64,
    /// Passing entries of runs that are over.
    pub entries: u64,
    /// Notices of conversations and people, and the last words of topics that are gone.
    pub notices: u64,
    /// Whether something is left for the next sweep.
    pub more: bool,
}

const REPLIES: &str = "DELETE FROM replies WHERE (person_id, route, key) IN (
        SELECT person_id, route, key FROM replies WHERE created_at < $1 LIMIT $2)";
const SESSIONS: &str = "DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2)";
macro_rules! over {
    () => {
        "SELECT id FROM runs WHERE compacted = FALSE AND ended_at < $1
            AND state IN ('finished', 'exhausted', 'cancelled', 'incomplete', 'failed')
        ORDER BY ended_at, id LIMIT $2"
    };
}
const OVER_SQLITE: &str = over!();
/// Whoever wants to resume a run waits until its log is whole again; SQLite has one writer anyway.
const OVER_POSTGRES: &str = concat!(over!(), " FOR UPDATE SKIP LOCKED");
const ENTRIES: &str = "DELETE FROM events WHERE (topic_id, seq) IN (
        SELECT topic_id, seq FROM events
        WHERE topic_id = $1 AND kind IN ('delta', 'progress', 'sampling') LIMIT $2)";
const COMPACTED: &str = "UPDATE runs SET compacted = TRUE WHERE id = $1";
/// A topic's notices are numbered without gaps from its oldest to its newest, so its ends tell
/// how many there are.
const LONG_TOPIC: &str = "SELECT id, newest FROM (
        SELECT id, (SELECT MAX(seq) FROM events WHERE topic_id = id) AS newest,
            (SELECT seq FROM events WHERE topic_id = id ORDER BY seq LIMIT 1) AS oldest,
            (SELECT at FROM events WHERE topic_id = id ORDER BY seq LIMIT 1) AS oldest_at
        FROM (SELECT id FROM conversations UNION ALL SELECT id FROM people) AS topics
    ) AS ends WHERE newest - oldest >= $1 AND oldest_at < $2 LIMIT 1";
const NOTICES: &str = "DELETE FROM events WHERE (topic_id, seq) IN (
        SELECT topic_id, seq FROM events
        WHERE topic_id = $1 AND seq <= $2 AND at < $3 AND kind = 'notice' LIMIT $4)";

const ENDED: &str = "DELETE FROM events WHERE (topic_id, seq) IN (
        SELECT topic_id, seq FROM events WHERE kind = 'ended' AND at < $1 LIMIT $2)";

impl Store {
    /// Removes what is too old at `now`: see [`Store::sweep_beyond`] and the default of [`Keep`].
    ///
    /// # Errors
    /// When the database fails; what was removed before stays removed.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, StoreError> {
        self.sweep_beyond(now, Keep::default()).await
    }

    /// Removes sessions that have ended at `now`; and what is not to be kept any longer of
    /// idempotency keys, of the passing entries of runs that are over, and of notices. Does a
    /// bounded amount of work; [`Swept::more`] says whether to call it again.
    ///
    /// # Errors
    /// When the database fails; what was removed before stays removed.
    pub async fn sweep_beyond(&self, now: Timestamp, keep: Keep) -> Result<Swept, StoreError> {
        let kept = i64::try_from(keep.time.as_millis()).unwrap_or(i64::MAX);
        let before = now.as_millis().saturating_sub(kept);
        let (replies, replies_left) = self.sweep_kind(Kind::Replies, before).await?;
        let (sessions, sessions_left) = self.sweep_kind(Kind::Sessions, now.as_millis()).await?;
        let (entries, entries_left) = self.sweep_kind(Kind::Entries, before).await?;
        let notices = Kind::Notices { kept: i64::from(keep.notices) };
        let (notices, notices_left) = self.sweep_kind(notices, before).await?;
        let (ended, ended_left) = self.sweep_kind(Kind::Ended, before).await?;
        let more = replies_left || sessions_left || entries_left || notices_left || ended_left;
        Ok(Swept { replies, sessions, entries, notices: notices + ended, more })
    }

    /// How much was removed, and whether something may be left.
    async fn sweep_kind(&self, kind: Kind, before: i64) -> Result<(u64, bool), StoreError> {
        let mut removed = 0;
        for _ in 0..STEPS {
            let step = self.write(Strength::Relaxed, (kind, before), |tx, (kind, before)| {
                Box::pin(step(tx, *kind, *before))
            });
            let step = step.await?;
            removed += step.removed;
            if step.done {
                return Ok((removed, false));
            }
        }
        Ok((removed, true))
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Replies,
    Sessions,
    Entries,
    Notices { kept: i64 },
    Ended,
}

struct Step {
    removed: u64,
    done: bool,
}

async fn step(tx: &mut Tx, kind: Kind, before: i64) -> Result<Step, StoreError> {
    match kind {
        Kind::Replies => Ok(Step::of(statement!(tx.execute(REPLIES, before, ROWS))?)),
        Kind::Sessions => Ok(Step::of(statement!(tx.execute(SESSIONS, before, ROWS))?)),
        Kind::Entries => entries(tx, before).await,
        Kind::Notices { kept } => notices(tx, before, kept).await,
        Kind::Ended => Ok(Step::of(statement!(tx.execute(ENDED, before, ROWS))?)),
    }
}

async fn entries(tx: &mut Tx, before: i64) -> Result<Step, StoreError> {
    let text = if tx.is_postgres() { OVER_POSTGRES } else { OVER_SQLITE };
    let runs: Vec<(Uuid,)> = statement!(tx.fetch_all(text, before, RUNS))?;
    let done = runs.len() < usize::try_from(RUNS).unwrap_or(usize::MAX);
    let mut room = ROWS;
    for (run,) in runs {
        let removed = statement!(tx.execute(ENTRIES, run, room))?;
        room -= i64::try_from(removed).unwrap_or(room);
        if room <= 0 {
            // Perhaps this run has more of them.
            return Ok(Step { removed: ROWS.unsigned_abs(), done: false });
        }
        statement!(tx.execute(COMPACTED, run))?;
    }
    Ok(Step { removed: (ROWS - room).unsigned_abs(), done })
}

async fn notices(tx: &mut Tx, before: i64, kept: i64) -> Result<Step, StoreError> {
    let topic: Option<(Uuid, i64)> = statement!(tx.fetch_optional(LONG_TOPIC, kept, before))?;
    let Some((topic, newest)) = topic else { return Ok(Step { removed: 0, done: true }) };
    let last = newest - kept;
    let removed = statement!(tx.execute(NOTICES, topic, last, before, ROWS))?;
    // One topic at a time: another may be too long as well.
    Ok(Step { removed, done: removed == 0 })
}

impl Step {
    /// A step that could have removed [`ROWS`] and did not was the last one.
    fn of(removed: u64) -> Self {
        Self { removed, done: removed < ROWS.unsigned_abs() }
    }
}
