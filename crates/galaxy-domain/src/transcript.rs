//! What was said and done in a run, in order. A persisted format: tags never change meaning.

use std::collections::BTreeMap;

use galaxy_base::Timestamp;

use crate::{
    elicitation::Answer,
    tool::{CallId, Decision, ToolCall},
    usage::Usage,
};

mod item;
mod open_call;

pub use item::{Delta, Entry, Finish, Item, Outcome, Question};
pub use open_call::{Elicited, Entrusted, OpenCall};

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
    /// These are no answers to what the tool of the call asks.
    #[error("call `{0}` did not ask that")]
    NotAsked(CallId),
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
            // The log of a run that is long over lacks its passing entries; numbers stay.
            transcript.last_seq = entry.seq;
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
            Item::Asked { call, question, digest } => self.edit(call, |it| {
                it.asked = Some(*question);
                it.shown = Some(digest.clone());
            }),
            Item::Approval { call, decision, .. } => self.edit(call, |it| {
                it.decision = Some(decision.clone());
                it.decided_at = Some(at);
                if let Decision::Allow { input: Some(input), .. } = decision {
                    it.call.input = input.clone();
                }
            }),
            Item::Began { call, effect, .. } => self.edit(call, |it| it.begin(*effect)),
            Item::TaskCreated { call, task, digest } => {
                self.edit(call, |it| it.entrust(task.clone(), digest.clone()));
            }
            Item::Elicited { call, elicitation, digest, .. } => {
                self.edit(call, |it| it.ask(elicitation.clone(), digest.clone()));
            }
            Item::Answered { call, answers, .. } => self.edit(call, |it| it.hear(answers.clone())),
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
            Item::Began { call, effect, .. } => {
                let effect = *effect;
                return self.check_open(call, |it| !it.may_begin(effect));
            }
            Item::TaskCreated { call, .. } => {
                return self.check_open(call, |it| !it.may_be_entrusted());
            }
            Item::Elicited { call, round, .. } => {
                return self.check_open(call, |it| !it.may_ask(*round));
            }
            Item::Answered { call, answers, .. } => return self.check_answers(call, answers),
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

    fn check_answers(
        &self,
        call: &CallId,
        answers: &BTreeMap<String, Answer>,
    ) -> Result<(), Misplaced> {
        self.check_open(call, |it| it.waits_for().is_none())?;
        let asked = self.open.get(call).and_then(OpenCall::waits_for);
        if asked.is_some_and(|it| it.questions.keys().eq(answers.keys())) {
            return Ok(());
        }
        Err(Misplaced::NotAsked(call.clone()))
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

#[cfg(test)]
mod tests;
