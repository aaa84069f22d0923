//! What a route declares about who may use it.

use axum::http::Method;

/// Who may use a route at all; what they may do with a thing is decided by its use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Anybody.
    Public,
    /// Whoever is signed in, by whatever credential.
    SignedIn,
    /// Whoever sends a key or a token with the request itself. What a browser adds by itself, or a
    /// proxy for it, opens nothing, so that no page can call on behalf of whoever looks at it.
    Bearer,
    /// Whoever is signed in themselves: no keys.
    InPerson,
    /// Administrators.
    Admin,
}

impl Policy {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::SignedIn => "signed_in",
            Self::Bearer => "bearer",
            Self::InPerson => "in_person",
            Self::Admin => "admin",
        }
    }
}

/// Whether whoever uses a route has to have signed in a moment ago. What a stolen session must not
/// be able to do does, and what that is stands in `docs/decisions/0022-fresh-sign-in.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// No.
    Any,
    /// Sometimes: its use case decides by what is asked for.
    Sometimes,
    /// Always: its handler takes [`crate::caller::Confirmed`], which there is for such routes only.
    Always,
}

impl Freshness {
    pub(super) const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Sometimes => Some("sometimes"),
            Self::Always => Some("always"),
        }
    }
}

/// A route with its policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its method.
    pub method: Method,
    /// Its path, with names in braces.
    pub path: String,
    /// Who may use it.
    pub policy: Policy,
    /// Whether they have to have signed in a moment ago.
    pub freshness: Freshness,
}
