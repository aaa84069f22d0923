//! What a conversation's or a person's topic says: small news that tell a page what to fetch.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ConversationId, MessageId, RunId, TaskId},
    run::RunState,
    task::TaskRow,
};

/// An entry of a conversation's or a person's topic. A persisted format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// A conversation was made, renamed, pinned, archived, or moved to another branch.
    ConversationChanged {
        /// Which.
        conversation: ConversationId,
        /// What it is called now.
        title: String,
        /// Whether it is pinned.
        pinned: bool,
        /// Whether it is archived.
        archived: bool,
    },
    /// A conversation is gone.
    ConversationDeleted {
        /// Which.
        conversation: ConversationId,
    },
    /// A message was added.
    MessageAdded {
        /// To which conversation.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// The run that writes it, if an agent speaks.
        run: Option<RunId>,
    },
    /// A run went from one state to another.
    RunChanged {
        /// In which conversation.
        conversation: ConversationId,
        /// Which.
        run: RunId,
        /// Where it stands now.
        state: RunState,
    },
    /// A task was made or changed.
    TaskChanged {
        /// The task as it is now.
        task: TaskRow,
    },
    /// A task is gone.
    TaskDeleted {
        /// Which.
        task: TaskId,
    },
}
