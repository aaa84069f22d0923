//! What a model is asked.

use std::sync::Arc;

use galaxy_domain::{CallId, Part, ToolCall};
use serde_json::Value;

/// What the model is told about one tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// Unique in a request.
    pub name: String,
    /// Written for the model.
    pub description: String,
    /// JSON Schema (2020-12) of the arguments; the same one in every request.
    pub input: Arc<Value>,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A person spoke.
    User {
        /// What they said: text and images.
        parts: Vec<Part>,
    },
    /// The model spoke.
    Assistant {
        /// What it said, thoughts and opaque parts included, in its order.
        parts: Vec<Part>,
        /// What it asked for; each is answered by a later [`Message::Result`].
        calls: Vec<ToolCall>,
    },
    /// A tool answered.
    Result {
        /// Which call.
        call: CallId,
        /// Which tool.
        tool: String,
        /// What it said: text and images.
        output: Vec<Part>,
        /// Whether it did not work.
        is_error: bool,
    },
}

/// How hard a reasoning model should think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A little.
    Low,
    /// As usual.
    Medium,
    /// Hard.
    High,
}

/// The shape the answer must have.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputSchema {
    /// A name, `[a-zA-Z0-9_-]+`.
    pub name: String,
    /// JSON Schema (2020-12).
    pub schema: Value,
}

/// One sampling request. Roles alternate in whatever way the conversation did: adapters merge
/// neighbours where their protocol demands it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// Instructions above the conversation; empty for none.
    pub system: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// What the model may ask for.
    pub tools: Vec<ToolSpec>,
    /// Upper bound on what it may say, in tokens; `None` leaves it to the provider.
    pub max_output_tokens: Option<u32>,
    /// Sampling temperature; `None` leaves it to the provider.
    pub temperature: Option<f32>,
    /// How hard to think, for models that do.
    pub effort: Option<Effort>,
    /// The shape of the answer, if it must have one.
    pub schema: Option<OutputSchema>,
}
