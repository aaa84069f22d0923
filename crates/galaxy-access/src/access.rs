//! Accounts and what opens them.

pub mod authenticate;
pub mod confirm;
pub mod keys;
pub mod local;
pub mod people;
mod refused;
pub mod sessions;
pub mod set_up;
pub mod sign_in;

use std::{collections::BTreeSet, sync::atomic::AtomicBool, time::Duration};

use galaxy_base::{ExposeSecret, SecretString};
use galaxy_domain::{
    Caller, SessionId,
    access::{Credential, Proof, Scope},
    audit::Record,
    person::Person,
};
use galaxy_store::Store;
use ipnet::IpNet;

use crate::{
    cache::Cache, error::AccessError, fields, passwords::Passwords, throttle::Throttle,
    tokens::Signer,
};
use refused::Refused;

/// The fewest bytes of a signing secret (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

/// How long a sign-in is fresh (ASVS 5, 7.5.3, leaves it to the application).
pub const FRESH: Duration = Duration::from_secs(10 * 60);

/// How access works in a deployment.
#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// What the application is called; no password may contain it.
    pub app_name: String,
    /// Signs access tokens and seals refresh tokens. At least 32 bytes; all instances share it.
    pub signing_secret: SecretString,
    /// Who signs the tokens.
    pub issuer: String,
    /// Whom the tokens are for.
    pub audience: String,
    /// Whose word about a person's address is taken. Empty: nobody's.
    pub trusted_proxies: Vec<IpNet>,
    /// In test mode, the address of whoever presents nothing.
    pub test_person: Option<String>,
    /// How long after signing in a person may do what needs that.
    pub fresh: Duration,
}

impl AccessConfig {
    /// Passwords, keys and tokens only.
    pub fn new(app_name: impl Into<String>, signing_secret: SecretString) -> Self {
        Self {
            app_name: app_name.into(),
            signing_secret,
            issuer: "galaxy".to_owned(),
            audience: "galaxy-api".to_owned(),
            trusted_proxies: Vec::new(),
            test_person: None,
            fresh: FRESH,
        }
    }

    /// Every reason why this cannot be used.
    fn complaints(&self) -> Vec<(&'static str, String)> {
        let mut complaints = Vec::new();
        let secret = self.signing_secret.expose_secret();
        let different: BTreeSet<u8> = secret.bytes().collect();
        if secret.len() < SHORTEST_SECRET || different.len() < 8 {
            let message = format!("must have at least {SHORTEST_SECRET} random bytes");
            complaints.push(("signing_secret", message));
        }
        for network in self.trusted_proxies.iter().filter(|network| network.prefix_len() == 0) {
            let message = format!("{network} is everybody; name the proxies");
            complaints.push(("trusted_proxies", message));
        }
        if self.test_person.as_deref().is_some_and(|text| fields::email(text).is_none()) {
            complaints.push(("test_person", "must be an e-mail address".to_owned()));
        }
        complaints
    }
}

/// Looks after accounts and tells who is asking.
pub struct Access {
    store: Store,
    config: AccessConfig,
    passwords: Passwords,
    throttle: Throttle,
    signer: Signer,
    cache: Cache,
    refused: Refused,
    /// Whether somebody is known to have an account; that never ends.
    is_set_up: AtomicBool,
}

impl Access {
    /// Access to the accounts in `store`.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] with everything that is wrong with `config`.
    pub fn new(config: AccessConfig, store: Store) -> Result<Self, AccessError> {
        let complaints = config.complaints();
        if !complaints.is_empty() {
            return Err(AccessError::Invalid(complaints));
        }
        let clock = store.clock().clone();
        let (secret, issuer) = (&config.signing_secret, &config.issuer);
        let signer = Signer::new(secret, issuer, &config.audience, clock.clone());
        Ok(Self {
            signer,
            store,
            passwords: Passwords::new(),
            throttle: Throttle::new(clock),
            cache: Cache::default(),
            refused: Refused::default(),
            is_set_up: AtomicBool::new(false),
            config,
        })
    }

    /// How many password hashes were computed so far, right and wrong ones.
    pub fn hashes_computed(&self) -> u64 {
        self.passwords.computed()
    }

    /// Writes down soon what had no effect. Nobody is told that it was not: the answer would say
    /// what was tried.
    async fn note(&self, record: Record) {
        if let Err(err) = self.store.note(record).await {
            tracing::warn!(%err, "a record was not written");
        }
    }

    /// What anybody knows about an account, so that no password contains it.
    fn about<'a>(&'a self, email: &'a str, name: &'a str) -> [&'a str; 3] {
        [email, name, &self.config.app_name]
    }
}

/// The caller that a person is by their own credential.
fn in_person(person: &Person, credential: Credential, proof: Proof) -> Caller {
    Caller {
        person: person.id,
        workspace: person.workspace,
        role: person.role,
        credential,
        proof,
        scopes: Scope::ALL.to_vec(),
    }
}

/// The session that a caller came by.
fn session_of(caller: &Caller) -> Option<SessionId> {
    match caller.credential {
        Credential::Session(id) | Credential::Token(id) => Some(id),
        Credential::ApiKey(_)
        | Credential::Proxy
        | Credential::TestMode
        | Credential::Local
        | Credential::Run(_) => None,
    }
}
