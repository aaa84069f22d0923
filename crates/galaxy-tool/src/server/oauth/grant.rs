//! What a sign-in gave.

use std::time::Duration;

use galaxy_base::{SecretString, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::server::oauth::{client::Client, inside::Inside, secret};

/// A token that expires sooner than this is renewed before it is used.
const EARLY: Duration = Duration::from_secs(60);

/// What a sign-in gave, and all that a renewal needs. Serialized, it holds secrets in the clear:
/// keep it encrypted, bound to its person and its server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grant {
    /// Who gave it.
    pub issuer: String,
    /// Whom it was given to.
    pub client: Client,
    /// Where it is renewed.
    pub token_endpoint: Url,
    /// Where it is given back, if anywhere.
    pub revocation_endpoint: Option<Url>,
    /// What opens the server.
    #[serde(with = "secret")]
    pub access_token: SecretString,
    /// What a new one is had for, if there is a way.
    #[serde(default, with = "secret::maybe")]
    pub refresh_token: Option<SecretString>,
    /// When the access token expires, if that was said.
    pub expires_at: Option<Timestamp>,
    /// What it allows; all that was asked for, if nothing else was said.
    pub scopes: Vec<String>,
    /// What it opens (RFC 8707): the server, as it calls itself.
    pub resource: String,
    /// Which addresses inside may be reached for it. Whoever keeps the grant puts in what the
    /// spec of the server says now.
    pub inside: Inside,
}

impl Grant {
    /// Whether the access token is as good as expired.
    pub fn is_expiring(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|it| it <= now.after(EARLY))
    }

    /// Whether the access token is expired.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|it| it <= now)
    }
}
