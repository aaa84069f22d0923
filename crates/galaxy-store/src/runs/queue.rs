//! The queue of runs: claimed with a lease, kept by heartbeats, fair between people.

use std::time::Duration;

use galaxy_domain::{
    Id, Permit, RunId, RunState, access::Drive, id::Run, notice::Notice, run::RunRow,
};
use sqlx::SqlSafeStr;
use uuid::Uuid;

use super::record::{RunRecord, columns};
use crate::{
    Store,
    db::{
        Conn, Strength, Tx,
        rows::{ROWS, Texts, list},
        sqlite::Query,
        statement,
    },
    error::StoreError,
    topics,
};

/// What a driver learns when it prolongs a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// Which run.
    pub run: RunId,
    /// Whether a person asked it to stop.
    pub stop_requested: bool,
}

/// A run that may be claimed at moment `$1`.
macro_rules! claimable {
    () => {
        "(state = 'queued' OR (state = 'running' AND lease_until <= $1))"
    };
}

/// Claims up to `$3` runs at moment `$1`, at most `$2` of one person at a time; who has the fewest
/// comes first. `$4` claims until `$5`.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH busy AS (
                SELECT owner_id, COUNT(*) AS held FROM runs
                WHERE state = 'running' AND lease_until > $1 GROUP BY owner_id
            ), waiting AS (
                SELECT id, owner_id, ROW_NUMBER() OVER (PARTITION BY owner_id ORDER BY id) AS place
                FROM runs WHERE ",
            claimable!(),
            "), next AS (
                SELECT waiting.id FROM waiting LEFT JOIN busy ON busy.owner_id = waiting.owner_id
                WHERE waiting.place + COALESCE(busy.held, 0) <= $2
                ORDER BY waiting.place + COALESCE(busy.held, 0), waiting.id LIMIT $3
            )
            UPDATE runs SET state = 'running', fence = fence + 1, attempts = attempts + 1,
                lease_owner = $4, lease_until = $5, ended_at = NULL
            WHERE id IN (SELECT id FROM runs WHERE id IN (SELECT id FROM next) AND ",
            claimable!(),
            $lock,
            ") RETURNING ",
            columns!()
        )
    };
}

const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!(" ORDER BY id FOR UPDATE SKIP LOCKED");
const DATABASE_TIME: &str = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint";
static BEAT: Texts = Texts::new(|rows| {
    format!(
        "UPDATE runs SET lease_until = $1 WHERE lease_owner = $2 AND state = 'running'
        AND id IN ({}) RETURNING id, stop_requested",
        list(2, rows)
    )
});
const RELEASE: &str = "UPDATE runs SET state = 'queued', lease_owner = NULL, lease_until = NULL
    WHERE id = $1 AND workspace_id = $2 AND fence = $3 AND state = 'running'
    RETURNING owner_id, conversation_id";
const DEPTH: &str = "SELECT COUNT(*) FROM runs WHERE state = 'queued'";

