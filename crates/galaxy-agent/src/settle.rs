//! Answers calls: runs those that may run, side by side, and says no to the others.

mod perform;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use galaxy_base::text::{clip, headline};
use galaxy_domain::{
    CallId, Item, Outcome, RemoteTask, ToolCall,
    audit::{Act, Ending},
    elicitation::{Elicitation, QUESTIONS, ROUNDS},
};
use galaxy_store::Strength;
use galaxy_tool::{AnyTool, tool::Note};
use tokio::sync::mpsc;

use crate::{
    audit,
    call::{Attempt, OUTPUT_CHARS},
    drive::{Deps, RunError, Signals},
    log::Journal,
    step::Ruling,
};
use perform::{Done, Job, perform};

/// At most this many tools of one run work at the same time.
const TOOLS_AT_ONCE: usize = 4;
/// A note on progress is cut to this.
const NOTE_CHARS: usize = 300;
/// Answers every call in `rulings`, unless a hand-over comes first; then the calls that have
/// effects and have begun are still waited for, because nobody may repeat them.
pub(crate) async fn settle(
    journal: &mut Journal<'_>,
    rulings: Vec<(CallId, Ruling)>,
    deps: &Deps,
    signals: &Signals,
) -> Result<(), RunError> {
    let mut jobs = VecDeque::new();
    for (id, ruling) in rulings {
        let Some(open) = journal.transcript.open_call(&id) else { continue };
        let refused = |reason| audit::refused(deps, journal.run, open, reason);
        let (outcome, record) = match ruling {
            Ruling::Run => match deps.toolbox.get(&open.call.tool) {
                Some(tool) => {
                    jobs.push_back(Job::new(open, tool.clone(), &deps.toolbox));
                    continue;
                }
                None => {
                    let message = format!("no tool `{}`", open.call.tool);
                    (Outcome::Failed { message }, refused("unknown_tool"))
                }
            },
            Ruling::Deny(reason) => {
                let who = if open.decision.is_some() { "person" } else { "rule" };
                (Outcome::Denied { reason }, refused(who))
            }
            Ruling::Refuse(message) => {
                (Outcome::Failed { message: clip(&message, OUTPUT_CHARS) }, refused("invalid"))
            }
            Ruling::Lost => {
                let ended = (&Outcome::Unknown, Duration::ZERO);
                (Outcome::Unknown, audit::ended(deps, journal.run, open, ended))
            }
        };
        journal.record(record);
        deps.holds.cancel_call(journal.run, &id);
        journal.stage(Item::Reply { call: id, outcome, took_ms: 0, whole: None })?;
    }
    run_all(journal, jobs, deps, signals).await
}

async fn run_all(
    journal: &mut Journal<'_>,
    mut waiting: VecDeque<Job>,
    deps: &Deps,
    signals: &Signals,
) -> Result<(), RunError> {
    let (told, mut heard) = mpsc::channel::<(CallId, Note)>(64);
    let mut working = FuturesUnordered::new();
    loop {
        let halted = signals.hand_over.is_cancelled() || signals.stop.is_cancelled();
        let room = if halted { 0 } else { TOOLS_AT_ONCE - working.len() };
        let starting: Vec<Job> = waiting.drain(..room.min(waiting.len())).collect();
        begin(journal, &starting, deps).await?;
        for job in starting {
            working.push(perform(job, journal.run, deps, signals, told.clone()));
        }
        tokio::select! {
            biased;
            done = working.next() => {
                let Some(done) = done else { return Ok(()) };
                let more = !working.is_empty();
                if let Some(Attempt::Task(task)) = done.attempt {
                    // It is looked after only once it is certain that it will be found again.
                    if let Some(job) = entrust(journal, (done.call, done.tool), *task, deps).await? {
                        waiting.push_front(job);
                    }
                } else {
                    reply(journal, done, deps, more).await?;
                }
            }
            Some((call, note)) = heard.recv() => {
                // A note can come out after the call that sent it has been answered.
                if journal.transcript.open_call(&call).is_some() {
                    let text = headline(&note.text, NOTE_CHARS);
                    journal.stage(Item::Progress { call, share: note.share, note: text })?;
                    journal.commit(Strength::Relaxed).await?;
                }
            }
        }
    }
}

