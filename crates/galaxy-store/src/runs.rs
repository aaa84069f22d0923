//! Runs: what their rows say, and what people do to them.
//!
//! **Invariant:** a run's log is numbered from 1 without gaps while it is written, and only the
//! holder of the lease, or a person while nobody holds it, writes to it.

pub(crate) mod append;
pub(crate) mod body;
mod finish;
pub(crate) mod lines;
pub(crate) mod queue;
pub(crate) mod record;

use galaxy_domain::{
    Entry, Id, Item, Permit, RunId, RunState,
    access::{Drive, Read, Target, Write},
    audit,
    id::{Run, Workspace},
    run::RunRow,
};
use uuid::Uuid;

use crate::{
    Store,
    db::{Conn, Strength, statement},
    error::StoreError,
    growth::Logged,
    topics,
};
pub use finish::Along;
pub use queue::Beat;
use record::{RunRecord, columns};

const TARGET: &str = "SELECT workspace_id, owner_id FROM runs WHERE id = $1";
const ONE: &str = concat!("SELECT ", columns!(), " FROM runs WHERE id = $1 AND workspace_id = $2");
const COMPACTED: &str = "SELECT compacted FROM runs WHERE id = $1 AND workspace_id = $2";
const LOG: &str = "SELECT seq, at, kind, body FROM events
    WHERE topic_id = $1 AND workspace_id = $2 AND seq > $3 ORDER BY seq LIMIT $4";
const ACTIVE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM runs WHERE owner_id = $1 AND workspace_id = $2
    AND state IN ('queued', 'running', 'parked') ORDER BY id"
);
const ASK_TO_STOP: &str = "UPDATE runs SET stop_requested = TRUE
    WHERE id = $1 AND workspace_id = $2 AND state = 'running'";
const STATE: &str = "SELECT state FROM runs WHERE id = $1 AND workspace_id = $2";

/// Entries of a run, and what is written down of them elsewhere by the same change.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// What goes into the log.
    pub items: Vec<Item>,
    /// What happened with them.
    pub records: Vec<audit::Record>,
}

impl From<Vec<Item>> for Entries {
    fn from(items: Vec<Item>) -> Self {
        Self { items, records: Vec::new() }
    }
}

impl Store {
    /// Where a run lives and whose it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_target(&self, run: RunId) -> Result<Option<Target<Run>>, StoreError> {
        let mut conn = self.reader().await?;
        let found: Option<(Uuid, Uuid)> = statement!(conn.fetch_optional(TARGET, run.uuid()))?;
        Ok(found.map(|(workspace, owner)| Target {
            resource: run,
            workspace: Id::from_uuid(workspace),
            owner: Id::from_uuid(owner),
        }))
    }

    /// What a run's row says.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is gone.
    pub async fn run(&self, permit: Permit<Read, Run>) -> Result<RunRow, StoreError> {
        let mut conn = self.reader().await?;
        let (run, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let found: RunRecord = statement!(conn.fetch_one(ONE, run, workspace))?;
        found.row()
    }

    /// A run's entries after number `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_log(
        &self,
        permit: Permit<Read, Run>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        log(&mut self.reader().await?, &permit, after, limit).await
    }

    /// A run's entries after number `after`, oldest first, at most `limit`, for its driver.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn driven_log(
        &self,
        permit: Permit<Drive, Run>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        log(&mut self.reader().await?, &permit, after, limit).await
    }

    /// Whether the passing entries of a run's log were dropped.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the run is gone.
    pub async fn run_is_compacted(&self, permit: Permit<Read, Run>) -> Result<bool, StoreError> {
        let mut conn = self.reader().await?;
        let (run, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let (compacted,): (bool,) = statement!(conn.fetch_one(COMPACTED, run, workspace))?;
        Ok(compacted)
    }

    /// The person's runs that are not over, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active_runs(
        &self,
        permit: Permit<Read, Workspace>,
    ) -> Result<Vec<RunRow>, StoreError> {
        let mut conn = self.reader().await?;
        let (person, workspace) = (permit.person().uuid(), permit.workspace().uuid());
        let found: Vec<RunRecord> = statement!(conn.fetch_all(ACTIVE, person, workspace))?;
        found.into_iter().map(RunRecord::row).collect()
    }

    /// Asks whoever drives a run to stop it; gives where the run stands. One that is not
    /// [`RunState::Running`] is not asked: it is stopped by [`Store::decide`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the run is gone.
    pub async fn request_stop(&self, permit: Permit<Write, Run>) -> Result<RunState, StoreError> {
        self.write(Strength::Synced, permit, |tx, permit| {
            Box::pin(async move {
                let (run, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
                if statement!(tx.execute(ASK_TO_STOP, run, workspace))? == 1 {
                    tx.stop_requested(permit.resource());
                    return Ok(RunState::Running);
                }
                let (state,): (String,) = statement!(tx.fetch_one(STATE, run, workspace))?;
                record::state(&state)
            })
        })
        .await
    }
}

async fn log<A>(
    conn: &mut Conn,
    permit: &Permit<A, Run>,
    after: u64,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    let (run, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let (after, limit) = (topics::to_sql(after), topics::count(limit));
    let rows: Vec<(i64, i64, String, String)> =
        statement!(conn.fetch_all(LOG, run, workspace, after, limit))?;
    let entries = rows.into_iter().map(|row| match topics::logged(row)? {
        Logged::Item(entry) => Ok(entry),
        Logged::Notice { .. } => Err(StoreError::Corrupt("a notice in a run's log".to_owned())),
    });
    entries.collect()
}
