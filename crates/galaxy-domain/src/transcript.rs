//! What was said and done in a run, in order. A persisted format: tags never change meaning.

use std::collections::BTreeMap;

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    id::{MessageId, PersonId},
    part::Part,
    run::Stop,
    tool::{CallId, Decision, Effect, ToolCall},
    usage::Usage,
};

/// How a tool call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// It ran.
    Done {
        /// What the model gets to see.
        output: Vec<Part>,
    },
    /// It ran and did not succeed, or could not run. The model is told why.
    Failed {
        /// Safe for the model and the person.
        message: String,
    },
    /// A person or a policy said no.
    Denied {
        /// Why, told to the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The run was stopped first.
    Aborted,
    /// It was under way when the process died. It may or may not have happened.
    Unknown,
}

/// Why the model stopped speaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was done.
    Stop,
    /// It wants tools.
    Calls,
    /// It ran into its limit of output.
    Length,
    /// It declined.
    Refused,
    /// A person stopped it: the text is what there was.
    Cancelled,
    /// The stream broke off: the text is what there was.
    Broken,
}

/// A piece of an answer that is still being written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Delta {
    /// More text.
    Text {
        /// What to add.
        text: String,
    },
    /// More thought.
    Reasoning {
        /// What to add.
        text: String,
    },
    /// More of a call's arguments, as JSON text that is not complete yet.
    Arguments {
        /// Which call.
        call: CallId,
        /// Which tool.
        tool: String,
        /// What to add.
        text: String,
    },
}

/// What a person is asked about an open call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// May it run?
    Approval,
    /// What is the answer? (The call itself is a question to the person.)
    Answer,
}

/// One entry of a run's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    /// A person spoke; always the first entry.
    User {
        /// The message that holds it.
        message: MessageId,
        /// What they said.
        parts: Vec<Part>,
    },
    /// The model is being asked. Whatever was streamed since the last finished answer is void.
    Sampling {
        /// Which model.
        model: String,
        /// Why not the one asked for, when a fallback steps in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// A piece of the answer to come.
    Delta {
        /// The piece.
        delta: Delta,
    },
    /// The model spoke, and may have asked for tools. Replaces the deltas before it.
    Assistant {
        /// What it said.
        parts: Vec<Part>,
        /// What it asked for.
        calls: Vec<ToolCall>,
        /// Why it stopped.
        finish: Finish,
        /// Which model it was.
        model: String,
    },
    /// A person is asked about a call; the run waits.
    Asked {
        /// Which call.
        call: CallId,
        /// What is asked.
        question: Question,
        /// SHA-256 of tool definition and arguments, in hexadecimal: what a yes is bound to.
        digest: String,
    },
    /// A person decided about a call.
    Approval {
        /// Which.
        call: CallId,
        /// What.
        decision: Decision,
        /// Who.
        by: PersonId,
    },
    /// A call is about to run. Stored first, so that a crash cannot make it run twice.
    Began {
        /// Which.
        call: CallId,
        /// What it can do; only a repeatable one may run again after a crash.
        effect: Effect,
    },
    /// A call tells how far it is.
    Progress {
        /// Which.
        call: CallId,
        /// The share that is done, from 0 to 1, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        share: Option<f64>,
        /// What it is doing, in words.
        note: String,
    },
    /// A call ended.
    Reply {
        /// Which.
        call: CallId,
        /// How.
        outcome: Outcome,
        /// How long it took, in milliseconds.
        took_ms: u64,
    },
    /// What the answer before it cost.
    Usage {
        /// Which model.
        model: String,
        /// How much.
        usage: Usage,
    },
    /// The run stopped moving.
    Stopped {
        /// Why.
        stop: Stop,
    },
    /// A person wants a stopped run to go on.
    Resumed {
        /// Who.
        by: PersonId,
    },
}

