//! Why a tool server did not give a result.

use std::time::Duration;

use galaxy_domain::Kind;
use serde_json::Value;

use super::Obstacle;

/// Why a tool server did not give a result. Safe for people and models: no secret and no address
/// is in the words.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ServerError {
    /// Somebody has to sign in, or to grant more than they did. Nothing was done.
    #[error("the tool server wants somebody to sign in")]
    NeedsSignIn {
        /// The server's challenge (RFC 9110, `WWW-Authenticate`), if it sent one.
        www_authenticate: Option<String>,
    },
    /// The rules here do not let us reach or start it. Nothing was done.
    #[error("the tool server may not be used: {0}")]
    Refused(String),
    /// It is a program, and not started. Nothing was done.
    #[error("{0}")]
    NotStarted(Obstacle),
    /// There is no connection. Nothing was done.
    #[error("the tool server cannot be reached: {message}")]
    Unavailable {
        /// Why not.
        message: String,
        /// When it is worth another try, if that is known.
        retry_after: Option<Duration>,
    },
    /// The connection broke under way. It may or may not have been done.
    #[error("the connection to the tool server broke: {0}")]
    Lost(String),
    /// Nothing came for too long. It may or may not have been done.
    #[error("the tool server did not answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// The one who asked gave up. It may or may not have been done.
    #[error("the request was cancelled")]
    Cancelled,
    /// The server answered with an error of the protocol.
    #[error("the tool server says: {message}")]
    Said {
        /// The code of JSON-RPC or MCP.
        code: i64,
        /// The server's words, bounded and with everything in them visible.
        message: String,
        /// What it added.
        data: Option<Value>,
    },
    /// The task that the server made of it came to nothing. Some of it may have been done.
    #[error("the task at the tool server {0}")]
    TaskLost(String),
    /// The server sent more than fits.
    #[error("the tool server sent too much: {0}")]
    TooLarge(String),
    /// The server sent what makes no sense.
    #[error("the tool server sent what makes no sense: {0}")]
    Garbled(String),
}

impl ServerError {
    /// Sorts the error.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NeedsSignIn { .. } | Self::Cancelled => Kind::Conflict,
            Self::Refused(_) => Kind::Forbidden,
            Self::NotStarted(obstacle) => obstacle.kind(),
            Self::Unavailable { .. }
            | Self::Lost(_)
            | Self::TimedOut(_)
            | Self::TaskLost(_)
            | Self::TooLarge(_)
            | Self::Garbled(_) => Kind::Unavailable,
            Self::Said { .. } => Kind::Invalid,
        }
    }

    /// Whether what was asked for may have been done all the same.
    pub const fn may_have_happened(&self) -> bool {
        match self {
            Self::NeedsSignIn { .. }
            | Self::Refused(_)
            | Self::NotStarted(_)
            | Self::Unavailable { .. }
            | Self::Said { .. } => false,
            Self::Lost(_)
            | Self::TimedOut(_)
            | Self::TaskLost(_)
            | Self::Cancelled
            | Self::TooLarge(_)
            | Self::Garbled(_) => true,
        }
    }

    /// Whether it is the server, or the way to it, that is in trouble, and not the request.
    pub const fn is_trouble(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::NotStarted(_)
            | Self::Unavailable { .. }
            | Self::Lost(_)
            | Self::TimedOut(_)
            | Self::TooLarge(_)
            | Self::Garbled(_) => true,
            Self::NeedsSignIn { .. } | Self::Cancelled | Self::TaskLost(_) | Self::Said { .. } => {
                false
            }
        }
    }

    /// What a person can do about it.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NeedsSignIn { .. } => "Connect it on the page Tools.",
            Self::Refused(_) => {
                "An administrator has to allow the address or the command, or to enter the right one."
            }
            Self::NotStarted(obstacle) => obstacle.advice(),
            Self::Unavailable { .. } => {
                "Check the address or the command, and whether the server runs; it is tried again \
                 by itself."
            }
            Self::Lost(_) => "Look at the server's log; the next call starts or reaches it again.",
            Self::TimedOut(_) => {
                "See in the server's log whether it is busy or stuck; a restart ends what hangs."
            }
            Self::TaskLost(_) => "Look at the server what became of it.",
            Self::Cancelled => "Nothing to do.",
            Self::Said { .. } => "Look at what the server says, and at its log.",
            Self::TooLarge(_) => "Ask the server for less at a time.",
            Self::Garbled(_) => "The server does not keep to the protocol: tell whoever wrote it.",
        }
    }
}
