//! What tools ask people while they work, and what people say to it. A persisted format: tags
//! never change meaning.
//!
//! **Invariant:** what is kept here was read once, at the edge: a form has only fields that this
//! module knows, nothing in its words is hidden, and everything is bounded. Keys and values that
//! go back to the server are exactly as they came.

use std::collections::BTreeMap;

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::ToolServerId;

mod check;
mod field;

pub use check::Wrong;
pub use field::{Choice, Field, FieldKind, Format};

/// At most this many questions are put at a time.
pub const QUESTIONS: usize = 16;
/// A call that still asks after this many rounds is given up.
pub const ROUNDS: u32 = 10;

/// One round of questions of a call that was put down until a person answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Elicitation {
    /// The server that asks.
    pub server: String,
    /// The tool that is called, as the server names it; shown, so nothing in it is hidden.
    pub tool: String,
    /// What a person is asked, under the server's own keys; never empty.
    pub questions: BTreeMap<String, Inquiry>,
    /// Keys of questions that nobody is asked, because they want a secret or cannot be shown: they
    /// are declined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declined: Vec<String>,
    /// How the call goes on.
    pub back: WayBack,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Inquiry {
    /// Fill in a form.
    Form {
        /// What for, in the server's words.
        message: String,
        /// What to fill in, in the order to show.
        fields: Vec<Field>,
    },
    /// Open a page elsewhere and do something there.
    Page {
        /// What for, in the server's words.
        message: String,
        /// Where: `http` or `https`, without a name or password in it. Never opened by itself.
        url: String,
    },
    /// Sign in at the tool server itself. Asked by us, not by the server: nothing of it is in here.
    SignIn {
        /// Where.
        server: ToolServerId,
        /// How often the call was put down for this before; a few times, then it is given up.
        #[serde(default)]
        before: u32,
    },
}

/// How a call goes on once its questions are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WayBack {
    /// The request is made once more, with the answers: now or in a year, by any process.
    Again {
        /// What the server wants back, unread and unchanged. Nobody's but the server's: no view
        /// shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
    },
    /// The server waits on the line, and the process that called it holds the call.
    Held {
        /// When it does so no longer.
        until: Timestamp,
    },
    /// The server goes on with the call by itself, and gets the answers for that: now or as long as
    /// it keeps its task.
    Task,
    /// The server refused before it did anything: the call is made as if for the first time, once
    /// the person has signed in.
    Afresh,
}

/// What a person says to one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Answer {
    /// Yes, with what was filled in: an object, empty for a page.
    Accept {
        /// Values by the names of the fields.
        content: Value,
    },
    /// No.
    Decline,
    /// Neither: they closed it.
    Cancel,
}

impl Elicitation {
    /// Whether an answer of moment `now` would reach nobody any more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        match self.back {
            WayBack::Again { .. } | WayBack::Task | WayBack::Afresh => false,
            WayBack::Held { until } => now > until,
        }
    }

    /// The server that a person has to sign in at, if that is what is asked.
    pub fn signs_in_at(&self) -> Option<ToolServerId> {
        self.questions.values().find_map(|it| match it {
            Inquiry::SignIn { server, .. } => Some(*server),
            Inquiry::Form { .. } | Inquiry::Page { .. } => None,
        })
    }

    /// Leaves out what the server wants back, for whoever only reads.
    pub fn forget_state(&mut self) {
        match &mut self.back {
            WayBack::Again { state } => *state = None,
            WayBack::Held { .. } | WayBack::Task | WayBack::Afresh => (),
        }
    }

    /// Says what is wrong with `answers`, each with its place in them: the questions must be
    /// answered, no others, and what was filled in must fit.
    pub fn check(&self, answers: &BTreeMap<String, Answer>) -> Vec<Wrong> {
        check::answers(&self.questions, answers)
    }
}
