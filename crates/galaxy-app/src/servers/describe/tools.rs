//! The tools of a server as people see them.

use galaxy_agent::policy::Rules;
use galaxy_domain::{
    Effect,
    tool_server::{ServerToolRow, ToolServerRow},
};
use galaxy_tool::{Toolbox, server::Definition};
use serde_json::Value;

use super::{ServerTool, Tally};
use crate::{App, AppError};

impl App {
    pub(super) fn told_tools(
        &self,
        row: &ToolServerRow,
        tools: Vec<ServerToolRow>,
        toolbox: &Toolbox,
        rules: &Rules,
    ) -> Result<Vec<ServerTool>, AppError> {
        let handle = self.servers.handle(row, None)?;
        let told = |tool: ServerToolRow| {
            let read = |text: &str| Definition::read(&handle.spec().name, parsed(text)).ok();
            let approved = tool.approved.as_ref().and_then(|it| read(&it.definition));
            let found = tool.found.as_ref().and_then(|it| read(&it.definition));
            let shown = found.or_else(|| approved.clone())?;
            let differs = approved.filter(|it| it.pin != shown.pin);
            let offered = toolbox.get(&shown.offered).filter(|_| tool.is_offered());
            Some(ServerTool {
                verdict: offered.map(|it| rules.verdict(&**it)),
                effect: effect(row, &shown),
                approved_description: differs.as_ref().map(|it| it.description.clone()),
                approved_schema: differs.as_ref().map(|it| it.input_schema.clone()),
                approved_view: differs.map(|it| it.view),
                view: shown.view,
                offered_as: shown.offered,
                title: shown.title,
                description: shown.description,
                schema: shown.input_schema,
                row: tool,
            })
        };
        Ok(tools.into_iter().filter_map(told).collect())
    }
}

/// What a tool of the server counts as (as [`galaxy_tool::server::RemoteTool`] says).
fn effect(row: &ToolServerRow, definition: &Definition) -> Effect {
    if row.trusted && definition.claims_to_read_only { Effect::Reads } else { Effect::Reaches }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

pub(super) fn tally(tools: &[ServerToolRow]) -> Tally {
    use galaxy_domain::tool_server::Standing;
    let count = |is: &dyn Fn(&ServerToolRow) -> bool| {
        i64::try_from(tools.iter().filter(|it| is(it)).count()).unwrap_or(i64::MAX)
    };
    Tally {
        all: count(&|_| true),
        offered: count(&ServerToolRow::is_offered),
        waiting: count(&|it| matches!(it.standing(), Standing::New | Standing::Changed)),
    }
}