impl Item {
    /// The tag of the stored form.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Sampling { .. } => "sampling",
            Self::Delta { .. } => "delta",
            Self::Assistant { .. } => "assistant",
            Self::Asked { .. } => "asked",
            Self::Approval { .. } => "approval",
            Self::Began { .. } => "began",
            Self::Progress { .. } => "progress",
            Self::Reply { .. } => "reply",
            Self::Usage { .. } => "usage",
            Self::Stopped { .. } => "stopped",
            Self::Resumed { .. } => "resumed",
        }
    }

    /// Whether it only tells how an answer or a call is coming along: a log without such entries
    /// says the same once its run is over.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Delta { .. } | Self::Progress { .. } | Self::Sampling { .. } => true,
            Self::User { .. }
            | Self::Assistant { .. }
            | Self::Asked { .. }
            | Self::Approval { .. }
            | Self::Began { .. }
            | Self::Reply { .. }
            | Self::Usage { .. }
            | Self::Stopped { .. }
            | Self::Resumed { .. } => false,
        }
    }
}

/// An item with its place in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number; the first entry of a run is 1, and there are no gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub item: Item,
}

/// Why an item does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// It is about a call that is not open.
    #[error("no open call `{0}`")]
    NoSuchCall(CallId),
    /// It would leave calls unanswered for ever; every provider rejects that.
    #[error("{0} calls are still open")]
    CallsOpen(usize),
    /// Two calls of one run share a name.
    #[error("call `{0}` was asked for before")]
    CallRepeated(CallId),
    /// The call has begun, or was decided about, before.
    #[error("call `{0}` is past that")]
    TooLate(CallId),
    /// Only the first entry is the person's.
    #[error("a run begins with what a person said, once")]
    NotTheFirst,
    /// The run has stopped and nobody resumed it.
    #[error("the run has stopped")]
    Stopped,
    /// The run has not stopped, so it cannot be resumed.
    #[error("the run has not stopped")]
    NotStopped,
}

/// What is known about one open call.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenCall {
    /// The call, with the arguments a person may have changed.
    pub call: ToolCall,
    /// Whether a person was asked.
    pub asked: Option<Question>,
    /// What a person decided, if anything.
    pub decision: Option<Decision>,
    /// When they did.
    pub decided_at: Option<Timestamp>,
    /// What it may do, once it has begun.
    pub began: Option<Effect>,
}

/// A run's items, checked.
///
/// **Invariant:** the first item is the person's; every [`Item::Reply`] answers one earlier call;
/// nobody speaks while calls are open; nothing follows [`Item::Stopped`] but [`Item::Resumed`].
/// The next step of a run is a function of this value alone, which is what makes a run resumable
/// after a crash. Deltas are counted, not kept: a half-written answer is no part of what was said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    items: Vec<Item>,
    open: BTreeMap<CallId, OpenCall>,
    order: Vec<CallId>,
    seen: Vec<CallId>,
    samples: usize,
    samples_since_resume: usize,
    usage: Usage,
    last_seq: u64,
}

impl Transcript {
    /// Rebuilds a transcript from stored entries, re-checking every one.
    ///
    /// # Errors
    /// The first entry that does not fit.
    pub fn replay(entries: impl IntoIterator<Item = Entry>) -> Result<Self, Misplaced> {
        let mut transcript = Self::default();
        for entry in entries {
            transcript.push_at(entry.item, entry.at)?;
        }
        Ok(transcript)
    }

    /// Appends `item`, or says why it does not fit. See [`Transcript::push_at`].
    ///
    /// # Errors
    /// [`Misplaced`]; the transcript is then unchanged.
    pub fn push(&mut self, item: Item) -> Result<(), Misplaced> {
        self.push_at(item, Timestamp::default())
    }

    /// Appends `item`, written at `at`.
    ///
    /// # Errors
    /// [`Misplaced`]; the transcript is then unchanged.
    pub fn push_at(&mut self, item: Item, at: Timestamp) -> Result<(), Misplaced> {
        self.check(&item)?;
        self.last_seq += 1;
        match &item {
            Item::Assistant { calls, .. } => {
                self.samples += 1;
                self.samples_since_resume += 1;
                for call in calls {
                    self.seen.push(call.id.clone());
                    self.order.push(call.id.clone());
                    self.open.insert(call.id.clone(), OpenCall::new(call.clone()));
                }
            }
            Item::Asked { call, question, .. } => self.edit(call, |it| it.asked = Some(*question)),
            Item::Approval { call, decision, .. } => self.edit(call, |it| {
                it.decision = Some(decision.clone());
                it.decided_at = Some(at);
                if let Decision::Allow { input: Some(input), .. } = decision {
                    it.call.input = input.clone();
                }
            }),
            Item::Began { call, effect } => self.edit(call, |it| it.began = Some(*effect)),
            Item::Reply { call, .. } => {
                self.open.remove(call);
                self.order.retain(|it| it != call);
            }
            Item::Usage { usage, .. } => self.usage += *usage,
            Item::Resumed { .. } => self.samples_since_resume = 0,
            Item::User { .. }
            | Item::Sampling { .. }
            | Item::Delta { .. }
            | Item::Progress { .. }
            | Item::Stopped { .. } => (),
        }
        if !item.is_passing() {
            self.items.push(item);
        }
        Ok(())
    }

