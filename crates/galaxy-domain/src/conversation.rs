//! Conversations and their messages.

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ConversationId, MessageId, PersonId, RunId, WorkspaceId},
    part::Part,
    run::RunState,
    transcript::Entry,
};

/// A tree of messages.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationRow {
    /// Names it.
    pub id: ConversationId,
    /// Where it lives.
    pub workspace: WorkspaceId,
    /// Whose it is.
    pub owner: PersonId,
    /// What it is about.
    pub title: String,
    /// Shown first.
    pub pinned: bool,
    /// Out of sight, not gone.
    pub archived: bool,
    /// What is fixed for its runs.
    pub settings: Settings,
    /// The newest message of the branch that is shown.
    pub leaf: Option<MessageId>,
    /// How many messages it has, all branches counted.
    pub messages: i64,
    /// Where its newest run stands, if it has one.
    pub state: Option<RunState>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something was last said in it.
    pub updated_at: Timestamp,
}

/// What a conversation fixes for its runs. A persisted format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The model; `None` means the default.
    pub model: Option<String>,
    /// The tools its runs may be offered; `None` means all that its owner may use.
    pub tools: Option<Vec<String>>,
    /// Whether the choice of tools is fixed; set by the first message.
    pub tools_locked: bool,
    /// Instructions that replace the deployment's.
    pub system_prompt: Option<String>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// A person.
    Person,
    /// An agent.
    Agent,
}

/// What a message says. A persisted format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// What a person wrote.
    Said {
        /// The pieces.
        parts: Vec<Part>,
    },
    /// What became of a run: its log without deltas. Empty while the run is under way.
    Answered {
        /// The settled entries, oldest first.
        entries: Vec<Entry>,
    },
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Names it.
    pub id: MessageId,
    /// The tree it belongs to.
    pub conversation: ConversationId,
    /// What it follows; `None` at a root.
    pub parent: Option<MessageId>,
    /// Who speaks.
    pub speaker: Speaker,
    /// What is said.
    pub body: Body,
    /// The run that writes it, if an agent speaks.
    pub run: Option<RunId>,
    /// Where that run stands.
    pub state: Option<RunState>,
    /// All messages with the same parent, oldest first, this one included.
    pub siblings: Vec<MessageId>,
    /// When it was made.
    pub created_at: Timestamp,
}
