//! Servers as people see them.

mod tools;

use std::time::Duration;

use galaxy_access::{look, look_after, on_behalf, within};
use galaxy_base::Timestamp;
use galaxy_domain::{
    Caller, Effect, Permit, ToolServerId, Verdict,
    access::{Read, SharedTarget},
    id::ToolServer,
    sign_in::{ClientRow, GrantRow},
    tool_server::{Check, ServerToolRow, ToolServerRow},
};
pub use galaxy_store::tool_servers::tools::Tally;
use galaxy_tool::server::{self, LogSource, ServerInfo, ToolView};
use serde_json::Value;

use super::{
    connections::Purpose,
    health::{Health, of_last, of_live, of_obstacle, to_person},
    homes::Kept,
    shelf::in_use,
    signing_in::Auth,
};
use crate::{App, AppError};
use tools::tally;

/// How far back it is told how a server was.
const HISTORY: Duration = Duration::from_secs(24 * 3600);

/// What a server says about itself; untrusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSelf {
    /// Its name for people, or its name.
    pub title: String,
    /// Its version.
    pub version: String,
    /// The revision of the protocol that is spoken.
    pub protocol: String,
    /// How it wants to be used.
    pub instructions: Option<String>,
}

/// A server in a list.
#[derive(Debug, Clone)]
pub struct ServerSummary {
    /// What is written down.
    pub row: ToolServerRow,
    /// How it is.
    pub health: Health,
    /// Whether the caller is signed in there, if that is wanted.
    pub auth: Auth,
    /// How many tools it has.
    pub tally: Tally,
    /// Whether the caller looks after it.
    pub is_managed: bool,
    /// Whether a server of everybody has the same name, so that this one is not used.
    pub is_shadowed: bool,
    /// The newer version that the list has where it was chosen.
    pub newer: Option<String>,
}

/// A tool of a server.
#[derive(Debug, Clone)]
pub struct ServerTool {
    /// What the server says and what was allowed.
    pub row: ServerToolRow,
    /// What agents know it as.
    pub offered_as: String,
    /// As the server describes it now, or did last.
    pub title: Option<String>,
    /// The whole description.
    pub description: String,
    /// What was allowed, where that is something else.
    pub approved_description: Option<String>,
    /// JSON Schema of the arguments.
    pub schema: Value,
    /// The schema that was allowed, where that is something else.
    pub approved_schema: Option<Value>,
    /// What it says about its view, and who may call it.
    pub view: ToolView,
    /// What of that was allowed, where that is something else.
    pub approved_view: Option<ToolView>,
    /// What it counts as.
    pub effect: Effect,
    /// What happens when an agent of the caller asks for it; `None` while it is not offered.
    pub verdict: Option<Verdict>,
}

/// A server with all that there is to see.
#[derive(Debug, Clone)]
pub struct ServerDetail {
    /// What lists show.
    pub summary: ServerSummary,
    /// Its tools, in its order.
    pub tools: Vec<ServerTool>,
    /// How it was in the last 24 hours, oldest first.
    pub checks: Vec<Check>,
    /// What it says about itself, while it is connected.
    pub about: Option<ServerSelf>,
    /// The client that somebody entered for it, for whoever looks after it.
    pub client: Option<ClientRow>,
    /// What it keeps in its folder, if it is a program, for whoever looks after it.
    pub kept: Option<Kept>,
}

/// A line of a server's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// When it came.
    pub at: Timestamp,
    /// Where from: `stderr`, `connection`, or the level of a message.
    pub source: String,
    /// What it says.
    pub text: String,
}

