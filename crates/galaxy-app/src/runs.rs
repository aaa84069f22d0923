//! Looking at runs, and deciding about them: stop, approve, answer, continue.

use galaxy_access::{require, within};
use galaxy_agent::{digest, drive::closing, policy::definition};
use galaxy_domain::{
    CallId, Caller, ConversationId, Entry, Item, Outcome, Part, Permit, RunId, RunState, Stop,
    Transcript,
    access::{Read, Write},
    id::{Conversation, Run},
    run::RunRow,
    tool::{Decision, Reach, ToolRule},
    transcript::{OpenCall, Question},
};
use galaxy_store::{Store, StoreError};

use crate::{App, AppError};

/// Entries that are read from a log at once.
const PAGE: usize = 2_000;
/// How often a decision is tried again when the log moved under it.
const TRIES: usize = 5;

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

/// What a person decides about a call.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// Which call.
    pub call: CallId,
    /// The digest that was shown with the question.
    pub digest: String,
    /// What.
    pub decision: Decision,
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
            match self.store.decide(permit, after, items, RunState::Cancelled).await {
                Ok(_) => return Ok(RunState::Cancelled),
                Err(StoreError::Conflict(_)) => (),
                Err(err) => return Err(err.into()),
            }
        }
        Err(AppError::Conflict("The run is moving too fast; try again.".to_owned()))
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

    /// Decides about a call that waits for a yes or a no. The run goes on at once.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when the call does not wait for that, was decided about before, or
    /// is not the one that was shown; [`AppError::Invalid`] when changed arguments do not fit.
    pub async fn approve(
        &self,
        caller: &Caller,
        id: RunId,
        ruling: Ruling,
    ) -> Result<RunState, AppError> {
        let permit = self.run_permit::<Write>(caller, id).await?;
        let detail = self.run(caller, id).await?;
        let open = waiting(&detail, &ruling.call, Question::Approval)?;
        let shown = detail.digest(&ruling.call);
        let Some(tool) = self.toolbox.get(&open.call.tool) else {
            return Err(AppError::Conflict("The tool is no longer there.".to_owned()));
        };
        let definition = definition(&**tool);
        let current = digest(&definition, open.input());
        if shown.is_none_or(|shown| shown != ruling.digest || shown != current) {
            let message = "The call is not the one that was shown. Look again before you decide.";
            return Err(AppError::Conflict(message.to_owned()));
        }
        let mut rule = None;
        if let Decision::Allow { reach, input } = &ruling.decision {
            if let Some(input) = input {
                tool.schema().check(input).map_err(|wrong| AppError::invalid("/input", wrong))?;
            }
            rule = match reach {
                Reach::Once => None,
                Reach::Conversation => Some(Some(detail.row.conversation)),
                Reach::Always => Some(None),
            };
        }
        if let Some(conversation) = rule {
            let tool = tool.name().to_owned();
            let verdict = galaxy_domain::Verdict::Allow;
            let rule = ToolRule { tool, conversation, verdict, definition };
            // Before the decision: the run goes on at once, and must find the rule.
            self.store.put_rule(galaxy_access::own::<Write>(caller)?, rule).await?;
        }
        let (call, decision) = (ruling.call, ruling.decision);
        let item = Item::Approval { call, decision, by: caller.person };
        let after = detail.transcript.last_seq();
        self.store.decide(permit, after, vec![item], RunState::Queued).await?;
        Ok(RunState::Queued)
    }

    /// Answers a call that is a question to the person. The run goes on at once.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when the call does not wait for an answer.
    pub async fn answer(
        &self,
        caller: &Caller,
        id: RunId,
        call: CallId,
        text: String,
    ) -> Result<RunState, AppError> {
        let permit = self.run_permit::<Write>(caller, id).await?;
        if text.chars().count() > self.config.message_chars {
            let most = self.config.message_chars;
            return Err(AppError::invalid("/answer", format!("at most {most} characters")));
        }
        let detail = self.run(caller, id).await?;
        waiting(&detail, &call, Question::Answer)?;
        let outcome = Outcome::Done { output: vec![Part::text(text)] };
        let item = Item::Reply { call, outcome, took_ms: 0 };
        let after = detail.transcript.last_seq();
        self.store.decide(permit, after, vec![item], RunState::Queued).await?;
        Ok(RunState::Queued)
    }

    /// Has a run that was stopped, broke off or ran into a limit go on.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when there is nothing to go on with, or when the conversation has
    /// moved on since.
    pub async fn continue_run(&self, caller: &Caller, id: RunId) -> Result<RunState, AppError> {
        let permit = self.run_permit::<Write>(caller, id).await?;
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
        self.count_message(caller.person)?;
        let item = Item::Resumed { by: caller.person };
        let after = detail.transcript.last_seq();
        self.store.decide(permit, after, vec![item], RunState::Queued).await?;
        Ok(RunState::Queued)
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

fn waiting<'a>(
    detail: &'a RunDetail,
    call: &CallId,
    question: Question,
) -> Result<&'a OpenCall, AppError> {
    let open = detail.transcript.open_call(call);
    let open = open.filter(|it| it.asked == Some(question) && it.decision.is_none());
    open.filter(|_| detail.row.state == RunState::Parked)
        .ok_or_else(|| AppError::Conflict("This call does not wait for that.".to_owned()))
}
