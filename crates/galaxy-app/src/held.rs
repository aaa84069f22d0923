//! Calls that this process held while a person was asked, and that ended by themselves.
//!
//! **Invariant:** a run does not wait for an answer that would reach nobody: how the call ended is
//! noted, and the run goes on.

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use galaxy_access::holding;
use galaxy_agent::{audit::Whose, call::outcome};
use galaxy_base::Tasks;
use galaxy_domain::{CallId, Item, Outcome, RunId, RunState, access::Credential, audit::Actor};
use galaxy_store::{Along, Store, StoreError};
use galaxy_tool::{Output, ToolError, server::OnEnd};
use tokio_util::sync::CancellationToken;

use crate::{
    AppError,
    runs::{replay, whole_log},
};

/// How long until another try, when another call of the run is under way.
const AGAIN: Duration = Duration::from_secs(1);
/// How often that is tried. After that an answer of the person finds the call gone.
const TRIES: usize = 120;

/// Notes how held calls ended.
pub(crate) struct Ends {
    store: Store,
    stopping: CancellationToken,
}

impl Ends {
    pub(crate) fn new(store: &Store, tasks: &Tasks) -> Self {
        Self { store: store.clone(), stopping: tasks.stopping().clone() }
    }

    /// Notes how a call ended; tells whether there is nothing left to do.
    async fn note(&self, run: RunId, call: &CallId, outcome: &Outcome) -> Result<bool, AppError> {
        let Some(target) = self.store.run_target(run).await? else { return Ok(true) };
        let (look, write) = holding(&target);
        let transcript = replay(whole_log(&self.store, look).await?)?;
        let Some(open) = transcript.open_call(call) else { return Ok(true) };
        if open.put_down().is_none() {
            // It ended before it was noted that it waits, or its driver goes on with it.
            return Ok(false);
        }
        let whose = Whose {
            workspace: target.workspace,
            actor: Actor::by(target.owner, Credential::Run(run)),
            run,
        };
        let records = vec![whose.ended(open, outcome)];
        let (call, outcome) = (call.clone(), outcome.clone());
        let reply = Item::Reply { call, outcome, took_ms: 0, whole: None };
        let (after, along) = (transcript.last_seq(), Along { records, ..Along::default() });
        match self.store.decide(write, after, vec![reply], RunState::Queued, along).await {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(err) => Err(err.into()),
        }
    }

    async fn note_in_time(&self, run: RunId, call: CallId, outcome: Outcome) {
        for _ in 0..TRIES {
            match self.note(run, &call, &outcome).await {
                Ok(true) => return,
                Ok(false) => (),
                Err(err) => tracing::warn!(%run, error = %err, "cannot note how a call ended"),
            }
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => (),
            }
        }
        tracing::warn!(%run, "a run waits for an answer that will reach nobody");
    }
}

impl OnEnd for Ends {
    fn ended(
        &self,
        run: RunId,
        call: CallId,
        result: Result<Output, ToolError>,
    ) -> BoxFuture<'_, ()> {
        self.note_in_time(run, call, outcome("held", result)).boxed()
    }
}
