//! Answers calls: runs those that may run, side by side, and says no to the others.

use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use galaxy_base::text::{clip, headline};
use galaxy_domain::{CallId, Item, Outcome, Part, RunId, ToolCall};
use galaxy_store::Strength;
use galaxy_tool::{AnyTool, Notes, Output, ToolCx, ToolError, tool::Note};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::{
    drive::{Deps, RunError, Signals},
    log::Journal,
    step::Ruling,
};

/// At most this many tools of one run work at the same time.
const TOOLS_AT_ONCE: usize = 4;
/// More text of one result than this is cut, visibly.
const OUTPUT_CHARS: usize = 48_000;
/// Images of one result beyond this (base64 bytes in all) are left out, visibly.
const IMAGE_BYTES: usize = 4 * 1024 * 1024;
/// A note on progress is cut to this.
const NOTE_CHARS: usize = 300;
/// A tool with effects that is stopped has this long to say what became of them.
const LAST_WORD: Duration = Duration::from_secs(2);
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
    let Job { call, tool } = job;
    let began = Instant::now();
    let limit = tool.time_limit();
    let deadline = began + limit;
    // A tool that panics must not take the run with it.
    let mut work = AssertUnwindSafe(tool.call(call.input, &cx)).catch_unwind().boxed();
    let outcome = loop {
        tokio::select! {
            biased;
            () = signals.stop.cancelled() => break Some(if risky {
                last_word(&call.tool, &mut work).await
            } else {
                Outcome::Aborted
            }),
            () = signals.hand_over.cancelled(), if !risky => break None,
            result = &mut work => break Some(outcome_of(&call.tool, result)),
            Some(note) = heard.recv() => { let _ = told.try_send((call.id.clone(), note)); }
            () = sleep_until(deadline) => break Some(late(limit, risky)),
            () = sleep(SIGN_OF_LIFE) => {
                let text = format!("running for {} s", began.elapsed().as_secs());
                let _ = told.try_send((call.id.clone(), Note { share: None, text }));
            }
        }
    };
    drop(work);
    cx.cancel.cancel();
    Done { call: call.id, risky, outcome, took: began.elapsed() }
}

/// How a tool with effects ended that was stopped. What it began may happen all the same, so
/// without a word from the tool nobody knows.
async fn last_word(tool: &str, work: &mut BoxFuture<'_, Ended>) -> Outcome {
    let result = timeout(LAST_WORD, work).await;
    result.map_or(Outcome::Unknown, |result| outcome_of(tool, result))
}

fn late(limit: Duration, risky: bool) -> Outcome {
    let mut message = format!("no result after {} seconds", limit.as_secs());
    if risky {
        message.push_str("; it may have taken effect all the same");
    }
    Outcome::Failed { message }
}

/// What comes of a tool that may panic.
type Ended = std::thread::Result<Result<Output, ToolError>>;

fn outcome_of(tool: &str, result: Ended) -> Outcome {
    match result {
        Ok(Ok(output)) => Outcome::Done { output: bounded(output) },
        Ok(Err(ToolError::Tell(message))) => {
            Outcome::Failed { message: clip(&message, OUTPUT_CHARS) }
        }
        Ok(Err(ToolError::Internal(source))) => {
            tracing::error!(tool, error = %source, "a tool failed");
            Outcome::Failed { message: "the tool failed".to_owned() }
        }
        Err(_) => {
            tracing::error!(tool, "a tool panicked");
            Outcome::Failed { message: "the tool broke".to_owned() }
        }
    }
}

/// Keeps `output` within what a model and a screen can bear; every cut is visible.
fn bounded(output: Output) -> Output {
    let mut left = OUTPUT_CHARS;
    let mut room = IMAGE_BYTES;
    let keep = |part| match part {
        Part::Text { text } => {
            let text = clip(&text, left);
            left = left.saturating_sub(text.chars().count());
            Part::Text { text }
        }
        Part::Image { media_type, data } if data.len() > room => {
            Part::text(format!("[an image of {} kB ({media_type}) is left out]", data.len() / 1024))
        }
        Part::Image { ref data, .. } => {
            room -= data.len();
            part
        }
        Part::Reasoning { .. } | Part::Opaque { .. } => part,
    };
    output.into_iter().map(keep).collect()
}
