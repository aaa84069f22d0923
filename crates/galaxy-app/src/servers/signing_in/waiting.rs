//! Runs that wait for their person to sign in at a server, and go on once they have.
//!
//! **Invariant:** whoever signs in while a run is being put down is not missed: the run looks
//! whether they have after it was put down, and they look which runs wait after they have.

use std::collections::BTreeMap;

use galaxy_access::{holding, on_behalf};
use galaxy_domain::{
    Caller, Item, Permit, RunState, ToolServerId, Transcript,
    access::{Drive, Target},
    elicitation::Answer,
    id::{Run, ToolServer},
    run::RunRow,
    sign_in::GrantState,
    transcript::OpenCall,
};
use galaxy_store::{Along, Store, StoreError};
use serde_json::json;

use crate::{
    App, AppError,
    runs::{TRIES, replay, whole_log},
};

/// Has the caller's runs go on that wait for them to sign in at `server`.
///
/// # Errors
/// When the store fails.
pub(super) async fn go_on_after(
    app: &App,
    caller: &Caller,
    server: ToolServerId,
) -> Result<(), AppError> {
    let runs = app.active_runs(caller).await?;
    for run in runs.into_iter().filter(|it| it.state == RunState::Parked) {
        answer(&app.store, &run, &[server]).await?;
    }
    Ok(())
}

/// Has a run go on that was put down for a sign-in which was done meanwhile.
///
/// # Errors
/// When the store fails.
pub(crate) async fn go_on_if_done(
    store: &Store,
    run: &RunRow,
    transcript: &Transcript,
) -> Result<(), AppError> {
    let mut done = Vec::new();
    for server in transcript.open_calls().filter_map(waits_at) {
        if let Some(permit) = permit(store, run, server).await?
            && let Some(kept) = store.grant(permit).await?
            && kept.row.state == GrantState::Connected
        {
            done.push(server);
        }
    }
    if done.is_empty() { Ok(()) } else { answer(store, run, &done).await }
}

/// The right to look at what the run's owner was granted at `server`.
async fn permit(
    store: &Store,
    run: &RunRow,
    server: ToolServerId,
) -> Result<Option<Permit<Drive, ToolServer>>, AppError> {
    let servers = store.servers_of(run.owner, run.workspace).await?;
    let row = servers.iter().find(|it| it.id == server);
    Ok(row.and_then(|row| on_behalf(row, run.owner).ok()))
}

/// Answers every call of `run` that waits for a sign-in at one of `servers`.
async fn answer(store: &Store, run: &RunRow, servers: &[ToolServerId]) -> Result<(), AppError> {
    let target = Target::<Run> { resource: run.id, workspace: run.workspace, owner: run.owner };
    let (look, write) = holding(&target);
    for _ in 0..TRIES {
        let transcript = replay(whole_log(store, look).await?)?;
        let waits = transcript.open_calls();
        let waits = waits.filter(|it| waits_at(it).is_some_and(|it| servers.contains(&it)));
        let answered: Vec<Item> = waits.filter_map(|open| signed_in(open, run)).collect();
        if answered.is_empty() {
            return Ok(());
        }
        let (after, along) = (transcript.last_seq(), Along::default());
        match store.decide(write, after, answered, RunState::Queued, along).await {
            // Somebody else decided about another call of it.
            Err(StoreError::Conflict(_)) => (),
            result => return Ok(result.map(drop)?),
        }
    }
    Ok(())
}

/// The server that a call waits for its person to sign in at.
fn waits_at(open: &OpenCall) -> Option<ToolServerId> {
    open.waits_for()?.signs_in_at()
}

fn signed_in(open: &OpenCall, run: &RunRow) -> Option<Item> {
    let keys = open.waits_for()?.questions.keys();
    let yes = |key: &String| (key.clone(), Answer::Accept { content: json!({}) });
    let answers: BTreeMap<String, Answer> = keys.map(yes).collect();
    Some(Item::Answered { call: open.call.id.clone(), answers, by: run.owner })
}
