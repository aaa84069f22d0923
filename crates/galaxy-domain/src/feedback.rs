//! What people think of an answer.

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{ConversationId, MessageId, PersonId};

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// Good.
    Up,
    /// Bad.
    Down,
}

/// One person's opinion of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Of what.
    pub message: MessageId,
    /// Where that is.
    pub conversation: ConversationId,
    /// Whose.
    pub person: PersonId,
    /// Up or down.
    pub rating: Rating,
    /// Why, in their words.
    pub comment: String,
    /// When it was last changed.
    pub at: Timestamp,
}
