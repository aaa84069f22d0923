use std::time::Duration;

use futures::future::join_all;
use galaxy_domain::{SessionId, person::SignIn};
use galaxy_store::{
    StoreError,
    sessions::{IDLE, NewSession, Rotation, SessionKind},
};
use galaxy_testkit::store::{Someone, StoreFixture};

galaxy_testkit::on_both_engines! {
    a_session_opens_until_it_idles_or_ends,
    use_is_noted_at_most_once_a_minute,
    a_refresh_token_is_replaced_and_an_old_one_closes_the_session,
    a_confirmed_session_opens_with_another_secret,
    of_many_rotations_with_one_token_one_succeeds,
    sessions_are_listed_and_closed_by_their_person_only,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn open(store: &StoreFixture, who: Someone, kind: SessionKind, secret: &str) -> SignIn {
    let new = NewSession {
        id: SessionId::fresh(),
        person: who.id,
        workspace: who.workspace,
        kind,
        secret_hash: secret.to_owned(),
        client: "Firefox".to_owned(),
        address: None,
        expires_at: store.clock.now().after(DAY),
    };
    store.open_session(new).await.unwrap()
}

async fn a_session_opens_until_it_idles_or_ends(store: &StoreFixture) {
    let ana = store.someone("ana@example.org").await;
    let browser = open(store, ana, SessionKind::Browser, "browser").await;
    let token = open(store, ana, SessionKind::Token, "token").await;
    let (found, person) = store.session("browser").await.unwrap().unwrap();
    assert_eq!((&found, person.id), (&browser, ana.id));
    assert_eq!(store.session("token").await.unwrap(), None, "it is for another kind of client");
    assert_eq!(store.session("Browser").await.unwrap(), None);
    store.clock.advance(IDLE - Duration::from_millis(1));
    assert!(store.session("browser").await.unwrap().is_some());
    assert!(store.session_by_id(browser.id).await.unwrap().is_some());
    store.clock.advance(Duration::from_millis(1));
    assert_eq!(store.session("browser").await.unwrap(), None);
    assert_eq!(store.session_by_id(browser.id).await.unwrap(), None);
    assert!(store.session_by_id(token.id).await.unwrap().is_some(), "programs may idle");
    store.clock.advance(DAY - IDLE);
    assert_eq!(store.session_by_id(token.id).await.unwrap(), None);
}

async fn use_is_noted_at_most_once_a_minute(store: &StoreFixture) {
    let ana = store.someone("ana@example.org").await;
    let session = open(store, ana, SessionKind::Browser, "secret").await;
    let seen = async || store.session("secret").await.unwrap().unwrap().0.seen_at;
    store.clock.advance(Duration::from_secs(59));
    store.touch_session(session.id).await.unwrap();
    assert_eq!(seen().await, session.seen_at);
    store.clock.advance(Duration::from_secs(1));
    store.touch_session(session.id).await.unwrap();
    assert_eq!(seen().await, store.clock.now());
}

async fn a_refresh_token_is_replaced_and_an_old_one_closes_the_session(store: &StoreFixture) {
    let ana = store.someone("ana@example.org").await;
    let browser = open(store, ana, SessionKind::Browser, "browser").await;
    let family = open(store, ana, SessionKind::Token, "one").await;
    let end = store.rotate(family.id, "one", "two").await.unwrap();
    let Rotation::Rotated(session, person) = end else { panic!("{end:?}") };
    assert_eq!((session.id, person.id), (family.id, ana.id));
    assert!(matches!(
        store.rotate(family.id, "two", "three").await.unwrap(),
        Rotation::Rotated(..)
    ));
    assert_eq!(store.rotate(family.id, "one", "x").await.unwrap(), Rotation::Reused(ana.id));
    assert_eq!(store.rotate(family.id, "three", "x").await.unwrap(), Rotation::Unknown);
    assert_eq!(store.rotate(browser.id, "browser", "x").await.unwrap(), Rotation::Unknown);
    assert_eq!(store.rotate(browser.id, "guess", "x").await.unwrap(), Rotation::Unknown);
    assert!(store.session("browser").await.unwrap().is_some(), "a browser has no tokens to lose");
    let late = open(store, ana, SessionKind::Token, "late").await;
    store.clock.advance(DAY);
    assert_eq!(store.rotate(late.id, "late", "x").await.unwrap(), Rotation::Unknown);
}

async fn a_confirmed_session_opens_with_another_secret(store: &StoreFixture) {
    let (ana, bo) = (store.someone("ana@example.org").await, store.someone("bo@example.org").await);
    let session = open(store, ana, SessionKind::Browser, "old").await;
    let family = open(store, ana, SessionKind::Token, "token").await;
    store.clock.advance(Duration::from_secs(60));
    let confirm = async |who: Someone, id, old, new| match store
        .confirm_session(who.may_self(), id, old, new)
        .await
    {
        Ok(()) => true,
        Err(StoreError::NotFound) => false,
        Err(other) => panic!("{other}"),
    };
    assert!(!confirm(bo, session.id, "old", "x").await, "it is somebody else's");
    assert!(!confirm(ana, session.id, "other", "x").await);
    assert!(!confirm(ana, family.id, "token", "x").await, "tokens are got afresh");
    assert!(confirm(ana, session.id, "old", "new").await);
    assert!(!confirm(ana, session.id, "old", "newer").await, "it is another one's by now");
    let at = async |secret| {
        let found = store.session(secret).await.unwrap();
        found.map(|(session, _)| session.authenticated_at)
    };
    let confirmed = store.clock.now();
    assert_eq!(at("new").await, Some(confirmed));
    assert_eq!(at("old").await, Some(session.created_at), "it proves no more than before");
    store.clock.advance(Duration::from_secs(10));
    assert_eq!(at("old").await, None);
    assert!(at("new").await.is_some());
    let (found, _) = store.session_by_id(session.id).await.unwrap().unwrap();
    assert_eq!(found.authenticated_at, confirmed);
}

async fn of_many_rotations_with_one_token_one_succeeds(store: &StoreFixture) {
    let ana = store.someone("ana@example.org").await;
    let family = open(store, ana, SessionKind::Token, "one").await;
    let names: Vec<String> = (0..20).map(|number| format!("next {number}")).collect();
    let ends = join_all(names.iter().map(|name| store.rotate(family.id, "one", name))).await;
    let count = |wanted: fn(&Rotation) -> bool| {
        ends.iter().filter(|end| end.as_ref().is_ok_and(wanted)).count()
    };
    assert_eq!(count(|end| matches!(end, Rotation::Rotated(..))), 1);
    assert_eq!(count(|end| matches!(end, Rotation::Reused(_))), 1);
    assert_eq!(count(|end| *end == Rotation::Unknown), 18);
}

async fn sessions_are_listed_and_closed_by_their_person_only(store: &StoreFixture) {
    let (ana, bo) = (store.someone("ana@example.org").await, store.someone("bo@example.org").await);
    let first = open(store, ana, SessionKind::Browser, "first").await;
    store.clock.advance(Duration::from_secs(1));
    let second = open(store, ana, SessionKind::Token, "second").await;
    let third = open(store, ana, SessionKind::Browser, "third").await;
    let foreign = open(store, bo, SessionKind::Browser, "foreign").await;
    let listed: Vec<SessionId> =
        store.sessions(ana.may_self()).await.unwrap().iter().map(|it| it.id).collect();
    assert_eq!(listed, [third.id, second.id, first.id]);
    let end = store.close_session(ana.may_self(), foreign.id).await;
    assert!(matches!(end, Err(StoreError::NotFound)), "{end:?}");
    store.close_session(ana.may_self(), third.id).await.unwrap();
    assert_eq!(store.close_session_by("second").await.unwrap(), Some(ana.id));
    assert_eq!(store.close_session_by("second").await.unwrap(), None);
    let fourth = open(store, ana, SessionKind::Browser, "fourth").await;
    assert_eq!(store.close_sessions(ana.may_self(), Some(fourth.id)).await.unwrap(), 1);
    assert_eq!(store.sessions(ana.may_self()).await.unwrap(), [fourth]);
    assert_eq!(store.close_sessions(ana.may_self(), None).await.unwrap(), 1);
    assert_eq!(store.sessions(bo.may_self()).await.unwrap(), [foreign]);
}
