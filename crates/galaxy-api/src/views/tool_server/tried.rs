//! What comes of calling a tool oneself.

use galaxy_domain::Outcome;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::{
    event::{PartView, parts},
    names::OutcomeName,
};

/// How a call ended that a person made.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TriedView {
    /// How.
    pub outcome: OutcomeName,
    /// What it gave.
    pub output: Vec<PartView>,
    /// What went wrong.
    #[schema(required)]
    pub message: Option<String>,
    /// In milliseconds: how long it took.
    pub took_ms: u64,
}

impl TriedView {
    /// How a call ended, after so many milliseconds.
    pub fn of(outcome: &Outcome, took_ms: u64) -> Self {
        let (output, message) = match outcome {
            Outcome::Done { output } => (parts(output), None),
            Outcome::Failed { message } => (Vec::new(), Some(message.clone())),
            Outcome::Denied { reason } => (Vec::new(), reason.clone()),
            Outcome::Aborted | Outcome::Unknown => (Vec::new(), None),
        };
        Self { outcome: outcome.into(), output, message, took_ms }
    }
}
