//! Live events: each stored entry is exactly one event with the same number.

use std::collections::BTreeMap;

use galaxy_base::Timestamp;
use galaxy_domain::{Entry, MessageId, PersonId, RunId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    elicitation::{AnswerView, ElicitationView},
    names::{
        DecisionName, EffectName, FinishName, OutcomeName, QuestionName, ReachName, RunStateName,
    },
};

mod of;
mod part;

use of::{append, body};
pub use part::{CallView, PartView, ViewOfCall, parts};

/// What is in an event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type")]
pub enum RunEventBody {
    /// The run begins with what a person said.
    #[serde(rename = "run.started")]
    RunStarted {
        /// The message that holds it.
        #[schema(value_type = uuid::Uuid)]
        message_id: MessageId,
        /// What they said.
        parts: Vec<PartView>,
    },
    /// The model is being asked; whatever was streamed since the last finished answer is void.
    #[serde(rename = "step.started")]
    StepStarted {
        /// Which model.
        model: String,
        /// Why not the one asked for, when a fallback steps in.
        #[schema(required)]
        because: Option<String>,
    },
    /// More text.
    #[serde(rename = "message.delta")]
    MessageDelta {
        /// What to add.
        text: String,
    },
    /// More thought; an empty one is a sign of life.
    #[serde(rename = "reasoning.delta")]
    ReasoningDelta {
        /// What to add.
        text: String,
    },
    /// More of a call's arguments.
    #[serde(rename = "tool.args.delta")]
    ToolArgsDelta {
        /// Which call.
        call: String,
        /// Which tool.
        tool: String,
        /// JSON text to add.
        text: String,
    },
    /// The model spoke; replaces the pieces streamed since the last `step.started`.
    #[serde(rename = "message.done")]
    MessageDone {
        /// What it said.
        parts: Vec<PartView>,
        /// What it asked for.
        calls: Vec<CallView>,
        /// Why it stopped.
        finish: FinishName,
        /// Which model it was.
        model: String,
    },
    /// A person is asked about a call; the run waits.
    #[serde(rename = "tool.approval")]
    ToolApproval {
        /// Which call.
        call: String,
        /// `approval` or `answer`.
        question: QuestionName,
        /// What a yes is bound to.
        digest: String,
    },
    /// A person decided about a call.
    #[serde(rename = "tool.decided")]
    ToolDecided {
        /// Which call.
        call: String,
        /// `allow` or `deny`.
        decision: DecisionName,
        /// How far a yes reaches: `once`, `conversation` or `always`.
        #[schema(required)]
        reach: Option<ReachName>,
        /// The arguments the person put in place of the model's.
        #[schema(required)]
        input: Option<Value>,
        /// Why not.
        #[schema(required)]
        reason: Option<String>,
        /// Who.
        #[schema(value_type = uuid::Uuid)]
        by: PersonId,
    },
    /// A call runs.
    #[serde(rename = "tool.started")]
    ToolStarted {
        /// Which.
        call: String,
        /// What it can do.
        effect: EffectName,
        /// The view that it is shown with, if its server has one.
        #[schema(required)]
        view: Option<ViewOfCall>,
    },
    /// The server of a call that runs goes on with it by itself (a task), and is asked from time to
    /// time how far it is; it goes on whatever becomes of the processes here.
    #[serde(rename = "tool.task")]
    ToolTask {
        /// Which call.
        call: String,
        /// The tool server.
        server: String,
        /// Since when.
        since: String,
        /// How long the server keeps it, as it said then; `null` where it did not.
        #[schema(required)]
        until: Option<String>,
    },
    /// The tool of a call that runs wants to know something from the person; the run waits.
    #[serde(rename = "tool.elicited")]
    ToolElicited {
        /// Which call.
        call: String,
        /// What is asked.
        elicitation: ElicitationView,
    },
    /// A person answered what the tool of a call wanted to know.
    #[serde(rename = "tool.answered")]
    ToolAnswered {
        /// Which call.
        call: String,
        /// What they said, by question.
        answers: BTreeMap<String, AnswerView>,
        /// Who.
        #[schema(value_type = uuid::Uuid)]
        by: PersonId,
    },
    /// A call tells how far it is.
    #[serde(rename = "tool.progress")]
    ToolProgress {
        /// Which.
        call: String,
        /// The share that is done, from 0 to 1.
        #[schema(required)]
        share: Option<f64>,
        /// What it is doing.
        note: String,
    },
    /// A call ended.
    #[serde(rename = "tool.finished")]
    ToolFinished {
        /// Which.
        call: String,
        /// `done`, `failed`, `denied`, `aborted` or `unknown`.
        outcome: OutcomeName,
        /// What it gave.
        output: Vec<PartView>,
        /// Why it gave nothing.
        #[schema(required)]
        message: Option<String>,
        /// How long it took.
        took_ms: u64,
    },
    /// What the answer before it cost, in tokens.
    #[serde(rename = "usage.updated")]
    UsageUpdated {
        /// Which model.
        model: String,
        /// Read by the model.
        input: u64,
        /// Of those, from the provider's cache.
        cached: u64,
        /// Written by the model.
        output: u64,
        /// Of those, thought.
        reasoning: u64,
    },
    /// The run stopped moving.
    #[serde(rename = "run.finished")]
    RunFinished {
        /// `finished`, `exhausted`, `cancelled` or `incomplete`.
        state: RunStateName,
        /// Why, and what to do about it.
        #[schema(required)]
        message: Option<String>,
    },
    /// The run broke.
    #[serde(rename = "run.failed")]
    RunFailed {
        /// A stable name for programs.
        code: String,
        /// Why, and what to do about it.
        message: String,
        /// The provider's own words.
        #[schema(required)]
        detail: Option<String>,
    },
    /// A person has a stopped run go on.
    #[serde(rename = "run.resumed")]
    RunResumed {
        /// Who.
        #[schema(value_type = uuid::Uuid)]
        by: PersonId,
    },
}

