//! Allowing what servers list, and switching tools off.

use galaxy_domain::{Caller, ToolServerId};
use galaxy_store::tool_servers::tools::ToolRuling;

use super::ServerDetail;
use crate::{App, AppError};

/// Tools that can be decided about at once.
const AT_ONCE: usize = 1_000;

/// What somebody decides about a tool of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolDecision {
    /// How the server calls it.
    pub tool: String,
    /// Allows the definition that was looked at, by its pin.
    pub approve: Option<String>,
    /// Whether agents are offered it.
    pub enabled: Option<bool>,
}

impl App {
    /// Decides about tools of a server, about all of them or none.
    ///
    /// # Errors
    /// [`AppError::Store`] with a conflict when a tool is not what was looked at;
    /// [`AppError::NotFound`]; [`AppError::Denied`].
    pub async fn decide_tools(
        &self,
        caller: &Caller,
        id: ToolServerId,
        decisions: Vec<ToolDecision>,
    ) -> Result<ServerDetail, AppError> {
        let permit = self.care_permit(caller, id).await?;
        if decisions.len() > AT_ONCE {
            return Err(AppError::invalid("/tools", format!("at most {AT_ONCE}")));
        }
        let ruling = |it: ToolDecision| ToolRuling {
            tool: it.tool,
            approve: it.approve,
            enabled: it.enabled,
        };
        let rulings = decisions.into_iter().map(ruling).collect();
        self.store.rule_server_tools(permit, rulings).await?;
        self.servers.shelves.forget_all();
        self.remembered.forget_all();
        self.server(caller, id).await
    }
}
