//! Accounts and what opens them.

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    access::{Role, Scope},
    id::{ApiKeyId, PersonId, SessionId, WorkspaceId},
};

/// An account in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Names it.
    pub id: PersonId,
    /// Where it lives.
    pub workspace: WorkspaceId,
    /// Lower-case address; unique in the workspace.
    pub email: String,
    /// What others see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// A disabled account opens with nothing.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A signed-in browser or API client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Names it.
    pub id: SessionId,
    /// Who signed in.
    pub person: PersonId,
    /// What the client called itself; never trusted.
    pub client: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When whoever uses it last entered their password.
    pub authenticated_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

/// A key for programs, as its owner sees it; the key itself is shown once and never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyInfo {
    /// Names it.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// The start of the key, to recognise it by.
    pub prefix: String,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}