/// An event of a run's topic.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RunEvent {
    /// `run:` and the run's id.
    pub topic: String,
    /// Its number in the topic: from 1, without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub body: RunEventBody,
}

impl RunEvent {
    /// The event of `entry` in the log of `run`.
    pub fn of(run: RunId, entry: &Entry) -> Self {
        let body = body(&entry.item);
        Self { topic: format!("run:{run}"), seq: entry.seq, at: time(entry.at), body }
    }

    /// The events of a log, with neighbouring pieces joined: each has the number of the last
    /// piece in it.
    pub fn joined(run: RunId, entries: &[Entry]) -> Vec<Self> {
        let mut events: Vec<Self> = Vec::new();
        for entry in entries {
            let event = Self::of(run, entry);
            let merged = events.last_mut().is_some_and(|last| append(&mut last.body, &event.body));
            if merged {
                if let Some(last) = events.last_mut() {
                    last.seq = event.seq;
                }
                continue;
            }
            events.push(event);
        }
        events
    }
}

/// The name of an event, for SSE's `event:` field.
pub const fn name(body: &RunEventBody) -> &'static str {
    match body {
        RunEventBody::RunStarted { .. } => "run.started",
        RunEventBody::StepStarted { .. } => "step.started",
        RunEventBody::MessageDelta { .. } => "message.delta",
        RunEventBody::ReasoningDelta { .. } => "reasoning.delta",
        RunEventBody::ToolArgsDelta { .. } => "tool.args.delta",
        RunEventBody::MessageDone { .. } => "message.done",
        RunEventBody::ToolApproval { .. } => "tool.approval",
        RunEventBody::ToolDecided { .. } => "tool.decided",
        RunEventBody::ToolStarted { .. } => "tool.started",
        RunEventBody::ToolTask { .. } => "tool.task",
        RunEventBody::ToolElicited { .. } => "tool.elicited",
        RunEventBody::ToolAnswered { .. } => "tool.answered",
        RunEventBody::ToolProgress { .. } => "tool.progress",
        RunEventBody::ToolFinished { .. } => "tool.finished",
        RunEventBody::UsageUpdated { .. } => "usage.updated",
        RunEventBody::RunFinished { .. } => "run.finished",
        RunEventBody::RunFailed { .. } => "run.failed",
        RunEventBody::RunResumed { .. } => "run.resumed",
    }
}

/// A moment as clients see it.
pub fn time(at: Timestamp) -> String {
    at.to_string()
}
