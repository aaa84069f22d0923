//! What people decide about calls that wait for them: a yes or a no, an answer, or what a tool
//! wants to know before it goes on.

mod kept;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use galaxy_agent::{digest, policy::definition};
use galaxy_domain::{
    CallId, Caller, Item, Outcome, Part, Permit, RunId, RunState,
    access::Write,
    audit::{Act, Fact, Record, Thing},
    elicitation::{Answer, Wrong},
    id::{Person, Run},
    tool::{Decision, Reach, ToolRule},
    transcript::{OpenCall, Question},
};
use galaxy_store::{Along, Once, StoreError};
use galaxy_tool::tool::AnyTool;

use crate::{
    App, AppError, Mistake,
    runs::{RunDetail, TRIES},
};
use kept::{decided, rule};

/// How long a decision waits for another call of the same run that was allowed before it.
const PATIENCE: Duration = Duration::from_secs(20);

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

/// What a person says to a round of questions of a tool.
#[derive(Debug, Clone)]
pub struct Response {
    /// The call whose tool asks.
    pub call: CallId,
    /// Which round of its questions was shown, counted from 1.
    pub round: u32,
    /// What they say, under the keys of the questions.
    pub answers: BTreeMap<String, Answer>,
}

/// What is to be said about a call.
enum Word {
    Ruling(Ruling),
    Response(Response),
    Answer { call: CallId, text: String },
}

impl Word {
    const fn call(&self) -> &CallId {
        match self {
            Self::Ruling(ruling) => &ruling.call,
            Self::Response(response) => &response.call,
            Self::Answer { call, .. } => call,
        }
    }
}

/// A standing rule, and the right to make it.
type Rule = (Permit<Write, Person>, ToolRule);

impl App {
    /// Decides about a call that waits for a yes or a no. The run goes on at once. Not to be asked
    /// ever again needs a fresh sign-in.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when the call does not wait for that, was decided about before, or
    /// is not the one that was shown; [`AppError::Invalid`] when changed arguments do not fit.
    pub async fn approve(
        &self,
        caller: &Caller,
        id: RunId,
        ruling: Ruling,
        once: Option<&Once>,
    ) -> Result<RunState, AppError> {
        self.say_about(caller, id, &Word::Ruling(ruling), once).await
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
        once: Option<&Once>,
    ) -> Result<RunState, AppError> {
        if text.chars().count() > self.config.message_chars {
            let most = self.config.message_chars;
            return Err(AppError::invalid("/answer", format!("at most {most} characters")));
        }
        self.say_about(caller, id, &Word::Answer { call, text }, once).await
    }

    /// Answers what the tool of a call wants to know; a no is an answer too. The run goes on at
    /// once, and the call with it.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when the call does not wait for that, or asks something else by now;
    /// [`AppError::Invalid`] when answers do not fit their questions, with all that is wrong.
    pub async fn respond(
        &self,
        caller: &Caller,
        id: RunId,
        response: Response,
        once: Option<&Once>,
    ) -> Result<RunState, AppError> {
        self.say_about(caller, id, &Word::Response(response), once).await
    }

    async fn say_about(
        &self,
        caller: &Caller,
        id: RunId,
        word: &Word,
        once: Option<&Once>,
    ) -> Result<RunState, AppError> {
        let permit = self.run_permit::<Write>(caller, id).await?;
        self.decide_once(caller, once, self.append_word(caller, permit, word, once)).await
    }

    /// Appends `word` to the log of the run. When that moved meanwhile, which happens when several
    /// calls are decided about at once, looks again.
    async fn append_word(
        &self,
        caller: &Caller,
        permit: Permit<Write, Run>,
        word: &Word,
        once: Option<&Once>,
    ) -> Result<(), AppError> {
        let mut tries = 1;
        loop {
            let detail = self.at_rest(caller, permit.resource(), word.call()).await?;
            let (item, rule, record) = self.entry(caller, &detail, word).await?;
            let after = detail.transcript.last_seq();
            let along = Along { rule, once: once.cloned(), records: vec![record] };
            match self.store.decide(permit, after, vec![item], RunState::Queued, along).await {
                Ok(_) => {
                    self.remembered.forget(caller.person);
                    return Ok(());
                }
                Err(StoreError::Conflict(_)) if tries < TRIES => tries += 1,
                Err(err) => return Err(err.into()),
            }
        }
    }

