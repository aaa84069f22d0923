//! Claims runs and has them carried on, as many at once as configured.

mod held;

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::{Backoff, Tasks};
use galaxy_domain::{PersonId, RunId, run::RunRow};
use galaxy_store::Store;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::live::Live;
pub use held::Claimed;
use held::{Held, Hold};

/// How often a stopping worker looks whether its last run is handed over.
const HAND_OVER_LOOK: Duration = Duration::from_millis(100);

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Names this process in leases; unique among the replicas.
    pub name: String,
    /// How many runs it carries at once.
    pub at_once: usize,
    /// How many of them may be one person's.
    pub at_once_per_person: usize,
    /// How long a claim holds without a sign of life.
    pub lease: Duration,
    /// How often it gives one.
    pub heartbeat: Duration,
    /// How often it looks for work that nobody told it about.
    pub look: Duration,
}

impl WorkerConfig {
    /// The usual figures for a worker named `name`.
    pub fn named(name: String) -> Self {
        Self {
            name,
            at_once: 4_096,
            at_once_per_person: 64,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            look: Duration::from_secs(1),
        }
    }
}

/// What ends the work on a run from outside.
#[derive(Debug, Clone)]
pub struct Ends {
    /// A person stopped the run.
    pub stop: CancellationToken,
    /// The process stops, or the lease was lost.
    pub hand_over: CancellationToken,
}

/// Carries a claimed run on.
pub trait Runner: Send + Sync + 'static {
    /// Works on `run` until it stops moving or `ends` says so, and leaves it settled in the
    /// store. What is still marked as running when this returns is claimed again once its lease
    /// has run out.
    fn run(&self, run: RunRow, ends: Ends) -> BoxFuture<'_, ()>;
}

/// The worker of a process.
pub struct Worker {
    store: Store,
    live: Arc<Live>,
    runner: Arc<dyn Runner>,
    config: WorkerConfig,
    tasks: Tasks,
    held: Arc<Held>,
    /// Whether it has been started: only then are leases kept.
    at_work: AtomicBool,
}

impl Worker {
    /// A worker that does nothing until [`Worker::start`].
    pub fn new(
        store: Store,
        live: Arc<Live>,
        runner: Arc<dyn Runner>,
        config: WorkerConfig,
        tasks: Tasks,
    ) -> Arc<Self> {
        let (held, at_work) = (Arc::default(), AtomicBool::new(false));
        Arc::new(Self { store, live, runner, config, tasks, held, at_work })
    }

    /// How many runs it carries now.
    pub fn carried(&self) -> usize {
        self.held.count.load(Ordering::Relaxed)
    }

    /// What this process is called in leases, and how long its claims hold.
    pub fn claims(&self) -> (&str, Duration) {
        (&self.config.name, self.config.lease)
    }

    /// Whether one more run of `person` would be claimed at once.
    pub fn has_room(&self, person: PersonId) -> bool {
        let runs = self.lock();
        let theirs = runs.values().filter(|hold| hold.owner == person).count();
        self.at_work.load(Ordering::Relaxed)
            && runs.len() < self.config.at_once
            && theirs < self.config.at_once_per_person
            && !self.tasks.stopping().is_cancelled()
    }

    /// Starts to claim runs, until the tasks are told to stop.
    pub fn start(self: &Arc<Self>) {
        self.at_work.store(true, Ordering::Relaxed);
        let worker = self.clone();
        self.tasks.spawn(async move { worker.work().await });
        let worker = self.clone();
        self.tasks.spawn(async move { worker.keep_leases().await });
    }

