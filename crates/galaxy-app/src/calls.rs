//! Calling a tool directly: for programs that are agents themselves and borrow our tools.
//!
//! **Invariant:** what may be called, and by whom, is decided here as in a run: by role, scope and
//! the person's standing rules, once when tools are offered and again at each call.

use std::{sync::Arc, time::Duration};

use galaxy_access::{in_scope, use_tool};
use galaxy_agent::{Judgement, Policy, audit::ending, call, policy::Rules};
use galaxy_domain::{
    CallId, Caller, Effect, Outcome, ToolCall, Verdict, access::Scope, audit::Ending,
};
use galaxy_tool::{AnyTool, Notes, ToolCx, Whole};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    App, AppError,
    audit::calls::Through,
    servers::{Relayed, shelf::Shelf},
};

mod remembered;

pub(crate) use remembered::Remembered;

/// After a call that took longer than this, its caller is asked for again: what they may no
/// longer see is not told to them.
pub(crate) const BRIEF: Duration = Duration::from_secs(2);

/// A tool that the caller may call.
#[derive(Clone)]
pub struct Offer {
    /// The tool.
    pub tool: Arc<dyn AnyTool>,
    /// Whether the person wants to be asked first.
    pub verdict: Verdict,
}

/// What a program wants done.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The name of a tool.
    pub tool: &'a str,
    /// Its arguments, not yet checked.
    pub input: Value,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Called {
    /// The tool was called, and this is how that ended.
    Ended(Outcome),
    /// The person wants to be asked first, which nobody can do here.
    Asks,
    /// A rule of the person forbids it.
    Forbidden(String),
    /// The arguments do not fit.
    Unfit(String),
    /// There is no such tool.
    Unknown,
}

impl App {
    /// The tools that the caller may call themselves, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn offers(&self, caller: &Caller) -> Result<Vec<Offer>, AppError> {
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let rules = self.rules(caller, &shelf).await?;
        let offer = |tool: &Arc<dyn AnyTool>| {
            let verdict = rules.verdict(&**tool);
            let offered = verdict != Verdict::Deny
                && is_callable(&**tool)
                && use_tool(caller, tool.scope(), changes(&**tool)).is_ok();
            offered.then(|| Offer { tool: tool.clone(), verdict })
        };
        Ok(shelf.toolbox.iter().filter_map(offer).collect())
    }

    /// The scope that what the caller came by lacks for a tool, if that is all that it lacks.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn lacking_scope(
        &self,
        caller: &Caller,
        tool: &str,
    ) -> Result<Option<Scope>, AppError> {
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let tool = shelf.toolbox.get(tool).filter(|tool| is_callable(&***tool));
        let lacks = |it: &&Arc<dyn AnyTool>| !in_scope(caller, it.scope(), changes(&***it));
        let needed = |it: &Arc<dyn AnyTool>| if changes(&**it) { it.scope() } else { Scope::Read };
        Ok(tool.filter(lacks).map(needed))
    }

    /// Calls a tool on behalf of the caller, until it ends or `cancel` is set.
    ///
    /// # Errors
    /// [`AppError::Denied`] when role or scope forbid; [`AppError::Access`] when the caller was
    /// shut out meanwhile.
    pub async fn call(
        &self,
        caller: &Caller,
        wanted: Wanted<'_>,
        cancel: CancellationToken,
        notes: Notes,
    ) -> Result<Called, AppError> {
        let through = Through::new("mcp", wanted.tool, &wanted.input);
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let tool = shelf.toolbox.get(wanted.tool).filter(|tool| is_callable(&***tool));
        let Some(tool) = tool else { return Ok(Called::Unknown) };
        if let Err(denied) = use_tool(caller, tool.scope(), changes(&**tool)) {
            self.refused(caller, &through, "not_allowed").await?;
            return Err(denied.into());
        }
        let asked = ToolCall {
            id: CallId(String::new()),
            tool: wanted.tool.to_owned(),
            input: wanted.input,
            opaque: None,
        };
        let rules = self.rules(caller, &shelf).await?;
        let (called, reason) = match rules.judge(&asked) {
            Judgement::Allow => (None, ""),
            // A yes is given by the person, signed in; whoever calls here may hold a key only.
            Judgement::Ask => (Some(Called::Asks), "approval_needed"),
            Judgement::Answer => return Ok(Called::Unknown),
            Judgement::Deny(reason) => (Some(Called::Forbidden(reason)), "rule"),
            Judgement::Refuse(wrong) => (Some(Called::Unfit(wrong)), "invalid"),
        };
        if let Some(called) = called {
            self.refused(caller, &through, reason).await?;
            return Ok(called);
        }
        let through = through.allowed_by(rules.grounds(tool.name()));
        let calling = self.calling(caller, through, tool.effect()).await?;
        let caller = caller.clone();
        let cx = ToolCx {
            caller,
            run: None,
            conversation: None,
            cancel,
            notes,
            asks: None,
            whole: Whole::default(),
        };
        let began = Instant::now();
        let outcome = call(&**tool, asked.input, &cx).await;
        calling.ended(ending(&outcome), began.elapsed()).await;
        note(&cx.caller, tool.name(), &outcome, began.elapsed());
        if began.elapsed() > BRIEF {
            self.access.recheck(&cx.caller).await?;
        }
        Ok(Called::Ended(outcome))
    }

    /// What the caller's standing rules say about the tools of `shelf`, a moment ago at most.
    pub(crate) async fn rules(
        &self,
        caller: &Caller,
        shelf: &Arc<Shelf>,
    ) -> Result<Arc<Rules>, AppError> {
        let began = match self.remembered.find(caller.person, shelf) {
            Ok(rules) => return Ok(rules),
            Err(began) => began,
        };
        let rules = Arc::new(self.rules_now(caller, shelf).await?);
        self.remembered.keep(caller.person, shelf, &rules, began);
        Ok(rules)
    }

    /// What the caller's standing rules say about the tools of `shelf`.
    pub(crate) async fn rules_now(
        &self,
        caller: &Caller,
        shelf: &Shelf,
    ) -> Result<Rules, AppError> {
        let rules = self.store.rules(caller.person, caller.workspace, None).await?;
        Ok(Rules::new(shelf.everything.clone(), &rules))
    }
}

