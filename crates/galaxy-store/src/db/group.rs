//! Group commit: one thread owns the only writing connection of SQLite and commits together what
//! came while the previous commit was under way. It is a thread of its own because statements and
//! syncs block; only a change as a whole costs a change of threads, not each of its statements.
//!
//! **Invariant:** jobs are done in the order they came; each is atomic by itself, so one that
//! fails or panics takes no other down; nobody is answered before the commit.

use std::{
    any::Any, collections::VecDeque, fs::File, panic::AssertUnwindSafe, sync::Arc, thread,
    time::Duration,
};

use futures::FutureExt;
use galaxy_base::Clock;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    config::Fault,
    db::{Conn, Health, Strength, Tx, job::Job, news::News, sqlite::Lent, statement},
    error::StoreError,
    growth::Aftermath,
};

/// How many changes may wait.
const QUEUE: usize = 4_096;
/// How many changes are committed together at most.
const BATCH: usize = 512;
/// For how long changes are gathered into one transaction at most.
const BATCH_TIME: Duration = Duration::from_millis(20);

/// How a job fared inside its transaction.
enum Attempt {
    Made(Aftermath),
    Refused(StoreError),
    Panicked(Box<dyn Any + Send>),
    /// The whole transaction is gone, and everything in it.
    Lost(StoreError),
}

/// What the savepoint that makes each job of a batch atomic is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Savepoint {
    /// There is none; a lone job needs none, because rolling it back rolls everything back.
    None,
    /// It holds the changes of the job before.
    Used,
    /// It holds nothing.
    Fresh,
}

impl Attempt {
    const fn is_made(&self) -> bool {
        match self {
            Self::Made(_) => true,
            Self::Refused(_) | Self::Panicked(_) | Self::Lost(_) => false,
        }
    }
}

/// The writer.
pub(crate) struct Group {
    tx: Tx,
    synchronous: Option<Strength>,
    queue: mpsc::Receiver<Box<dyn Job>>,
    waiting: VecDeque<Box<dyn Job>>,
    news: Arc<News>,
    health: Arc<Health>,
    clock: Clock,
    /// Commits so far.
    commits: u64,
    fault: Option<Fault>,
}

