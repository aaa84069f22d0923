//! What is told of a run.

use galaxy_app::quick::{Asked, Asks, CallReport, Reply};
use galaxy_base::text::{clip, headline};
use galaxy_domain::{Caller, RunId, RunState};
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock},
};
use serde_json::{Value, json};

use crate::{
    McpServer,
    answers::{failed, troubled},
};

/// More text of one answer than this is cut, visibly.
const CHARS: usize = 100_000;
/// More of what a tool server asks is cut, visibly.
const MESSAGE_CHARS: usize = 300;

/// How far a run is.
///
/// # Errors
/// When neither model nor person can do anything about it.
pub(super) async fn status(
    server: &McpServer,
    caller: &Caller,
    run: &str,
) -> Result<CallToolResult, ErrorData> {
    let Ok(run) = run.trim().parse::<RunId>() else {
        return Ok(failed("`run_id` is the `run_id` that `run_agent` gave"));
    };
    match server.app.so_far(caller, run).await {
        Ok((asked, reply)) => Ok(told(asked, &reply)),
        Err(err) => troubled(&err),
    }
}

/// A run in words and for programs.
pub(super) fn told(asked: Asked, reply: &Reply) -> CallToolResult {
    let text = clip(&words(reply), CHARS);
    let fields = json!({
        "run_id": asked.run.to_string(),
        "conversation_id": asked.conversation.to_string(),
        "state": reply.state.as_str(),
        "response": clip(&reply.response, CHARS),
        "waits_for": waits_for(reply).map(|it| it.tool.clone()).collect::<Vec<_>>(),
        "asks": waits_for(reply).map(asks).collect::<Vec<_>>(),
        "usage": usage(reply),
    });
    // Whoever reads text only can still ask again, and go on with the conversation.
    let ids = format!("[run {} in conversation {}]", asked.run, asked.conversation);
    let mut result =
        CallToolResult::success(vec![ContentBlock::text(text), ContentBlock::text(ids)]);
    result.structured_content = Some(fields);
    result.is_error = Some(matches!(reply.state, RunState::Failed | RunState::Cancelled));
    result
}

/// Where a run stands, in words; none when it is over.
pub(super) fn standing(reply: &Reply) -> Option<String> {
    match reply.state {
        RunState::Queued => Some("the agent begins in a moment".to_owned()),
        RunState::Running => Some("the agent is at work".to_owned()),
        RunState::Parked => {
            let waits: Vec<String> = waits_for(reply).map(wanted).collect();
            let waits = waits.join("; ");
            Some(format!("waits for the person, who has to decide or answer in Galaxy: {waits}"))
        }
        RunState::Finished
        | RunState::Exhausted
        | RunState::Incomplete
        | RunState::Cancelled
        | RunState::Failed => None,
    }
}

fn words(reply: &Reply) -> String {
    let said = &reply.response;
    match reply.state {
        RunState::Finished => said.clone(),
        RunState::Queued | RunState::Running => {
            format!("The agent is still at work; ask `run_status` later.\n\n{said}")
        }
        RunState::Parked => {
            let waits: Vec<String> = waits_for(reply).map(wanted).collect();
            format!(
                "The agent waits for the person, who has to decide or answer in Galaxy ({}); \
                 `run_status` tells when it has gone on.\n\n{said}",
                waits.join("; ")
            )
        }
        RunState::Exhausted => format!("The agent ran into a limit, and can go on: {said}"),
        RunState::Incomplete => format!("{said}\n\n[The answer broke off.]"),
        RunState::Cancelled => format!("The run was stopped.\n\n{said}"),
        RunState::Failed => format!("There was no answer: {said}"),
    }
    .trim()
    .to_owned()
}

/// Calls that a person has not decided about, in a run that waits for that.
fn waits_for(reply: &Reply) -> impl Iterator<Item = &CallReport> {
    let parked = reply.state == RunState::Parked;
    reply.calls.iter().filter(move |call| parked && call.outcome.is_none())
}

/// What a call waits for, in words.
fn wanted(call: &CallReport) -> String {
    let tool = &call.tool;
    match &call.asks {
        None => tool.clone(),
        Some(Asks::Approval) => format!("{tool} needs a yes or a no"),
        Some(Asks::Answer) => format!("{tool} needs an answer"),
        Some(Asks::Form { server, messages }) => {
            let messages: Vec<String> = messages.iter().map(|it| said(it)).collect();
            format!("{tool}: the tool server {server} asks \"{}\"", messages.join("\", \""))
        }
    }
}

/// What a call waits for, for programs.
fn asks(call: &CallReport) -> Value {
    let tool = &call.tool;
    match &call.asks {
        None => json!({ "tool": tool, "question": null }),
        Some(Asks::Approval) => json!({ "tool": tool, "question": "approval" }),
        Some(Asks::Answer) => json!({ "tool": tool, "question": "answer" }),
        Some(Asks::Form { server, messages }) => {
            let messages: Vec<String> = messages.iter().map(|it| said(it)).collect();
            json!({ "tool": tool, "question": "form", "server": server, "messages": messages })
        }
    }
}

/// What a tool server says, short.
fn said(message: &str) -> String {
    headline(message, MESSAGE_CHARS)
}

fn usage(reply: &Reply) -> Value {
    json!({ "input": reply.usage.input, "output": reply.usage.output })
}
