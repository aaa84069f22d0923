//! What a conversation's or a person's topic says.

use galaxy_base::Timestamp;
use galaxy_domain::{ConversationId, MessageId, RunId, TaskId, notice::Notice};
use serde::Serialize;
use utoipa::ToSchema;

use super::{event::time, names::RunStateName, task::TaskView};

/// What is in an event of a `chat:` or `user:` topic.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type")]
pub enum NoticeBody {
    /// A conversation was made or changed.
    #[serde(rename = "conversation.updated")]
    ConversationUpdated {
        /// Which.
        #[schema(value_type = uuid::Uuid)]
        conversation_id: ConversationId,
        /// What it is called now.
        title: String,
        /// Whether it is pinned.
        pinned: bool,
        /// Whether it is archived.
        archived: bool,
    },
    /// A conversation is gone.
    #[serde(rename = "conversation.deleted")]
    ConversationDeleted {
        /// Which.
        #[schema(value_type = uuid::Uuid)]
        conversation_id: ConversationId,
    },
    /// A message was added.
    #[serde(rename = "message.added")]
    MessageAdded {
        /// To which conversation.
        #[schema(value_type = uuid::Uuid)]
        conversation_id: ConversationId,
        /// Which.
        #[schema(value_type = uuid::Uuid)]
        message_id: MessageId,
        /// The run that writes it, if an agent speaks.
        #[schema(value_type = Option<uuid::Uuid>, required)]
        run_id: Option<RunId>,
    },
    /// A run went from one state to another.
    #[serde(rename = "run.changed")]
    RunChanged {
        /// In which conversation.
        #[schema(value_type = uuid::Uuid)]
        conversation_id: ConversationId,
        /// Which.
        #[schema(value_type = uuid::Uuid)]
        run_id: RunId,
        /// Where it stands now.
        state: RunStateName,
    },
    /// A task was made or changed.
    #[serde(rename = "task.updated")]
    TaskUpdated {
        /// The task as it is now.
        task: TaskView,
    },
    /// A task is gone.
    #[serde(rename = "task.deleted")]
    TaskDeleted {
        /// Which.
        #[schema(value_type = uuid::Uuid)]
        task_id: TaskId,
    },
}

/// An event of a conversation's or a person's topic.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NoticeEvent {
    /// `chat:` or `user:` and an id.
    pub topic: String,
    /// Its number in the topic: from 1, without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub body: NoticeBody,
}

impl NoticeEvent {
    /// The event of a stored notice.
    pub fn of(topic: String, seq: u64, at: Timestamp, notice: &Notice) -> Self {
        Self { topic, seq, at: time(at), body: body(notice) }
    }
}

/// The name of an event, for SSE's `event:` field.
pub const fn name(body: &NoticeBody) -> &'static str {
    match body {
        NoticeBody::ConversationUpdated { .. } => "conversation.updated",
        NoticeBody::ConversationDeleted { .. } => "conversation.deleted",
        NoticeBody::MessageAdded { .. } => "message.added",
        NoticeBody::RunChanged { .. } => "run.changed",
        NoticeBody::TaskUpdated { .. } => "task.updated",
        NoticeBody::TaskDeleted { .. } => "task.deleted",
    }
}

fn body(notice: &Notice) -> NoticeBody {
    match notice {
        Notice::ConversationChanged { conversation, title, pinned, archived } => {
            NoticeBody::ConversationUpdated {
                conversation_id: *conversation,
                title: title.clone(),
                pinned: *pinned,
                archived: *archived,
            }
        }
        Notice::ConversationDeleted { conversation } => {
            NoticeBody::ConversationDeleted { conversation_id: *conversation }
        }
        Notice::MessageAdded { conversation, message, run } => NoticeBody::MessageAdded {
            conversation_id: *conversation,
            message_id: *message,
            run_id: *run,
        },
        Notice::RunChanged { conversation, run, state } => NoticeBody::RunChanged {
            conversation_id: *conversation,
            run_id: *run,
            state: state.into(),
        },
        Notice::TaskChanged { task } => NoticeBody::TaskUpdated { task: task.into() },
        Notice::TaskDeleted { task } => NoticeBody::TaskDeleted { task_id: *task },
    }
}
