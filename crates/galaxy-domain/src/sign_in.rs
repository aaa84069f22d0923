//! How people stand with tool servers that want a sign-in. What opens a server is nowhere in here.

use galaxy_base::Timestamp;

use crate::id::{PersonId, ToolClientId, ToolGrantId, ToolServerId, ToolSignInId, WorkspaceId};

/// How far a person is with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantState {
    /// They are signed in.
    Connected,
    /// They have to sign in, for the first time, again, or for more than before.
    Needed,
    /// They tried to, and it went wrong.
    Refused,
}

impl GrantState {
    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Needed => "needed",
            Self::Refused => "refused",
        }
    }

    /// Parses [`GrantState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Connected, Self::Needed, Self::Refused].into_iter().find(|it| it.as_str() == text)
    }
}

/// What a person was granted at a server, or what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    /// Names it; what is sealed is sealed for this row.
    pub id: ToolGrantId,
    /// Where.
    pub server: ToolServerId,
    /// Where that lives.
    pub workspace: WorkspaceId,
    /// Who.
    pub person: PersonId,
    /// How far they are.
    pub state: GrantState,
    /// Who signed them in.
    pub issuer: Option<String>,
    /// What they allowed.
    pub scopes: Vec<String>,
    /// What the server said last that it wants (RFC 9110, `WWW-Authenticate`); untrusted.
    pub challenge: Option<String>,
    /// Why they are not signed in, in words for them.
    pub reason: Option<String>,
    /// When the token expires, if that is known. It is renewed before.
    pub expires_at: Option<Timestamp>,
    /// When it was last renewed.
    pub renewed_at: Option<Timestamp>,
    /// Grows with every token; a renewal of another one than the newest is dropped.
    pub version: i64,
}

/// A client by which an issuer knows us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// Names it; what is sealed is sealed for this row.
    pub id: ToolClientId,
    /// Whose client it is, as the issuer calls itself.
    pub issuer: String,
    /// Its name there, which is no secret.
    pub client: String,
    /// Whether somebody entered it; otherwise it was registered.
    pub entered: bool,
    /// Whether an administrator allows its issuer to be in the networks inside.
    pub inside: bool,
}

/// A sign-in that a person came back from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRow {
    /// Names it; what is sealed is sealed for this row.
    pub id: ToolSignInId,
    /// Where.
    pub server: ToolServerId,
    /// Where that lives.
    pub workspace: WorkspaceId,
    /// Until when it is good.
    pub expires_at: Timestamp,
}
