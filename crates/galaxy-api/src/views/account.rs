//! Accounts and credentials as clients see them.

use galaxy_domain::{
    ApiKeyId, Caller, PersonId, SessionId,
    access::{Credential, Scope},
    person::{ApiKeyInfo, Person, SignIn},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    event::time,
    names::{CredentialName, RoleName, ScopeName},
};

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MeView {
    /// Names the account.
    #[schema(value_type = uuid::Uuid)]
    pub id: PersonId,
    /// Its address.
    pub email: String,
    /// What others see.
    pub name: String,
    /// `viewer`, `member` or `admin`.
    pub role: RoleName,
    /// How the caller proved who they are: `session`, `token`, `api_key`, `proxy`, `test_mode`.
    pub credential: CredentialName,
    /// What the credential is good for.
    pub scopes: Vec<ScopeName>,
}

impl MeView {
    /// The account `person`, as `caller` uses it.
    pub fn of(person: &Person, caller: &Caller) -> Self {
        Self {
            id: person.id,
            email: person.email.clone(),
            name: person.name.clone(),
            role: caller.role.into(),
            credential: caller.credential.into(),
            scopes: names(&caller.scopes),
        }
    }
}

impl MeView {
    /// The account `person`, freshly signed in.
    pub fn signed_in(person: &Person) -> Self {
        Self {
            id: person.id,
            email: person.email.clone(),
            name: person.name.clone(),
            role: person.role.into(),
            credential: CredentialName::Session,
            scopes: names(&Scope::ALL),
        }
    }
}

fn names(scopes: &[Scope]) -> Vec<ScopeName> {
    scopes.iter().map(ScopeName::from).collect()
}

/// An account, as administrators see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PersonView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: PersonId,
    /// Its address.
    pub email: String,
    /// What others see.
    pub name: String,
    /// `viewer`, `member` or `admin`.
    pub role: RoleName,
    /// Whether it opens with nothing.
    pub disabled: bool,
    /// When it was made.
    pub created_at: String,
}

impl From<&Person> for PersonView {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id,
            email: person.email.clone(),
            name: person.name.clone(),
            role: person.role.into(),
            disabled: person.disabled,
            created_at: time(person.created_at),
        }
    }
}

/// A signed-in browser or API client.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SessionView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: SessionId,
    /// What the client called itself.
    pub client: String,
    /// When it was opened.
    pub created_at: String,
    /// When it was last used.
    pub seen_at: String,
    /// When it ends.
    pub expires_at: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl SessionView {
    /// The session `sign_in`, as `caller` sees it.
    pub fn of(sign_in: &SignIn, caller: &Caller) -> Self {
        let current = match caller.credential {
            Credential::Session(id) | Credential::Token(id) => id == sign_in.id,
            Credential::ApiKey(_)
            | Credential::Proxy
            | Credential::TestMode
            | Credential::Local
            | Credential::Run(_) => false,
        };
        Self {
            id: sign_in.id,
            client: sign_in.client.clone(),
            created_at: time(sign_in.created_at),
            seen_at: time(sign_in.seen_at),
            expires_at: time(sign_in.expires_at),
            current,
        }
    }
}

/// A key for programs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct KeyView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// The start of the key.
    pub prefix: String,
    /// What it is good for.
    pub scopes: Vec<ScopeName>,
    /// When it was made.
    pub created_at: String,
    /// When it stops working.
    #[schema(required)]
    pub expires_at: Option<String>,
    /// When it was last used.
    #[schema(required)]
    pub used_at: Option<String>,
}

impl From<&ApiKeyInfo> for KeyView {
    fn from(key: &ApiKeyInfo) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            scopes: names(&key.scopes),
            created_at: time(key.created_at),
            expires_at: key.expires_at.map(time),
            used_at: key.used_at.map(time),
        }
    }
}

/// A new key: the only time it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewKeyView {
    /// What is known about it.
    #[serde(flatten)]
    pub info: KeyView,
    /// The key itself.
    pub key: String,
}

/// Tokens for an API client.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TokensView {
    /// Goes into `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// In seconds: how long the access token is good for.
    pub expires_in: u64,
    /// Gets the next pair, once.
    pub refresh_token: String,
}
