//! From what a request presents to who is asking.

use std::net::IpAddr;

use galaxy_domain::{
    ApiKeyId, Caller, Role, SessionId,
    access::{Credential, Proof, Scope},
    audit::{Act, Actor, Ending, Record, Thing},
    person::{ApiKeyInfo, Person, SignIn},
};

use super::{Access, in_person};
use crate::{
    cache::{Began, Ticket},
    error::AccessError,
    fields, secrets,
};

/// The longest token that is looked at.
const LONGEST_TOKEN: usize = 4_096;

/// How long a session or a key is used without noting it.
const NOTED_WITHIN: std::time::Duration = std::time::Duration::from_secs(60);

/// What a request brings to be let in with.
#[derive(Debug, Clone, Copy)]
pub enum Presented<'a> {
    /// The secret of a browser's session.
    Cookie(&'a str),
    /// A key or an access token.
    Bearer(&'a str),
    /// An address that a reverse proxy vouches for.
    ProxyHeader {
        /// Who really connected, not what any header says about that.
        peer: IpAddr,
        /// Every value of the header, in order.
        values: &'a [&'a str],
    },
    /// Nothing at all.
    Nothing,
}

impl Access {
    /// Who is asking.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] for everything that opens nothing, all alike.
    pub async fn authenticate(&self, presented: Presented<'_>) -> Result<Caller, AccessError> {
        match presented {
            Presented::Cookie(secret) => self.by_cookie(secret).await,
            Presented::Bearer(text) if text.starts_with(secrets::KEY_MARK) => {
                self.by_key(text).await
            }
            Presented::Bearer(text) => self.by_token(text).await,
            Presented::ProxyHeader { peer, values } => self.authenticate_proxy(peer, values).await,
            Presented::Nothing => self.by_test_mode().await,
        }
    }

    /// Who is asking, by the word of a reverse proxy. People it vouches for get an account.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] when `peer` is not a trusted proxy, or when it does not
    /// say exactly one address.
    pub async fn authenticate_proxy(
        &self,
        peer: IpAddr,
        values: &[&str],
    ) -> Result<Caller, AccessError> {
        let peer = peer.to_canonical();
        if !self.config.trusted_proxies.iter().any(|network| network.contains(&peer)) {
            tracing::warn!(%peer, "somebody who is no trusted proxy vouches for an address");
            return Err(AccessError::Unauthenticated);
        }
        let [value] = values else { return Err(AccessError::Unauthenticated) };
        let email = fields::email(value).ok_or(AccessError::Unauthenticated)?;
        self.by_word(Ticket::Proxied(email.clone()), &email, Credential::Proxy).await
    }

    /// Whether a caller that was let in before still would be, and what they are now. Meant for
    /// streams that stay open: asked every second or two, they end in time.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] when not.
    pub async fn recheck(&self, caller: &Caller) -> Result<Caller, AccessError> {
        match caller.credential {
            Credential::Session(id) | Credential::Token(id) => {
                self.by_session(id, caller.credential).await
            }
            Credential::ApiKey(id) => self.by_key_id(id).await,
            Credential::Proxy | Credential::TestMode | Credential::Local | Credential::Run(_) => {
                let now = self.by_account(caller).await?;
                Ok(Caller { role: now.role, ..caller.clone() })
            }
        }
    }

    /// A browser that a proxy vouches for may present a session too, of the same person. Another
    /// person's session is ended.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] when they are two people.
    pub async fn reconcile(&self, vouched: &Caller, cookie: &str) -> Result<(), AccessError> {
        let session = match self.by_cookie(cookie).await {
            Ok(session) => session,
            Err(AccessError::Unauthenticated) => return Ok(()),
            Err(err) => return Err(err),
        };
        if session.person == vouched.person {
            return Ok(());
        }
        tracing::warn!(vouched = %vouched.person, session = %session.person, "two people in one request");
        self.sign_out(cookie).await?;
        Err(AccessError::Unauthenticated)
    }

    async fn by_cookie(&self, secret: &str) -> Result<Caller, AccessError> {
        let hash = secrets::digest(secret);
        let ticket = Ticket::Cookie(hash.clone());
        let began = match self.cache.find(&ticket) {
            Ok(caller) => return Ok(caller),
            Err(began) => began,
        };
        let found = self.store.session(&hash).await?;
        let (session, person) = found.ok_or(AccessError::Unauthenticated)?;
        self.note_session(&session).await;
        let proof = Proof::At(session.authenticated_at);
        let caller = in_person(&person, Credential::Session(session.id), proof);
        Ok(self.kept(ticket, caller, began))
    }

    async fn by_token(&self, text: &str) -> Result<Caller, AccessError> {
        if text.len() > LONGEST_TOKEN {
            return Err(AccessError::Unauthenticated);
        }
        let bearer = self.signer.read(text).ok_or(AccessError::Unauthenticated)?;
        let caller = self.by_session(bearer.session, Credential::Token(bearer.session)).await?;
        if caller.person != bearer.person {
            return Err(AccessError::Unauthenticated);
        }
        // What was entered since for other tokens of the session says nothing of this one.
        Ok(Caller { proof: Proof::At(bearer.authenticated_at), ..caller })
    }

