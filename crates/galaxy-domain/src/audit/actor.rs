//! Who did something, and by what they proved who they are.

use std::net::IpAddr;

use uuid::Uuid;

use crate::{
    access::{Caller, Credential, Permit},
    id::PersonId,
};

/// By what somebody came. Persisted tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// A browser's session.
    Session,
    /// A token of an API client.
    Token,
    /// A key for programs.
    Key,
    /// The word of a reverse proxy.
    Proxy,
    /// Test mode.
    TestMode,
    /// This machine's operating system.
    Local,
    /// A run that they began.
    Run,
    /// A password, before there is a session.
    Password,
    /// Nothing: this process did it by itself.
    System,
}

impl Way {
    /// Every one there is.
    pub const ALL: [Self; 9] = [
        Self::Session,
        Self::Token,
        Self::Key,
        Self::Proxy,
        Self::TestMode,
        Self::Local,
        Self::Run,
        Self::Password,
        Self::System,
    ];

    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Key => "key",
            Self::Proxy => "proxy",
            Self::TestMode => "test_mode",
            Self::Local => "local",
            Self::Run => "run",
            Self::Password => "password",
            Self::System => "system",
        }
    }

    /// Parses [`Way::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Who, if that is known.
    pub person: Option<PersonId>,
    /// By what they came.
    pub way: Way,
    /// Which session, key or run that was.
    pub credential: Option<Uuid>,
    /// From where, if that was looked at.
    pub address: Option<IpAddr>,
}

impl Actor {
    /// This process itself.
    pub const fn system() -> Self {
        Self { person: None, way: Way::System, credential: None, address: None }
    }

    /// Somebody who came with a password, or with something that should be one.
    pub const fn by_password(person: Option<PersonId>) -> Self {
        Self { person, way: Way::Password, credential: None, address: None }
    }

    /// A person by a credential of theirs.
    pub const fn by(person: PersonId, credential: Credential) -> Self {
        let (way, credential) = match credential {
            Credential::Session(id) => (Way::Session, Some(id.uuid())),
            Credential::Token(id) => (Way::Token, Some(id.uuid())),
            Credential::ApiKey(id) => (Way::Key, Some(id.uuid())),
            Credential::Proxy => (Way::Proxy, None),
            Credential::TestMode => (Way::TestMode, None),
            Credential::Local => (Way::Local, None),
            Credential::Run(id) => (Way::Run, Some(id.uuid())),
        };
        Self { person: Some(person), way, credential, address: None }
    }

    /// Whoever holds a permit.
    pub fn of<A, R>(permit: &Permit<A, R>) -> Self {
        match permit.credential() {
            Some(credential) => Self::by(permit.person(), credential),
            None => Self { person: Some(permit.person()), ..Self::system() },
        }
    }

    /// From this address.
    #[must_use]
    pub const fn at(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self::by(caller.person, caller.credential)
    }
}
