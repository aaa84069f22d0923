//! Why there is no response, or no more of it.

use std::error::Error as StdError;

use crate::policy::Denied;

/// Why there is no response, or no more of it. Messages never hold the URL: it may hold a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The policy forbids it; nothing was sent.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No connection: unknown name, refused, no valid certificate. Nothing was sent.
    #[error("cannot connect: {message}")]
    Unreachable {
        /// What the innermost layer said.
        message: String,
    },
    /// Nothing came for too long.
    #[error("no answer in time: {message}")]
    TimedOut {
        /// What was waited for.
        message: String,
    },
    /// The connection broke, before or inside the response.
    #[error("the connection broke: {message}")]
    Broken {
        /// What the innermost layer said.
        message: String,
    },
    /// The client cannot be built, or the request is no valid one.
    #[error("cannot be sent: {message}")]
    Unusable {
        /// What is wrong.
        message: String,
    },
}

impl From<reqwest::Error> for Error {
    fn from(err: reqwest::Error) -> Self {
        if let Some(denied) = causes(&err).find_map(|cause| cause.downcast_ref::<Denied>()) {
            return Self::Denied(*denied);
        }
        let message = innermost(&err);
        if err.is_timeout() {
            Self::TimedOut { message }
        } else if err.is_connect() {
            Self::Unreachable { message }
        } else if err.is_builder() {
            Self::Unusable { message }
        } else {
            Self::Broken { message }
        }
    }
}

fn causes<'a>(
    err: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(err), |err: &&'a (dyn StdError + 'static)| (*err).source())
}

/// The outer layers only say which of them failed; the innermost one says why.
fn innermost(err: &reqwest::Error) -> String {
    match causes(err).skip(1).last() {
        Some(cause) => cause.to_string(),
        // Without a cause the words are reqwest's own, which would end in the URL.
        None if err.is_timeout() => "operation timed out".to_owned(),
        None => "the request failed".to_owned(),
    }
}
