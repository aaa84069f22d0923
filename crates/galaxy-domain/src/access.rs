//! Who is asking, and the proof that they may.

use std::marker::PhantomData;

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{Id, PersonId, WorkspaceId};

/// What a person is in a workspace. Ordered: a later role may do all that an earlier one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks, changes nothing.
    Viewer,
    /// Works.
    Member,
    /// Works, and looks after the others.
    Admin,
}

impl Role {
    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    /// Parses [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Viewer, Self::Member, Self::Admin].into_iter().find(|role| role.as_str() == text)
    }
}

/// By what a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A browser's session cookie.
    Session(crate::SessionId),
    /// A short-lived token of an API client, and the session it was issued for.
    Token(crate::SessionId),
    /// A key for programs.
    ApiKey(crate::ApiKeyId),
    /// A trusted reverse proxy vouches.
    Proxy,
    /// The test person of a deployment in test mode.
    TestMode,
    /// Whoever may read the data itself: the operating system vouches.
    Local,
    /// None: a worker carries on what the person began with this run.
    Run(crate::RunId),
}

/// When the person behind a caller last showed that they are themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Then: they entered their password, or whoever vouches for them says so.
    At(Timestamp),
    /// With this very request: whoever vouches for them was asked.
    Now,
    /// Never: nobody is there.
    Never,
}

/// What an API key is good for. People's own credentials are good for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at everything its owner sees.
    Read,
    /// Talk to agents.
    Chat,
    /// Work with tasks.
    Tasks,
    /// Manage accounts and settings.
    Admin,
    /// Of that, also what people have to have signed in for a moment ago.
    Unattended,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 5] = [Self::Read, Self::Chat, Self::Tasks, Self::Admin, Self::Unattended];

    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Chat => "chat",
            Self::Tasks => "tasks",
            Self::Admin => "admin",
            Self::Unattended => "unattended",
        }
    }

    /// Parses [`Scope::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// The authenticated origin of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub person: PersonId,
    /// On whose data.
    pub workspace: WorkspaceId,
    /// What they are there.
    pub role: Role,
    /// How they proved it.
    pub credential: Credential,
    /// When they last did.
    pub proof: Proof,
    /// What the credential is good for.
    pub scopes: Vec<Scope>,
}

/// The right to look.
#[derive(Debug)]
pub enum Read {}

/// The right to change or delete.
#[derive(Debug)]
pub enum Write {}

/// The right to add something inside.
#[derive(Debug)]
pub enum Create {}

/// The right of a worker to carry a claimed run on.
#[derive(Debug)]
pub enum Drive {}

/// The right to look after people and settings.
#[derive(Debug)]
pub enum Administer {}

/// Where something lives and whose it is: all that a decision needs to know of it.
#[derive(Debug)]
pub struct Target<R> {
    /// What it is.
    pub resource: Id<R>,
    /// Where it lives.
    pub workspace: WorkspaceId,
    /// Whose it is.
    pub owner: PersonId,
}

/// Where something lives that is somebody's or everybody's.
#[derive(Debug)]
pub struct SharedTarget<R> {
    /// What it is.
    pub resource: Id<R>,
    /// Where it lives.
    pub workspace: WorkspaceId,
    /// Whose it is; nobody's in particular when everybody in the workspace may use it.
    pub owner: Option<PersonId>,
}

/// Proof that an access decision about one resource was made, and was yes.
///
/// Stores take a permit instead of an id, so that a query which nobody authorized does not
/// compile, and a decision about one thing cannot be used for another.
pub struct Permit<Action, R> {
    resource: Id<R>,
    workspace: WorkspaceId,
    person: PersonId,
    credential: Option<Credential>,
    _action: PhantomData<fn() -> Action>,
}

impl<Action, R> Permit<Action, R> {
    /// States that the decision was made. Reserved to `galaxy-access` by lint.
    pub const fn attest(resource: Id<R>, workspace: WorkspaceId, person: PersonId) -> Self {
        Self { resource, workspace, person, credential: None, _action: PhantomData }
    }

    /// The same decision, made for somebody who came by `credential`.
    #[must_use]
    pub const fn by(self, credential: Credential) -> Self {
        Self { credential: Some(credential), ..self }
    }

    /// What the permit is for.
    pub const fn resource(&self) -> Id<R> {
        self.resource
    }

    /// The workspace that every query under this permit is confined to.
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// On whose behalf.
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// By what they came; `None` when this process acts for them by itself.
    pub const fn credential(&self) -> Option<Credential> {
        self.credential
    }
}

impl<Action, R> Clone for Permit<Action, R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Action, R> Copy for Permit<Action, R> {}

impl<Action, R> std::fmt::Debug for Permit<Action, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit").field("resource", &self.resource).finish_non_exhaustive()
    }
}
