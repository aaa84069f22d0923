//! Runs as tasks, for clients that look after them: the task *is* the run, and its id is the run's. So
//! it survives whatever the run survives, and any replica tells of it.
//!
//! **Invariant:** a task is its person's; for everybody else there is none. Nothing that a run waits
//! for is decided here: that is for the person, signed in (decisions 4 and 14).

use galaxy_app::{AppError, access::use_tool, quick::Reply};
use galaxy_domain::{Caller, Kind, RunId, RunState, access::Scope, run::RunRow};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CreateTaskResult, DetailedTask, GetTaskResult, JsonObject, ProtocolVersion, Task,
        TaskPayload, TaskStatus,
    },
    service::RequestContext,
};
use serde_json::Value;

use super::report;
use crate::{McpServer, answers::refused};

/// How often a client is to ask, in milliseconds.
const POLL: u64 = 2_000;

/// Whether the client of `context` takes a task for an answer.
pub(super) fn are_looked_after(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|it| it >= ProtocolVersion::V_2026_07_28)
        && context.client_capabilities().is_some_and(|it| it.supports_tasks())
}

/// The task that a run is which was just begun.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn created(
    server: &McpServer,
    caller: &Caller,
    run: RunId,
) -> Result<CreateTaskResult, ErrorData> {
    let (row, reply) = look(server, caller, run).await.map_err(|err| refused(&err))?;
    Ok(CreateTaskResult::new(task(&row, &reply, TaskStatus::Working)))
}

/// How far a task is.
///
/// # Errors
/// When there is no such task for the caller, or they may not look.
pub(crate) async fn get(
    server: &McpServer,
    caller: &Caller,
    id: &str,
) -> Result<GetTaskResult, ErrorData> {
    let run = named(caller, id, false)?;
    let (row, reply) = look(server, caller, run).await.map_err(|err| unknown_or(&err))?;
    let payload = match reply.state {
        // What it waits for is not for the client to answer, so nothing is asked.
        RunState::Queued | RunState::Running | RunState::Parked => TaskPayload::Working,
        RunState::Cancelled => TaskPayload::Cancelled,
        RunState::Finished | RunState::Exhausted | RunState::Incomplete | RunState::Failed => {
            TaskPayload::Completed { result: result(&row, &reply) }
        }
    };
    let task = task(&row, &reply, payload.status());
    Ok(GetTaskResult::new(DetailedTask::new(task, payload)))
}

/// Takes answers to a task, which asks nothing: they are ignored, as the protocol has it.
///
/// # Errors
/// When there is no such task for the caller, or they may not write.
pub(crate) async fn update(server: &McpServer, caller: &Caller, id: &str) -> Result<(), ErrorData> {
    let run = named(caller, id, true)?;
    server.app.run_state(caller, run).await.map(drop).map_err(|err| unknown_or(&err))
}

/// Stops the run that a task is; one that is over stays as it is.
///
/// # Errors
/// When there is no such task for the caller, or they may not write.
pub(crate) async fn cancel(server: &McpServer, caller: &Caller, id: &str) -> Result<(), ErrorData> {
    let run = named(caller, id, true)?;
    server.app.stop(caller, run).await.map(drop).map_err(|err| unknown_or(&err))
}

/// The run that `id` names, for a caller who may use what made it.
fn named(caller: &Caller, id: &str, changes: bool) -> Result<RunId, ErrorData> {
    use_tool(caller, Scope::Chat, changes).map_err(|denied| refused(&denied.into()))?;
    id.parse().map_err(|_| unknown())
}

async fn look(
    server: &McpServer,
    caller: &Caller,
    run: RunId,
) -> Result<(RunRow, Reply), AppError> {
    let (_, reply) = server.app.so_far(caller, run).await?;
    let row = server.app.run(caller, run).await?.row;
    Ok((row, reply))
}

fn task(row: &RunRow, reply: &Reply, status: TaskStatus) -> Task {
    let updated = row.ended_at.filter(|_| row.state.is_over()).unwrap_or(row.created_at);
    let task =
        Task::new(row.id.to_string(), status, row.created_at.to_string(), updated.to_string());
    let mut task = task.with_poll_interval_ms(POLL);
    task.status_message = report::standing(reply);
    task
}

/// What the call would have given that was not made a task of.
fn result(row: &RunRow, reply: &Reply) -> JsonObject {
    let asked = galaxy_app::quick::Asked { conversation: row.conversation, run: row.id };
    match serde_json::to_value(report::told(asked, reply)) {
        Ok(Value::Object(result)) => result,
        Ok(_) | Err(_) => JsonObject::new(),
    }
}

/// Somebody else's task is none.
fn unknown_or(err: &AppError) -> ErrorData {
    if err.kind() == Kind::NotFound { unknown() } else { refused(err) }
}

fn unknown() -> ErrorData {
    ErrorData::invalid_params("there is no such task", None)
}
