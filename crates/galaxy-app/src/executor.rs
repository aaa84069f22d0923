//! Carries a claimed run on: gathers what it needs, has `galaxy-agent` drive it, and leaves it
//! settled.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_access::{acting_for, drive as drive_permit, drive_conversation, drive_log};
use galaxy_agent::{
    Deps, Driven, FirstPiece, RunError, Signals,
    context::Context,
    drive,
    drive::closing,
    log::{RunLog, StoredLog},
    policy::Rules,
};
use galaxy_base::Clock;
use galaxy_domain::{
    Caller, Item, Stop, Transcript, Verdict,
    conversation::{MessageRow, Settings},
    run::RunRow,
};
use galaxy_jobs::{Runner, worker::Ends};
use galaxy_model::{Model, catalogue::Catalogue};
use galaxy_store::{Store, StoreError};
use galaxy_tool::{Toolbox, server::Holds};
use tracing::Instrument;

use crate::{
    AppConfig, AppError,
    audit::calls::last,
    runs::{replay, whole_log},
    servers::{Servers, signing_in::waiting},
};

/// Pieces of an answer are joined for this long at rest.
const JOIN_AT_REST: Duration = Duration::from_millis(25);
/// And for this long at most, under load.
const JOIN_AT_MOST: Duration = Duration::from_millis(250);
/// Each run under way adds this much to the joining.
const JOIN_PER_RUN: Duration = Duration::from_micros(250);
/// How often a run whose drive broke is tried.
const ATTEMPTS: i64 = 5;

/// Carries runs on.
pub(crate) struct Executor {
    pub(crate) store: Store,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) servers: Arc<Servers>,
    pub(crate) holds: Arc<Holds>,
    pub(crate) config: AppConfig,
    pub(crate) clock: Clock,
    pub(crate) carried: Arc<AtomicUsize>,
}

/// Why a run cannot even begin.
pub(crate) enum Unfit {
    /// It ends with this.
    Ends(Box<Stop>),
    /// The store failed; the run is left for later.
    Store(StoreError),
}

impl From<StoreError> for Unfit {
    fn from(err: StoreError) -> Self {
        Self::Store(err)
    }
}

impl Runner for Executor {
    fn run(&self, run: RunRow, ends: Ends) -> BoxFuture<'_, ()> {
        async move { self.guard(&run, self.carry(&run, ends)).await }.boxed()
    }
}

impl Executor {
    /// Does `work` on `run`; when it breaks, sees to it that the run is not lost.
    pub(crate) async fn guard(
        &self,
        run: &RunRow,
        work: impl Future<Output = Result<(), RunError>>,
    ) {
        self.carried.fetch_add(1, Ordering::Relaxed);
        let span = tracing::info_span!("run", run = %run.id);
        let work = async {
            match AssertUnwindSafe(work).catch_unwind().await {
                Ok(Ok(())) => (),
                Ok(Err(err)) => self.give_back(run, &err).await,
                // It would come again at every claim.
                Err(_) => self.end_panicked(run).await,
            }
        };
        work.instrument(span).await;
        self.carried.fetch_sub(1, Ordering::Relaxed);
    }

    async fn carry(&self, run: &RunRow, ends: Ends) -> Result<(), RunError> {
        let mut transcript = match self.transcript(run).await {
            Ok(transcript) => transcript,
            Err(AppError::Store(err)) => return Err(err.into()),
            Err(err) => {
                tracing::error!(run = %run.id, error = %err, "a run cannot be read");
                return self.end_broken(run).await;
            }
        };
        let deps = match self.stored_deps(run).await {
            Ok(deps) => deps,
            Err(Unfit::Store(err)) => return Err(err.into()),
            Err(Unfit::Ends(stop)) => return self.end(run, &transcript, &stop).await,
        };
        let driven = drive(run.id, &mut transcript, &deps, &signals(ends)).await?;
        self.put_down(run, driven, &transcript).await
    }

    /// Leaves a run that was driven as far as it went.
    pub(crate) async fn put_down(
        &self,
        run: &RunRow,
        driven: Driven,
        transcript: &Transcript,
    ) -> Result<(), RunError> {
        if driven == Driven::Stopped(Stop::Parked)
            && let Err(err) = waiting::go_on_if_done(&self.store, run, transcript).await
        {
            // The person can say by hand that they have signed in.
            tracing::warn!(run = %run.id, error = %err, "cannot see who has signed in");
        }
        match driven {
            Driven::Stopped(stop) => {
                metrics::counter!("galaxy_runs_total", "state" => stop.state().as_str())
                    .increment(1);
                tracing::info!(run = %run.id, state = stop.state().as_str(), "run stopped");
            }
            Driven::HandedOver => self.store.release(drive_permit(run), run.fence).await?,
        }
        Ok(())
    }

    async fn transcript(&self, run: &RunRow) -> Result<Transcript, AppError> {
        replay(whole_log(&self.store, drive_log(run)).await?)
    }

    async fn stored_deps(&self, run: &RunRow) -> Result<Deps, Unfit> {
        let settings = self.store.conversation(drive_conversation(run)).await?.settings;
        let mut history =
            self.store.path(drive_permit(run), run.conversation, run.question).await?;
        // The question itself is the run's first entry.
        history.pop();
        self.deps(run, Arc::new(self.log(run)), &settings, history).await
    }

