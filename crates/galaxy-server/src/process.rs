//! The process as the API and its operators see it.

use std::{fs, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use futures::{FutureExt, future::BoxFuture};
use galaxy_api::Backstage;
use galaxy_app::App;
use galaxy_base::Tasks;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// How often counted things are put in order, and slow figures are taken.
const UPKEEP: Duration = Duration::from_secs(10);
/// How often what is no longer needed is forgotten.
const SWEEP: Duration = Duration::from_secs(600);
/// How long the database may take to say how long the queue is.
const PATIENCE: Duration = Duration::from_secs(5);

/// What only the process knows.
pub(crate) struct Process {
    app: Arc<App>,
    numbers: PrometheusHandle,
    tasks: Tasks,
    stopping: CancellationToken,
}

impl Process {
    /// Around `app`, whose background work `tasks` are.
    pub(crate) fn new(app: Arc<App>, numbers: PrometheusHandle, tasks: Tasks) -> Arc<Self> {
        Arc::new(Self { app, numbers, tasks, stopping: CancellationToken::new() })
    }

    /// From now on the process says that it is about to stop.
    pub(crate) fn announce_stop(&self) {
        self.stopping.cancel();
    }

    /// Set from the moment on at which the process says that it is about to stop.
    pub(crate) fn stopping_token(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Starts what goes on beside requests and runs.
    pub(crate) fn start(self: &Arc<Self>) {
        self.app.start();
        self.every(UPKEEP, |process| async move { process.upkeep().await }.boxed());
        self.every(SWEEP, |process| async move { process.sweep().await }.boxed());
        let (process, stop) = (self.clone(), self.tasks.stopping().clone());
        self.tasks.spawn(async move {
            let probes = process.app.catalogue().probe_all();
            stop.run_until_cancelled(probes).await;
        });
    }

    /// Does `work` every `period`, first after one.
    fn every(self: &Arc<Self>, period: Duration, work: fn(Arc<Self>) -> BoxFuture<'static, ()>) {
        let (process, stop) = (self.clone(), self.tasks.stopping().clone());
        self.tasks.spawn(async move {
            let mut beat = interval(period);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beat.tick().await;
            while stop.run_until_cancelled(beat.tick()).await.is_some() {
                work(process.clone()).await;
            }
        });
    }

    async fn sweep(&self) {
        if let Err(err) = self.app.sweep().await {
            tracing::warn!(error = %err, "cannot sweep");
        }
    }

    async fn upkeep(&self) {
        self.numbers.run_upkeep();
        let depth = tokio::time::timeout(PATIENCE, self.app.queue_depth()).await;
        if let Ok(Ok(depth)) = depth {
            metrics::gauge!("galaxy_runs_queued").set(exact(depth));
        }
    }

    fn gauge(&self) {
        let (runs, topics) = self.app.load();
        metrics::gauge!("galaxy_runs_carried").set(exact(runs));
        metrics::gauge!("galaxy_topics_followed").set(exact(topics));
        metrics::gauge!("galaxy_background_tasks").set(exact(self.tasks.count()));
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!("process_resident_memory_bytes").set(exact(bytes));
        }
        if let Some(files) = open_files() {
            metrics::gauge!("process_open_fds").set(exact(files));
        }
    }
}

impl Backstage for Process {
    fn metrics(&self) -> String {
        self.gauge();
        self.numbers.render()
    }

    fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    fn stopping(&self) -> BoxFuture<'static, ()> {
        self.stopping.clone().cancelled_owned().boxed()
    }
}

/// The operating system's wish that the process ends.
pub(crate) struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl EndSignals {
    /// From now on these signals do not end the process by themselves.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub(crate) fn watch() -> Result<Self> {
        let watch = |kind| signal(kind).context("cannot watch for signals");
        Ok(Self {
            terminate: watch(SignalKind::terminate())?,
            interrupt: watch(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// The memory that the process occupies, in bytes; `None` where nobody says.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// How many files the process has open; `None` where nobody says.
fn open_files() -> Option<usize> {
    // One of them is the folder that is being read.
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

/// A number for a gauge.
#[expect(clippy::cast_precision_loss, reason = "none of them comes near 2^53")]
fn exact(number: impl TryInto<i64>) -> f64 {
    number.try_into().unwrap_or(i64::MAX) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_about_the_process_are_there_and_make_sense() {
        assert!(resident_bytes().unwrap() > 1 << 20);
        assert!(open_files().unwrap() >= 3);
    }
}
