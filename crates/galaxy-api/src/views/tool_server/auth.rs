//! How somebody stands with a tool server that wants a sign-in. Nothing that opens it is in here.

use galaxy_app::servers::Auth;
use galaxy_domain::sign_in::ClientRow;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::event::time;

/// How the caller stands with a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ServerAuthView {
    /// It wants no sign-in, as far as is known.
    None,
    /// They have to sign in.
    Needed {
        /// Why, if they were signed in before.
        #[schema(required)]
        reason: Option<String>,
    },
    /// They are signed in.
    Connected {
        /// Who signed them in.
        #[schema(required)]
        issuer: Option<String>,
        /// What they allowed.
        scopes: Vec<String>,
        /// When the token expires, if that is known; it is renewed before.
        #[schema(required)]
        expires_at: Option<String>,
    },
    /// They tried to sign in, and it went wrong.
    Refused {
        /// Why, and what to do about it.
        reason: String,
    },
}

impl From<&Auth> for ServerAuthView {
    fn from(auth: &Auth) -> Self {
        match auth.clone() {
            Auth::None => Self::None,
            Auth::Needed { reason } => Self::Needed { reason },
            Auth::Connected { issuer, scopes, expires_at } => {
                Self::Connected { issuer, scopes, expires_at: expires_at.map(time) }
            }
            Auth::Refused { reason } => Self::Refused { reason },
        }
    }
}

/// The client that somebody entered for a server; its secret is never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServerClientView {
    /// The issuer, as it calls itself.
    pub issuer: String,
    /// The client's ID there.
    pub client_id: String,
    /// Whether the issuer may be in the networks inside.
    pub inside: bool,
}

impl From<ClientRow> for ServerClientView {
    fn from(row: ClientRow) -> Self {
        Self { issuer: row.issuer, client_id: row.client, inside: row.inside }
    }
}