/// Stores that the server of a call goes on with it by itself; gives what there is to do then.
async fn entrust(
    journal: &mut Journal<'_>,
    (call, tool): (ToolCall, Arc<dyn AnyTool>),
    task: RemoteTask,
    deps: &Deps,
) -> Result<Option<Job>, RunError> {
    let digest = deps.policy.bound_to(&call.tool, &call.input).unwrap_or_default();
    let id = call.id;
    journal.stage(Item::TaskCreated { call: id.clone(), task, digest })?;
    journal.commit(Strength::Synced).await?;
    Ok(journal.transcript.open_call(&id).map(|open| Job::new(open, tool, &deps.toolbox)))
}

/// Stores that `jobs` are about to run, before they do.
async fn begin(journal: &mut Journal<'_>, jobs: &[Job], deps: &Deps) -> Result<(), RunError> {
    let beginning = jobs.iter().filter(|job| job.begins);
    if beginning.clone().next().is_none() {
        // What is staged by now waits for what follows it.
        return Ok(());
    }
    for job in beginning {
        let effect = job.tool.effect();
        let (call, view) = (job.call.id.clone(), job.view.clone());
        if let Some(open) = journal.transcript.open_call(&call).filter(|_| job.is_risky()) {
            let record = audit::called(deps, journal.run, Act::ToolBegan, open);
            journal.record(record.ended(Ending::Begun));
        }
        journal.stage(Item::Began { call, effect, view })?;
    }
    let risky = jobs.iter().any(Job::is_risky);
    journal.commit(if risky { Strength::Synced } else { Strength::Relaxed }).await
}

/// Notes what came of a call. The last harmless end is stored together with what follows it.
async fn reply(
    journal: &mut Journal<'_>,
    done: Done,
    deps: &Deps,
    more: bool,
) -> Result<(), RunError> {
    let Done { call: ToolCall { id: call, input, .. }, tool, risky, attempt, took, whole } = done;
    let outcome = match attempt {
        None | Some(Attempt::Task(_)) => return Ok(()),
        Some(Attempt::Ended(outcome)) => outcome,
        Some(Attempt::Waits(elicitation)) => match put_down(journal, &call, *elicitation, deps)? {
            // The last one is stored together with the run's being put down: whoever hears of the
            // question finds the run waiting.
            None if more => return journal.commit(Strength::Synced).await,
            None => return Ok(()),
            Some(message) => {
                if let Some(task) = task_of(journal, &call) {
                    tool.give_up(&input, &task, &deps.caller).await;
                }
                Outcome::Failed { message }
            }
        },
    };
    if let Some(open) = journal.transcript.open_call(&call) {
        journal.record(audit::ended(deps, journal.run, open, (&outcome, took)));
    }
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    journal.stage(Item::Reply { call, outcome, took_ms, whole })?;
    match (risky, more) {
        (true, _) => journal.commit(Strength::Synced).await,
        (false, true) => journal.commit(Strength::Relaxed).await,
        (false, false) => Ok(()),
    }
}

/// What the server of an open call goes on with by itself.
fn task_of(journal: &Journal<'_>, call: &CallId) -> Option<RemoteTask> {
    Some(journal.transcript.open_call(call)?.task.as_ref()?.task.clone())
}

/// Notes that a call waits for a person, or says why it does not.
fn put_down(
    journal: &mut Journal<'_>,
    call: &CallId,
    elicitation: Elicitation,
    deps: &Deps,
) -> Result<Option<String>, RunError> {
    let open = journal.transcript.open_call(call);
    let rounds = open.map_or(0, |open| open.rounds);
    let asked = elicitation.questions.len();
    if rounds >= ROUNDS || !(1..=QUESTIONS).contains(&asked) {
        deps.holds.cancel_call(journal.run, call);
        return Ok(Some(format!(
            "the tool was left: it asked {rounds} times before, and for {asked} things now; it \
             may have taken effect all the same"
        )));
    }
    let bound = open.and_then(|open| deps.policy.bound_to(&open.call.tool, open.input()));
    let digest = bound.unwrap_or_default();
    let (call, round) = (call.clone(), rounds + 1);
    journal.stage(Item::Elicited { call, round, elicitation, digest })?;
    Ok(None)
}