    /// What `word` becomes in the log, if the call waits for it, and the rule that comes with it.
    async fn entry(
        &self,
        caller: &Caller,
        detail: &RunDetail,
        word: &Word,
    ) -> Result<(Item, Option<Rule>, Record), AppError> {
        let call = word.call().clone();
        let record = |act, tool: &str| {
            Record::new(caller.workspace, caller.into(), act)
                .about(Thing::Tool, tool)
                .within(Some(detail.row.id))
                .with(Fact::Call, word.call().0.as_str())
        };
        match word {
            Word::Ruling(ruling) => {
                let tool = self.shown(caller, detail, ruling).await?;
                if let Decision::Allow { reach: Reach::Always, .. } = &ruling.decision {
                    self.access.fresh(caller)?;
                }
                let rule = rule(caller, detail.row.conversation, &*tool, &ruling.decision)?;
                let decision = ruling.decision.clone();
                let record = decided(|act| record(act, tool.name()), ruling);
                Ok((Item::Approval { call, decision, by: caller.person }, rule, record))
            }
            Word::Response(response) => {
                let tool = answered(detail, response)?;
                let answers = response.answers.clone();
                let record = record(Act::Answered, tool).with(Fact::Count, answers.len());
                Ok((Item::Answered { call, answers, by: caller.person }, None, record))
            }
            Word::Answer { text, .. } => {
                let tool = &waiting(detail, &call, Question::Answer)?.call.tool;
                let record = record(Act::Answered, tool).with(Fact::Count, 1_usize);
                let outcome = Outcome::Done { output: vec![Part::text(text.clone())] };
                Ok((Item::Reply { call, outcome, took_ms: 0, whole: None }, None, record))
            }
        }
    }

    /// The run; if another call that was allowed before is under way, after that.
    async fn at_rest(
        &self,
        caller: &Caller,
        id: RunId,
        call: &CallId,
    ) -> Result<RunDetail, AppError> {
        let detail = self.run(caller, id).await?;
        let open = detail.transcript.open_call(call);
        let waits = open.is_some_and(|it| it.question().is_some());
        if detail.row.state != RunState::Running || !waits {
            return Ok(detail);
        }
        let rest = self.until(caller, id, |state| state != RunState::Running);
        match tokio::time::timeout(PATIENCE, rest).await {
            Ok(state) => state?,
            Err(_) => return Ok(detail),
        };
        self.run(caller, id).await
    }

    /// The tool of the call that `ruling` is about, or the one that it passes the call on to, if the
    /// call is the one that was shown and changed arguments fit.
    async fn shown(
        &self,
        caller: &Caller,
        detail: &RunDetail,
        ruling: &Ruling,
    ) -> Result<Arc<dyn AnyTool>, AppError> {
        let open = waiting(detail, &ruling.call, Question::Approval)?;
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let Some(tool) = shelf.toolbox.get(&open.call.tool) else {
            return Err(AppError::Conflict("The tool is no longer there.".to_owned()));
        };
        let shown = detail.digest(&ruling.call);
        let current = digest(&definition(&**tool), open.input());
        if shown.is_none_or(|shown| shown != ruling.digest || shown != current) {
            let message = "The call is not the one that was shown. Look again before you decide.";
            return Err(AppError::Conflict(message.to_owned()));
        }
        let input = match &ruling.decision {
            Decision::Allow { input: Some(input), .. } => {
                tool.schema().check(input).map_err(|wrong| AppError::invalid("/input", wrong))?;
                input
            }
            Decision::Allow { input: None, .. } | Decision::Deny { .. } => open.input(),
        };
        // A rule is about the tool that is called in the end.
        let called = tool.stands_for(input).and_then(|(name, _)| shelf.toolbox.get(&name));
        Ok(called.unwrap_or(tool).clone())
    }
}

/// Checks that `response` answers what was asked last; gives the name of the tool.
fn answered<'a>(detail: &'a RunDetail, response: &Response) -> Result<&'a str, AppError> {
    let open = waiting(detail, &response.call, Question::Form)?;
    if open.rounds != response.round {
        let message = "The tool asks something else by now. Look again before you answer.";
        return Err(AppError::Conflict(message.to_owned()));
    }
    let wrong = open.waits_for().map(|it| it.check(&response.answers)).unwrap_or_default();
    let mistake =
        |it: Wrong| Mistake { pointer: format!("/answers{}", it.pointer), message: it.message };
    let mistakes: Vec<Mistake> = wrong.into_iter().map(mistake).collect();
    if mistakes.is_empty() { Ok(&open.call.tool) } else { Err(AppError::Invalid(mistakes)) }
}

fn waiting<'a>(
    detail: &'a RunDetail,
    call: &CallId,
    question: Question,
) -> Result<&'a OpenCall, AppError> {
    let open = detail.transcript.open_call(call);
    let open = open.filter(|it| it.question() == Some(question));
    // Of several questions the first that is answered queues the run; the others still wait.
    open.filter(|_| matches!(detail.row.state, RunState::Parked | RunState::Queued))
        .ok_or_else(|| AppError::Conflict("This call does not wait for that.".to_owned()))
}
