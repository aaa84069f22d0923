//! Runs as clients see them.

use galaxy_app::{quick, runs::RunDetail};
use galaxy_domain::{ConversationId, MessageId, RunId, Usage, run::RunRow, transcript::OpenCall};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    elicitation::ElicitationView,
    event::time,
    names::{EffectName, OutcomeName, QuestionName, RunStateName},
};

/// Tokens spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsageView {
    /// Read by the model, cached or not.
    pub input: u64,
    /// Of those, from the provider's cache.
    pub cached: u64,
    /// Written by the model, thoughts included.
    pub output: u64,
    /// Of those, thought.
    pub reasoning: u64,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        let Usage { input, cached, output, reasoning } = usage;
        Self { input, cached, output, reasoning }
    }
}

/// A call that nothing has answered yet.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OpenCallView {
    /// Names the call.
    pub call: String,
    /// Names the tool.
    pub tool: String,
    /// Its arguments.
    pub input: Value,
    /// What a person is asked about it: `approval`, `answer` or `form`.
    #[schema(required)]
    pub question: Option<QuestionName>,
    /// What a yes is bound to.
    #[schema(required)]
    pub digest: Option<String>,
    /// What it can do, once it has begun.
    #[schema(required)]
    pub effect: Option<EffectName>,
    /// What its tool wants to know, where the question is a form.
    #[schema(required)]
    pub elicitation: Option<ElicitationView>,
}

/// A run at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunSummaryView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: RunId,
    /// The conversation it answers in.
    #[schema(value_type = uuid::Uuid)]
    pub conversation_id: ConversationId,
    /// The message it answers.
    #[schema(value_type = uuid::Uuid)]
    pub question_id: MessageId,
    /// The message it writes.
    #[schema(value_type = uuid::Uuid)]
    pub answer_id: MessageId,
    /// Where it stands.
    pub state: RunStateName,
    /// The model asked for.
    #[schema(required)]
    pub model: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// When it last stopped moving.
    #[schema(required)]
    pub ended_at: Option<String>,
}

impl From<&RunRow> for RunSummaryView {
    fn from(row: &RunRow) -> Self {
        Self {
            id: row.id,
            conversation_id: row.conversation,
            question_id: row.question,
            answer_id: row.answer,
            state: row.state.into(),
            model: row.model.clone(),
            created_at: time(row.created_at),
            ended_at: row.ended_at.map(time),
        }
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RunView {
    /// At a glance.
    #[serde(flatten)]
    pub summary: RunSummaryView,
    /// The number of its newest event.
    pub seq: u64,
    /// What it cost so far.
    pub usage: UsageView,
    /// Calls that nothing has answered yet.
    pub open: Vec<OpenCallView>,
}

impl From<&RunDetail> for RunView {
    fn from(detail: &RunDetail) -> Self {
        let open = |it: &OpenCall| OpenCallView {
            call: it.call.id.0.clone(),
            tool: it.call.tool.clone(),
            input: it.call.input.clone(),
            question: it.question().map(QuestionName::from),
            digest: detail.digest(&it.call.id).map(ToOwned::to_owned),
            effect: it.began.map(EffectName::from),
            elicitation: it.waits_for().map(|asked| ElicitationView::of(it.rounds, asked)),
        };
        Self {
            summary: (&detail.row).into(),
            seq: detail.transcript.last_seq(),
            usage: detail.transcript.usage().into(),
            open: detail.transcript.open_calls().map(open).collect(),
        }
    }
}

/// Where a run stands after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct StateView {
    /// Where it stands.
    pub state: RunStateName,
}

/// A tool call of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallReportView {
    /// Names the call.
    pub id: String,
    /// Names the tool.
    pub tool: String,
    /// Its arguments.
    pub input: Value,
    /// How it ended; absent while it waits for a person.
    #[schema(required)]
    pub outcome: Option<OutcomeName>,
}

/// An answer in one piece.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChatReplyView {
    /// What the agent said.
    pub response: String,
    /// Where to go on.
    #[schema(value_type = uuid::Uuid)]
    pub conversation_id: ConversationId,
    /// The run that answered.
    #[schema(value_type = uuid::Uuid)]
    pub run_id: RunId,
    /// Where it stands: `parked` when it waits for a person.
    pub state: RunStateName,
    /// The calls it made.
    pub tool_calls: Vec<CallReportView>,
    /// What it cost.
    pub usage: UsageView,
}

impl ChatReplyView {
    /// The reply to a question.
    pub fn of(asked: quick::Asked, reply: &quick::Reply) -> Self {
        let call = |it: &quick::CallReport| CallReportView {
            id: it.id.0.clone(),
            tool: it.tool.clone(),
            input: it.input.clone(),
            outcome: it.outcome.as_ref().map(OutcomeName::from),
        };
        Self {
            response: reply.response.clone(),
            conversation_id: asked.conversation,
            run_id: asked.run,
            state: reply.state.into(),
            tool_calls: reply.calls.iter().map(call).collect(),
            usage: reply.usage.into(),
        }
    }
}
