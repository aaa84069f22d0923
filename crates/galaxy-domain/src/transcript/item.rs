//! The entries of a run's log.

use std::collections::BTreeMap;

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    elicitation::{Answer, Elicitation},
    id::{MessageId, PersonId},
    part::Part,
    remote_task::RemoteTask,
    run::Stop,
    tool::{CallId, Decision, Effect, ToolCall, View},
    usage::Usage,
};

/// How a tool call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// It ran.
    Done {
        /// What the model gets to see.
        output: Vec<Part>,
    },
    /// It ran and did not succeed, or could not run. The model is told why.
    Failed {
        /// Safe for the model and the person.
        message: String,
    },
    /// A person or a policy said no.
    Denied {
        /// Why, told to the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The run was stopped first.
    Aborted,
    /// It was under way when the process died, or was given up by us. It may or may not have
    /// happened.
    Unknown,
}

/// Why the model stopped speaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was done.
    Stop,
    /// It wants tools.
    Calls,
    /// It ran into its limit of output.
    Length,
    /// It declined.
    Refused,
    /// A person stopped it: the text is what there was.
    Cancelled,
    /// The stream broke off: the text is what there was.
    Broken,
}

/// A piece of an answer that is still being written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Delta {
    /// More text.
    Text {
        /// What to add.
        text: String,
    },
    /// More thought.
    Reasoning {
        /// What to add.
        text: String,
    },
    /// More of a call's arguments, as JSON text that is not complete yet.
    Arguments {
        /// Which call.
        call: CallId,
        /// Which tool.
        tool: String,
        /// What to add.
        text: String,
    },
}

/// What a person is asked about an open call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// May it run?
    Approval,
    /// What is the answer? (The call itself is a question to the person.)
    Answer,
    /// What does the tool want to know before it goes on? ([`Item::Elicited`] is the record.)
    Form,
}

/// One entry of a run's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    /// A person spoke; always the first entry.
    User {
        /// The message that holds it.
        message: MessageId,
        /// What they said.
        parts: Vec<Part>,
    },
    /// The model is being asked. Whatever was streamed since the last finished answer is void.
    Sampling {
        /// Which model.
        model: String,
        /// Why not the one asked for, when a fallback steps in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// A piece of the answer to come.
    Delta {
        /// The piece.
        delta: Delta,
    },
    /// The model spoke, and may have asked for tools. Replaces the deltas before it.
    Assistant {
        /// What it said.
        parts: Vec<Part>,
        /// What it asked for.
        calls: Vec<ToolCall>,
        /// Why it stopped.
        finish: Finish,
        /// Which model it was.
        model: String,
    },
    /// A person is asked about a call; the run waits.
    Asked {
        /// Which call.
        call: CallId,
        /// What is asked.
        question: Question,
        /// SHA-256 of tool definition and arguments, in hexadecimal: what a yes is bound to.
        digest: String,
    },
    /// A person decided about a call.
    Approval {
        /// Which.
        call: CallId,
        /// What.
        decision: Decision,
        /// Who.
        by: PersonId,
    },
    /// A call is about to run. Stored first, so that a crash cannot make it run twice.
    Began {
        /// Which.
        call: CallId,
        /// What it can do; only a repeatable one may run again after a crash.
        effect: Effect,
        /// The view that it is shown with, if its server has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        view: Option<View>,
    },
    /// The server of a call that has begun goes on with it by itself. From now on the call is
    /// looked after by whoever drives the run: it is not lost when a process dies.
    TaskCreated {
        /// Which call.
        call: CallId,
        /// What the server works on.
        task: RemoteTask,
        /// SHA-256 of tool definition and arguments, in hexadecimal: what a tool gives that has
        /// changed since is not taken.
        digest: String,
    },
    /// A call that has begun is put down until a person answers its tool; the run waits.
    Elicited {
        /// Which call.
        call: CallId,
        /// Which round of questions of this call it is, counted from 1.
        round: u32,
        /// What is asked, and how the call goes on.
        elicitation: Elicitation,
        /// SHA-256 of tool definition and arguments, in hexadecimal: a tool that has changed
        /// since is not gone on with.
        digest: String,
    },
    /// A person answered what a tool asked. The call begins once more, with the answers.
    Answered {
        /// Which call.
        call: CallId,
        /// What they say, under the keys of the questions.
        answers: BTreeMap<String, Answer>,
        /// Who.
        by: PersonId,
    },
    /// A call tells how far it is.
    Progress {
        /// Which.
        call: CallId,
        /// The share that is done, from 0 to 1, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        share: Option<f64>,
        /// What it is doing, in words.
        note: String,
    },
    /// A call ended.
    Reply {
        /// Which.
        call: CallId,
        /// How.
        outcome: Outcome,
        /// How long it took, in milliseconds.
        took_ms: u64,
        /// What the server answered, as it came, for the call's view; the model never sees it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        whole: Option<Value>,
    },
    /// What the answer before it cost.
    Usage {
        /// Which model.
        model: String,
        /// How much.
        usage: Usage,
    },
    /// The run stopped moving.
    Stopped {
        /// Why.
        stop: Stop,
    },
    /// A person wants a stopped run to go on.
    Resumed {
        /// Who.
        by: PersonId,
    },
}

impl Item {
    /// The tag of the stored form.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Sampling { .. } => "sampling",
            Self::Delta { .. } => "delta",
            Self::Assistant { .. } => "assistant",
            Self::Asked { .. } => "asked",
            Self::Approval { .. } => "approval",
            Self::Began { .. } => "began",
            Self::TaskCreated { .. } => "task_created",
            Self::Elicited { .. } => "elicited",
            Self::Answered { .. } => "answered",
            Self::Progress { .. } => "progress",
            Self::Reply { .. } => "reply",
            Self::Usage { .. } => "usage",
            Self::Stopped { .. } => "stopped",
            Self::Resumed { .. } => "resumed",
        }
    }

    /// Whether it only tells how an answer or a call is coming along: a log without such entries
    /// says the same once its run is over.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Delta { .. } | Self::Progress { .. } | Self::Sampling { .. } => true,
            Self::User { .. }
            | Self::Assistant { .. }
            | Self::Asked { .. }
            | Self::Approval { .. }
            | Self::Began { .. }
            | Self::TaskCreated { .. }
            | Self::Elicited { .. }
            | Self::Answered { .. }
            | Self::Reply { .. }
            | Self::Usage { .. }
            | Self::Stopped { .. }
            | Self::Resumed { .. } => false,
        }
    }
}

/// An item with its place in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number; the first entry of a run is 1, and there are no gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub item: Item,
}
