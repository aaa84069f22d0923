//! Somebody who signs people in at tool servers, without a network: honest, unless told otherwise.

mod inner;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::Timestamp;
use galaxy_tool::server::{
    SignIn, SignInError,
    oauth::{
        Ask, Begun, Callback, Challenge, Client, ClientAuth, ClientOrigin, Grant, Pending,
        Registration, challenge::union,
    },
};
use tokio::sync::watch;
use url::Url;

use crate::Gate;
use inner::Inner;

/// What it calls itself.
pub const ISSUER: &str = "https://issuer.example";
/// Its tokens are good for so long.
pub const LIFE: Duration = Duration::from_secs(3_600);

/// What it can be asked to do, once somebody has said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// To give a grant.
    Finish,
    /// To renew one.
    Renew,
    /// To take one back.
    Revoke,
}

/// What was given back to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returned {
    /// How often somebody tried.
    pub tries: usize,
    /// The tokens that it took back, in order: those that renew, where there are any.
    pub tokens: Vec<String>,
}

/// Signs people in; what its tokens open is for tests to look up. Whoever renews twice with the same
/// refresh token is taken for a thief: nothing of that sign-in is good any more.
#[derive(Default)]
pub struct FakeIssuer {
    inner: Mutex<Inner>,
    returned: watch::Sender<Returned>,
}

impl FakeIssuer {
    fn know(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
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
        (self.know().renewals, self.returned.borrow().tokens.len())
    }

    /// How often a refresh token was used that had been used before.
    pub fn thefts(&self) -> usize {
        self.know().thefts
    }

    /// From now on, what is asked with `verb` is done, but not answered before the gate is opened.
    pub fn hold(&self, verb: Verb) -> Gate {
        let gate = Gate::new();
        self.know().held = Some((verb, gate.clone()));
        gate
    }

    /// Sign-ins that begin from now on cannot be given back.
    pub fn take_nothing_back(&self) {
        self.know().takes_nothing_back = true;
    }

    /// Waits until what was given back is `enough`.
    ///
    /// # Panics
    /// Never: what is waited for lives as long as this.
    pub async fn returned(&self, enough: impl Fn(&Returned) -> bool) -> Returned {
        let mut returned = self.returned.subscribe();
        returned.wait_for(|it| enough(it)).await.expect("this is its sender").clone()
    }

    async fn pass(&self, verb: Verb) {
        let held = self.know().held.clone();
        if let Some((held, gate)) = held
            && held == verb
        {
            gate.pass().await;
        }
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
                revocation_endpoint: (!know.takes_nothing_back).then(|| url("/revoke")),
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
            let finished = self.know().finish(pending, callback);
            self.pass(Verb::Finish).await;
            finished
        }
        .boxed()
    }

    fn renew<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Grant, SignInError>> {
        async move {
            let renewed = self.know().renew(grant);
            self.pass(Verb::Renew).await;
            renewed
        }
        .boxed()
    }

    fn revoke<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<(), SignInError>> {
        async move {
            let revoked = self.know().revoke(grant);
            self.returned.send_modify(|it| {
                it.tries += 1;
                it.tokens.extend(revoked.clone().ok().flatten());
            });
            self.pass(Verb::Revoke).await;
            revoked.map(drop)
        }
        .boxed()
    }
}
