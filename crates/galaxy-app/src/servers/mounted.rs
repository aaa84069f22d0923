//! A server as others reach it through us.

use std::{sync::Arc, time::Duration};

use galaxy_access::use_tool;
use galaxy_agent::{Policy, policy::Grounds};
use galaxy_domain::{Caller, ToolServerId, Verdict, access::Scope};
use galaxy_tool::{
    AnyTool,
    server::{
        Definition, OnTask, RemoteTool, Request, RequestCx, ServerError, ServerName, ToolServer,
    },
};
use galaxy_vault::{Sealed, Slot};
use serde_json::Value;
use tokio::{sync::watch, time::Instant};

use super::spec;
use crate::{
    App, AppError,
    audit::calls::Through,
    calls::{note_relayed, relayed_ending},
};

/// After a call that took longer than this, its caller is asked for again.
const BRIEF: Duration = Duration::from_secs(2);
/// What a server wants back from whoever it asked something is sealed for that person.
const STATE: &str = "mcp.request_state";

/// A server that the caller may reach.
pub struct Mounted {
    /// Which.
    pub id: ToolServerId,
    /// Its name.
    pub name: ServerName,
    /// What people read.
    pub title: String,
    /// The server; whether it may be used is read again at each verb.
    pub server: Arc<dyn ToolServer>,
    /// The tools that may be called there.
    pub tools: Vec<MountedTool>,
}

/// A tool of such a server.
pub struct MountedTool {
    /// As a run would hold it, with all that the server said.
    pub tool: Arc<RemoteTool>,
    /// Whether the person wants to be asked first.
    pub verdict: Verdict,
    /// What that rests on.
    pub(crate) grounds: Grounds,
}

/// What came of a call that was passed on.
#[derive(Debug, Clone, PartialEq)]
pub enum Relayed {
    /// What the server answered, as it came.
    Answered(Value),
    /// The server did not answer.
    Failed(ServerError),
    /// The person wants to be asked first, which nobody can do here.
    Asks,
    /// The arguments do not fit.
    Unfit(String),
    /// The server says something else about it than what was allowed.
    Changed,
    /// There is no such tool.
    Unknown,
}

impl Mounted {
    /// The tool that the server calls `name`.
    pub fn tool(&self, name: &str) -> Option<&MountedTool> {
        self.tools.iter().find(|it| it.tool.definition().name == name)
    }
}

impl App {
    /// The server that the caller knows by `name`, with the tools that they may call there.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none, or it is switched off; [`AppError::Denied`] to
    /// keys that may look at nothing.
    pub async fn mounted(&self, caller: &Caller, name: &str) -> Result<Mounted, AppError> {
        use_tool(caller, Scope::Chat, false)?;
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let shelved = shelf.server(name).ok_or(AppError::NotFound)?;
        let row = &shelved.row;
        let rules = self.rules(caller, &shelf).await?;
        let mounted = |tool: &Arc<RemoteTool>| {
            let verdict = rules.verdict(&**tool);
            // Who is at the other end may be an agent and nothing else.
            let offered = verdict != Verdict::Deny && tool.definition().view.for_model;
            let grounds = rules.grounds(tool.name());
            offered.then(|| MountedTool { tool: tool.clone(), verdict, grounds })
        };
        Ok(Mounted {
            id: row.id,
            name: spec::name(row)?,
            title: row.title.clone(),
            server: self.servers.handle(row, Some(caller.person))?,
            tools: shelved.tools.iter().filter_map(mounted).collect(),
        })
    }

    /// Passes a call of a mounted tool on, if what the person said about it, role and scope allow:
    /// as in a run. `params` are those of `tools/call`.
    ///
    /// # Errors
    /// [`AppError::Denied`] when role or scope forbid; [`AppError::Access`] when the caller was
    /// shut out meanwhile.
    pub async fn relay_call(
        &self,
        caller: &Caller,
        mounted: &Mounted,
        params: Value,
        cx: &RequestCx,
    ) -> Result<Relayed, AppError> {
        let name = params.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some(MountedTool { tool, verdict, grounds }) = mounted.tool(name) else {
            return Ok(Relayed::Unknown);
        };
        let empty = Value::Object(serde_json::Map::new());
        let arguments = params.get("arguments").unwrap_or(&empty);
        let through = Through::new("gateway", tool.name(), arguments);
        if let Err(denied) = use_tool(caller, tool.scope(), !tool.effect().is_repeatable()) {
            self.refused(caller, &through, "not_allowed").await?;
            return Err(denied.into());
        }
        match verdict {
            Verdict::Allow => (),
            Verdict::Ask => {
                self.refused(caller, &through, "approval_needed").await?;
                return Ok(Relayed::Asks);
            }
            Verdict::Deny => return Ok(Relayed::Unknown),
        }
        if let Err(wrong) = tool.schema().check(arguments) {
            self.refused(caller, &through, "invalid").await?;
            return Ok(Relayed::Unfit(wrong));
        }
        let through = through.allowed_by(*grounds);
        let calling = self.calling(caller, through, tool.effect()).await?;
        let began = Instant::now();
        let relayed = pass_on(&*mounted.server, tool.definition(), params, cx).await;
        if let Some(ending) = relayed_ending(&relayed) {
            calling.ended(ending, began.elapsed()).await;
        }
        note_relayed(caller, tool.name(), &relayed, began.elapsed());
        if began.elapsed() > BRIEF {
            self.access.recheck(caller).await?;
        }
        Ok(relayed)
    }

    /// `state`, which a server wants back, sealed for the caller: nobody else can bring it.
    pub fn seal_state(&self, caller: &Caller, server: ToolServerId, state: &str) -> String {
        hex::encode(self.servers.vault.seal(&state_slot(caller, server), state.as_bytes()).0)
    }

    /// What the caller was given before, opened; none when it is not theirs, or not this server's.
    pub fn open_state(
        &self,
        caller: &Caller,
        server: ToolServerId,
        sealed: &str,
    ) -> Option<String> {
        let sealed = Sealed(hex::decode(sealed).ok()?);
        let opened = self.servers.vault.open(&state_slot(caller, server), &sealed).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }

    /// Counts changes of what servers offer, as far as this process notices them.
    pub fn offers_changed(&self) -> watch::Receiver<u64> {
        self.servers.shelves.news()
    }
}

fn state_slot(caller: &Caller, server: ToolServerId) -> Slot {
    Slot::new(STATE, &caller.workspace, &format!("{}\n{server}", caller.person))
}

/// Passes a call on as it is, if the server still describes the tool as it was allowed. `params` are
/// those of `tools/call`. A task is waited for, unless `cx` wants it handed on.
pub(crate) async fn pass_on(
    server: &dyn ToolServer,
    definition: &Definition,
    params: Value,
    cx: &RequestCx,
) -> Relayed {
    match server.tools().await {
        Ok(list) if list.get(&definition.offered).is_some_and(|it| it.pin == definition.pin) => {}
        Ok(_) => return Relayed::Changed,
        Err(err) => return Relayed::Failed(err),
    }
    let request = Request::new("tools/call", params);
    let answered = match (server.request(request.clone(), cx).await, cx.on_task) {
        (Ok(result), OnTask::Waits) => server.attended(&request, result, cx).await,
        (answered, OnTask::Waits | OnTask::HandsOn) => answered,
    };
    answered.map_or_else(Relayed::Failed, Relayed::Answered)
}
