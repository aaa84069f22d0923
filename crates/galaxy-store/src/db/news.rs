//! Telling what was committed: to this process at once, and to those that share the database by
//! PostgreSQL's `NOTIFY`.

mod shared;

use std::sync::{Arc, PoisonError, RwLock};

use galaxy_base::Tasks;
use sqlx::PgPool;
use tokio::sync::mpsc;

use crate::growth::{Aftermath, Watcher};
use shared::Brief;

/// How many commits may wait to be announced to other processes.
const QUEUE: usize = 1_024;

type Slot = Arc<RwLock<Option<Arc<dyn Watcher>>>>;

/// Whom to tell.
#[derive(Default)]
pub(crate) struct News {
    watcher: Slot,
    others: Option<mpsc::Sender<Brief>>,
}

impl std::fmt::Debug for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("News").finish_non_exhaustive()
    }
}

impl News {
    /// News that other processes get too, and that come from them.
    pub(super) fn shared(pool: &PgPool, instance: String, tasks: &Tasks) -> Self {
        let (others, announced) = mpsc::channel(QUEUE);
        let watcher = Slot::default();
        let stop = tasks.stopping().clone();
        tasks.spawn(shared::announce(pool.clone(), instance.clone(), announced, stop.clone()));
        let listening = shared::listen(pool.clone(), instance, Arc::clone(&watcher));
        tasks.spawn(async move {
            stop.run_until_cancelled(listening).await;
        });
        Self { watcher, others: Some(others) }
    }

    /// From now on `watcher` is told.
    pub(crate) fn watch(&self, watcher: Arc<dyn Watcher>) {
        *self.watcher.write().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
    }

    /// Tells what a commit brought.
    pub(super) fn publish(&self, after: Aftermath) {
        if after.is_empty() {
            return;
        }
        if let Some(others) = &self.others {
            // When the announcer cannot keep up it says "anything may have happened" instead.
            if others.try_send(Brief::of(&after)).is_err() {
                metrics::counter!("galaxy_store_announcements_dropped").increment(1);
            }
        }
        if let Some(watcher) = current(&self.watcher) {
            let Aftermath { grown, queued, stops } = after;
            grown.into_iter().for_each(|growth| watcher.grew(growth));
            if queued {
                watcher.queued();
            }
            stops.into_iter().for_each(|run| watcher.stop_requested(run));
        }
    }
}

fn current(slot: &Slot) -> Option<Arc<dyn Watcher>> {
    slot.read().unwrap_or_else(PoisonError::into_inner).clone()
}
