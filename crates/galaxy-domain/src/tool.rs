//! Tool calls, and what may become of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::part::Part;

/// Names one tool call within a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub String);

impl std::fmt::Display for CallId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The model asks for a tool. A persisted format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Names this call; unique in its run.
    pub id: CallId,
    /// Names the tool.
    pub tool: String,
    /// Arguments, not yet validated. What was no JSON is kept as one string, as it came.
    pub input: Value,
    /// What the model's provider wants back with this call ([`Part::Opaque`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opaque: Option<Part>,
}

/// What a tool can do to the world. Policies read this; the model does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Looks only; repeating it is harmless.
    Reads,
    /// Changes something in our own database, which the person can undo here.
    Writes,
    /// Reaches outside: mail, money, other people's machines.
    Reaches,
    /// Is answered by the person, not by the machine.
    Asks,
}

impl Effect {
    /// Whether doing it twice differs from doing it once.
    pub const fn is_repeatable(self) -> bool {
        match self {
            Self::Reads | Self::Asks => true,
            Self::Writes | Self::Reaches => false,
        }
    }
}

/// What a call of a tool server is shown with besides its result: a page of that server (an MCP
/// App). A persisted format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The name of the tool server.
    pub server: String,
    /// The resource of that server that holds it; begins with `ui://`.
    pub uri: String,
}

/// What a policy says about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Go ahead.
    Allow,
    /// Only if a person agrees.
    Ask,
    /// Never.
    Deny,
}

impl Verdict {
    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }

    /// Parses [`Verdict::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Allow, Self::Ask, Self::Deny].into_iter().find(|it| it.as_str() == text)
    }
}

/// How far a person's yes reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// This call.
    Once,
    /// This tool, in this conversation.
    Conversation,
    /// This tool, for this person, from now on.
    Always,
}

/// What a person decided about a call. A persisted format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// Yes.
    Allow {
        /// How far the yes reaches.
        reach: Reach,
        /// The arguments to use instead of the model's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Value>,
    },
    /// No.
    Deny {
        /// Why, told to the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// A standing rule of a person about a tool: "always", or "for this conversation".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRule {
    /// The tool it is about.
    pub tool: String,
    /// The conversation it is confined to, if any.
    pub conversation: Option<crate::ConversationId>,
    /// What it says.
    pub verdict: Verdict,
    /// The definition ([`crate::tool`] name, description and schema, hashed) it was given for;
    /// a changed tool has to ask again.
    pub definition: String,
}
