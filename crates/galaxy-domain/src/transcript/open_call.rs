//! What a transcript knows about one call that nothing has answered yet.

use std::collections::{BTreeMap, BTreeSet};

use galaxy_base::Timestamp;
use serde_json::Value;

use super::Question;
use crate::{
    elicitation::{Answer, Elicitation},
    remote_task::RemoteTask,
    tool::{Decision, Effect, ToolCall},
};

/// What is known about one open call.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenCall {
    /// The call, with the arguments a person may have changed.
    pub call: ToolCall,
    /// The arguments that the model asked for.
    pub proposed: Value,
    /// Whether a person was asked.
    pub asked: Option<Question>,
    /// What their yes is bound to: the digest that was shown with the question.
    pub shown: Option<String>,
    /// What a person decided, if anything.
    pub decision: Option<Decision>,
    /// When they did.
    pub decided_at: Option<Timestamp>,
    /// What it may do, once it has begun.
    pub began: Option<Effect>,
    /// What its tool asked last, if it asked anything.
    pub elicited: Option<Elicited>,
    /// How often its tool asked.
    pub rounds: u32,
    /// Whether any of its questions was declined without anybody being asked.
    pub declined: bool,
    /// What its server goes on with by itself, if it does.
    pub task: Option<Entrusted>,
    /// Keys of all questions that were answered or declined.
    pub answered: BTreeSet<String>,
}

/// A call that its server goes on with by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrusted {
    /// What the server works on.
    pub task: RemoteTask,
    /// The digest of tool definition and arguments when it began to.
    pub digest: String,
}

/// A round of questions, and how far it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Elicited {
    /// What was asked.
    pub elicitation: Elicitation,
    /// The digest of tool definition and arguments when it was.
    pub digest: String,
    /// What a person said, once they did.
    pub answers: Option<BTreeMap<String, Answer>>,
    /// Whether the call has begun again since.
    pub resumed: bool,
}

impl OpenCall {
    pub(super) fn new(call: ToolCall) -> Self {
        let proposed = call.input.clone();
        Self {
            call,
            proposed,
            asked: None,
            shown: None,
            decision: None,
            decided_at: None,
            began: None,
            elicited: None,
            rounds: 0,
            declined: false,
            task: None,
            answered: BTreeSet::new(),
        }
    }

    /// The arguments as they stand.
    pub fn input(&self) -> &Value {
        &self.call.input
    }

    /// What its tool waits for a person to answer.
    pub fn waits_for(&self) -> Option<&Elicitation> {
        let open = self.elicited.as_ref().filter(|it| it.answers.is_none());
        open.map(|it| &it.elicitation)
    }

    /// What it is put down with: asked, and not begun again since.
    pub fn put_down(&self) -> Option<&Elicited> {
        self.elicited.as_ref().filter(|it| !it.resumed)
    }

    /// What a person is asked about it and has not answered.
    pub fn question(&self) -> Option<Question> {
        match self.waits_for() {
            Some(_) => Some(Question::Form),
            None => self.asked.filter(|_| self.decision.is_none() && self.began.is_none()),
        }
    }

    /// Whether it may begin: for the first time; again with the answers to what it asked; or again
    /// because a crash interrupted it and repeating it does no harm.
    pub(super) fn may_begin(&self, effect: Effect) -> bool {
        match self.put_down() {
            Some(round) => round.answers.is_some(),
            None => self.began.is_none() || effect.is_repeatable(),
        }
    }

    /// Whether its server may go on with it by itself: it is under way, and was not left to the
    /// server before.
    pub(super) fn may_be_entrusted(&self) -> bool {
        self.began.is_some() && self.put_down().is_none() && self.task.is_none()
    }

    /// Whether its tool may ask for the `round`th time: it is under way.
    pub(super) fn may_ask(&self, round: u32) -> bool {
        self.began.is_some() && self.put_down().is_none() && round == self.rounds + 1
    }

    pub(super) fn begin(&mut self, effect: Effect) {
        self.began = Some(effect);
        if let Some(round) = &mut self.elicited {
            round.resumed = true;
        }
    }

    pub(super) fn entrust(&mut self, task: RemoteTask, digest: String) {
        self.task = Some(Entrusted { task, digest });
    }

    pub(super) fn ask(&mut self, elicitation: Elicitation, digest: String) {
        self.rounds += 1;
        self.declined |= !elicitation.declined.is_empty();
        self.answered.extend(elicitation.declined.iter().cloned());
        self.elicited = Some(Elicited { elicitation, digest, answers: None, resumed: false });
    }

    pub(super) fn hear(&mut self, answers: BTreeMap<String, Answer>) {
        self.answered.extend(answers.keys().cloned());
        if let Some(round) = &mut self.elicited {
            round.answers = Some(answers);
        }
    }
}
