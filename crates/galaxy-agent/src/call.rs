//! One call of one tool: it ends in time, stops when told to, survives a panic, and what it gives
//! is bounded.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::text::clip;
use galaxy_domain::{Outcome, Part, RemoteTask, elicitation::Elicitation};
use galaxy_tool::{AnyTool, Output, ToolCx, ToolError};
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout};

/// More text of one result than this is cut, visibly.
pub(crate) const OUTPUT_CHARS: usize = 48_000;
/// Images of one result beyond this (base64 bytes in all) are left out, visibly.
const IMAGE_BYTES: usize = 4 * 1024 * 1024;
/// A tool with effects that is stopped, or whose server has to be told, has this long to say what became of them.
const LAST_WORD: Duration = Duration::from_secs(2);

/// What comes of a tool that may panic.
type Ended = std::thread::Result<Result<Output, ToolError>>;

/// What came of calling a tool.
#[derive(Debug, Clone, PartialEq)]
pub enum Attempt {
    /// It ended.
    Ended(Outcome),
    /// It goes on once a person has answered.
    Waits(Box<Elicitation>),
    /// Its server goes on with it by itself.
    Task(Box<RemoteTask>),
}

/// Calls `tool` where nobody can be asked; as [`attempt`] otherwise.
pub async fn call(tool: &dyn AnyTool, input: Value, cx: &ToolCx) -> Outcome {
    match attempt(tool, input, cx).await {
        Attempt::Ended(outcome) => outcome,
        Attempt::Waits(_) => Outcome::Failed {
            message: "the tool was left: it needs an answer from a person who is not there"
                .to_owned(),
        },
        // Outside of runs a tool waits for its task itself.
        Attempt::Task(_) => Outcome::Unknown,
    }
}

/// How a call ended that gave `result`.
pub fn outcome(tool: &str, result: Result<Output, ToolError>) -> Outcome {
    match outcome_of(tool, Ok(result)) {
        Attempt::Ended(outcome) => outcome,
        Attempt::Waits(_) | Attempt::Task(_) => Outcome::Unknown,
    }
}

/// Calls `tool` with arguments that passed its schema, until it ends, waits for a person, its time
/// is over, or `cx.cancel` is set. Never fails: whoever calls survives their tools.
pub async fn attempt(tool: &dyn AnyTool, input: Value, cx: &ToolCx) -> Attempt {
    let risky = !tool.effect().is_repeatable();
    let limit = time_limit(tool, cx);
    let deadline = Instant::now() + limit;
    let mut work = AssertUnwindSafe(tool.call(input, cx)).catch_unwind().boxed();
    tokio::select! {
        biased;
        () = cx.cancel.cancelled() => {
            if risky || is_task(cx) {
                last_word(tool.name(), &mut work).await
            } else {
                Attempt::Ended(Outcome::Aborted)
            }
        }
        result = &mut work => outcome_of(tool.name(), result),
        () = sleep_until(deadline) => Attempt::Ended(late(limit, risky)),
    }
}

/// How long a call may take: its tool's own limit, or as long as its server may go on with it by
/// itself, with a little more to say so.
fn time_limit(tool: &dyn AnyTool, cx: &ToolCx) -> Duration {
    if is_task(cx) { tool.task_limit() + LAST_WORD } else { tool.time_limit() }
}

/// Whether a server goes on with the call by itself.
fn is_task(cx: &ToolCx) -> bool {
    cx.asks.as_ref().is_some_and(|it| it.task.is_some())
}

/// How a tool with effects ended that was stopped. What it began may happen all the same, so
/// without a word from the tool nobody knows.
async fn last_word(tool: &str, work: &mut BoxFuture<'_, Ended>) -> Attempt {
    let result = timeout(LAST_WORD, work).await;
    result.map_or(Attempt::Ended(Outcome::Unknown), |result| outcome_of(tool, result))
}

fn late(limit: Duration, risky: bool) -> Outcome {
    let mut message = format!("no result after {} seconds", limit.as_secs());
    if risky {
        message.push_str("; it may have taken effect all the same");
    }
    Outcome::Failed { message }
}

fn outcome_of(tool: &str, result: Ended) -> Attempt {
    let outcome = match result {
        Ok(Err(ToolError::Waits(elicitation))) => return Attempt::Waits(elicitation),
        Ok(Err(ToolError::Task(task))) => return Attempt::Task(task),
        Ok(Err(ToolError::Lost)) => Outcome::Unknown,
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
    };
    Attempt::Ended(outcome)
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
