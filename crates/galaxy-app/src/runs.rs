//! Looking at runs, stopping them and having them go on.

use galaxy_access::{require, within};
use galaxy_agent::{
    audit::{Whose, left},
    drive::{closing, give_up, left_as},
};
use galaxy_domain::{
    CallId, Caller, ConversationId, Entry, Item, Permit, RunId, RunState, Stop, Transcript,
    access::{Read, Write},
    id::{Conversation, Run},
    run::RunRow,
};
use galaxy_store::{Along, Once, Store, StoreError};

pub use crate::decisions::{Response, Ruling};
use crate::{App, AppError};

/// Entries that are read from a log at once.
const PAGE: usize = 2_000;
/// How often a decision is tried again when the log moved under it.
pub(crate) const TRIES: usize = 5;

/// A run with what its log says.
#[derive(Debug, Clone)]
pub struct RunDetail {
    /// Its row.
    pub row: RunRow,
    /// Its log, checked.
    pub transcript: Transcript,
    /// What a yes to each open question is bound to.
    pub digests: Vec<(CallId, String)>,
}

impl RunDetail {
    /// What a yes to the question about `call` is bound to.
    pub fn digest(&self, call: &CallId) -> Option<&str> {
        self.digests.iter().find(|(id, _)| id == call).map(|(_, digest)| &**digest)
    }
}

/// How far a run is.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Where it stands.
    pub state: RunState,
    /// Its log so far.
    pub entries: Vec<Entry>,
}

impl App {
    /// The permit to do `A` to a run.
    pub(crate) async fn run_permit<A: galaxy_access::Action>(
        &self,
        caller: &Caller,
        id: RunId,
    ) -> Result<Permit<A, Run>, AppError> {
        let target = self.store.run_target(id).await?.ok_or(AppError::NotFound)?;
        Ok(require::<A, _>(caller, &target)?)
    }

