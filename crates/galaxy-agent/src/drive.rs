//! Carries out [`Step`]s until one of them is to stop.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use galaxy_base::Clock;
use galaxy_domain::{
    CallId, Caller, ConversationId, Item, Outcome, RunId, Stop, Transcript,
    elicitation::WayBack,
    transcript::{Misplaced, OpenCall, Question},
};
use galaxy_model::{Model, ModelError, Request};
use galaxy_store::{StoreError, Strength};
use galaxy_tool::{Toolbox, server::Holds};
use tokio_util::sync::CancellationToken;

use crate::{
    audit::{self, Whose},
    context::Context,
    log::{Journal, RunLog},
    policy::Policy,
    sample::sample,
    settle::settle,
    step::{Limits, Step, next_step},
};

/// Everything a run needs from outside.
pub struct Deps {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its tools.
    pub toolbox: Toolbox,
    /// Calls that are held while a person answers what their tool asked.
    pub holds: Arc<Holds>,
    /// Which of them may run.
    pub policy: Arc<dyn Policy>,
    /// Where the log is kept.
    pub log: Arc<dyn RunLog>,
    /// What was said before this run.
    pub context: Context,
    /// On whose behalf.
    pub caller: Caller,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Bounds on the run.
    pub limits: Limits,
    /// What time it is.
    pub clock: Clock,
    /// How long pieces of an answer are joined before they are stored: short at rest, longer
    /// under load.
    pub pace: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// How soon the first of them is stored.
    pub first: FirstPiece,
}

/// When the first piece of an answer is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstPiece {
    /// As soon as it comes: somebody may be waiting for it.
    AtOnce,
    /// Joined with those that follow it, like every other: whoever asked waits for the whole.
    Joined,
}

/// What can end a drive from outside.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    /// A person stopped the run.
    pub stop: CancellationToken,
    /// The process stops: whoever claims the run next goes on with it.
    pub hand_over: CancellationToken,
}

/// How a drive ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Driven {
    /// The run stopped or parked, and its log says so.
    Stopped(Stop),
    /// The run goes on elsewhere; its log says how far it came.
    HandedOver,
}

/// Why a drive broke. A run that *stopped* is not an error.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The log could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The model or a tool broke the rules of the transcript.
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
}

/// How an attempt to get something from outside ended, short of breaking the drive.
pub(crate) enum Interrupted {
    /// A person stopped it.
    Stopped,
    /// The process stops.
    HandedOver,
    /// The model gave no answer, or broke off.
    Model(ModelError),
}

/// Drives `run` until it stops, and says why it did.
///
/// Every step is stored before the next one acts, so `drive` can be called again on the same run
/// at any time, on any machine.
///
/// # Errors
/// See [`RunError`]. What was done up to the error is stored.
pub async fn drive(
    run: RunId,
    transcript: &mut Transcript,
    deps: &Deps,
    signals: &Signals,
) -> Result<Driven, RunError> {
    let log = deps.log.clone();
    let mut journal = Journal::new(run, transcript, &*log);
    loop {
        if signals.stop.is_cancelled() {
            return stop(&mut journal, deps, Stop::Cancelled).await;
        }
        if signals.hand_over.is_cancelled() {
            journal.commit(Strength::Synced).await?;
            return Ok(Driven::HandedOver);
        }
        let step = next_step(journal.transcript, &*deps.policy, &deps.limits, deps.clock.now());
        match step {
            Step::Sample => match sample(&mut journal, deps, signals).await? {
                Ok(()) | Err(Interrupted::Stopped | Interrupted::HandedOver) => (),
                Err(Interrupted::Model(err)) => {
                    return stop(&mut journal, deps, failed(&err)).await;
                }
            },
            Step::Settle(rulings) => settle(&mut journal, rulings, deps, signals).await?,
            Step::Park(questions) => return park(&mut journal, questions, deps).await,
            Step::Stop(why) => return stop(&mut journal, deps, why).await,
        }
    }
}

/// Builds what the model is asked.
pub(crate) fn request(transcript: &Transcript, deps: &Deps) -> Request {
    deps.context.request(transcript.items(), &deps.toolbox, deps.model.profile())
}

/// Asks a person about `questions` and puts the run down.
async fn park(
    journal: &mut Journal<'_>,
    questions: Vec<(CallId, Question)>,
    deps: &Deps,
) -> Result<Driven, RunError> {
    for (call, question) in questions {
        let Some(open) = journal.transcript.open_call(&call) else { continue };
        // What a tool asks is in the log already.
        if open.asked.is_some() || question == Question::Form {
            continue;
        }
        let digest = deps.policy.bound_to(&open.call.tool, open.input()).unwrap_or_default();
        journal.stage(Item::Asked { call, question, digest })?;
    }
    journal.finish(Stop::Parked.state()).await?;
    Ok(Driven::Stopped(Stop::Parked))
}

/// Leaves no call unanswered, so that the conversation can always go on, and ends the run.
async fn stop(journal: &mut Journal<'_>, deps: &Deps, why: Stop) -> Result<Driven, RunError> {
    deps.holds.cancel(journal.run);
    give_up(journal.transcript, &deps.toolbox, &deps.caller).await;
    let whose = Whose::of(&deps.caller, journal.run);
    for record in audit::left(whose, journal.transcript, left_as) {
        journal.record(record);
    }
    for item in closing(journal.transcript, &why) {
        journal.stage(item)?;
    }
    journal.finish(why.state()).await?;
    Ok(Driven::Stopped(why))
}

/// Tells the servers that go on with calls of `transcript` by themselves that nobody wants them any
/// more. Also used for a run that nobody drives at the moment.
pub async fn give_up(transcript: &Transcript, toolbox: &Toolbox, caller: &Caller) {
    let given_up = transcript.open_calls().filter_map(|open| {
        let (tool, entrusted) = (toolbox.get(&open.call.tool)?, open.task.as_ref()?);
        Some(tool.give_up(open.input(), &entrusted.task, caller))
    });
    join_all(given_up).await;
}

/// The entries that end `transcript` for the reason `why`. Also used to stop a run that nobody
/// drives at the moment.
pub fn closing(transcript: &Transcript, why: &Stop) -> Vec<Item> {
    let aborted = transcript.open_calls().map(|open| Item::Reply {
        call: open.call.id.clone(),
        outcome: left_as(open),
        took_ms: 0,
        whole: None,
    });
    let mut items: Vec<Item> = aborted.collect();
    if !transcript.has_stopped() {
        items.push(Item::Stopped { stop: why.clone() });
    }
    items
}

/// How a call ends that nothing will answer any more.
pub fn left_as(open: &OpenCall) -> Outcome {
    if may_have_happened(open) { Outcome::Unknown } else { Outcome::Aborted }
}

/// Whether a call that nothing has answered may have had effects: it began, and was not put down
/// with a server that does nothing until it is asked again.
fn may_have_happened(open: &OpenCall) -> bool {
    let at_rest = open.put_down().is_some_and(|round| match round.elicitation.back {
        WayBack::Again { .. } | WayBack::Afresh => true,
        WayBack::Held { .. } | WayBack::Task => false,
    });
    open.began.is_some_and(|effect| !effect.is_repeatable()) && !at_rest
}

fn failed(err: &ModelError) -> Stop {
    Stop::Failed {
        code: err.code().to_owned(),
        message: format!("{}. {}", capitalised(&err.to_string()), err.advice()),
        detail: err.detail().map(ToOwned::to_owned),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
