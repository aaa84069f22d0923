//! A server as others reach it through us.

use std::sync::Arc;

use galaxy_access::use_tool;
use galaxy_domain::{Caller, Verdict, access::Scope};
use galaxy_tool::{
    AnyTool,
    server::{Definition, ServerName, ToolServer},
};

use super::connections;
use crate::{App, AppError};

/// A server that the caller may reach.
pub struct Mounted {
    /// Its name.
    pub name: ServerName,
    /// The server; whether it may be used is read again at each verb.
    pub server: Arc<dyn ToolServer>,
    /// The tools that may be called there.
    pub tools: Vec<MountedTool>,
}

/// A tool of such a server.
pub struct MountedTool {
    /// As it was allowed, with all that the server said.
    pub definition: Definition,
    /// As a run would hold it.
    pub tool: Arc<dyn AnyTool>,
    /// Whether the person wants to be asked first.
    pub verdict: Verdict,
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
        let row = shelf.server(name).ok_or(AppError::NotFound)?;
        let server = self.servers.handle(row)?;
        let rules = self.rules(caller).await?;
        let approved = self.store.offered_tools(caller.person, caller.workspace).await?;
        let rows = approved.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        let name = connections::name(row)?;
        let mounted = |text: &str| {
            let raw = serde_json::from_str(text).ok()?;
            let definition = Definition::read(&name, raw).ok()?;
            let tool = shelf.toolbox.get(&definition.offered)?.clone();
            let changes = !tool.effect().is_repeatable();
            use_tool(caller, tool.scope(), changes).ok()?;
            let verdict = rules.verdict(&*tool);
            let allowed = verdict != Verdict::Deny;
            allowed.then_some(MountedTool { definition, tool, verdict })
        };
        let tools = rows.iter().filter_map(|it| mounted(&it.approved.as_ref()?.definition));
        Ok(Mounted { server, tools: tools.collect(), name: name.clone() })
    }
}
