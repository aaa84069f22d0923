//! What is written down of a run's calls, in the same change as the entries of its log: which tool,
//! a digest of its arguments, what let it through, how it ended. Never what was in it.

use std::time::Duration;

use galaxy_domain::{
    Caller, Outcome, RunId, Transcript, WorkspaceId,
    audit::{Act, Actor, Ending, Fact, Record, Thing},
    tool::{Decision, Effect},
    transcript::OpenCall,
};

use crate::{drive::Deps, policy::Grounds};

/// On whose behalf a run's calls are made, and which run that is.
#[derive(Debug, Clone, Copy)]
pub struct Whose {
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub actor: Actor,
    /// Which run.
    pub run: RunId,
}

impl Whose {
    /// A run of `caller`.
    pub fn of(caller: &Caller, run: RunId) -> Self {
        Self { workspace: caller.workspace, actor: caller.into(), run }
    }

    /// A call of the run that ended with `outcome`.
    pub fn ended(&self, open: &OpenCall, outcome: &Outcome) -> Record {
        self.record(Act::ToolCalled, open, &open.call.tool).ended(ending(outcome))
    }

    fn record(&self, act: Act, open: &OpenCall, tool: &str) -> Record {
        Record::new(self.workspace, self.actor, act)
            .about(Thing::Tool, tool)
            .within(Some(self.run))
            .with(Fact::Call, open.call.id.0.as_str())
    }
}

/// How an outcome is written down.
pub const fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Done { .. } => Ending::Done,
        Outcome::Failed { .. } => Ending::Failed,
        Outcome::Denied { .. } => Ending::Refused,
        Outcome::Aborted => Ending::Aborted,
        Outcome::Unknown => Ending::Unknown,
    }
}

/// The name of an effect.
pub const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Reads => "reads",
        Effect::Writes => "writes",
        Effect::Reaches => "reaches",
        Effect::Asks => "asks",
    }
}

/// Calls that had begun and that nothing will answer any more, when their run ends: `outcome` says
/// what becomes of each.
pub fn left(
    whose: Whose,
    transcript: &Transcript,
    outcome: impl Fn(&OpenCall) -> Outcome,
) -> Vec<Record> {
    let begun = transcript.open_calls().filter(|open| open.began.is_some());
    begun.map(|open| whose.ended(open, &outcome(open))).collect()
}

/// A call of this run.
pub(crate) fn called(deps: &Deps, run: RunId, act: Act, open: &OpenCall) -> Record {
    let tool = deps.toolbox.get(&open.call.tool);
    // A call that is passed on is written down as what it stands for.
    let stands_for = tool.and_then(|it| it.stands_for(open.input())).map(|(name, _)| name);
    let name = stands_for.as_deref().unwrap_or(&open.call.tool);
    let mut record = Whose::of(&deps.caller, run)
        .record(act, open, name)
        .with(Fact::AllowedBy, allowed_by(deps, open, name));
    if let Some(digest) = deps.policy.bound_to(&open.call.tool, open.input()) {
        record = record.with(Fact::Digest, digest.as_str());
    }
    if let Some(tool) = tool {
        record = record.with(Fact::Effect, effect(tool.effect()));
    }
    record
}

/// A call that was not made.
pub(crate) fn refused(deps: &Deps, run: RunId, open: &OpenCall, reason: &str) -> Record {
    let mut record = called(deps, run, Act::ToolCalled, open).ended(Ending::Refused);
    record.facts.unset(Fact::AllowedBy);
    record.with(Fact::Reason, reason)
}

/// A call that ended.
pub(crate) fn ended(
    deps: &Deps,
    run: RunId,
    open: &OpenCall,
    (outcome, took): (&Outcome, Duration),
) -> Record {
    let record = called(deps, run, Act::ToolCalled, open).ended(ending(outcome));
    record.with(Fact::TookMs, took)
}

fn allowed_by(deps: &Deps, open: &OpenCall, name: &str) -> &'static str {
    match open.decision {
        Some(Decision::Allow { .. } | Decision::Deny { .. }) => "person",
        None => match deps.policy.grounds(name) {
            Grounds::Rule => "rule",
            Grounds::Default => "default",
        },
    }
}
