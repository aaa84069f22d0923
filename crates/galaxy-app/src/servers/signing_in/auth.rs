//! How a person stands with a server, for them.

use galaxy_base::Timestamp;
use galaxy_domain::{
    sign_in::{GrantRow, GrantState},
    tool_server::ToolServerRow,
};

/// How a person stands with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// It wants no sign-in, as far as is known.
    None,
    /// They have to sign in.
    Needed {
        /// Why, if they were signed in before.
        reason: Option<String>,
    },
    /// They are signed in.
    Connected {
        /// Who signed them in.
        issuer: Option<String>,
        /// What they allowed.
        scopes: Vec<String>,
        /// When the token expires, if that is known; it is renewed before.
        expires_at: Option<Timestamp>,
    },
    /// They tried to sign in, and it went wrong.
    Refused {
        /// Why, and what to do about it.
        reason: String,
    },
}

impl Auth {
    /// How the person of `grant` stands with the server of `row`.
    pub(in super::super) fn of(row: &ToolServerRow, grant: Option<&GrantRow>) -> Self {
        let Some(grant) = grant else {
            return if row.signs_in { Self::Needed { reason: None } } else { Self::None };
        };
        match grant.state {
            GrantState::Connected => Self::Connected {
                issuer: grant.issuer.clone(),
                scopes: grant.scopes.clone(),
                expires_at: grant.expires_at,
            },
            GrantState::Needed => Self::Needed { reason: grant.reason.clone() },
            GrantState::Refused => {
                Self::Refused { reason: grant.reason.clone().unwrap_or_default() }
            }
        }
    }
}