/// Whether a machine answers it: outside a run there is nobody to put a question to.
fn is_callable(tool: &dyn AnyTool) -> bool {
    tool.effect() != Effect::Asks
}

fn changes(tool: &dyn AnyTool) -> bool {
    !tool.effect().is_repeatable()
}

/// Who had what passed on to a server.
pub(crate) fn note_relayed(caller: &Caller, tool: &str, relayed: &Relayed, took: Duration) {
    let ended = match relayed_ending(relayed) {
        Some(ended) => ended.as_str(),
        None => return,
    };
    count(caller, tool, ended, took);
}

/// How a call ended that was passed on; nothing when it was not.
pub(crate) fn relayed_ending(relayed: &Relayed) -> Option<Ending> {
    match relayed {
        Relayed::Answered(result) if result["isError"] == true => Some(Ending::Failed),
        Relayed::Answered(_) => Some(Ending::Done),
        Relayed::Failed(err) if err.may_have_happened() => Some(Ending::Unknown),
        Relayed::Failed(_) | Relayed::Changed => Some(Ending::Failed),
        Relayed::Asks | Relayed::Unfit(_) | Relayed::Unknown => None,
    }
}

/// Who had what done; what was in it is theirs.
fn note(caller: &Caller, tool: &str, outcome: &Outcome, took: Duration) {
    let ended = match outcome {
        Outcome::Done { .. } => "done",
        Outcome::Failed { .. } => "failed",
        Outcome::Denied { .. } => "denied",
        Outcome::Aborted => "aborted",
        Outcome::Unknown => "unknown",
    };
    count(caller, tool, ended, took);
}

fn count(caller: &Caller, tool: &str, ended: &'static str, took: Duration) {
    let labels = [("tool", tool.to_owned()), ("ended", ended.to_owned())];
    metrics::counter!("galaxy_tool_calls_total", &labels).increment(1);
    tracing::debug!(person = %caller.person, tool, ended, took_ms = took.as_millis(), "called");
}
