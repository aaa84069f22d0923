//! Credentials that are renewed: once, in time, and to the end.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture, future::join_all};
use galaxy_base::{Clock, ExposeSecret, SecretString, Tasks, Timestamp};
use galaxy_tool::server::{
    Credentials, ServerError, SignIn, SignInError,
    oauth::{
        Ask, Begun, Callback, Client, ClientAuth, ClientOrigin, Grant, Grants, Inside, Pending,
        Renewing,
    },
};
use tokio::sync::Semaphore;

const START: Timestamp = Timestamp::from_millis(1_000_000);

/// Renews as it is told, and only when it may.
struct Issuer {
    says: Mutex<Option<SignInError>>,
    may: Semaphore,
    renewed: AtomicUsize,
}

impl SignIn for Issuer {
    fn begin(&self, _: Ask) -> BoxFuture<'_, Result<Begun, SignInError>> {
        async { Err(SignInError::NoWay) }.boxed()
    }
    fn finish(&self, _: Pending, _: Callback) -> BoxFuture<'_, Result<Grant, SignInError>> {
        async { Err(SignInError::NoWay) }.boxed()
    }
    fn renew<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Grant, SignInError>> {
        async move {
            self.may.acquire().await.unwrap().forget();
            let count = self.renewed.fetch_add(1, Ordering::SeqCst) + 2;
            let said = self.says.lock().unwrap().clone();
            let new = Grant {
                access_token: format!("token-{count}").into(),
                expires_at: Some(START.after(Duration::from_secs(7200))),
                ..grant.clone()
            };
            said.map_or(Ok(new), Err)
        }
        .boxed()
    }
    fn revoke<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<(), SignInError>> {
        async { Ok(()) }.boxed()
    }
}

/// Keeps a grant.
#[derive(Default)]
struct Kept {
    grant: Mutex<Option<Grant>>,
    lost: Mutex<Vec<SignInError>>,
    held: AtomicUsize,
}

impl Grants for Kept {
    fn load(&self) -> BoxFuture<'_, Result<Option<Grant>, ServerError>> {
        async { Ok(self.grant.lock().unwrap().clone()) }.boxed()
    }
    fn keep<'a>(&'a self, _: &'a Grant, new: &'a Grant) -> BoxFuture<'a, Result<(), ServerError>> {
        *self.grant.lock().unwrap() = Some(new.clone());
        async { Ok(()) }.boxed()
    }
    fn lost<'a>(
        &'a self,
        _: &'a Grant,
        why: &'a SignInError,
    ) -> BoxFuture<'a, Result<(), ServerError>> {
        async {
            *self.grant.lock().unwrap() = None;
            self.lost.lock().unwrap().push(why.clone());
            Ok(())
        }
        .boxed()
    }
    fn hold(&self) -> BoxFuture<'_, Result<galaxy_tool::server::oauth::Held, ServerError>> {
        self.held.fetch_add(1, Ordering::SeqCst);
        async { Ok(Box::new(()) as galaxy_tool::server::oauth::Held) }.boxed()
    }
}

struct Place {
    issuer: Arc<Issuer>,
    kept: Arc<Kept>,
    clock: Clock,
    tasks: Tasks,
    credentials: Renewing,
}

/// A place with a grant that lasts so long, and leave for `may` renewals.
fn place(lasts: Duration, may: usize) -> Place {
    let (says, renewed) = (Mutex::default(), AtomicUsize::new(0));
    let issuer = Arc::new(Issuer { says, may: Semaphore::new(may), renewed });
    let kept = Arc::new(Kept::default());
    let client = Client {
        id: "id".to_owned(),
        secret: None,
        auth: ClientAuth::None,
        origin: ClientOrigin::Registered,
    };
    *kept.grant.lock().unwrap() = Some(Grant {
        issuer: "https://a.example".to_owned(),
        client,
        token_endpoint: "https://a.example/token".parse().unwrap(),
        revocation_endpoint: None,
        access_token: "token-1".to_owned().into(),
        refresh_token: Some("refresh".to_owned().into()),
        expires_at: Some(START.after(lasts)),
        scopes: Vec::new(),
        resource: "https://s.example".to_owned(),
        inside: Inside::default(),
    });
    let (clock, tasks) = (Clock::fixed(START), Tasks::default());
    let credentials = Renewing::new(issuer.clone(), kept.clone(), clock.clone(), tasks.clone());
    Place { issuer, kept, clock, tasks, credentials }
}

