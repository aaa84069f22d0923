//! What can go wrong, for whoever faces outward.

use std::time::Duration;

use galaxy_access::{AccessError, Denied, Stale};
use galaxy_domain::Kind;
use galaxy_model::ModelError;
use galaxy_store::StoreError;
use galaxy_tool::server::Obstacle;

/// How often the walls around programs are tried.
pub const WALLS_AGAIN: Duration = Duration::from_secs(3600);

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where: a JSON Pointer (RFC 6901) into the request.
    pub pointer: String,
    /// What, and what would be right.
    pub message: String,
}

/// A use case that did not work.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Sign-in, accounts and credentials.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The data is not there, or not now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A provider of models did not do what was asked.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The request makes no sense.
    #[error("{}", sentences(.0))]
    Invalid(Vec<Mistake>),
    /// The state of things does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// Too often, or too many at once.
    #[error("{message}")]
    TooMany {
        /// What there is too much of.
        message: String,
        /// When to come back.
        retry_after: Duration,
    },
    /// Not now.
    #[error("{0}")]
    Unavailable(String),
    /// A program is not started.
    #[error("{}. {}", .0, .0.advice())]
    NotStarted(Obstacle),
    /// Our fault.
    #[error("something went wrong")]
    Internal(String),
}

impl AppError {
    /// One mistake.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Mistake { pointer: pointer.into(), message: message.into() }])
    }

    /// Sorts the error.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Denied(Denied::Hidden) | Self::NotFound => Kind::NotFound,
            Self::Denied(Denied::Forbidden) => Kind::Forbidden,
            Self::Denied(Denied::Stale(stale)) => stale.kind(),
            Self::Access(err) => err.kind(),
            Self::Store(err) => err.kind(),
            Self::Model(err) => err.kind(),
            Self::Invalid(_) => Kind::Invalid,
            Self::Conflict(_) => Kind::Conflict,
            Self::TooMany { .. } => Kind::TooMany,
            Self::Unavailable(_) => Kind::Unavailable,
            Self::NotStarted(obstacle) => obstacle.kind(),
            Self::Internal(_) => Kind::Internal,
        }
    }

    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied(Denied::Stale(_)) => Stale::CODE,
            Self::Access(err) => err.code(),
            Self::Model(err) => err.code(),
            Self::NotStarted(obstacle) => obstacle.code(),
            Self::Denied(_)
            | Self::Store(_)
            | Self::Invalid(_)
            | Self::Conflict(_)
            | Self::NotFound
            | Self::TooMany { .. }
            | Self::Unavailable(_)
            | Self::Internal(_) => code_of(self.kind()),
        }
    }

    /// What is to be done about a sign-in that is too old, if that is all.
    pub fn stale(&self) -> Option<Stale> {
        match self {
            Self::Denied(Denied::Stale(stale))
            | Self::Access(AccessError::Denied(Denied::Stale(stale))) => Some(*stale),
            Self::Denied(_)
            | Self::Access(_)
            | Self::Store(_)
            | Self::Model(_)
            | Self::Invalid(_)
            | Self::Conflict(_)
            | Self::NotFound
            | Self::TooMany { .. }
            | Self::Unavailable(_)
            | Self::NotStarted(_)
            | Self::Internal(_) => None,
        }
    }

    /// When it makes sense to try again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Access(AccessError::Throttled { retry_after })
            | Self::TooMany { retry_after, .. } => Some(*retry_after),
            Self::Model(err) => err.retry_after(),
            // They are tried again by then, or when the server is started.
            Self::NotStarted(Obstacle::Walls) => Some(WALLS_AGAIN),
            Self::NotStarted(Obstacle::Folder(_)) => None,
            Self::Access(_)
            | Self::Denied(_)
            | Self::Store(_)
            | Self::Invalid(_)
            | Self::Conflict(_)
            | Self::NotFound
            | Self::Unavailable(_)
            | Self::Internal(_) => matches!(self.kind(), Kind::Unavailable | Kind::TooMany)
                .then_some(Duration::from_secs(1)),
        }
    }
}

/// The stable name of a kind.
pub const fn code_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid => "invalid",
        Kind::Unauthenticated => "unauthenticated",
        Kind::Forbidden => "forbidden",
        Kind::NotFound => "not_found",
        Kind::Conflict => "conflict",
        Kind::TooLarge => "too_large",
        Kind::TooMany => "too_many",
        Kind::Unavailable => "unavailable",
        Kind::Internal => "internal",
    }
}

fn sentences(mistakes: &[Mistake]) -> String {
    let all: Vec<String> =
        mistakes.iter().map(|it| format!("{}: {}", it.pointer, it.message)).collect();
    all.join("; ")
}
