//! Records of what has no effect, written together: a busy client must not cost a commit per call.

use std::{sync::Arc, time::Duration};

use galaxy_domain::audit::Record;
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use crate::{
    db::{
        Db, Strength,
        lane::{Lane, closed},
    },
    error::StoreError,
};

/// How many records may wait.
const QUEUE: usize = 8_192;
const FULL: &str = "too many records are waiting";
/// How many are written together at most.
const BATCH: usize = 512;
/// How long the first of them waits for others.
const JOIN: Duration = Duration::from_millis(100);

/// What comes through the queue.
#[derive(Debug)]
enum Note {
    Record(Box<Record>),
    /// Somebody waits until everything before is written.
    Flush(oneshot::Sender<()>),
}

/// The way to the task that writes.
#[derive(Debug)]
pub(crate) struct Recorder(Lane<Note>);

impl Recorder {
    /// Starts the task; it ends when the recorder is dropped or closed.
    pub(crate) fn start(db: &Arc<Db>) -> Self {
        Self(Lane::start(db, QUEUE, work))
    }

    /// Writes what is queued and ends.
    pub(crate) async fn close(&self) {
        self.0.close().await;
    }

    pub(super) async fn note(&self, record: Record) -> Result<(), StoreError> {
        self.0.send(Note::Record(Box::new(record)), FULL).await
    }

    pub(super) fn note_now(&self, record: Record) -> bool {
        self.0.offer(Note::Record(Box::new(record)))
    }

    pub(super) async fn written(&self) -> Result<(), StoreError> {
        let (done, waiting) = oneshot::channel();
        self.0.send(Note::Flush(done), FULL).await?;
        waiting.await.map_err(|_| closed())
    }
}

async fn work(db: Arc<Db>, mut queue: mpsc::Receiver<Note>) {
    let mut waiting = Vec::new();
    while queue.recv_many(&mut waiting, BATCH).await > 0 {
        gather(&mut queue, &mut waiting).await;
        let (mut records, mut flushes) = (Vec::new(), Vec::new());
        for note in waiting.drain(..) {
            match note {
                Note::Record(record) => records.push(*record),
                Note::Flush(done) => flushes.push(done),
            }
        }
        write(&db, records).await;
        // Whoever waited may have gone.
        for done in flushes {
            done.send(()).ok();
        }
    }
}

/// Waits for others to come, unless there are many already, or somebody waits, or none will come.
async fn gather(queue: &mut mpsc::Receiver<Note>, waiting: &mut Vec<Note>) {
    let is_awaited = |waiting: &[Note]| waiting.iter().any(|it| matches!(it, Note::Flush(_)));
    let more = async {
        while waiting.len() < BATCH && !is_awaited(waiting) {
            let left = BATCH - waiting.len();
            if queue.recv_many(waiting, left).await == 0 {
                return;
            }
        }
    };
    timeout(JOIN, more).await.ok();
}

/// Writes records; tries again for as long as the database is away for a moment.
async fn write(db: &Db, records: Vec<Record>) {
    if records.is_empty() {
        return;
    }
    let (count, records) = (records.len(), Arc::new(records));
    for pause in [1, 5, 0] {
        let written = db.write(Strength::Relaxed, Arc::clone(&records), |tx, records| {
            records.iter().for_each(|it| tx.record(it.clone()));
            Box::pin(async { Ok(()) })
        });
        match written.await {
            Ok(()) => return,
            Err(err) if pause == 0 => {
                metrics::counter!("galaxy_audit_lost_total").increment(count as u64);
                tracing::error!(count, error = %err, "records of what happened are lost");
            }
            Err(_) => sleep(Duration::from_secs(pause)).await,
        }
    }
}
