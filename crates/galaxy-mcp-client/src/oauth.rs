//! Signing in at tool servers (OAuth 2.1) over `galaxy-net`.
//!
//! **Invariant:** every address that somebody else named is checked before it is asked: it is
//! encrypted, and the egress guard knows that nobody here chose it. Nothing that holds a secret
//! follows a redirect.

mod authority;
mod authorize;
mod registration;
mod resource;
mod token;
mod wire;

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::Clock;
use galaxy_net::Client as Net;
use galaxy_tool::server::oauth::{Ask, Begun, Callback, Grant, Pending, SignIn, SignInError};

use wire::Wire;

/// How long and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OAuthLimits {
    /// One request, with its answer.
    pub request: Duration,
    /// All that one verb asks.
    pub verb: Duration,
    /// Bytes of one answer.
    pub answer_bytes: usize,
    /// How deep JSON may be nested.
    pub depth: usize,
}

impl Default for OAuthLimits {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(10),
            verb: Duration::from_secs(45),
            answer_bytes: 256 * 1024,
            depth: 16,
        }
    }
}

/// Signs people in at tool servers.
#[derive(Debug, Clone)]
pub struct OAuth {
    net: Net,
    clock: Clock,
    limits: OAuthLimits,
}

impl OAuth {
    /// Requests go through `net`.
    pub fn new(net: Net, clock: Clock) -> Self {
        Self { net, clock, limits: OAuthLimits::default() }
    }

    /// The same with other limits than those of the house.
    #[must_use]
    pub fn with_limits(self, limits: OAuthLimits) -> Self {
        Self { limits, ..self }
    }

    /// Does `work`, but not for ever.
    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, SignInError>>,
    ) -> Result<T, SignInError> {
        let late = |_| wire::unavailable("it takes too long".to_owned());
        tokio::time::timeout(self.limits.verb, work).await.map_err(late)?
    }

    async fn start(&self, ask: Ask) -> Result<Begun, SignInError> {
        let wire = Wire { net: &self.net, inside: &ask.inside, limits: self.limits };
        wire.check(&ask.server, "the tool server")?;
        authorize::check_way_back(&ask.redirect_uri)?;
        let resource = resource::find(&wire, &ask).await?;
        let authority = authority::find(&wire, &ask, &resource).await?;
        let scopes = authorize::scopes(&ask, &resource, &authority);
        let now = self.clock.now();
        let (client, new) = registration::client(&wire, &ask, &authority, &scopes, now).await?;
        let (url, pending) = authorize::pending(&ask, resource, authority, client, scopes, now);
        Ok(Begun { url, pending, registration: new })
    }

    async fn exchange(&self, pending: Pending, callback: Callback) -> Result<Grant, SignInError> {
        let code = authorize::code(&pending, callback, self.clock.now())?;
        let wire = Wire { net: &self.net, inside: &pending.inside, limits: self.limits };
        token::exchange(&wire, &pending, &code, self.clock.now()).await
    }
}

impl SignIn for OAuth {
    fn begin(&self, ask: Ask) -> BoxFuture<'_, Result<Begun, SignInError>> {
        self.within(self.start(ask)).boxed()
    }

    fn finish(
        &self,
        pending: Pending,
        callback: Callback,
    ) -> BoxFuture<'_, Result<Grant, SignInError>> {
        self.within(self.exchange(pending, callback)).boxed()
    }

    fn renew<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Grant, SignInError>> {
        let wire = Wire { net: &self.net, inside: &grant.inside, limits: self.limits };
        let renewed = async move { token::renew(&wire, grant, self.clock.now()).await };
        self.within(renewed).boxed()
    }

    fn revoke<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<(), SignInError>> {
        let wire = Wire { net: &self.net, inside: &grant.inside, limits: self.limits };
        let revoked = async move { token::revoke(&wire, grant).await };
        self.within(revoked).boxed()
    }
}