    async fn work(self: Arc<Self>) {
        let stopping = self.tasks.stopping().clone();
        let retry = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(5) };
        let mut failures = 0;
        loop {
            let room = self.config.at_once.saturating_sub(self.carried());
            let claimed = if room == 0 { Ok(Vec::new()) } else { self.claim(room).await };
            let pause = match claimed {
                Ok(runs) => {
                    failures = 0;
                    let full = !runs.is_empty();
                    for run in runs {
                        self.carry(run);
                    }
                    // There may be more where these came from.
                    if full { Duration::ZERO } else { self.config.look }
                }
                Err(err) => {
                    tracing::warn!(error = %err, "cannot claim runs");
                    failures += 1;
                    retry.bound(failures)
                }
            };
            tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                () = self.live.queued.notified() => (),
                () = sleep(pause) => (),
            }
        }
        self.hand_over();
    }

    async fn claim(&self, room: usize) -> Result<Vec<RunRow>, galaxy_store::StoreError> {
        let WorkerConfig { name, lease, at_once_per_person, .. } = &self.config;
        self.store.claim(name, *lease, room.min(64), *at_once_per_person).await
    }

    fn carry(self: &Arc<Self>, run: RunRow) {
        let (runner, row) = (self.runner.clone(), run.clone());
        let work = |ends| async move { runner.run(run, ends).await };
        self.adopt(&row, Claimed::Stored, work);
    }

    /// A run that is carried was stored as claimed.
    pub fn stored(&self, run: RunId) {
        if let Some(hold) = self.lock().get_mut(&run) {
            hold.is_stored = true;
        }
    }

    /// Carries a run that is claimed for this process, or about to be: `work` works on it until it
    /// stops moving or its ends say so.
    pub fn adopt<W>(self: &Arc<Self>, run: &RunRow, claimed: Claimed, work: impl FnOnce(Ends) -> W)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let (id, fence, owner) = (run.id, run.fence, run.owner);
        let work = work(self.hold(run, claimed));
        self.held.count.fetch_add(1, Ordering::Relaxed);
        let worker = self.clone();
        self.tasks.spawn(async move {
            let work = std::panic::AssertUnwindSafe(work);
            if work.catch_unwind().await.is_err() {
                // The lease runs out, and the run is claimed again.
                tracing::error!(run = %id, "the work on a run panicked");
            }
            // Another may have waited for its room.
            let was_full = !worker.has_room(owner);
            worker.forget(id, fence);
            worker.held.count.fetch_sub(1, Ordering::Relaxed);
            if was_full {
                worker.live.queued.notify_one();
            }
        });
    }

    /// Notes that this process carries `run`, and from where its end can come.
    fn hold(&self, run: &RunRow, claimed: Claimed) -> Ends {
        let mut runs = self.lock();
        let stop = self.live.watch_run(run.id);
        if run.stop_requested {
            stop.cancel();
        }
        let ends = Ends { stop, hand_over: CancellationToken::new() };
        let is_stored = claimed == Claimed::Stored;
        let hold = Hold { fence: run.fence, owner: run.owner, ends: ends.clone(), is_stored };
        if let Some(before) = runs.insert(run.id, hold) {
            // This process was held up for so long that it took the run over from itself.
            before.ends.hand_over.cancel();
        }
        if self.tasks.stopping().is_cancelled() {
            // The others have been handed over already.
            ends.hand_over.cancel();
        }
        ends
    }

    /// Forgets a run, unless it was claimed again meanwhile.
    fn forget(&self, id: RunId, fence: i64) {
        let mut runs = self.lock();
        if runs.get(&id).is_some_and(|hold| hold.fence == fence) {
            runs.remove(&id);
            self.live.forget_run(id);
        }
    }

    async fn keep_leases(self: Arc<Self>) {
        let mut beat = interval(self.config.heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.all_handed_over() => return,
                _ = beat.tick() => (),
            }
            let held: Vec<RunId> = self.leased();
            if held.is_empty() {
                continue;
            }
            match self.store.heartbeat(&self.config.name, &held, self.config.lease).await {
                Ok(beats) => self.heed(&held, &beats),
                Err(err) => tracing::warn!(error = %err, "cannot keep leases"),
            }
        }
    }

    fn leased(&self) -> Vec<RunId> {
        let runs = self.lock();
        runs.iter().filter(|(_, hold)| hold.is_stored).map(|(run, _)| *run).collect()
    }

    /// Waits for the process to stop and for the last run to be handed over: until then runs keep
    /// their lease.
    async fn all_handed_over(&self) {
        self.tasks.stopping().cancelled().await;
        while self.carried() > 0 {
            sleep(HAND_OVER_LOOK).await;
        }
    }

    /// Stops work on runs that somebody else has now, and on those a person stopped elsewhere.
    fn heed(&self, held: &[RunId], beats: &[galaxy_store::Beat]) {
        let runs = self.lock();
        for id in held {
            let Some(Hold { ends, .. }) = runs.get(id) else { continue };
            match beats.iter().find(|beat| beat.run == *id) {
                Some(beat) if beat.stop_requested => ends.stop.cancel(),
                Some(_) => (),
                None => {
                    // Mostly it has just ended; the fence tells the driver that lost it.
                    tracing::debug!(run = %id, "the lease is no longer held");
                    ends.hand_over.cancel();
                }
            }
        }
    }

    fn hand_over(&self) {
        for hold in self.lock().values() {
            hold.ends.hand_over.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Hold>> {
        self.held.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