    /// The runs of the caller that are queued, running or waiting for them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn active_runs(&self, caller: &Caller) -> Result<Vec<RunRow>, AppError> {
        let permit = within::<Read, Conversation>(caller)?;
        Ok(self.store.active_runs(permit).await?)
    }

    /// One run, with what its log says.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn run(&self, caller: &Caller, id: RunId) -> Result<RunDetail, AppError> {
        let permit = self.run_permit::<Read>(caller, id).await?;
        let row = self.store.run(permit).await?;
        let entries = whole_log(&self.store, permit).await?;
        let digests = entries.iter().filter_map(|entry| match &entry.item {
            Item::Asked { call, digest, .. } => Some((call.clone(), digest.clone())),
            Item::User { .. }
            | Item::Sampling { .. }
            | Item::Delta { .. }
            | Item::Assistant { .. }
            | Item::Approval { .. }
            | Item::Began { .. }
            | Item::TaskCreated { .. }
            | Item::Elicited { .. }
            | Item::Answered { .. }
            | Item::Progress { .. }
            | Item::Reply { .. }
            | Item::Usage { .. }
            | Item::Stopped { .. }
            | Item::Resumed { .. } => None,
        });
        let digests = digests.collect();
        Ok(RunDetail { row, transcript: replay(entries)?, digests })
    }

    /// How far a run is. The state is read first, so that it is never ahead of the entries.
    pub(crate) async fn progress(&self, caller: &Caller, id: RunId) -> Result<Progress, AppError> {
        let permit = self.run_permit::<Read>(caller, id).await?;
        let state = self.store.run(permit).await?.state;
        Ok(Progress { state, entries: whole_log(&self.store, permit).await? })
    }

    /// Stops a run; one that is over stays as it is. A run under way stops a moment later.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn stop(&self, caller: &Caller, id: RunId) -> Result<RunState, AppError> {
        let permit = self.run_permit::<Write>(caller, id).await?;
        for _ in 0..TRIES {
            let detail = self.run(caller, id).await?;
            if detail.row.state.is_over() {
                return Ok(detail.row.state);
            }
            if detail.row.state == RunState::Running {
                match self.store.request_stop(permit).await? {
                    RunState::Running => return Ok(RunState::Running),
                    // It came to rest in between: look again.
                    RunState::Queued
                    | RunState::Parked
                    | RunState::Finished
                    | RunState::Exhausted
                    | RunState::Cancelled
                    | RunState::Incomplete
                    | RunState::Failed => continue,
                }
            }
            let items = closing(&detail.transcript, &Stop::Cancelled);
            let after = detail.transcript.last_seq();
            let records = left(Whose::of(caller, id), &detail.transcript, left_as);
            let along = Along { records, ..Along::default() };
            match self.store.decide(permit, after, items, RunState::Cancelled, along).await {
                Ok(_) => {
                    self.holds.cancel(id);
                    self.give_up(caller, detail.transcript);
                    return Ok(RunState::Cancelled);
                }
                Err(StoreError::Conflict(_)) => (),
                Err(err) => return Err(err.into()),
            }
        }
        Err(AppError::Conflict("The run is moving too fast; try again.".to_owned()))
    }

    /// Tells servers, in the background, that nobody wants what they go on with for a run any more.
    fn give_up(&self, caller: &Caller, transcript: Transcript) {
        if transcript.open_calls().all(|open| open.task.is_none()) {
            return;
        }
        let (servers, caller) = (self.servers.clone(), caller.clone());
        self.background().spawn(async move {
            match servers.shelf(caller.person, caller.workspace).await {
                Ok(shelf) => give_up(&transcript, &shelf.toolbox, &caller).await,
                Err(err) => tracing::warn!(error = %err, "a tool server goes on for nobody"),
            }
        });
    }

    /// Stops every run of a conversation that is not over, and waits until they are.
    pub(crate) async fn stop_all_in(
        &self,
        caller: &Caller,
        conversation: ConversationId,
    ) -> Result<(), AppError> {
        let mine = |run: &RunRow| run.conversation == conversation;
        for run in self.active_runs(caller).await?.into_iter().filter(mine) {
            self.stop(caller, run.id).await?;
            self.until_over(caller, run.id).await?;
        }
        Ok(())
    }

    /// Has a run that was stopped, broke off or ran into a limit go on.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when there is nothing to go on with, or when the conversation has
    /// moved on since.
    pub async fn continue_run(
        &self,
        caller: &Caller,
        id: RunId,
        once: Option<&Once>,
    ) -> Result<RunState, AppError> {
        let permit = self.run_permit::<Write>(caller, id).await?;
        self.decide_once(caller, once, self.resume(caller, permit, once)).await
    }

    async fn resume(
        &self,
        caller: &Caller,
        permit: Permit<Write, Run>,
        once: Option<&Once>,
    ) -> Result<(), AppError> {
        let id = permit.resource();
        let detail = self.run(caller, id).await?;
        let resumable = match detail.row.state {
            RunState::Exhausted | RunState::Cancelled | RunState::Incomplete | RunState::Failed => {
                true
            }
            RunState::Queued | RunState::Running | RunState::Parked | RunState::Finished => false,
        };
        let conversation = self.conversation(caller, detail.row.conversation).await?;
        if !resumable || conversation.leaf != Some(detail.row.answer) {
            let message = "Only the newest answer can be continued, and only if it was cut short.";
            return Err(AppError::Conflict(message.to_owned()));
        }
        self.check_room(caller).await?;
        self.sending.count(caller.person, once)?;
        let item = Item::Resumed { by: caller.person };
        let after = detail.transcript.last_seq();
        let along = Along { once: once.cloned(), ..Along::default() };
        self.store.decide(permit, after, vec![item], RunState::Queued, along).await?;
        Ok(())
    }

    /// Does `work`, which queues a run, unless an earlier request with the same key did. What is
    /// decided once is refused the second time, and the other request may be through meanwhile.
    pub(crate) async fn decide_once(
        &self,
        caller: &Caller,
        once: Option<&Once>,
        work: impl Future<Output = Result<(), AppError>>,
    ) -> Result<RunState, AppError> {
        if self.decided_before(caller, once).await? {
            return Ok(RunState::Queued);
        }
        if let Err(err) = work.await
            && !self.decided_before(caller, once).await?
        {
            return Err(err);
        }
        Ok(RunState::Queued)
    }

    async fn decided_before(&self, caller: &Caller, once: Option<&Once>) -> Result<bool, AppError> {
        let Some(once) = once else { return Ok(false) };
        Ok(self.store.made_before::<u64>(caller.person, once).await?.is_some())
    }
}

/// All entries of a run, oldest first.
pub(crate) async fn whole_log(
    store: &Store,
    permit: Permit<Read, Run>,
) -> Result<Vec<Entry>, StoreError> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.seq);
        let more = store.run_log(permit, after, PAGE).await?;
        let full = more.len() == PAGE;
        entries.extend(more);
        if !full {
            return Ok(entries);
        }
    }
}

/// Rebuilds a transcript from a stored log.
pub(crate) fn replay(entries: Vec<Entry>) -> Result<Transcript, AppError> {
    Transcript::replay(entries)
        .map_err(|err| AppError::Internal(format!("a stored log is out of order: {err}")))
}
