//! Why somebody was not let in.

use std::time::Duration;

use galaxy_domain::Kind;
use galaxy_store::StoreError;

use crate::decide::{Denied, Stale};

/// Why an account, a credential or a permit was not given.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The caller is known, and may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// What was presented opens nothing. Deliberately does not say what is wrong with it.
    #[error("sign in first, or check what you signed in with")]
    Unauthenticated,
    /// Too many failed attempts, or too many at once.
    #[error("too many attempts; try again in {} s", .retry_after.as_secs().max(1))]
    Throttled {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Fields that make no sense, each with what to do about it.
    #[error("{}", sentences(.0))]
    Invalid(Vec<(&'static str, String)>),
    /// The state of things does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// The store failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccessError {
    /// A complaint about one field.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![(field, message.into())])
    }

    /// Sorts the error.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Denied(Denied::Hidden) => Kind::NotFound,
            Self::Denied(Denied::Forbidden) => Kind::Forbidden,
            Self::Denied(Denied::Stale(stale)) => stale.kind(),
            Self::Unauthenticated => Kind::Unauthenticated,
            Self::Throttled { .. } => Kind::TooMany,
            Self::Invalid(_) => Kind::Invalid,
            Self::Conflict(_) => Kind::Conflict,
            Self::Store(err) => err.kind(),
        }
    }

    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        if let Self::Denied(Denied::Stale(_)) = self {
            return Stale::CODE;
        }
        match self.kind() {
            Kind::NotFound => "not_found",
            Kind::Forbidden => "forbidden",
            Kind::Unauthenticated => "unauthenticated",
            Kind::TooMany => "too_many_attempts",
            Kind::Invalid => "invalid",
            Kind::Conflict => "conflict",
            Kind::TooLarge => "too_large",
            Kind::Unavailable => "unavailable",
            Kind::Internal => "internal",
        }
    }
}

fn sentences(mistakes: &[(&'static str, String)]) -> String {
    let all: Vec<String> =
        mistakes.iter().map(|(field, message)| format!("{field}: {message}")).collect();
    all.join("; ")
}
