//! Answers calls: runs those that may run, side by side, and says no to the others.

use std::{collections::VecDeque, pin::pin, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use galaxy_base::text::{clip, headline};
use galaxy_domain::{CallId, Item, Outcome, RunId, ToolCall};
use galaxy_store::Strength;
use galaxy_tool::{AnyTool, Notes, ToolCx, tool::Note};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use crate::{
    call::{OUTPUT_CHARS, call},
    drive::{Deps, RunError, Signals},
    log::Journal,
    step::Ruling,
};

/// At most this many tools of one run work at the same time.
const TOOLS_AT_ONCE: usize = 4;
/// A note on progress is cut to this.
const NOTE_CHARS: usize = 300;
/// A reader sees a sign of life of a working tool at least this often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// One call that is to run.
struct Job {
    call: ToolCall,
    tool: Arc<dyn AnyTool>,
}

impl Job {
    fn is_risky(&self) -> bool {
        !self.tool.effect().is_repeatable()
    }
}

/// A call that has run: how it ended, and after how long. No outcome means that it was put down
/// on a hand-over and will be made again.
struct Done {
    call: CallId,
    risky: bool,
    outcome: Option<Outcome>,
    took: Duration,
}

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
        let outcome = match ruling {
            Ruling::Run => match deps.toolbox.get(&open.call.tool) {
                Some(tool) => {
                    jobs.push_back(Job { call: open.call.clone(), tool: tool.clone() });
                    continue;
                }
                None => Outcome::Failed { message: format!("no tool `{}`", open.call.tool) },
            },
            Ruling::Deny(reason) => Outcome::Denied { reason },
            Ruling::Refuse(message) => Outcome::Failed { message: clip(&message, OUTPUT_CHARS) },
            Ruling::Lost => Outcome::Unknown,
        };
        journal.stage(Item::Reply { call: id, outcome, took_ms: 0 })?;
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
        begin(journal, &starting).await?;
        for job in starting {
            working.push(perform(job, journal.run, deps, signals, told.clone()));
        }
        tokio::select! {
            biased;
            done = working.next() => {
                let Some(done) = done else { return Ok(()) };
                reply(journal, done, !working.is_empty()).await?;
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

/// Stores that `jobs` are about to run, before they do.
async fn begin(journal: &mut Journal<'_>, jobs: &[Job]) -> Result<(), RunError> {
    for job in jobs {
        let effect = job.tool.effect();
        journal.stage(Item::Began { call: job.call.id.clone(), effect })?;
    }
    let risky = jobs.iter().any(Job::is_risky);
    journal.commit(if risky { Strength::Synced } else { Strength::Relaxed }).await
}

/// Notes how a call ended. The last harmless one is stored together with what follows it.
async fn reply(journal: &mut Journal<'_>, done: Done, more: bool) -> Result<(), RunError> {
    let Some(outcome) = done.outcome else { return Ok(()) };
    let took_ms = u64::try_from(done.took.as_millis()).unwrap_or(u64::MAX);
    journal.stage(Item::Reply { call: done.call, outcome, took_ms })?;
    match (done.risky, more) {
        (true, _) => journal.commit(Strength::Synced).await,
        (false, true) => journal.commit(Strength::Relaxed).await,
        (false, false) => Ok(()),
    }
}

/// Performs one call. Never fails: a run survives its tools.
async fn perform(
    job: Job,
    run: RunId,
    deps: &Deps,
    signals: &Signals,
    told: mpsc::Sender<(CallId, Note)>,
) -> Done {
    let (notes, mut heard) = Notes::channel();
    let cx = ToolCx {
        caller: deps.caller.clone(),
        run: Some(run),
        conversation: Some(deps.conversation),
        cancel: signals.stop.child_token(),
        notes,
    };
    let risky = job.is_risky();
    let Job { call: asked, tool } = job;
    let began = Instant::now();
    let mut work = pin!(call(&*tool, asked.input, &cx));
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut work => break Some(outcome),
            () = signals.hand_over.cancelled(), if !risky => break None,
            Some(note) = heard.recv() => { let _ = told.try_send((asked.id.clone(), note)); }
            () = sleep(SIGN_OF_LIFE) => {
                let text = format!("running for {} s", began.elapsed().as_secs());
                let _ = told.try_send((asked.id.clone(), Note { share: None, text }));
            }
        }
    };
    cx.cancel.cancel();
    Done { call: asked.id, risky, outcome, took: began.elapsed() }
}