impl Group {
    /// The writer, and the way to its queue.
    pub(crate) fn new(
        writer: Lent,
        news: &Arc<News>,
        health: &Arc<Health>,
        clock: &Clock,
    ) -> (mpsc::Sender<Box<dyn Job>>, Self) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let group = Self {
            tx: Tx::new(Conn::Sqlite(writer), clock.now()),
            synchronous: None,
            queue,
            waiting: VecDeque::new(),
            news: Arc::clone(news),
            health: Arc::clone(health),
            clock: clock.clone(),
            commits: 0,
            fault: None,
        };
        (sender, group)
    }

    /// The same, dying where a test wants it to.
    pub(crate) fn failing(self, fault: Option<Fault>) -> Self {
        Self { fault, ..self }
    }

    /// Starts to work, until nobody can send any more and everything sent is done. Then `lock` is
    /// dropped: the folder is free only after the last commit. What is given ends with it.
    pub(crate) fn start(self, lock: File) -> Result<oneshot::Receiver<()>, StoreError> {
        let (ending, ended) = oneshot::channel();
        let work = move || {
            futures::executor::block_on(self.run());
            drop(lock);
            // Nobody waits when the process ends in a hurry.
            ending.send(()).ok();
        };
        let thread = thread::Builder::new().name("galaxy-writer".to_owned()).spawn(work);
        let thread = thread.map_err(|err| StoreError::Unavailable(err.into()));
        thread.map(|_| ended)
    }

    async fn run(mut self) {
        while self.gather().await {
            self.commit().await;
        }
    }

    async fn gather(&mut self) -> bool {
        if self.waiting.is_empty() {
            match self.queue.recv().await {
                Some(job) => self.waiting.push_back(job),
                None => return false,
            }
        }
        while self.waiting.len() < BATCH {
            match self.queue.try_recv() {
                Ok(job) => self.waiting.push_back(job),
                Err(_) => break,
            }
        }
        true
    }

    async fn commit(&mut self) {
        let strongest = self.waiting.iter().map(|job| job.strength()).max();
        let alone = self.waiting.len() == 1;
        if let Err(err) = self.begin(strongest.unwrap_or(Strength::Synced), alone).await {
            // Of two statements the first may have worked; then nothing could begin after it.
            let tx = &mut self.tx;
            statement!(tx.execute("ROLLBACK")).ok();
            for job in self.waiting.drain(..) {
                job.answer(Err(err.shared()));
            }
            return;
        }
        let started = Instant::now();
        let mut savepoint = if alone { Savepoint::None } else { Savepoint::Fresh };
        let mut tried = Vec::with_capacity(self.waiting.len());
        let mut lost = None;
        while let Some(mut job) = self.waiting.pop_front() {
            let attempt = self.attempt(job.as_mut(), &mut savepoint).await;
            if let Attempt::Lost(err) = &attempt {
                lost = Some(err.shared());
            }
            tried.push((job, attempt));
            if lost.is_some() || started.elapsed() > BATCH_TIME {
                break;
            }
        }
        metrics::histogram!("galaxy_store_batch_jobs").record(tried.len() as f64);
        let undone = alone && tried.iter().all(|(_, attempt)| !attempt.is_made());
        let end = match lost {
            Some(err) => Err(err),
            None if undone => Ok(()),
            None => self.end().await,
        };
        if end.is_err() {
            let tx = &mut self.tx;
            // Fails when the engine has rolled back by itself, which is as good.
            statement!(tx.execute("ROLLBACK")).ok();
        }
        for (job, attempt) in tried {
            self.answer(job, attempt, end.as_ref().err());
        }
    }

    async fn begin(&mut self, strength: Strength, alone: bool) -> Result<(), StoreError> {
        if let Some(reason) = self.health.failure() {
            return Err(StoreError::unavailable(reason));
        }
        let tx = &mut self.tx;
        if self.synchronous != Some(strength) {
            self.synchronous = None;
            statement!(tx.execute(match strength {
                Strength::Relaxed => "PRAGMA synchronous = NORMAL",
                Strength::Synced => "PRAGMA synchronous = FULL",
            }))?;
            self.synchronous = Some(strength);
        }
        tx.forget();
        statement!(tx.execute("BEGIN IMMEDIATE"))?;
        if !alone {
            statement!(tx.execute("SAVEPOINT job"))?;
        }
        Ok(())
    }

    async fn attempt(&mut self, job: &mut dyn Job, savepoint: &mut Savepoint) -> Attempt {
        let tx = &mut self.tx;
        tx.restart(self.clock.now());
        if *savepoint == Savepoint::Used
            && let Err(err) = next(tx).await
        {
            return Attempt::Lost(err);
        }
        let failed = match AssertUnwindSafe(job.run(tx)).catch_unwind().await {
            Ok(Ok(())) => {
                if *savepoint == Savepoint::Fresh {
                    *savepoint = Savepoint::Used;
                }
                return Attempt::Made(tx.take_aftermath());
            }
            Ok(Err(err)) => Attempt::Refused(err),
            Err(payload) => Attempt::Panicked(payload),
        };
        tx.forget();
        let undo = match *savepoint {
            Savepoint::None => "ROLLBACK",
            Savepoint::Used | Savepoint::Fresh => "ROLLBACK TO job",
        };
        let undone = statement!(tx.execute(undo));
        if *savepoint == Savepoint::Used {
            *savepoint = Savepoint::Fresh;
        }
        match (undone, failed) {
            (Ok(_), failed) => failed,
            // A full disk or a failed read can end the whole transaction by itself.
            (Err(_), Attempt::Refused(err)) => Attempt::Lost(err),
            (Err(err), _) => Attempt::Lost(err),
        }
    }

    async fn end(&mut self) -> Result<(), StoreError> {
        self.commits += 1;
        self.die_at(Fault::BeforeCommit(self.commits));
        let tx = &mut self.tx;
        let committed = statement!(tx.execute("COMMIT"));
        self.die_at(Fault::AfterCommit(self.commits));
        if let Err(err) = &committed
            && err.is_io_failure()
        {
            self.health.fail(err.to_string());
        }
        committed.map(|_| ())
    }

    /// Dies like a process that is killed: nothing is flushed, closed or told.
    fn die_at(&self, place: Fault) {
        if self.fault == Some(place) {
            std::process::abort();
        }
    }

    fn answer(&self, job: Box<dyn Job>, attempt: Attempt, lost: Option<&StoreError>) {
        match (attempt, lost) {
            (Attempt::Made(after), None) => {
                self.news.publish(after);
                job.answer(Ok(()));
            }
            (Attempt::Panicked(payload), _) => job.panicked(payload),
            (Attempt::Refused(err), None) | (Attempt::Lost(err), _) => job.answer(Err(err)),
            // A refusal may rest on a change that is lost now, so it is taken back as well.
            (Attempt::Made(_) | Attempt::Refused(_), Some(err)) => job.answer(Err(err.shared())),
        }
    }
}

/// Keeps what the job before changed, and lets the next one begin.
async fn next(tx: &mut Tx) -> Result<(), StoreError> {
    statement!(tx.execute("RELEASE job"))?;
    statement!(tx.execute("SAVEPOINT job")).map(drop)
}

#[cfg(test)]
mod tests;
