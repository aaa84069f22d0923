//! Whether a model answers: it is said "hi" and may answer three tokens.

use std::time::Duration;

use galaxy_base::{Clock, Timestamp};
use galaxy_domain::Part;
use tokio::time::{Instant, timeout};

use crate::{
    answer::collect,
    error::ModelError,
    provider::Model,
    request::{Message, Request},
};

/// How long a model has for its three tokens.
const PROBE_TIME: Duration = Duration::from_secs(30);

/// What is known about a model's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was never asked.
    Unknown,
    /// It answered.
    Ok,
    /// It did not.
    Failed,
    /// Calls to it are switched off.
    Disabled,
}

impl Status {
    /// The name for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Disabled => "disabled",
        }
    }
}

/// The last check of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How it went.
    pub status: Status,
    /// From the request to the end of the answer.
    pub latency: Option<Duration>,
    /// [`ModelError::code`] of what went wrong.
    pub code: Option<&'static str>,
    /// What went wrong, in a sentence.
    pub message: Option<String>,
    /// What a person can do about it.
    pub advice: Option<&'static str>,
    /// The provider's own words.
    pub detail: Option<String>,
    /// When it was checked.
    pub checked_at: Option<Timestamp>,
}

impl Health {
    /// Of a model that was never asked.
    pub const UNKNOWN: Self = Self {
        status: Status::Unknown,
        latency: None,
        code: None,
        message: None,
        advice: None,
        detail: None,
        checked_at: None,
    };

    fn after(result: Result<(), ModelError>, latency: Duration, at: Timestamp) -> Self {
        let Err(err) = result else {
            let latency = Some(latency);
            return Self { status: Status::Ok, latency, checked_at: Some(at), ..Self::UNKNOWN };
        };
        Self { latency: Some(latency), checked_at: Some(at), ..Self::failed(&err) }
    }

    /// Of a model that fails like that whenever it is asked.
    pub(super) fn failed(err: &ModelError) -> Self {
        let disabled = matches!(err, ModelError::Disabled);
        Self {
            status: if disabled { Status::Disabled } else { Status::Failed },
            latency: None,
            code: Some(err.code()),
            message: Some(err.to_string()),
            advice: Some(err.advice()),
            detail: err.detail().map(str::to_owned),
            checked_at: None,
        }
    }
}

/// Says "hi" to `model`.
pub(super) async fn check(model: &dyn Model, clock: &Clock) -> Health {
    let started = Instant::now();
    let result = timeout(PROBE_TIME, say_hi(model)).await.unwrap_or_else(|_| {
        let message = format!("no answer to \"hi\" within {} s", PROBE_TIME.as_secs());
        Err(ModelError::TimedOut { message })
    });
    Health::after(result, started.elapsed(), clock.now())
}

async fn say_hi(model: &dyn Model) -> Result<(), ModelError> {
    let request = Request {
        messages: vec![Message::User { parts: vec![Part::text("hi")] }],
        max_output_tokens: Some(3),
        ..Request::default()
    };
    collect(model.answer(request).await?, |_| ()).await.map(drop)
}
