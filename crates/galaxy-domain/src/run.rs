//! What a run is, apart from its log.

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{ConversationId, MessageId, PersonId, RunId, WorkspaceId};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for a worker.
    Queued,
    /// A worker drives it.
    Running,
    /// Waits for a person.
    Parked,
    /// Done.
    Finished,
    /// Ran into a limit; can be continued.
    Exhausted,
    /// A person stopped it.
    Cancelled,
    /// The answer broke off; can be continued.
    Incomplete,
    /// It broke.
    Failed,
}

impl RunState {
    const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Parked,
        Self::Finished,
        Self::Exhausted,
        Self::Cancelled,
        Self::Incomplete,
        Self::Failed,
    ];

    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Parked => "parked",
            Self::Finished => "finished",
            Self::Exhausted => "exhausted",
            Self::Cancelled => "cancelled",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }

    /// Parses [`RunState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether it will not move again by itself.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Running | Self::Parked => false,
            Self::Finished
            | Self::Exhausted
            | Self::Cancelled
            | Self::Incomplete
            | Self::Failed => true,
        }
    }
}

/// Why a run stopped moving. A persisted format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Stop {
    /// The model had nothing more to ask.
    Finished,
    /// Waiting for a person. Never stored as an entry: the open question is the record.
    Parked,
    /// A limit was reached.
    Exhausted {
        /// Which, in words for the person.
        limit: String,
    },
    /// A person stopped it.
    Cancelled,
    /// The answer broke off after its first token.
    Incomplete {
        /// Why, and what to do about it.
        message: String,
    },
    /// There was no answer.
    Failed {
        /// A stable code, such as `model_unauthorized`.
        code: String,
        /// Why, and what to do about it.
        message: String,
        /// The provider's own words, if it said any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
}

impl Stop {
    /// The state it leaves the run in.
    pub const fn state(&self) -> RunState {
        match self {
            Self::Finished => RunState::Finished,
            Self::Parked => RunState::Parked,
            Self::Exhausted { .. } => RunState::Exhausted,
            Self::Cancelled => RunState::Cancelled,
            Self::Incomplete { .. } => RunState::Incomplete,
            Self::Failed { .. } => RunState::Failed,
        }
    }
}

/// A run as its row says; everything else about it is its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Names it.
    pub id: RunId,
    /// Where it lives.
    pub workspace: WorkspaceId,
    /// On whose behalf it acts.
    pub owner: PersonId,
    /// The conversation it answers in.
    pub conversation: ConversationId,
    /// The message it answers.
    pub question: MessageId,
    /// The message it writes.
    pub answer: MessageId,
    /// Where it stands.
    pub state: RunState,
    /// The model asked for; `None` means the default.
    pub model: Option<String>,
    /// Grows with every claim: who shows an older one is no longer the driver.
    pub fence: i64,
    /// How often it was claimed.
    pub attempts: i64,
    /// A person asked it to stop.
    pub stop_requested: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last stopped moving.
    pub ended_at: Option<Timestamp>,
}
