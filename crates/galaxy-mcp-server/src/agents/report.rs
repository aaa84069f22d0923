//! What is told of a run.

use galaxy_app::quick::{Asked, CallReport, Reply};
use galaxy_base::text::clip;
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

fn words(reply: &Reply) -> String {
    let said = &reply.response;
    match reply.state {
        RunState::Finished => said.clone(),
        RunState::Queued | RunState::Running => {
            format!("The agent is still at work; ask `run_status` later.\n\n{said}")
        }
        RunState::Parked => {
            let tools: Vec<&str> = waits_for(reply).map(|it| &*it.tool).collect();
            format!(
                "The agent waits for the person, who has to decide or answer in Galaxy ({}); \
                 `run_status` tells when it has gone on.\n\n{said}",
                tools.join(", ")
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

fn usage(reply: &Reply) -> Value {
    json!({ "input": reply.usage.input, "output": reply.usage.output })
}