impl Place {
    async fn token(&self) -> Result<Option<String>, ServerError> {
        let token = self.credentials.token().await?;
        Ok(token.map(|it| it.expose_secret().to_owned()))
    }
    async fn refused(&self, token: &str) -> Result<Option<String>, ServerError> {
        let token = SecretString::from(token.to_owned());
        let other = self.credentials.refused(&token, None).await?;
        Ok(other.map(|it| it.expose_secret().to_owned()))
    }
    fn renewed(&self) -> usize {
        self.issuer.renewed.load(Ordering::SeqCst)
    }
}

fn some(text: &str) -> Result<Option<String>, ServerError> {
    Ok(Some(text.to_owned()))
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_token_is_renewed_shortly_before_it_expires() {
    let place = place(HOUR, 9);
    assert_eq!((place.token().await, place.renewed()), (some("token-1"), 0));
    place.clock.advance(HOUR - Duration::from_secs(60));
    assert_eq!((place.token().await, place.renewed()), (some("token-2"), 1));
    assert_eq!((place.token().await, place.renewed()), (some("token-2"), 1));
    assert_eq!(place.kept.held.load(Ordering::SeqCst), 1, "replicas wait for each other");
}

#[tokio::test]
async fn twenty_that_are_refused_at_once_renew_once() {
    let place = place(HOUR, 9);
    let asked = join_all((0..20).map(|_| place.refused("token-1"))).await;
    assert!(asked.iter().all(|it| *it == some("token-2")), "{asked:?}");
    assert_eq!(place.renewed(), 1);
    // Who comes late with the old one is given the new one.
    assert_eq!((place.refused("token-1").await, place.renewed()), (some("token-2"), 1));
}

#[tokio::test]
async fn a_renewal_that_has_begun_ends_whoever_gave_up() {
    let place = place(HOUR, 0);
    let asked = place.refused("token-1").now_or_never();
    assert_eq!(asked, None, "the one who asked gives up");
    place.issuer.may.add_permits(1);
    assert!(place.tasks.stop(Duration::from_secs(10)).await);
    let kept = place.kept.grant.lock().unwrap().clone().unwrap();
    assert_eq!(kept.access_token.expose_secret(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_not_tried_again_by_all_who_waited() {
    let place = place(HOUR, 9);
    let away = SignInError::Unavailable { message: "away".to_owned(), retry_after: None };
    *place.issuer.says.lock().unwrap() = Some(away);
    let asked = join_all((0..20).map(|_| place.refused("token-1"))).await;
    let is_away = |it: &Result<_, _>| matches!(it, Err(ServerError::Unavailable { .. }));
    assert!(asked.iter().all(is_away), "{asked:?}");
    assert_eq!(place.renewed(), 1);
    tokio::time::advance(Duration::from_secs(5)).await;
    *place.issuer.says.lock().unwrap() = None;
    assert_eq!((place.refused("token-1").await, place.renewed()), (some("token-3"), 2));
}

#[tokio::test]
async fn a_token_that_is_good_for_some_seconds_is_used_when_nobody_renews_it() {
    let place = place(Duration::from_secs(30), 9);
    let away = SignInError::Unavailable { message: "away".to_owned(), retry_after: None };
    *place.issuer.says.lock().unwrap() = Some(away);
    assert_eq!(place.token().await, some("token-1"));
    place.clock.advance(Duration::from_secs(30));
    assert!(matches!(place.token().await, Err(ServerError::Unavailable { .. })));
}

#[tokio::test]
async fn a_grant_that_is_lost_is_told_once_and_no_token_is_left() {
    for why in [SignInError::SignInAgain, SignInError::ClientUnknown] {
        let place = place(HOUR, 9);
        *place.issuer.says.lock().unwrap() = Some(why.clone());
        let asked = join_all((0..5).map(|_| place.refused("token-1"))).await;
        assert!(asked.iter().all(|it| *it == Ok(None)), "{asked:?}");
        assert_eq!((place.renewed(), place.token().await), (1, Ok(None)));
        assert_eq!(*place.kept.lost.lock().unwrap(), [why]);
    }
}

#[tokio::test]
async fn a_token_without_a_way_to_renew_it_is_shown_until_it_expires() {
    let place = place(Duration::from_secs(30), 9);
    place.kept.grant.lock().unwrap().as_mut().unwrap().refresh_token = None;
    assert_eq!(place.token().await, some("token-1"));
    place.clock.advance(Duration::from_secs(30));
    assert_eq!((place.token().await, place.renewed()), (Ok(None), 0));
}
