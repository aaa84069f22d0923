//! Somebody who signs people in at tool servers, without a network: honest, unless told otherwise.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::{ExposeSecret, SecretString, Timestamp};
use galaxy_tool::server::{
    SignIn, SignInError,
    oauth::{
        Ask, Begun, Callback, Challenge, Client, ClientAuth, ClientOrigin, Grant, Pending,
        Registration, challenge::union,
    },
};
use url::Url;

/// What it calls itself.
pub const ISSUER: &str = "https://issuer.example";
/// Its tokens are good for so long.
pub const LIFE: Duration = Duration::from_secs(3_600);

/// Signs people in; what its tokens open is for tests to look up.
#[derive(Default)]
pub struct FakeIssuer(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    asked: Vec<Ask>,
    /// Tokens that open something, and what they allow.
    good: Vec<(String, Vec<String>)>,
    /// Tokens that were shown, in order.
    shown: Vec<String>,
    /// What else has to be allowed.
    demand: Option<String>,
    refusals: VecDeque<SignInError>,
    renewals: usize,
    revoked: usize,
    count: usize,
    now: Option<Timestamp>,
}

impl FakeIssuer {
    fn know(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is this late to it.
    pub fn set_now(&self, now: Timestamp) {
        self.know().now = Some(now);
    }

    /// The next verb ends so.
    pub fn refuse(&self, err: SignInError) {
        self.know().refusals.push_back(err);
    }

    /// What it was asked to begin.
    pub fn asked(&self) -> Vec<Ask> {
        self.know().asked.clone()
    }

    /// Whether `token` opens what it is for.
    pub fn is_good(&self, token: &str) -> bool {
        self.know().good.iter().any(|(it, _)| it == token)
    }

    /// What a server says that is not shown a good token.
    pub fn challenge(&self) -> String {
        "Bearer scope=\"read\"".to_owned()
    }

    /// Servers demand from now on that `scope` is allowed, too.
    pub fn demand(&self, scope: &str) {
        self.know().demand = Some(scope.to_owned());
    }

    /// What a server says to a good token that does not allow enough.
    pub fn lacking(&self, token: &str) -> Option<String> {
        let know = self.know();
        let demand = know.demand.as_ref()?;
        let (_, scopes) = know.good.iter().find(|(it, _)| it == token)?;
        let lacks = !scopes.contains(demand);
        lacks.then(|| format!("Bearer error=\"insufficient_scope\", scope=\"{demand}\""))
    }

    /// A server is shown `token`.
    pub fn show(&self, token: &str) {
        self.know().shown.push(token.to_owned());
    }

    /// The tokens that servers were shown, in order.
    pub fn shown(&self) -> Vec<String> {
        self.know().shown.clone()
    }

    /// No token opens anything any more.
    pub fn forget_tokens(&self) {
        self.know().good.clear();
    }

    /// How many tokens it renewed, and how many it was given back.
    pub fn counts(&self) -> (usize, usize) {
        let know = self.know();
        (know.renewals, know.revoked)
    }

    /// What the browser of somebody who says yes comes back with from `url`.
    ///
    /// # Panics
    /// When `url` is none of its own.
    pub fn approve(&self, url: &Url) -> String {
        let state = url.query_pairs().find(|(name, _)| name == "state");
        let (_, state) = state.expect("a state");
        format!("code=canary-code&state={state}&iss={ISSUER}")
    }
}

impl Inner {
    fn refusal(&mut self) -> Result<(), SignInError> {
        self.refusals.pop_front().map_or(Ok(()), Err)
    }

    fn token(&mut self, scopes: &[String]) -> (SecretString, SecretString) {
        self.count += 1;
        let token = format!("canary-access-{}", self.count);
        self.good.push((token.clone(), scopes.to_vec()));
        (token.into(), format!("canary-refresh-{}", self.count).into())
    }

    fn now(&self) -> Timestamp {
        self.now.unwrap_or(crate::store::START)
    }
}

fn client(ask: &Ask) -> Client {
    let entered = ask.entered.as_ref().or(ask.registered.first());
    entered.map_or_else(
        || Client {
            id: "registered".to_owned(),
            secret: Some("canary-client".to_owned().into()),
            auth: ClientAuth::Basic,
            origin: ClientOrigin::Registered,
        },
        |it| it.client.clone(),
    )
}

fn url(path: &str) -> Url {
    Url::parse(&format!("{ISSUER}{path}")).expect("an address")
}

impl SignIn for FakeIssuer {
    fn begin(&self, ask: Ask) -> BoxFuture<'_, Result<Begun, SignInError>> {
        async move {
            let mut know = self.know();
            know.asked.push(ask.clone());
            know.refusal()?;
            know.count += 1;
            let state = format!("canary-state-{}", know.count);
            let (client, began) = (client(&ask), know.now());
            let is_new = ask.entered.is_none() && ask.registered.is_empty();
            let registration = is_new.then(|| Registration {
                issuer: ISSUER.to_owned(),
                client: client.clone(),
                redirect_uri: ask.redirect_uri.clone(),
                expires_at: None,
            });
            let mut address = url("/authorize");
            address.query_pairs_mut().append_pair("state", &state);
            let challenge = ask.challenge.as_deref().and_then(Challenge::parse).unwrap_or_default();
            let before = ask.scopes.iter().map(String::as_str);
            let scopes = union(before, challenge.scopes.iter().map(String::as_str));
            let pending = Pending {
                began,
                state: state.into(),
                verifier: "canary-verifier".to_owned().into(),
                issuer: ISSUER.to_owned(),
                names_itself: true,
                token_endpoint: url("/token"),
                revocation_endpoint: Some(url("/revoke")),
                client,
                redirect_uri: ask.redirect_uri,
                resource: ask.server.to_string(),
                scopes,
                inside: ask.inside,
            };
            Ok(Begun { url: address, pending, registration })
        }
        .boxed()
    }

    fn finish(
        &self,
        pending: Pending,
        callback: Callback,
    ) -> BoxFuture<'_, Result<Grant, SignInError>> {
        async move {
            let mut know = self.know();
            know.refusal()?;
            if callback.issuer.as_deref() != Some(ISSUER) {
                let (expected, found) = (ISSUER.to_owned(), callback.issuer);
                return Err(SignInError::WrongIssuer { expected, found });
            }
            if callback.code.is_none_or(|it| it.expose_secret() != "canary-code") {
                return Err(SignInError::SignInAgain);
            }
            let (access_token, refresh_token) = know.token(&pending.scopes);
            Ok(Grant {
                issuer: pending.issuer,
                client: pending.client,
                token_endpoint: pending.token_endpoint,
                revocation_endpoint: pending.revocation_endpoint,
                access_token,
                refresh_token: Some(refresh_token),
                expires_at: Some(know.now().after(LIFE)),
                scopes: pending.scopes,
                resource: pending.resource,
                inside: pending.inside,
            })
        }
        .boxed()
    }

    fn renew<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Grant, SignInError>> {
        async move {
            let mut know = self.know();
            know.renewals += 1;
            know.refusal()?;
            let (access_token, refresh_token) = know.token(&grant.scopes);
            let expires_at = Some(know.now().after(LIFE));
            let refresh_token = Some(refresh_token);
            Ok(Grant { access_token, refresh_token, expires_at, ..grant.clone() })
        }
        .boxed()
    }

    fn revoke<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<(), SignInError>> {
        async move {
            let mut know = self.know();
            know.revoked += 1;
            know.good.retain(|(it, _)| it != grant.access_token.expose_secret());
            Ok(())
        }
        .boxed()
    }
}
