//! Group commit: one thread owns the only writing connection of SQLite and commits together what
//! came while the previous commit was under way. It is a thread of its own because statements and
//! syncs block; only a change as a whole costs a change of threads, not each of its statements.
//!
//! **Invariant:** jobs are done in the order they came; each is atomic by itself, so one that
//! fails or panics takes no other down; nobody is answered before the commit.

mod batch;
mod queue;

use std::{fs::File, panic::AssertUnwindSafe, sync::Arc, thread, time::Duration};

use futures::FutureExt;
use galaxy_base::Clock;
use rusqlite::Connection;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    audit::chain::Chains,
    config::Fault,
    db::{Conn, Health, Strength, Tx, job::Job, news::News, sqlite::Lent},
    error::StoreError,
};
use batch::{Apart, Attempt, Tried};
use queue::Queue;

/// How many changes may wait.
const QUEUE: usize = 4_096;
/// For how long changes are gathered into one transaction at most.
const BATCH_TIME: Duration = Duration::from_millis(20);

/// The writer.
pub(crate) struct Group {
    tx: Tx,
    synchronous: Option<Strength>,
    queue: Queue,
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
        chains: &Arc<Chains>,
    ) -> (mpsc::Sender<Box<dyn Job>>, Self) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let group = Self {
            tx: Tx::new(Conn::Sqlite(writer), clock.now(), chains),
            synchronous: None,
            queue: Queue::new(queue),
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
            futures::executor::block_on(self.work());
            drop(lock);
            // Nobody waits when the process ends in a hurry.
            ending.send(()).ok();
        };
        let thread = thread::Builder::new().name("galaxy-writer".to_owned()).spawn(work);
        let thread = thread.map_err(|err| StoreError::Unavailable(err.into()));
        thread.map(|_| ended)
    }

    async fn work(mut self) {
        while self.queue.gather().await {
            self.commit().await;
        }
    }

    async fn commit(&mut self) {
        let Some(mut tried) = self.try_all(Apart::Hopefully).await else { return };
        if tried.is_mixed && tried.jobs.len() > 1 {
            self.undo();
            // Jobs can be done again; those that were not tried yet wait behind.
            tried.jobs.into_iter().rev().for_each(|(job, _)| self.queue.waiting.push_front(job));
            tried = match self.try_all(Apart::Fresh).await {
                Some(tried) => tried,
                None => return,
            };
        }
        metrics::histogram!("galaxy_store_batch_jobs").record(tried.jobs.len() as f64);
        let is_worth_it = tried.jobs.iter().any(|(_, attempt)| attempt.is_made());
        let end = match tried.lost {
            Some(err) => Err(err),
            None if is_worth_it => self.end(),
            None => {
                self.undo();
                Ok(())
            }
        };
        if end.is_err() {
            self.undo();
        }
        for (job, attempt) in tried.jobs {
            self.answer(job, attempt, end.as_ref().err());
        }
    }

    /// Does jobs that wait in one transaction, which stays open. Answers all of them itself when
    /// there can be none.
    async fn try_all(&mut self, mut apart: Apart) -> Option<Tried> {
        let strongest = self.queue.waiting.iter().map(|job| job.strength()).max();
        if let Err(err) = self.begin(strongest.unwrap_or(Strength::Synced), apart) {
            self.undo();
            for job in self.queue.waiting.drain(..) {
                job.answer(Err(err.shared()));
            }
            return None;
        }
        let started = Instant::now();
        let mut tried = Tried { jobs: Vec::new(), lost: None, is_mixed: false };
        while let Some(mut job) = self.queue.waiting.pop_front() {
            let before = self.changes();
            let attempt = self.attempt(job.as_mut(), &mut apart).await;
            if let Attempt::Lost(err) = &attempt {
                tried.lost = Some(err.shared());
            }
            let is_clean = attempt.is_made() || self.changes() == before;
            tried.is_mixed |= apart == Apart::Hopefully && !is_clean;
            tried.jobs.push((job, attempt));
            if tried.lost.is_some() || tried.is_mixed || started.elapsed() > BATCH_TIME {
                break;
            }
        }
        Some(tried)
    }

    fn begin(&mut self, strength: Strength, apart: Apart) -> Result<(), StoreError> {
        if let Some(reason) = self.health.failure() {
            return Err(StoreError::unavailable(reason));
        }
        self.tx.forget();
        if self.synchronous != Some(strength) {
            self.synchronous = None;
            // It takes effect when it is prepared, so it must not be kept prepared.
            self.batch(match strength {
                Strength::Relaxed => "PRAGMA synchronous = NORMAL",
                Strength::Synced => "PRAGMA synchronous = FULL",
            })?;
            self.synchronous = Some(strength);
        }
        self.execute("BEGIN IMMEDIATE")?;
        match apart {
            Apart::Hopefully => Ok(()),
            Apart::Used | Apart::Fresh => self.execute("SAVEPOINT job"),
        }
    }

    async fn attempt(&mut self, job: &mut dyn Job, apart: &mut Apart) -> Attempt {
        self.tx.restart(self.clock.now());
        if *apart == Apart::Used
            && let Err(err) =
                self.execute("RELEASE job").and_then(|()| self.execute("SAVEPOINT job"))
        {
            return Attempt::Lost(err);
        }
        let failed = match AssertUnwindSafe(job.run(&mut self.tx)).catch_unwind().await {
            Ok(Ok(())) => {
                if *apart == Apart::Fresh {
                    *apart = Apart::Used;
                }
                return Attempt::Made(self.tx.take_aftermath());
            }
            Ok(Err(err)) => Attempt::Refused(err),
            Err(payload) => Attempt::Panicked(payload),
        };
        self.tx.forget();
        let undone = match apart {
            // A full disk or a failed read can end the whole transaction by itself.
            Apart::Hopefully if self.is_over() => Err(StoreError::unavailable("undone")),
            Apart::Hopefully => Ok(()),
            Apart::Used | Apart::Fresh => self.execute("ROLLBACK TO job"),
        };
        if *apart == Apart::Used {
            *apart = Apart::Fresh;
        }
        match (undone, failed) {
            (Ok(()), failed) => failed,
            (Err(_), Attempt::Refused(err)) => Attempt::Lost(err),
            (Err(err), _) => Attempt::Lost(err),
        }
    }

    fn end(&mut self) -> Result<(), StoreError> {
        self.commits += 1;
        self.die_at(Fault::BeforeCommit(self.commits));
        let committed = self.execute("COMMIT");
        self.die_at(Fault::AfterCommit(self.commits));
        match &committed {
            Ok(()) => self.tx.kept(),
            Err(err) if err.is_io_failure() => self.health.fail(err.to_string()),
            Err(_) => (),
        }
        committed
    }

    /// Undoes the transaction, if one is still open.
    fn undo(&mut self) {
        self.tx.undone();
        // Fails when the engine has rolled back by itself, which is as good.
        self.execute("ROLLBACK").ok();
    }

    fn execute(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.conn().prepare_cached(sql)?.raw_execute()?;
        Ok(())
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.conn().execute_batch(sql)?)
    }

    /// Whether no transaction is open.
    fn is_over(&mut self) -> bool {
        self.conn().is_autocommit()
    }

    /// How many rows were changed since the connection was opened.
    fn changes(&mut self) -> u64 {
        self.conn().total_changes()
    }

    fn conn(&mut self) -> &Connection {
        match self.tx.conn() {
            Conn::Sqlite(conn) => conn,
            Conn::Postgres(_) => unreachable!("a group is made with a connection to SQLite"),
        }
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

#[cfg(test)]
mod tests;
