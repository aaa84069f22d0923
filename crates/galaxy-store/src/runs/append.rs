//! The appender: entries of many runs that come while a commit is under way are written by the
//! next one, in one statement.

use std::sync::Arc;

use galaxy_domain::{Permit, RunId, WorkspaceId, access::Drive, audit::Record, id::Run};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    Entries,
    lines::{self, Lines},
};
use crate::{
    Store,
    db::{
        Db, Strength, Tx,
        lane::{Lane, closed},
        rows::{ROWS, Texts, list},
        statement,
    },
    error::StoreError,
    topics,
};

/// How many appends may wait.
const QUEUE: usize = 4_096;
/// How many appends are written together at most.
const BATCH: usize = 512;

const FENCES: &str = "SELECT id, workspace_id, fence,
    (SELECT COALESCE(MAX(seq), 0) FROM events WHERE topic_id = runs.id)
    FROM runs WHERE state = 'running' AND id IN";
static FENCES_SQLITE: Texts = Texts::new(|rows| format!("{FENCES} ({})", list(0, rows)));
// A claim of one of these runs waits until the entries are committed, and then sees them.
static FENCES_POSTGRES: Texts =
    Texts::new(|rows| format!("{FENCES} ({}) ORDER BY id FOR UPDATE", list(0, rows)));

/// One driver's entries.
#[derive(Debug)]
struct Append {
    run: RunId,
    workspace: WorkspaceId,
    fence: i64,
    after: u64,
    strength: Strength,
    lines: Lines,
    records: Vec<Record>,
}

impl Append {
    fn last(&self) -> u64 {
        self.after + self.lines.len() as u64
    }
}

type Waiting = (Append, oneshot::Sender<Result<u64, StoreError>>);

/// The way to the appending task.
#[derive(Debug)]
pub(crate) struct Appender(Lane<Waiting>);

impl Appender {
    /// Starts the task; it ends when the appender is dropped or closed.
    pub(crate) fn start(db: &Arc<Db>) -> Self {
        Self(Lane::start(db, QUEUE, work))
    }

    /// Writes what is queued and ends.
    pub(crate) async fn close(&self) {
        self.0.close().await;
    }

    async fn append(&self, append: Append) -> Result<u64, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.send((append, reply), "too many entries are waiting").await?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }
}

impl Store {
    /// Appends items to a run's log as entries `after + 1` and following, with the records that
    /// tell of them; gives the number of the last one.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the run is not driven with `fence` any more, or when its log
    /// does not end with entry `after`.
    pub async fn append(
        &self,
        permit: Permit<Drive, Run>,
        fence: i64,
        after: u64,
        entries: impl Into<Entries>,
        strength: Strength,
    ) -> Result<u64, StoreError> {
        let (run, workspace) = (permit.resource(), permit.workspace());
        let Entries { items, records } = entries.into();
        let lines = Lines::number(run, workspace, after, self.clock().now(), items)?;
        let append = Append { run, workspace, fence, after, strength, lines, records };
        self.appender().append(append).await
    }
}

async fn work(db: Arc<Db>, mut queue: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::new();
    while queue.recv_many(&mut waiting, BATCH).await > 0 {
        let (appends, replies): (Vec<Append>, Vec<_>) = waiting.drain(..).unzip();
        let appends = Arc::new(appends);
        for (reply, end) in replies.into_iter().zip(together(&db, &appends).await) {
            // A driver that was dropped does not wait for its answer.
            reply.send(end).ok();
        }
    }
}

/// Writes all appends in one change; when others got in between, each in one of its own.
async fn together(db: &Db, appends: &Arc<Vec<Append>>) -> Vec<Result<u64, StoreError>> {
    let strongest = appends.iter().map(|it| it.strength).max().unwrap_or(Strength::Synced);
    let written =
        db.write(strongest, Arc::clone(appends), |tx, appends| Box::pin(write(tx, appends)));
    match written.await {
        Ok(ends) => ends.into_iter().map(|end| end.ok_or(StoreError::Fenced)).collect(),
        Err(StoreError::Conflict(_)) if appends.len() > 1 => {
            futures::future::join_all((0..appends.len()).map(|idx| alone(db, appends, idx))).await
        }
        Err(StoreError::Conflict(_)) => vec![Err(StoreError::Fenced)],
        Err(err) => appends.iter().map(|_| Err(err.shared())).collect(),
    }
}

async fn alone(db: &Db, appends: &Arc<Vec<Append>>, idx: usize) -> Result<u64, StoreError> {
    let job = (Arc::clone(appends), idx);
    let written = db.write(appends[idx].strength, job, |tx, (appends, idx)| {
        Box::pin(write(tx, std::slice::from_ref(&appends[*idx])))
    });
    match written.await {
        Ok(ends) => ends.into_iter().flatten().next().ok_or(StoreError::Fenced),
        Err(StoreError::Conflict(_)) => Err(StoreError::Fenced),
        Err(err) => Err(err),
    }
}

/// Writes the appends that fit and gives their last numbers; `None` for those that do not.
async fn write(tx: &mut Tx, appends: &[Append]) -> Result<Vec<Option<u64>>, StoreError> {
    let mut driven = driven(tx, appends).await?;
    let mut fitting = Vec::with_capacity(appends.len());
    let mut ends = Vec::with_capacity(appends.len());
    for append in appends {
        let run = (append.run.uuid(), append.workspace.uuid());
        let held = driven.iter_mut().find(|it| (it.0, it.1) == run);
        match held.filter(|it| it.2 == append.fence && topics::from_sql(it.3) == append.after) {
            Some((.., last)) => {
                *last = topics::to_sql(append.last());
                fitting.push(&append.lines);
                append.records.iter().for_each(|it| tx.record(it.clone()));
                ends.push(Some(append.last()));
            }
            None => ends.push(None),
        }
    }
    lines::insert(tx, &fitting).await?;
    Ok(ends)
}

type Driven = (Uuid, Uuid, i64, i64);

/// Run, workspace, fence and last number of those runs that are being driven.
async fn driven(tx: &mut Tx, appends: &[Append]) -> Result<Vec<Driven>, StoreError> {
    let mut runs: Vec<Uuid> = appends.iter().map(|it| it.run.uuid()).collect();
    runs.sort_unstable();
    runs.dedup();
    let texts = if tx.is_postgres() { &FENCES_POSTGRES } else { &FENCES_SQLITE };
    let mut driven = Vec::with_capacity(runs.len());
    for chunk in runs.chunks(ROWS) {
        let found: Vec<Driven> =
            statement!(tx.fetch_all(texts.rows(chunk.len()), for run in chunk => *run))?;
        driven.extend(found);
    }
    Ok(driven)
}
