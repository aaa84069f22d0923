//! Reading all records now and then, and removing those whose time is over.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use galaxy_access::administer;
use galaxy_base::Timestamp;
use galaxy_domain::{
    Caller,
    audit::{Act, Actor, Record, Thing, Way},
};
use galaxy_store::{Store, StoreError, Strength};
use tokio_util::sync::CancellationToken;

use super::{AuditState, Checked, Head, LastCheck};
use crate::{App, AppError};

/// After the start of a process the records are read so much later, and then so often.
const FIRST: Duration = Duration::from_secs(10 * 60);
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
const DAY: u64 = 24 * 60 * 60;

/// What this process knows of the state of the log.
#[derive(Debug)]
pub(crate) struct Upkeep {
    store: Store,
    state: Mutex<AuditState>,
}

impl Upkeep {
    /// Knows nothing yet.
    pub(crate) fn new(store: Store, kept_days: Option<u32>) -> Arc<Self> {
        let state = AuditState { kept_days, ..AuditState::default() };
        Arc::new(Self { store, state: Mutex::new(state) })
    }

    fn locked(&self) -> MutexGuard<'_, AuditState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all records, unless somebody does already.
    async fn check(&self) {
        if std::mem::replace(&mut self.locked().is_checking, true) {
            return;
        }
        let at = self.store.clock().now();
        // What is noted and not yet written would be told of later.
        let checked = match self.store.notes_written().await {
            Ok(()) => self.store.check_audit(&[]).await,
            Err(err) => Err(err),
        };
        let mut state = self.locked();
        state.is_checking = false;
        match checked {
            Ok(checked) => {
                tell(&checked);
                state.last = Some(LastCheck { at, checked });
            }
            Err(err) => tracing::warn!(error = %err, "the audit log could not be read"),
        }
    }

    /// Reads all records once a day, until the process stops.
    pub(crate) async fn look_after(self: Arc<Self>, stopping: CancellationToken) {
        let mut pause = FIRST;
        while stopping.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
            if stopping.run_until_cancelled(self.check()).await.is_none() {
                return;
            }
            pause = EVERY;
        }
    }

    /// Removes records whose time is over at `now`.
    pub(crate) async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some(days) = self.locked().kept_days else { return Ok(()) };
        let kept = i64::from(days) * i64::try_from(DAY * 1_000).unwrap_or(i64::MAX);
        let before = Timestamp::from_millis(now.as_millis().saturating_sub(kept));
        let pruned = self.store.prune_audit(before).await?;
        if pruned.records > 0 {
            tracing::info!(records = pruned.records, "audit records whose time was over are gone");
        }
        Ok(())
    }
}

/// Tells operators what was found.
fn tell(checked: &Checked) {
    let all = checked.troubles.len() as u64 + checked.untold;
    metrics::gauge!("galaxy_audit_troubles").set(all as f64);
    for trouble in checked.troubles.iter().take(20) {
        tracing::error!(place = trouble.place, what = trouble.what, "the audit log was changed");
    }
    if checked.is_good() {
        let heads: Vec<String> = checked.heads.iter().rev().take(4).map(Head::to_string).collect();
        // Whoever keeps these lines elsewhere can tell later whether the end is still there.
        tracing::info!(
            records = checked.records,
            heads = heads.join(" "),
            "the audit log is whole"
        );
    }
}

impl App {
    /// How the log is, as far as this process knows.
    ///
    /// # Errors
    /// [`AppError::Denied`] to all but administrators.
    pub fn audit_state(&self, caller: &Caller) -> Result<AuditState, AppError> {
        administer(caller)?;
        Ok(self.upkeep.locked().clone())
    }

    /// Begins to read all records, if nobody does already; gives the state of it.
    ///
    /// # Errors
    /// [`AppError::Denied`] to all but administrators.
    pub fn check_audit(&self, caller: &Caller) -> Result<AuditState, AppError> {
        administer(caller)?;
        let upkeep = self.upkeep.clone();
        let stopping = self.servers.tasks.stopping().clone();
        self.servers.tasks.spawn(async move {
            stopping.run_until_cancelled(upkeep.check()).await;
        });
        Ok(AuditState { is_checking: true, ..self.upkeep.locked().clone() })
    }
}

/// Reads all records of a store that nobody serves, and compares them with heads that were noted
/// down elsewhere.
///
/// # Errors
/// When the store fails.
pub async fn check(store: &Store, known: &[Head]) -> Result<Checked, AppError> {
    Ok(store.check_audit(known).await?)
}

/// Writes down what a command of this program did to the deployment.
///
/// # Errors
/// When the store fails.
pub async fn by_command(
    store: &Store,
    act: Act,
    tell: impl FnOnce(Record) -> Record,
) -> Result<(), AppError> {
    let actor = Actor { way: Way::Local, ..Actor::system() };
    let record = Record::new(store.workspace(), actor, act).about(Thing::Deployment, "here");
    Ok(store.record(tell(record), Strength::Synced).await?)
}
