//! Signing in with a password, and what is given for it.

use std::{net::IpAddr, time::Duration};

use galaxy_base::SecretString;
use galaxy_domain::{
    Caller, SessionId,
    access::{Credential, Write},
    audit::{Act, Actor, Ending, Fact, Record, Thing},
    person::{Person, SignIn},
};
use galaxy_store::sessions::{NewSession, Rotation, SessionKind};

use super::{Access, session_of};
use crate::{
    decide,
    error::AccessError,
    fields::{self, Complaints},
    passwords::Turn,
    secrets,
    throttle::Attempt,
    tokens::{self, Bearer},
};

/// How long a browser stays signed in at most.
const BROWSER_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long an API client can refresh its tokens at most.
const TOKEN_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A browser that signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// What the browser presents from now on. Shown only here.
    pub secret: SecretString,
    /// The session it opens.
    pub session: SignIn,
    /// Who signed in.
    pub person: Person,
}

/// What an API client gets.
#[derive(Debug)]
pub struct Tokens {
    /// Presented with every request.
    pub access: SecretString,
    /// How long it is good for.
    pub expires_in: Duration,
    /// Exchanged for the next pair, once. Shown only here.
    pub refresh: SecretString,
    /// The session that both belong to.
    pub session: SignIn,
    /// Who signed in.
    pub person: Person,
}

/// What became of a password.
pub(super) struct Checked<'a> {
    /// Whose address it is.
    person: Option<Person>,
    /// Whether it is their password.
    pub(super) right: bool,
    /// To be held until a failure is noted, so that guesses made at once do not slip through.
    turn: Turn<'a>,
}