impl Store {
    /// Takes up to `max` runs for `worker`: those that wait, and those whose lease ran out. The
    /// person with the fewest runs under way comes first, and nobody has more than `per_person`
    /// under way. Oldest first; a claimed run has a new fence.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(
        &self,
        worker: &str,
        lease: Duration,
        max: usize,
        per_person: usize,
    ) -> Result<Vec<RunRow>, StoreError> {
        let input = (worker.to_owned(), lease, topics::count(per_person), topics::count(max));
        // A process that forgets a claim has no driver that remembers it; with other processes
        // around, a claim must not be forgotten.
        let strength = self.shared_strength();
        self.write(strength, input, |tx, (worker, lease, per_person, max)| {
            Box::pin(async move {
                let now = lease_time(tx).await?;
                let until = after(now, *lease);
                let text = if tx.is_postgres() { CLAIM_POSTGRES } else { CLAIM_SQLITE };
                let claimed: Vec<RunRecord> =
                    statement!(tx.fetch_all(text, now, *per_person, *max, worker.as_str(), until))?;
                let claimed = claimed.into_iter().map(RunRecord::row);
                let mut claimed: Vec<RunRow> = claimed.collect::<Result<_, _>>()?;
                claimed.sort_by_key(|run| run.id);
                for RunRow { id, workspace, owner, conversation, state, .. } in &claimed {
                    let (conversation, run, state) = (*conversation, *id, *state);
                    let notice = Notice::RunChanged { conversation, run, state };
                    tx.notify_chat(*workspace, conversation, *owner, notice);
                }
                Ok(claimed)
            })
        })
        .await
    }

    /// Prolongs the leases of `runs` by `worker`; a run that is missing from the answer was lost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heartbeat(
        &self,
        worker: &str,
        runs: &[RunId],
        lease: Duration,
    ) -> Result<Vec<Beat>, StoreError> {
        let runs: Vec<Uuid> = runs.iter().map(|run| run.uuid()).collect();
        let input = (worker.to_owned(), runs, lease);
        self.write(Strength::Relaxed, input, |tx, (worker, runs, lease)| {
            Box::pin(async move {
                let until = after(lease_time(tx).await?, *lease);
                let mut beats = Vec::with_capacity(runs.len());
                for chunk in runs.chunks(ROWS) {
                    beats.extend(beat(tx, until, worker, chunk).await?);
                }
                Ok(beats)
            })
        })
        .await
    }

    /// Puts a run back into the queue, for another worker to go on with.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when it is not driven with `fence` any more.
    pub async fn release(&self, permit: Permit<Drive, Run>, fence: i64) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, fence), |tx, (permit, fence)| {
            Box::pin(async move {
                let (run, workspace) = (permit.resource(), permit.workspace());
                let found: Option<(Uuid, Uuid)> =
                    statement!(tx.fetch_optional(RELEASE, run.uuid(), workspace.uuid(), *fence))?;
                let (owner, conversation) = found.ok_or(StoreError::Fenced)?;
                let conversation = Id::from_uuid(conversation);
                let notice = Notice::RunChanged { conversation, run, state: RunState::Queued };
                tx.notify_chat(workspace, conversation, Id::from_uuid(owner), notice);
                tx.queued();
                Ok(())
            })
        })
        .await
    }

    /// How many runs wait for a worker.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_depth(&self) -> Result<i64, StoreError> {
        let mut conn = self.reader().await?;
        let (depth,): (i64,) = statement!(conn.fetch_one(DEPTH))?;
        Ok(depth)
    }
}

async fn beat(
    tx: &mut Tx,
    until: i64,
    worker: &str,
    runs: &[Uuid],
) -> Result<Vec<Beat>, StoreError> {
    let text = BEAT.rows(runs.len()).into_sql_str();
    // The list follows two other values, which the macro for rows has no place for.
    let kept: Vec<(Uuid, bool)> = match tx.conn() {
        Conn::Sqlite(conn) => {
            let query = Query::new(conn, text.as_str())?.bind_next(until)?.bind_next(worker)?;
            runs.iter().try_fold(query, Query::bind_next)?.fetch_all()?
        }
        Conn::Postgres(conn) => {
            let mut query = sqlx::query_as(text).bind(until).bind(worker);
            for run in runs {
                query = query.bind(*run);
            }
            query.fetch_all(&mut **conn).await?
        }
    };
    let beat = |(run, stop_requested)| Beat { run: Id::from_uuid(run), stop_requested };
    Ok(kept.into_iter().map(beat).collect())
}

/// The moment that leases are measured by: the database's own where several machines share it,
/// because their clocks differ.
pub(crate) async fn lease_time(tx: &mut Tx) -> Result<i64, StoreError> {
    if tx.is_postgres() {
        let (now,): (i64,) = statement!(tx.fetch_one(DATABASE_TIME))?;
        return Ok(now);
    }
    Ok(tx.now.as_millis())
}

/// When a claim of moment `now` ends.
pub(crate) fn after(now: i64, lease: Duration) -> i64 {
    now.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
}