    async fn by_session(
        &self,
        id: SessionId,
        credential: Credential,
    ) -> Result<Caller, AccessError> {
        let ticket = Ticket::Session(id);
        let began = match self.cache.find(&ticket) {
            Ok(caller) => return Ok(caller),
            Err(began) => began,
        };
        let found = self.store.session_by_id(id).await?;
        let (session, person) = found.ok_or(AccessError::Unauthenticated)?;
        if matches!(credential, Credential::Token(_)) {
            self.note_session(&session).await;
        }
        let proof = Proof::At(session.authenticated_at);
        Ok(self.kept(ticket, in_person(&person, credential, proof), began))
    }

    async fn by_key(&self, text: &str) -> Result<Caller, AccessError> {
        if !secrets::looks_like_key(text) {
            return Err(AccessError::Unauthenticated);
        }
        let hash = secrets::digest(text);
        let ticket = Ticket::Key(hash.clone());
        let began = match self.cache.find(&ticket) {
            Ok(caller) => return Ok(caller),
            Err(began) => began,
        };
        let found = self.store.key(&hash).await?;
        let Some((key, person)) = found else {
            self.note_refused_key(&hash).await?;
            return Err(AccessError::Unauthenticated);
        };
        self.note_key(&key).await;
        Ok(self.kept(ticket, with_key(&person, &key), began))
    }

    async fn by_key_id(&self, id: ApiKeyId) -> Result<Caller, AccessError> {
        let ticket = Ticket::KeyId(id);
        let began = match self.cache.find(&ticket) {
            Ok(caller) => return Ok(caller),
            Err(began) => began,
        };
        let found = self.store.key_by_id(id).await?;
        let (key, person) = found.ok_or(AccessError::Unauthenticated)?;
        Ok(self.kept(ticket, with_key(&person, &key), began))
    }

    async fn by_account(&self, caller: &Caller) -> Result<Caller, AccessError> {
        let ticket = Ticket::Account(caller.person);
        let began = match self.cache.find(&ticket) {
            Ok(caller) => return Ok(caller),
            Err(began) => began,
        };
        let found = self.store.person(caller.person).await?;
        let enabled = found.filter(|it| !it.disabled && it.workspace == caller.workspace);
        let person = enabled.ok_or(AccessError::Unauthenticated)?;
        Ok(self.kept(ticket, in_person(&person, caller.credential, caller.proof), began))
    }

    async fn by_test_mode(&self) -> Result<Caller, AccessError> {
        let email = self.config.test_person.as_deref().and_then(fields::email);
        let email = email.ok_or(AccessError::Unauthenticated)?;
        self.by_word(Ticket::Test(email.clone()), &email, Credential::TestMode).await
    }

    /// Somebody whose address is beyond doubt; they get an account if they have none.
    async fn by_word(
        &self,
        ticket: Ticket,
        email: &str,
        credential: Credential,
    ) -> Result<Caller, AccessError> {
        let began = match self.cache.find(&ticket) {
            Ok(caller) => return Ok(caller),
            Err(began) => began,
        };
        let name = email.split_once('@').map_or(email, |(local, _)| local);
        let workspace = self.store.workspace();
        let person = self.store.provision(workspace, email, name, Role::Member).await?;
        if person.disabled {
            return Err(AccessError::Unauthenticated);
        }
        Ok(self.kept(ticket, in_person(&person, credential, Proof::Now), began))
    }

    fn kept(&self, ticket: Ticket, caller: Caller, began: Began) -> Caller {
        self.cache.keep(ticket, &caller, began);
        caller
    }

    /// Nobody is turned away because a note could not be written.
    async fn note_session(&self, session: &SignIn) {
        if self.store.clock().now().since(session.seen_at) < NOTED_WITHIN {
            return;
        }
        if let Err(err) = self.store.touch_session(session.id).await {
            tracing::warn!(%err, "a session's use was not noted");
        }
    }

    /// Writes down that a key was used which has expired, or whose person's account is disabled: at
    /// most once a minute for each. Others are unknown here, and anybody can make up any number.
    async fn note_refused_key(&self, hash: &str) -> Result<(), AccessError> {
        let Some((key, person, name)) = self.store.refused_key(hash).await? else { return Ok(()) };
        if !self.refused.is_news(key) {
            return Ok(());
        }
        let actor = Actor::by(person, Credential::ApiKey(key));
        let record = Record::new(self.store.workspace(), actor, Act::KeyRefused);
        self.note(record.about(Thing::Key, key).called(&name).ended(Ending::Refused)).await;
        Ok(())
    }

    async fn note_key(&self, key: &ApiKeyInfo) {
        let now = self.store.clock().now();
        if key.used_at.is_some_and(|used_at| now.since(used_at) < NOTED_WITHIN) {
            return;
        }
        if let Err(err) = self.store.touch_key(key.id).await {
            tracing::warn!(%err, "a key's use was not noted");
        }
    }
}

fn with_key(person: &Person, key: &ApiKeyInfo) -> Caller {
    let mut scopes: Vec<Scope> = key.scopes.clone();
    scopes.sort_unstable();
    Caller { scopes, ..in_person(person, Credential::ApiKey(key.id), Proof::Never) }
}
