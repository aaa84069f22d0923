//! Why there is no answer, in words a person can act on.

use std::time::Duration;

use galaxy_domain::Kind;

/// Why there is no answer. Variants exist where somebody acts differently; `message` holds the
/// provider's own words, bounded, and never a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The key is missing, wrong or expired (HTTP 401, 403).
    #[error("the provider did not accept the key")]
    Unauthorized {
        /// The provider's own words.
        message: String,
    },
    /// The account has no credit left (some 429s, 402).
    #[error("the account at the provider has no quota left")]
    Quota {
        /// The provider's own words.
        message: String,
    },
    /// There is no model of that name (404).
    #[error("the provider does not know this model")]
    UnknownModel {
        /// The provider's own words.
        message: String,
    },
    /// Too many requests; trying again later helps (429).
    #[error("the provider asks to slow down")]
    RateLimited {
        /// When to come back, if it said.
        retry_after: Option<Duration>,
        /// The provider's own words.
        message: String,
    },
    /// Overloaded or broken; trying again can help (5xx, reset connections, no DNS answer).
    #[error("the provider cannot be reached or is out of order")]
    Unavailable {
        /// When to come back, if it said.
        retry_after: Option<Duration>,
        /// The provider's own words, or what the connection said.
        message: String,
    },
    /// Nothing came for too long.
    #[error("the provider did not answer in time")]
    TimedOut {
        /// What was waited for.
        message: String,
    },
    /// The conversation has to shrink first.
    #[error("the conversation is too long for this model")]
    TooLong {
        /// The provider's own words.
        message: String,
    },
    /// The request is wrong; trying again will not help.
    #[error("the provider rejected the request")]
    Rejected {
        /// The provider's own words.
        message: String,
    },
    /// The stream broke off, or was no valid protocol, after the answer had begun.
    #[error("the answer broke off before it was finished")]
    Truncated {
        /// What went wrong.
        message: String,
    },
    /// Too many failures lately: the breaker is open and nothing was sent.
    #[error("the provider failed too often lately and is given a rest")]
    Resting {
        /// When it is tried again.
        retry_after: Duration,
    },
    /// Calls to models are switched off in this deployment.
    #[error("calls to models are switched off")]
    Disabled,
    /// The caller stopped it.
    #[error("cancelled")]
    Cancelled,
}

impl ModelError {
    /// A [`ModelError::Truncated`].
    pub fn truncated(message: impl Into<String>) -> Self {
        Self::Truncated { message: message.into() }
    }

    /// Whether the same request may work when sent again, before the first token.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable { .. } | Self::TimedOut { .. } => true,
            Self::Truncated { .. }
            | Self::Unauthorized { .. }
            | Self::Quota { .. }
            | Self::UnknownModel { .. }
            | Self::TooLong { .. }
            | Self::Rejected { .. }
            | Self::Resting { .. }
            | Self::Disabled
            | Self::Cancelled => false,
        }
    }

    /// When the provider wants to be asked again.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after, .. } => {
                *retry_after
            }
            Self::Resting { retry_after } => Some(*retry_after),
            Self::Unauthorized { .. }
            | Self::Quota { .. }
            | Self::UnknownModel { .. }
            | Self::TimedOut { .. }
            | Self::TooLong { .. }
            | Self::Rejected { .. }
            | Self::Truncated { .. }
            | Self::Disabled
            | Self::Cancelled => None,
        }
    }

    /// A stable code, for programs and logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "model_unauthorized",
            Self::Quota { .. } => "model_quota",
            Self::UnknownModel { .. } => "model_unknown",
            Self::RateLimited { .. } => "model_rate_limited",
            Self::Unavailable { .. } => "model_unavailable",
            Self::TimedOut { .. } => "model_timed_out",
            Self::TooLong { .. } => "model_too_long",
            Self::Rejected { .. } => "model_rejected",
            Self::Truncated { .. } => "model_truncated",
            Self::Resting { .. } => "model_resting",
            Self::Disabled => "model_disabled",
            Self::Cancelled => "model_cancelled",
        }
    }

    /// What a person can do about it, as a sentence.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "Check the API key of this model in the configuration.",
            Self::Quota { .. } => "Add credit at the provider, or choose another model.",
            Self::UnknownModel { .. } => {
                "Check the model's name in the configuration, or choose another model."
            }
            Self::RateLimited { .. } => "Wait a moment and try again, or choose another model.",
            Self::Unavailable { .. } | Self::TimedOut { .. } => {
                "Check that the provider's address is right and reachable, then try again."
            }
            Self::TooLong { .. } => "Start a new conversation, or choose a model with more room.",
            Self::Rejected { .. } => "Read the provider's words; another model may accept it.",
            Self::Truncated { .. } => "Continue the answer, or ask again.",
            Self::Resting { .. } => "It is tried again by itself soon; another model works now.",
            Self::Disabled => "Unset DISABLE_LLM_CALLS to talk to models.",
            Self::Cancelled => "Ask again when you are ready.",
        }
    }

    /// The provider's own words, if it said any.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Unauthorized { message }
            | Self::Quota { message }
            | Self::UnknownModel { message }
            | Self::RateLimited { message, .. }
            | Self::Unavailable { message, .. }
            | Self::TimedOut { message }
            | Self::TooLong { message }
            | Self::Rejected { message }
            | Self::Truncated { message } => {
                Some(message).filter(|it| !it.is_empty()).map(|it| &**it)
            }
            Self::Resting { .. } | Self::Disabled | Self::Cancelled => None,
        }
    }

    /// The kind of this error.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::RateLimited { .. } => Kind::TooMany,
            Self::TooLong { .. } => Kind::TooLarge,
            Self::Rejected { .. } | Self::UnknownModel { .. } => Kind::Invalid,
            Self::Cancelled => Kind::Conflict,
            Self::Unauthorized { .. }
            | Self::Quota { .. }
            | Self::Unavailable { .. }
            | Self::TimedOut { .. }
            | Self::Truncated { .. }
            | Self::Resting { .. }
            | Self::Disabled => Kind::Unavailable,
        }
    }
}