impl App {
    /// The servers that the caller's agents may use, and those that are switched off.
    ///
    /// # Errors
    /// [`AppError::Denied`] to keys that may not look.
    pub async fn servers(&self, caller: &Caller) -> Result<Vec<ServerSummary>, AppError> {
        let permit = within::<Read, ToolServer>(caller)?;
        let rows = self.store.tool_servers(permit).await?;
        let tallies = self.store.tool_tallies(permit).await?;
        let grants = self.store.grants(permit).await?;
        let newer = self.newer_versions(rows.iter()).await?;
        let used: Vec<ToolServerId> = in_use(rows.clone()).iter().map(|it| it.id).collect();
        let summary = |row: ToolServerRow| {
            let tally = tallies.get(&row.id).copied().unwrap_or_default();
            let is_shadowed = row.enabled && !used.contains(&row.id);
            let grant = grants.iter().find(|it| it.server == row.id);
            let newer = newer.get(&row.id).cloned();
            ServerSummary { newer, ..self.summary(caller, row, grant, tally, is_shadowed) }
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// One server with its tools.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Denied`].
    pub async fn server(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<ServerDetail, AppError> {
        let permit = self.look_permit(caller, id).await?;
        let row = self.store.tool_server(permit).await?;
        let tools = self.store.server_tools(permit).await?;
        let now = self.clock.now().as_millis();
        let since = now.saturating_sub(i64::try_from(HISTORY.as_millis()).unwrap_or(i64::MAX));
        let checks = self.store.checks(permit, Timestamp::from_millis(since)).await?;
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let rules = self.rules_now(caller, &shelf).await?;
        let is_shadowed = row.enabled && !shelf.servers.iter().any(|it| it.row.id == row.id);
        let tally = tally(&tools);
        let about = self.live_health(caller, &row).and_then(|it| it.server);
        let tools = self.told_tools(&row, tools, &shelf.everything, &rules)?;
        let grant = self.store.grant(on_behalf(&row, caller.person)?).await?;
        let grant = grant.as_ref().map(|it| &it.row);
        let newer = self.newer_versions([&row].into_iter()).await?.remove(&row.id);
        let summary = self.summary(caller, row, grant, tally, is_shadowed);
        let summary = ServerSummary { newer, ..summary };
        let client = self.store.tool_clients(permit).await?;
        let client = client.into_iter().map(|it| it.row).find(|it| it.entered);
        let client = client.filter(|_| summary.is_managed);
        let about = about.as_deref().map(of_itself);
        let kept = self.servers.kept(&summary.row).filter(|_| summary.is_managed);
        Ok(ServerDetail { summary, tools, checks, about, client, kept })
    }

    /// The last lines of a server's log, oldest first; for whoever looks after it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Denied`].
    pub async fn server_log(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<Vec<LogEntry>, AppError> {
        let row = self.store.tool_server(self.care_permit(caller, id).await?).await?;
        let server = self.servers.connections.find(&row, Some(caller.person), Purpose::Care);
        let lines = server.map(|it| it.log()).unwrap_or_default();
        let entry = |line: server::LogLine| LogEntry {
            at: line.at,
            source: match line.source {
                LogSource::Stderr => "stderr".to_owned(),
                LogSource::Connection => "connection".to_owned(),
                LogSource::Message(level) => level,
            },
            text: line.text,
        };
        Ok(lines.into_iter().map(entry).collect())
    }

    /// The permit to look at a server.
    pub(super) async fn look_permit(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<Permit<Read, ToolServer>, AppError> {
        let target = self.store.tool_server_target(id).await?.ok_or(AppError::NotFound)?;
        Ok(look(caller, &target)?)
    }

    fn summary(
        &self,
        caller: &Caller,
        row: ToolServerRow,
        grant: Option<&GrantRow>,
        tally: Tally,
        is_shadowed: bool,
    ) -> ServerSummary {
        let target = SharedTarget { resource: row.id, workspace: row.workspace, owner: row.owner };
        let is_managed = look_after::<ToolServer>(caller, &target).is_ok();
        let obstacle = self.servers.obstacle(&row);
        let health = match (obstacle, self.live_health(caller, &row)) {
            (Some(obstacle), _) => of_obstacle(&obstacle, row.last.as_ref()),
            (None, Some(live)) => of_live(&live),
            (None, None) => of_last(row.last.as_ref()),
        };
        let auth = Auth::of(&row, grant);
        let health = to_person(health, &auth);
        ServerSummary { row, health, auth, tally, is_managed, is_shadowed, newer: None }
    }

    fn live_health(&self, caller: &Caller, row: &ToolServerRow) -> Option<server::Health> {
        let server = self.servers.connections.find(row, Some(caller.person), Purpose::Care);
        let live = server?.health();
        live.checked.is_some().then_some(live)
    }
}

fn of_itself(info: &ServerInfo) -> ServerSelf {
    ServerSelf {
        title: info.title.clone().unwrap_or_else(|| info.name.clone()),
        version: info.version.clone(),
        protocol: info.protocol.clone(),
        instructions: info.instructions.clone(),
    }
}
