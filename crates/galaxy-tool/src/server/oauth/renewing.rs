//! Credentials that are renewed, once at a time.

use std::{any::Any, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::{Clock, ExposeSecret, SecretString, Tasks};
use tokio::{sync::Mutex, time::Instant};

use crate::server::{
    error::ServerError,
    oauth::{Credentials, Grant, SignIn, SignInError},
};

/// Whoever waited for a renewal that failed does not try it again at once.
const COOL: Duration = Duration::from_secs(5);

/// What keeps replicas from renewing a grant at the same time, as long as it lives.
pub type Held = Box<dyn Any + Send>;

/// Where the grant of one person for one server is kept.
pub trait Grants: Send + Sync {
    /// The grant, with [`Grant::inside`] as the server's spec says now; `None` if there is none.
    ///
    /// # Errors
    /// [`ServerError`].
    fn load(&self) -> BoxFuture<'_, Result<Option<Grant>, ServerError>>;

    /// Keeps `new` in place of `old`, unless the latter is gone: then the person does not want it
    /// any more, and `new` is given back.
    ///
    /// # Errors
    /// [`ServerError`]: then the person has to sign in again, because `old` is used up.
    fn keep<'a>(&'a self, old: &'a Grant, new: &'a Grant)
    -> BoxFuture<'a, Result<(), ServerError>>;

    /// `grant` is good for nothing any more, because of `why`. On
    /// [`SignInError::ClientUnknown`] a registered client of that issuer is to be dropped too.
    ///
    /// # Errors
    /// [`ServerError`].
    fn lost<'a>(
        &'a self,
        grant: &'a Grant,
        why: &'a SignInError,
    ) -> BoxFuture<'a, Result<(), ServerError>>;

    /// Waits until no other replica renews the grant. Where there are no replicas there is
    /// nothing to wait for.
    ///
    /// # Errors
    /// [`ServerError`], when it takes too long.
    fn hold(&self) -> BoxFuture<'_, Result<Held, ServerError>> {
        futures::future::ready(Ok(Box::new(()) as Held)).boxed()
    }
}

/// Credentials from a grant that is renewed shortly before it expires, and when it is refused.
/// However many ask, it is renewed once: a second use of the same refresh token would look like
/// theft to the issuer. A renewal that has begun ends, whoever gave up waiting for it.
#[derive(Clone)]
pub struct Renewing(Arc<Inner>);

struct Inner {
    sign_in: Arc<dyn SignIn>,
    grants: Arc<dyn Grants>,
    clock: Clock,
    tasks: Tasks,
    /// Held while the grant is renewed, with what came of the last try.
    turn: Mutex<Option<Failed>>,
}

/// A renewal that failed.
struct Failed {
    stale: SecretString,
    at: Instant,
    why: ServerError,
}

impl Renewing {
    /// Credentials from the grant in `grants`. Renewals are tasks of `tasks`.
    pub fn new(
        sign_in: Arc<dyn SignIn>,
        grants: Arc<dyn Grants>,
        clock: Clock,
        tasks: Tasks,
    ) -> Self {
        Self(Arc::new(Inner { sign_in, grants, clock, tasks, turn: Mutex::default() }))
    }

    /// Another token than `stale`, renewed unless somebody was faster.
    async fn other_than(&self, stale: SecretString) -> Result<Option<SecretString>, ServerError> {
        let inner = self.0.clone();
        let renewal = self.0.tasks.spawn(async move { inner.renew(stale).await });
        let stopped = |_| ServerError::Lost("the renewal of the sign-in stopped".to_owned());
        renewal.await.map_err(stopped)?
    }
}

impl Inner {
    async fn renew(&self, stale: SecretString) -> Result<Option<SecretString>, ServerError> {
        let mut failed = self.turn.lock().await;
        if let Some(last) = failed.as_ref()
            && is_same(&last.stale, &stale)
            && last.at.elapsed() < COOL
        {
            return Err(last.why.clone());
        }
        let result = self.try_renew(&stale).await;
        *failed =
            result.as_ref().err().map(|why| Failed { stale, at: Instant::now(), why: why.clone() });
        result
    }

    async fn try_renew(&self, stale: &SecretString) -> Result<Option<SecretString>, ServerError> {
        let _held = self.grants.hold().await?;
        let Some(grant) = self.grants.load().await? else { return Ok(None) };
        if !is_same(&grant.access_token, stale) {
            return Ok(Some(grant.access_token));
        }
        match self.sign_in.renew(&grant).await {
            Ok(new) => {
                self.grants.keep(&grant, &new).await?;
                Ok(Some(new.access_token))
            }
            Err(why) if why.is_final() => {
                self.grants.lost(&grant, &why).await?;
                Ok(None)
            }
            Err(why) => Err(of_sign_in(why)),
        }
    }
}

/// What a connection is told of a failed renewal.
fn of_sign_in(why: SignInError) -> ServerError {
    match why {
        SignInError::Refused(_) | SignInError::NotEncrypted(_) => {
            ServerError::Refused(why.to_string())
        }
        SignInError::Unavailable { retry_after, .. } => {
            ServerError::Unavailable { message: why.to_string(), retry_after }
        }
        SignInError::NoWay
        | SignInError::NeedsClient { .. }
        | SignInError::OtherIssuer { .. }
        | SignInError::WrongResource(_)
        | SignInError::WrongIssuer { .. }
        | SignInError::WrongState
        | SignInError::Expired
        | SignInError::Unsupported(_)
        | SignInError::Declined(_)
        | SignInError::Rejected { .. }
        | SignInError::SignInAgain
        | SignInError::ClientUnknown
        | SignInError::TooLarge(_)
        | SignInError::Garbled(_) => {
            ServerError::Unavailable { message: why.to_string(), retry_after: None }
        }
    }
}

fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

impl Credentials for Renewing {
    fn token(&self) -> BoxFuture<'_, Result<Option<SecretString>, ServerError>> {
        async move {
            let Some(grant) = self.0.grants.load().await? else { return Ok(None) };
            let now = self.0.clock.now();
            if !grant.is_expiring(now) {
                return Ok(Some(grant.access_token));
            }
            let is_expired = grant.is_expired(now);
            if grant.refresh_token.is_none() {
                return Ok((!is_expired).then_some(grant.access_token));
            }
            match self.other_than(grant.access_token.clone()).await {
                // It is good for some seconds yet.
                Err(_) if !is_expired => Ok(Some(grant.access_token)),
                renewed => renewed,
            }
        }
        .boxed()
    }

    fn refused<'a>(
        &'a self,
        token: &'a SecretString,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<SecretString>, ServerError>> {
        self.other_than(token.clone()).boxed()
    }
}
