//! What was said and asked for, piece by piece.

use galaxy_domain::{Part, ToolCall, tool};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A piece of content.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PartView {
    /// Text, Markdown in what an agent says.
    Text {
        /// The text.
        text: String,
    },
    /// What a model thought.
    Reasoning {
        /// The thought.
        text: String,
    },
    /// A raster image.
    Image {
        /// Its type.
        media_type: String,
        /// Its bytes in base64.
        data: String,
    },
}

/// What people can see of `parts`: opaque ones are between us and a provider.
pub fn parts(parts: &[Part]) -> Vec<PartView> {
    let view = |part: &Part| match part {
        Part::Text { text } => Some(PartView::Text { text: text.clone() }),
        Part::Reasoning { text } => Some(PartView::Reasoning { text: text.clone() }),
        Part::Image { media_type, data } => {
            Some(PartView::Image { media_type: media_type.clone(), data: data.clone() })
        }
        Part::Opaque { .. } => None,
    };
    parts.iter().filter_map(view).collect()
}

/// A call as a model asked for it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallView {
    /// Names the call.
    pub id: String,
    /// Names the tool.
    pub tool: String,
    /// Its arguments.
    pub input: Value,
}

impl From<&ToolCall> for CallView {
    fn from(call: &ToolCall) -> Self {
        Self { id: call.id.0.clone(), tool: call.tool.clone(), input: call.input.clone() }
    }
}

/// The view that a call is shown with: a page of its tool server (an MCP App).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ViewOfCall {
    /// The name of the tool server.
    pub server: String,
    /// The resource of that server that holds it.
    pub uri: String,
}

impl From<&tool::View> for ViewOfCall {
    fn from(view: &tool::View) -> Self {
        Self { server: view.server.clone(), uri: view.uri.clone() }
    }
}
