//! Conversations and messages as clients see them.

use galaxy_app::conversations::Hit;
use galaxy_app::runs::Progress;
use galaxy_domain::{
    ConversationId, MessageId, PersonId, RunId,
    conversation::{Body, ConversationRow, MessageRow},
    feedback::Feedback,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    event::{PartView, RunEvent, parts, time},
    names::{RatingName, RunStateName, SpeakerName},
};

/// A conversation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ConversationView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: ConversationId,
    /// What it is about.
    pub title: String,
    /// Shown first.
    pub pinned: bool,
    /// Out of sight.
    pub archived: bool,
    /// The model; absent means the default.
    #[schema(required)]
    pub model: Option<String>,
    /// The tools; absent means all.
    #[schema(required)]
    pub tools: Option<Vec<String>>,
    /// Whether the choice of tools is fixed.
    pub tools_locked: bool,
    /// Own instructions.
    #[schema(required)]
    pub system_prompt: Option<String>,
    /// Where its newest run stands.
    #[schema(required)]
    pub state: Option<RunStateName>,
    /// How many messages it has, all branches counted.
    pub messages: i64,
    /// When it was made.
    pub created_at: String,
    /// When something was last said in it.
    pub updated_at: String,
}

impl From<&ConversationRow> for ConversationView {
    fn from(row: &ConversationRow) -> Self {
        Self {
            id: row.id,
            title: row.title.clone(),
            pinned: row.pinned,
            archived: row.archived,
            model: row.settings.model.clone(),
            tools: row.settings.tools.clone(),
            tools_locked: row.settings.tools_locked,
            system_prompt: row.settings.system_prompt.clone(),
            state: row.state.map(RunStateName::from),
            messages: row.messages,
            created_at: time(row.created_at),
            updated_at: time(row.updated_at),
        }
    }
}

/// A conversation in a list of counts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SessionCountView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: ConversationId,
    /// What it is about.
    pub title: String,
    /// How many messages it has.
    pub messages: i64,
    /// When it was made.
    pub created_at: String,
    /// When something was last said in it.
    pub updated_at: String,
}

impl From<&ConversationRow> for SessionCountView {
    fn from(row: &ConversationRow) -> Self {
        Self {
            id: row.id,
            title: row.title.clone(),
            messages: row.messages,
            created_at: time(row.created_at),
            updated_at: time(row.updated_at),
        }
    }
}

/// The run of a message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MessageRunView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: RunId,
    /// Where it stands.
    pub state: RunStateName,
    /// The number of the newest event below: follow the run's topic after it.
    pub seq: u64,
}

/// What a person thinks of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RatingView {
    /// `up` or `down`.
    pub rating: RatingName,
    /// Why.
    pub comment: String,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MessageView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: MessageId,
    /// What it follows.
    #[schema(value_type = Option<uuid::Uuid>, required)]
    pub parent_id: Option<MessageId>,
    /// `person` or `agent`.
    pub speaker: SpeakerName,
    /// When it was made.
    pub created_at: String,
    /// All versions of it, oldest first, this one included.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub siblings: Vec<MessageId>,
    /// What a person said.
    pub parts: Vec<PartView>,
    /// The run that writes it, if an agent speaks.
    #[schema(required)]
    pub run: Option<MessageRunView>,
    /// What that run did so far, with neighbouring pieces joined.
    pub events: Vec<RunEvent>,
    /// What the caller thinks of it.
    #[schema(required)]
    pub feedback: Option<RatingView>,
}

impl MessageView {
    /// The message `row`; of a run under way `progress` tells how far it is.
    pub fn of(row: &MessageRow, progress: Option<&Progress>, feedback: &[Feedback]) -> Self {
        // A copy of an answer in a fork has no run; its events carry the message's own id.
        let run = row.run.unwrap_or_else(|| RunId::from_uuid(row.id.uuid()));
        let (said, entries) = match (&row.body, progress) {
            (Body::Said { parts: said }, _) => (parts(said), &[][..]),
            (Body::Answered { .. }, Some(progress)) => (Vec::new(), &progress.entries[..]),
            (Body::Answered { entries }, None) => (Vec::new(), &entries[..]),
        };
        let seq = entries.last().map_or(0, |entry| entry.seq);
        let state = progress.map(|it| it.state).or(row.state);
        let rated = feedback.iter().find(|it| it.message == row.id);
        Self {
            id: row.id,
            parent_id: row.parent,
            speaker: row.speaker.into(),
            created_at: time(row.created_at),
            siblings: row.siblings.clone(),
            parts: said,
            run: row.run.zip(state).map(|(id, state)| MessageRunView {
                id,
                state: state.into(),
                seq,
            }),
            events: RunEvent::joined(run, entries),
            feedback: rated
                .map(|it| RatingView { rating: it.rating.into(), comment: it.comment.clone() }),
        }
    }
}

/// Messages of the branch that is shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MessagesView {
    /// Oldest first.
    pub items: Vec<MessageView>,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// What was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StartedView {
    /// The run that answers.
    #[schema(value_type = Option<uuid::Uuid>, required)]
    pub run_id: Option<RunId>,
    /// The message it answers.
    #[schema(value_type = uuid::Uuid)]
    pub question_id: MessageId,
    /// The message it writes.
    #[schema(value_type = Option<uuid::Uuid>, required)]
    pub answer_id: Option<MessageId>,
}

/// A piece of a snippet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SnippetView {
    /// The text.
    pub text: String,
    /// Whether it is what was looked for.
    #[serde(rename = "match")]
    pub matched: bool,
}

/// A place where the words were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HitView {
    /// In which conversation.
    #[schema(value_type = uuid::Uuid)]
    pub conversation_id: ConversationId,
    /// In which message; absent when in the title.
    #[schema(value_type = Option<uuid::Uuid>, required)]
    pub message_id: Option<MessageId>,
    /// What the conversation is called.
    pub title: String,
    /// The place, in pieces.
    pub snippet: Vec<SnippetView>,
    /// When it was written.
    pub at: String,
}

impl From<&Hit> for HitView {
    fn from(hit: &Hit) -> Self {
        let piece = |(text, matched): &(String, bool)| SnippetView {
            text: text.clone(),
            matched: *matched,
        };
        Self {
            conversation_id: hit.conversation,
            message_id: hit.message,
            title: hit.title.clone(),
            snippet: hit.snippet.iter().map(piece).collect(),
            at: time(hit.at),
        }
    }
}

/// One person's opinion, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeedbackView {
    /// Of which message.
    #[schema(value_type = uuid::Uuid)]
    pub message_id: MessageId,
    /// In which conversation.
    #[schema(value_type = uuid::Uuid)]
    pub conversation_id: ConversationId,
    /// Whose.
    #[schema(value_type = uuid::Uuid)]
    pub person_id: PersonId,
    /// `up` or `down`.
    pub rating: RatingName,
    /// Why.
    pub comment: String,
    /// When.
    pub at: String,
}

impl From<&Feedback> for FeedbackView {
    fn from(it: &Feedback) -> Self {
        Self {
            message_id: it.message,
            conversation_id: it.conversation,
            person_id: it.person,
            rating: it.rating.into(),
            comment: it.comment.clone(),
            at: time(it.at),
        }
    }
}
