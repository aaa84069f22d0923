//! What is written down of calls outside runs.
//!
//! **Invariant:** a call with effects is made only after it was written that it begins, and no effect
//! outlives that record. How it ended is written down soon after, together with others, and so is
//! what only reads.

use std::time::Duration;

use galaxy_agent::{
    audit::{Whose, effect as effect_name, left},
    digest,
    drive::left_as,
    policy::Grounds,
};
use galaxy_domain::{
    Caller, Effect, RunId, Transcript,
    access::Credential,
    audit::{Act, Actor, Ending, Fact, Record, Thing},
    run::RunRow,
};
use galaxy_store::{Entries, Store, Strength};
use serde_json::Value;

use crate::{App, AppError};

/// What is called by whom.
#[derive(Debug, Clone)]
pub(crate) struct Through {
    tool: String,
    /// Of the tool's name and the arguments.
    arguments: String,
    through: &'static str,
    allowed_by: Option<&'static str>,
    run: Option<RunId>,
}

impl Through {
    /// A call of `tool` that came `through` one of our ways in.
    pub(crate) fn new(through: &'static str, tool: &str, input: &Value) -> Self {
        let arguments = digest(tool, input);
        Self { tool: tool.to_owned(), arguments, through, allowed_by: None, run: None }
    }

    /// For a run.
    pub(crate) fn within(self, run: RunId) -> Self {
        Self { run: Some(run), ..self }
    }

    /// Which was let through by the person, there and then.
    pub(crate) fn allowed_by_person(self) -> Self {
        Self { allowed_by: Some("person"), ..self }
    }

    /// Which was let through by what was said before.
    pub(crate) fn allowed_by(self, grounds: Grounds) -> Self {
        let allowed_by = match grounds {
            Grounds::Rule => "rule",
            Grounds::Default => "default",
        };
        Self { allowed_by: Some(allowed_by), ..self }
    }

    fn record(&self, caller: &Caller, act: Act) -> Record {
        let record = Record::new(caller.workspace, caller.into(), act)
            .about(Thing::Tool, &self.tool)
            .within(self.run)
            .with(Fact::Through, self.through)
            .with(Fact::Arguments, self.arguments.as_str());
        match self.allowed_by {
            Some(who) => record.with(Fact::AllowedBy, who),
            None => record,
        }
    }
}

/// A call that was written down as far as it has to be before it is made.
#[must_use]
pub(crate) struct Calling {
    store: Store,
    record: Option<Record>,
}

impl Calling {
    /// Writes down how it ended. That it did cannot be undone, so a failure is told to operators.
    pub(crate) async fn ended(mut self, ending: Ending, took: Duration) {
        let Some(record) = self.record.take() else { return };
        let record = record.ended(ending).with(Fact::TookMs, took);
        if let Err(err) = self.store.note(record).await {
            tracing::error!(error = %err, "how a call ended was not written down");
        }
    }
}

/// Whoever made the call has gone: nobody knows how it ends.
impl Drop for Calling {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            self.store.note_now(record.ended(Ending::Unknown));
        }
    }
}

impl App {
    /// Writes down that a call begins, if it has effects; gives what says how it ended.
    ///
    /// # Errors
    /// When it cannot be written down: then it must not be made.
    pub(crate) async fn calling(
        &self,
        caller: &Caller,
        through: Through,
        effect: Effect,
    ) -> Result<Calling, AppError> {
        let record = |act| through.record(caller, act).with(Fact::Effect, effect_name(effect));
        let began = match effect {
            Effect::Reads | Effect::Asks => None,
            // The change is a later commit of the same database: it is not kept without this one.
            Effect::Writes => Some(Strength::Relaxed),
            Effect::Reaches => Some(Strength::Synced),
        };
        if let Some(strength) = began {
            self.store.record(record(Act::ToolBegan).ended(Ending::Begun), strength).await?;
        }
        Ok(Calling { store: self.store.clone(), record: Some(record(Act::ToolCalled)) })
    }

    /// Writes down that a call was not made, and why.
    pub(crate) async fn refused(
        &self,
        caller: &Caller,
        through: &Through,
        reason: &'static str,
    ) -> Result<(), AppError> {
        let record = through.record(caller, Act::ToolCalled).ended(Ending::Refused);
        Ok(self.store.note(record.with(Fact::Reason, reason)).await?)
    }
}

/// The run of a worker, for what it writes down.
pub(crate) fn whose(run: &RunRow) -> Whose {
    let actor = Actor::by(run.owner, Credential::Run(run.id));
    Whose { workspace: run.workspace, actor, run: run.id }
}

/// The last entries of a run, with what is written down of the calls that it leaves behind.
pub(crate) fn last(
    run: &RunRow,
    transcript: &Transcript,
    items: Vec<galaxy_domain::Item>,
) -> Entries {
    Entries { items, records: left(whose(run), transcript, left_as) }
}
