//! Calls that views make, of tools of their own server.

use std::sync::Arc;

use galaxy_access::{own, use_tool};
use galaxy_agent::{
    Judgement, Policy,
    policy::{Rules, definition},
};
use galaxy_domain::{
    CallId, Caller, Effect, RunId, ToolCall, Verdict,
    access::Write,
    tool::{Reach, ToolRule},
};
use galaxy_tool::{
    AnyTool,
    server::{RemoteTool, RequestCx},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Stage;
use crate::{
    App, AppError,
    audit::calls::Through,
    calls::{BRIEF, note_relayed, relayed_ending},
    servers::{Relayed, pass_on, shelf::Shelved},
};

/// What a view wants called.
#[derive(Debug, Clone)]
pub struct AppCall {
    /// How its server calls the tool.
    pub tool: String,
    /// The arguments.
    pub arguments: Value,
    /// The yes of the person, if they were asked.
    pub yes: Option<Yes>,
}

/// The yes of a person to a call of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yes {
    /// The digest that was shown with the question.
    pub digest: String,
    /// How far it reaches.
    pub reach: Reach,
}

/// What a person is asked about a call of a view.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The tool, as agents would know it.
    pub tool: String,
    /// What it is called with.
    pub input: Value,
    /// What it can do.
    pub effect: Effect,
    /// What a yes is bound to: tool definition and arguments.
    pub digest: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum AppCalled {
    /// What the server answered, as it came.
    Answered(Value),
    /// The person has to be asked first.
    Asks(Question),
    /// It was not called; the view is told why.
    Refused(String),
    /// The server did not answer; the view is told why.
    Failed(String),
}

impl App {
    /// Calls a tool for a view: of its own server, if that tool is there for views, and if what the
    /// person said about it, role, schema and pin allow it, as in a run.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the run is not the caller's; [`AppError::Conflict`] when the call
    /// has no view, or its server is not in use any more; [`AppError::Denied`] when the role
    /// forbids; [`AppError::TooMany`] when the person's views ask too often.
    pub async fn call_for_app(
        &self,
        caller: &Caller,
        run: RunId,
        call: &CallId,
        wanted: AppCall,
    ) -> Result<AppCalled, AppError> {
        let stage = self.stage::<Write>(caller, run, call).await?;
        self.asking.count(caller.person, None)?;
        let server = stage.server()?;
        let Some(tool) = self.for_app(caller, &stage, server, &wanted.tool).await? else {
            let words = format!("there is no tool `{}` that this view may call", wanted.tool);
            return Ok(AppCalled::Refused(words));
        };
        let through = Through::new("view", tool.name(), &wanted.arguments).within(run);
        if let Err(denied) = use_tool(caller, tool.scope(), !tool.effect().is_repeatable()) {
            self.refused(caller, &through, "not_allowed").await?;
            return Err(denied.into());
        }
        if let Some(end) = self.judge(caller, &stage, &tool, &wanted).await? {
            let reason = if matches!(end, AppCalled::Asks(_)) { "approval_needed" } else { "rule" };
            self.refused(caller, &through, reason).await?;
            return Ok(end);
        }
        let through = match wanted.yes {
            Some(_) => through.allowed_by_person(),
            None => {
                let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
                through.allowed_by(self.rules(caller, &shelf).await?.grounds(tool.name()))
            }
        };
        let calling = self.calling(caller, through, tool.effect()).await?;
        let params = json!({ "name": wanted.tool, "arguments": wanted.arguments });
        let handle = self.servers.handle(&server.row, Some(caller.person))?;
        let began = Instant::now();
        let relayed = pass_on(&*handle, tool.definition(), params, &RequestCx::default()).await;
        if let Some(ending) = relayed_ending(&relayed) {
            calling.ended(ending, began.elapsed()).await;
        }
        note_relayed(caller, tool.name(), &relayed, began.elapsed());
        if began.elapsed() > BRIEF {
            self.access.recheck(caller).await?;
        }
        Ok(ended(relayed))
    }

    /// The tool that the server calls `name`, if views may call it and the person left it in the
    /// conversation. What is there for views only comes along with the tool that has the view.
    async fn for_app(
        &self,
        caller: &Caller,
        stage: &Stage,
        server: &Shelved,
        name: &str,
    ) -> Result<Option<Arc<RemoteTool>>, AppError> {
        let conversation = self.conversation(caller, stage.detail.row.conversation).await?;
        let chosen = conversation.settings.tools;
        let fits = |it: &&Arc<RemoteTool>| {
            let view = &it.definition().view;
            let left_out = |names: &Vec<String>| !names.iter().any(|name| name == it.name());
            let left_out = view.for_model && chosen.as_ref().is_some_and(left_out);
            it.definition().name == name && view.for_app && !left_out
        };
        Ok(server.tools.iter().find(fits).cloned())
    }

    /// What speaks against the call, if anything; keeps the rule that a yes becomes.
    async fn judge(
        &self,
        caller: &Caller,
        stage: &Stage,
        tool: &Arc<RemoteTool>,
        wanted: &AppCall,
    ) -> Result<Option<AppCalled>, AppError> {
        let conversation = stage.detail.row.conversation;
        let said = self.store.rules(caller.person, caller.workspace, Some(conversation)).await?;
        let rules = Rules::new(stage.shelf.everything.clone(), &said);
        let (name, input) = (tool.name().to_owned(), wanted.arguments.clone());
        let digest = rules.bound_to(&name, &input).unwrap_or_default();
        let call = ToolCall { id: CallId(String::new()), tool: name, input, opaque: None };
        match rules.judge(&call) {
            Judgement::Allow => return Ok(None),
            Judgement::Deny(reason) => return Ok(Some(AppCalled::Refused(reason))),
            Judgement::Refuse(wrong) => return Ok(Some(AppCalled::Refused(wrong))),
            Judgement::Ask | Judgement::Answer => (),
        }
        let yes = wanted.yes.as_ref().filter(|it| it.digest == digest);
        let Some(yes) = yes else {
            let ToolCall { tool: name, input, .. } = call;
            let effect = tool.effect();
            return Ok(Some(AppCalled::Asks(Question { tool: name, input, effect, digest })));
        };
        let conversation = match yes.reach {
            Reach::Once => return Ok(None),
            Reach::Conversation => Some(conversation),
            Reach::Always => {
                self.access.fresh(caller)?;
                None
            }
        };
        let (tool, definition) = (call.tool, definition(&**tool));
        let rule = ToolRule { tool, conversation, verdict: Verdict::Allow, definition };
        self.store.put_rule(own::<Write>(caller)?, rule).await?;
        self.remembered.forget(caller.person);
        Ok(None)
    }
}

fn ended(relayed: Relayed) -> AppCalled {
    match relayed {
        Relayed::Answered(result) => AppCalled::Answered(result),
        Relayed::Failed(err) => AppCalled::Failed(err.to_string()),
        Relayed::Changed => AppCalled::Refused(
            "its server describes the tool differently now, and somebody has to allow it again"
                .to_owned(),
        ),
        Relayed::Unfit(wrong) => AppCalled::Refused(wrong),
        Relayed::Asks | Relayed::Unknown => {
            AppCalled::Refused("the tool cannot be called".to_owned())
        }
    }
}
