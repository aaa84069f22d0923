//! Tools of servers.

use galaxy_app::servers::{ServerTool, ToolView};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::views::names::{EffectName, StandingName, VerdictName};

/// A tool of a server.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ServerToolView {
    /// How the server calls it.
    pub tool: String,
    /// What agents know it as.
    pub name: String,
    /// Its name for people.
    #[schema(required)]
    pub title: Option<String>,
    /// What the server says of it, whole.
    pub description: String,
    /// JSON Schema of its arguments.
    pub schema: Value,
    /// What it counts as.
    pub effect: EffectName,
    /// Whether it is what was allowed.
    pub standing: StandingName,
    /// Whether it is switched on.
    pub enabled: bool,
    /// What happens when an agent of the caller asks for it; `null` while it is not offered.
    #[schema(required)]
    pub verdict: Option<VerdictName>,
    /// Names the definition that is shown: what `approve` takes.
    #[schema(required)]
    pub pin: Option<String>,
    /// What was allowed before it changed.
    #[schema(required)]
    pub approved_description: Option<String>,
    /// The schema that was allowed before it changed.
    #[schema(required)]
    pub approved_schema: Option<Value>,
    /// What it says about its view, and who may call it.
    pub view: ToolViewView,
    /// What of that was allowed before it changed.
    #[schema(required)]
    pub approved_view: Option<ToolViewView>,
}

impl From<ServerTool> for ServerToolView {
    fn from(tool: ServerTool) -> Self {
        Self {
            name: tool.offered_as,
            title: tool.title,
            description: tool.description,
            schema: tool.schema,
            effect: tool.effect.into(),
            standing: tool.row.standing().into(),
            enabled: tool.row.enabled,
            verdict: tool.verdict.map(VerdictName::from),
            pin: tool.row.found.map(|it| it.pin),
            approved_description: tool.approved_description,
            approved_schema: tool.approved_schema,
            view: tool.view.into(),
            approved_view: tool.approved_view.map(ToolViewView::from),
            tool: tool.row.tool,
        }
    }
}

/// What a tool says about its view, and who may call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToolViewView {
    /// The resource that its calls are shown with.
    #[schema(required)]
    pub uri: Option<String>,
    /// Whether agents may call it.
    pub for_model: bool,
    /// Whether views of its own server may call it.
    pub for_app: bool,
}

impl From<ToolView> for ToolViewView {
    fn from(ToolView { uri, for_model, for_app }: ToolView) -> Self {
        Self { uri, for_model, for_app }
    }
}