impl Access {
    /// Signs a browser in. `client` is what it calls itself, `address` where it really is.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] when address or password is wrong or the account is
    /// disabled, all alike; [`AccessError::Throttled`] after too many of those.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &SecretString,
        client: &str,
        address: IpAddr,
    ) -> Result<SignedIn, AccessError> {
        let person = self.prove(email, password, (address, "browser")).await?;
        let (id, secret) = (SessionId::fresh(), secrets::fresh());
        let session = self
            .open(&person, SessionKind::Browser, id, secrets::digest(&secret), (client, address))
            .await?;
        Ok(SignedIn { secret: secret.into(), session, person })
    }

    /// Ends the session that a browser's secret opens, if there is one.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sign_out(&self, secret: &str) -> Result<(), AccessError> {
        let closed = self.store.close_session_by(&secrets::digest(secret)).await?;
        closed.into_iter().for_each(|person| self.cache.forget(person));
        Ok(())
    }

    /// Signs an API client in.
    ///
    /// # Errors
    /// As [`Access::sign_in`].
    pub async fn issue_tokens(
        &self,
        email: &str,
        password: &SecretString,
        client: &str,
        address: IpAddr,
    ) -> Result<Tokens, AccessError> {
        let person = self.prove(email, password, (address, "token")).await?;
        let id = SessionId::fresh();
        let refresh = secrets::fresh_refresh(id, |content| self.signer.seal(content));
        let session = self
            .open(&person, SessionKind::Token, id, secrets::digest(&refresh), (client, address))
            .await?;
        self.tokens(session, person, refresh)
    }

    /// Exchanges a refresh token for the next pair. A token that was exchanged before, however
    /// long ago, closes the session: somebody has a copy of it.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] for every token but the newest of an open session.
    pub async fn refresh(&self, token: &str) -> Result<Tokens, AccessError> {
        let seal = |content: &[u8]| self.signer.seal(content);
        let session = secrets::refresh_session(token, seal).ok_or(AccessError::Unauthenticated)?;
        let next = secrets::fresh_refresh(session, seal);
        let (old_hash, new_hash) = (secrets::digest(token), secrets::digest(&next));
        match self.store.rotate(session, &old_hash, &new_hash).await? {
            Rotation::Rotated(session, person) => self.tokens(session, person, next),
            Rotation::Reused(person) => {
                tracing::warn!(%person, %session, "a refresh token was used twice; its session is closed");
                self.cache.forget(person);
                Err(AccessError::Unauthenticated)
            }
            Rotation::Unknown => Err(AccessError::Unauthenticated),
        }
    }

    /// Replaces the caller's own password, and closes all their sessions but the one they use. That
    /// opens with another secret from now on, if `secret` did so until now, which is given.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] when the current password or the new one is not right,
    /// [`AccessError::Throttled`] after too many wrong ones.
    pub async fn change_password(
        &self,
        caller: &Caller,
        secret: Option<&str>,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<Option<SecretString>, AccessError> {
        use galaxy_base::ExposeSecret as _;
        let permit = decide::own::<Write>(caller)?;
        let person = self.me(caller).await?;
        let mut complaints = Complaints::default();
        complaints.password("new_password", new, &self.about(&person.email, &person.name));
        if new.expose_secret() == current.expose_secret() {
            complaints.add("new_password", "must not be the current one");
        }
        complaints.end()?;
        let checked = self.own_password(&person, current, "current_password").await;
        if let Err(AccessError::Invalid(_)) = &checked {
            let record = Record::by(&permit, Act::PasswordChanged).ended(Ending::Refused);
            self.note(record.about(Thing::Person, person.id)).await;
        }
        let checked = checked?;
        let hash = checked.turn.hash(new).await?;
        drop(checked);
        self.store.set_password(permit, hash).await?;
        self.store.close_sessions(permit, session_of(caller)).await?;
        self.cache.forget(person.id);
        match (caller.credential, secret) {
            (Credential::Session(id), Some(secret)) => self.renew_secret(caller, id, secret).await,
            (_, _) => Ok(None),
        }
    }

    /// The person with this address and password.
    async fn prove(
        &self,
        email: &str,
        password: &SecretString,
        (address, kind): (IpAddr, &'static str),
    ) -> Result<Person, AccessError> {
        // What is no address belongs to nobody, and costs as much as what is one.
        let email = fields::email(email).unwrap_or_default();
        let attempt = Attempt::new(&email, Some(address));
        // Holds its turn until the end of this function.
        let Checked { person, right, turn: _turn } = self.check(&email, password, &attempt).await?;
        let known = person.as_ref().map(|it| it.id);
        let reason = if right { "disabled" } else { "wrong" };
        match person.filter(|person| right && !person.disabled) {
            Some(person) => {
                self.throttle.succeeded(&attempt);
                Ok(person)
            }
            None => {
                self.throttle.failed(&attempt);
                let actor = Actor::by_password(known).at(address);
                let record = Record::new(self.store.workspace(), actor, Act::SignedIn)
                    .ended(Ending::Refused)
                    .with(Fact::Kind, kind)
                    .with(Fact::Reason, reason);
                self.note(record).await;
                Err(AccessError::Unauthenticated)
            }
        }
    }

    /// Who has this address, and whether this is their password. Always computes one hash, unless
    /// the attempt comes too early.
    pub(super) async fn check(
        &self,
        email: &str,
        password: &SecretString,
        attempt: &Attempt,
    ) -> Result<Checked<'_>, AccessError> {
        let early = |retry_after| AccessError::Throttled { retry_after };
        self.throttle.check(attempt).map_err(early)?;
        let turn = self.passwords.turn().await?;
        // Others may have failed while this attempt waited.
        self.throttle.check(attempt).map_err(early)?;
        let found = self.store.person_by_email(self.store.workspace(), email).await?;
        let (person, hash) = found.map_or((None, None), |(person, hash)| (Some(person), hash));
        let right = turn.verify(password, hash).await?;
        Ok(Checked { person, right, turn })
    }

    async fn open(
        &self,
        person: &Person,
        kind: SessionKind,
        id: SessionId,
        secret_hash: String,
        (client, address): (&str, IpAddr),
    ) -> Result<SignIn, AccessError> {
        let life = match kind {
            SessionKind::Browser => BROWSER_LIFE,
            SessionKind::Token => TOKEN_LIFE,
        };
        let new = NewSession {
            id,
            person: person.id,
            workspace: person.workspace,
            kind,
            secret_hash,
            client: fields::client(client),
            address: Some(address),
            expires_at: self.store.clock().now().after(life),
        };
        match self.store.open_session(new).await {
            // Disabled or deleted since the password was checked.
            Err(galaxy_store::StoreError::NotFound) => Err(AccessError::Unauthenticated),
            other => Ok(other?),
        }
    }

    fn tokens(
        &self,
        session: SignIn,
        person: Person,
        refresh: String,
    ) -> Result<Tokens, AccessError> {
        let (session_id, authenticated_at) = (session.id, session.authenticated_at);
        let bearer = Bearer { person: person.id, session: session_id, authenticated_at };
        let access = self.signer.sign(bearer).map_err(|err| {
            tracing::error!(%err, "an access token could not be signed");
            AccessError::Unauthenticated
        })?;
        let (refresh, expires_in) = (refresh.into(), tokens::LIFE);
        Ok(Tokens { access, expires_in, refresh, session, person })
    }
}