    /// The log of a claimed run.
    pub(crate) fn log(&self, run: &RunRow) -> StoredLog {
        StoredLog { store: self.store.clone(), permit: drive_permit(run), fence: run.fence }
    }

    /// Everything that a run needs which answers after `history`.
    pub(crate) async fn deps(
        &self,
        run: &RunRow,
        log: Arc<dyn RunLog>,
        settings: &Settings,
        history: Vec<MessageRow>,
    ) -> Result<Deps, Unfit> {
        let person = self.store.person(run.owner).await?;
        let caller = person.and_then(|person| acting_for(run, &person).ok());
        let caller = caller.ok_or_else(|| unfit("account_disabled", "The account is closed."))?;
        let model = self.model(run, settings)?;
        let toolbox = self.tools(&caller, settings).await?;
        let rules = self.store.rules(run.owner, run.workspace, Some(run.conversation)).await?;
        let policy = Arc::new(Rules::new(toolbox.clone(), &rules));
        // What is never allowed is not offered either.
        let toolbox = toolbox.filtered(|tool| policy.verdict(tool) != Verdict::Deny);
        let prompt = settings.system_prompt.as_deref();
        let system = prompt.unwrap_or(&self.config.system_prompt).to_owned();
        let carried = self.carried.clone();
        let pace = move || {
            let load = u32::try_from(carried.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
            (JOIN_AT_REST + JOIN_PER_RUN.saturating_mul(load)).min(JOIN_AT_MOST)
        };
        Ok(Deps {
            model,
            toolbox,
            holds: self.holds.clone(),
            policy,
            log,
            context: Context { system, history, effort: None, schema: None },
            caller,
            conversation: run.conversation,
            limits: self.config.limits,
            clock: self.clock.clone(),
            pace: Arc::new(pace),
            first: FirstPiece::AtOnce,
        })
    }

    fn model(&self, run: &RunRow, settings: &Settings) -> Result<Arc<dyn Model>, Unfit> {
        let name = run.model.as_deref().or(settings.model.as_deref());
        self.catalogue.get(name).ok_or_else(|| {
            unfit("model_unknown", "This model is no longer configured. Choose another one.")
        })
    }

    async fn tools(&self, caller: &Caller, settings: &Settings) -> Result<Toolbox, Unfit> {
        let shelf = match self.servers.shelf(caller.person, caller.workspace).await {
            Ok(shelf) => shelf,
            Err(AppError::Store(err)) => return Err(err.into()),
            Err(err) => return Err(unfit("internal", &err.to_string())),
        };
        let chosen = settings.tools.as_ref();
        let may_change = caller.role >= galaxy_domain::Role::Member;
        Ok(shelf.toolbox.filtered(|tool| {
            chosen.is_none_or(|names| names.iter().any(|name| name == tool.name()))
                && (may_change || tool.effect().is_repeatable())
        }))
    }

    async fn end(
        &self,
        run: &RunRow,
        transcript: &Transcript,
        stop: &Stop,
    ) -> Result<(), RunError> {
        let entries = last(run, transcript, closing(transcript, stop));
        let after = transcript.last_seq();
        let permit = drive_permit(run);
        self.store.finish(permit, run.fence, after, entries, stop.state()).await?;
        Ok(())
    }

    /// Leaves a run whose drive broke to whoever claims it next; one that breaks again and again
    /// is ended.
    async fn give_back(&self, run: &RunRow, err: &RunError) {
        if let RunError::Store(StoreError::Fenced) = err {
            tracing::warn!(run = %run.id, "another driver has the run");
            return;
        }
        tracing::error!(run = %run.id, attempts = run.attempts, error = %err, "a drive broke");
        let result = if run.attempts < ATTEMPTS && matches!(err, RunError::Store(_)) {
            self.store.release(drive_permit(run), run.fence).await.map_err(RunError::from)
        } else {
            self.end_broken(run).await
        };
        if let Err(err) = result {
            // The lease runs out, and the run is claimed again.
            tracing::warn!(run = %run.id, error = %err, "cannot give a run back");
        }
    }

    async fn end_panicked(&self, run: &RunRow) {
        tracing::error!(run = %run.id, "the work on a run panicked");
        if let Err(err) = self.end_broken(run).await {
            tracing::warn!(run = %run.id, error = %err, "cannot end a run that panicked");
        }
    }

    async fn end_broken(&self, run: &RunRow) -> Result<(), RunError> {
        let stop = Stop::Failed {
            code: "internal".to_owned(),
            message: "The run broke. Ask again; if it breaks again, tell your administrator."
                .to_owned(),
            detail: None,
        };
        if let Ok(transcript) = self.transcript(run).await {
            return self.end(run, &transcript, &stop).await;
        }
        // The log makes no sense; left alone, the run would be claimed again for ever.
        let last = self.store.events(drive_log(run), u64::MAX, 1).await?.last;
        let state = stop.state();
        let items = vec![Item::Stopped { stop }];
        self.store.finish(drive_permit(run), run.fence, last, items, state).await?;
        Ok(())
    }
}

/// What ends a drive, as the worker says it.
pub(crate) fn signals(ends: Ends) -> Signals {
    Signals { stop: ends.stop, hand_over: ends.hand_over }
}

fn unfit(code: &str, message: &str) -> Unfit {
    Unfit::Ends(Box::new(Stop::Failed {
        code: code.to_owned(),
        message: message.to_owned(),
        detail: None,
    }))
}