    fn check(&self, item: &Item) -> Result<(), Misplaced> {
        if matches!(item, Item::User { .. }) != self.items.is_empty() {
            return Err(Misplaced::NotTheFirst);
        }
        let stopped = self.has_stopped();
        match item {
            Item::Resumed { .. } if !stopped => return Err(Misplaced::NotStopped),
            Item::Resumed { .. } => return Ok(()),
            _ if stopped => return Err(Misplaced::Stopped),
            Item::Sampling { .. } | Item::Assistant { .. } | Item::Stopped { .. }
                if !self.open.is_empty() =>
            {
                return Err(Misplaced::CallsOpen(self.open.len()));
            }
            Item::Assistant { calls, .. } => return self.check_fresh(calls),
            Item::Asked { call, .. } => {
                let late = |it: &OpenCall| it.asked.is_some() || it.began.is_some();
                return self.check_open(call, late);
            }
            Item::Approval { call, .. } => {
                return self.check_open(call, |it| it.decision.is_some() || it.began.is_some());
            }
            Item::Began { call, effect } => {
                // A repeatable call that a crash interrupted begins again.
                let repeat = effect.is_repeatable();
                return self.check_open(call, |it| it.began.is_some() && !repeat);
            }
            Item::Progress { call, .. } | Item::Reply { call, .. } => {
                return self.check_open(call, |_| false);
            }
            Item::User { .. }
            | Item::Sampling { .. }
            | Item::Delta { .. }
            | Item::Usage { .. }
            | Item::Stopped { .. } => (),
        }
        Ok(())
    }

    fn check_fresh(&self, calls: &[ToolCall]) -> Result<(), Misplaced> {
        for (idx, call) in calls.iter().enumerate() {
            if self.seen.contains(&call.id) || calls[..idx].iter().any(|it| it.id == call.id) {
                return Err(Misplaced::CallRepeated(call.id.clone()));
            }
        }
        Ok(())
    }

    fn check_open(
        &self,
        call: &CallId,
        late: impl FnOnce(&OpenCall) -> bool,
    ) -> Result<(), Misplaced> {
        let open = self.open.get(call).ok_or_else(|| Misplaced::NoSuchCall(call.clone()))?;
        if late(open) { Err(Misplaced::TooLate(call.clone())) } else { Ok(()) }
    }

    fn edit(&mut self, call: &CallId, change: impl FnOnce(&mut OpenCall)) {
        if let Some(open) = self.open.get_mut(call) {
            change(open);
        }
    }

    /// All items but the passing ones, oldest first.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The number of the newest entry, passing ones counted.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Calls that nothing has answered yet, in the order the model asked.
    pub fn open_calls(&self) -> impl Iterator<Item = &OpenCall> {
        self.order.iter().filter_map(|id| self.open.get(id))
    }

    /// The open call named `id`.
    pub fn open_call(&self, id: &CallId) -> Option<&OpenCall> {
        self.open.get(id)
    }

    /// Whether a call named `id` was ever asked for.
    pub fn knows_call(&self, id: &CallId) -> bool {
        self.seen.contains(id)
    }

    /// How often the model has answered.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// How often the model has answered since a person last said to go on.
    pub fn samples_since_resume(&self) -> usize {
        self.samples_since_resume
    }

    /// What all answers cost together.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Whether the run has stopped and nobody resumed it.
    pub fn has_stopped(&self) -> bool {
        matches!(self.items.last(), Some(Item::Stopped { .. }))
    }
}

impl OpenCall {
    fn new(call: ToolCall) -> Self {
        Self { call, asked: None, decision: None, decided_at: None, began: None }
    }

    /// The arguments as they stand.
    pub fn input(&self) -> &Value {
        &self.call.input
    }
}

#[cfg(test)]
mod tests;
