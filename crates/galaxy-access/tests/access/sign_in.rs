use std::time::Duration;

use futures::future::join_all;
use galaxy_domain::{SessionId, access::Credential};
use galaxy_testkit::store::{StoreFixture, sqlite};

use super::*;

async fn attempt(
    access: &Access,
    email: &str,
    password: &str,
    from: u8,
) -> Result<(), AccessError> {
    access.sign_in(email, &password.into(), "curl", address(from)).await.map(drop)
}

#[tokio::test]
async fn a_cookie_opens_an_account_until_it_is_signed_out() {
    let store = sqlite().await;
    let house = house(&store).await;
    let signed_in = house
        .access
        .sign_in(" BO@Example.org", &PASSWORD.into(), "Fire\nfox", address(1))
        .await
        .unwrap();
    assert_eq!(signed_in.person.id, house.member.id);
    assert_eq!(signed_in.session.client, "Firefox");
    let secret = signed_in.secret.expose_secret();
    let caller = house.access.authenticate(Presented::Cookie(secret)).await.unwrap();
    assert_eq!((caller.person, caller.role), (house.member.id, Role::Member));
    let second = cookie(&house.access, MEMBER, PASSWORD).await;
    assert_ne!(second.expose_secret(), secret, "every sign-in has a session of its own");
    house.access.sign_out(secret).await.unwrap();
    assert_eq!(kind(house.access.authenticate(Presented::Cookie(secret)).await), REFUSED);
    assert_eq!(kind(house.access.recheck(&caller).await), REFUSED);
    house.access.authenticate(Presented::Cookie(second.expose_secret())).await.unwrap();
}

#[tokio::test]
async fn unknown_wrong_and_disabled_look_alike_and_cost_the_same() {
    let store = sqlite().await;
    let house = house(&store).await;
    let disabled = house
        .access
        .create_person(&fresh(&house.access, &house.admin), person("cy@example.org"), None)
        .await
        .unwrap();
    let change = galaxy_access::PersonChange { disabled: Some(true), ..Default::default() };
    house.access.change_person(&house.admin, disabled.id, change).await.unwrap();
    let proxied = store.someone("dee@example.org").await;
    assert_ne!(proxied.id, house.member.id);
    let attempts = [
        (MEMBER, OTHER_PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("no address", PASSWORD),
        ("cy@example.org", PASSWORD),
        ("dee@example.org", PASSWORD),
        (MEMBER, ""),
    ];
    for (from, (email, password)) in (10..).zip(attempts) {
        let before = house.access.hashes_computed();
        let end = attempt(&house.access, email, password, from).await.unwrap_err();
        assert!(matches!(end, AccessError::Unauthenticated), "{email}: {end}");
        assert_eq!(house.access.hashes_computed() - before, 1, "{email}");
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_and_costs_no_hash_then() {
    let store = sqlite().await;
    let house = house(&store).await;
    for from in 10..15 {
        assert_eq!(kind(attempt(&house.access, MEMBER, OTHER_PASSWORD, from).await), REFUSED);
    }
    let before = house.access.hashes_computed();
    let late = attempt(&house.access, MEMBER, PASSWORD, 20).await;
    let Err(AccessError::Throttled { retry_after }) = late else { panic!("throttled: {late:?}") };
    assert_eq!(retry_after, Duration::from_secs(1));
    assert_eq!(house.access.hashes_computed(), before);
    store.clock.advance(retry_after);
    attempt(&house.access, MEMBER, PASSWORD, 20).await.unwrap();
    attempt(&house.access, MEMBER, PASSWORD, 21).await.unwrap();
}

#[tokio::test]
async fn many_guesses_at_once_get_no_further_than_a_few() {
    let store = sqlite().await;
    let house = house(&store).await;
    let guesses = (0..100).map(|_| attempt(&house.access, MEMBER, OTHER_PASSWORD, 66));
    let before = house.access.hashes_computed();
    let ends: Vec<Option<Kind>> = join_all(guesses).await.into_iter().map(kind).collect();
    let hashed = house.access.hashes_computed() - before;
    assert!((5..=6).contains(&hashed), "{hashed} guesses were checked");
    let throttled = ends.iter().filter(|end| **end == Some(Kind::TooMany)).count();
    assert_eq!(throttled as u64, 100 - hashed);
}

#[tokio::test]
async fn a_browser_may_not_idle_and_not_stay_for_ever() {
    let store = sqlite().await;
    let house = house(&store).await;
    let (idle, busy) = (
        cookie(&house.access, MEMBER, PASSWORD).await,
        cookie(&house.access, MEMBER, PASSWORD).await,
    );
    let hour = Duration::from_secs(60 * 60);
    let mut alive = 0;
    for _ in 0..40 {
        store.clock.advance(6 * hour);
        // A fresh instance remembers nothing.
        let access = access(&store);
        if access.authenticate(Presented::Cookie(busy.expose_secret())).await.is_err() {
            break;
        }
        alive += 1;
    }
    assert_eq!(alive, 7 * 4 - 1);
    let end = access(&store).authenticate(Presented::Cookie(idle.expose_secret())).await;
    assert_eq!(kind(end), REFUSED);
    let fresh = cookie(&house.access, MEMBER, PASSWORD).await;
    store.clock.advance(12 * hour);
    let end = access(&store).authenticate(Presented::Cookie(fresh.expose_secret())).await;
    assert_eq!(kind(end), REFUSED);
}

#[tokio::test]
async fn what_is_no_secret_opens_nothing() {
    let store = sqlite().await;
    let house = house(&store).await;
    for text in ["", " ", "guess", "' OR 1=1 --", &"x".repeat(10_000), "gx_", "gxr_", "a.b.c"] {
        assert_eq!(kind(house.access.authenticate(Presented::Cookie(text)).await), REFUSED);
        assert_eq!(kind(house.access.authenticate(Presented::Bearer(text)).await), REFUSED);
    }
    assert_eq!(kind(house.access.authenticate(Presented::Nothing).await), REFUSED);
}

#[tokio::test]
async fn people_see_and_close_their_own_sessions_only() {
    let store = sqlite().await;
    let house = house(&store).await;
    let (first, second) = (
        sign_in(&house.access, MEMBER, PASSWORD).await,
        sign_in(&house.access, MEMBER, PASSWORD).await,
    );
    let listed = house.access.sessions(&first).await.unwrap();
    assert_eq!(listed.len(), 2);
    let id = |caller: &Caller| {
        let Credential::Session(id) = caller.credential else { panic!("{caller:?}") };
        id
    };
    let foreign = house.access.close_session(&house.admin, id(&second)).await;
    assert_eq!(kind(foreign), Some(Kind::NotFound));
    let missing = house.access.close_session(&first, SessionId::fresh()).await;
    assert_eq!(kind(missing), Some(Kind::NotFound));
    house.access.close_session(&first, id(&second)).await.unwrap();
    assert_eq!(kind(house.access.recheck(&second).await), REFUSED);
    sign_in(&house.access, MEMBER, PASSWORD).await;
    assert_eq!(house.access.close_other_sessions(&first).await.unwrap(), 1);
    house.access.recheck(&first).await.unwrap();
    house.access.recheck(&house.admin).await.unwrap();
}

async fn change(
    access: &Access,
    caller: &Caller,
    current: &str,
    new: &str,
) -> Result<(), AccessError> {
    access.change_password(caller, None, &current.into(), &new.into()).await.map(drop)
}

#[tokio::test]
async fn a_new_password_closes_every_other_session() {
    let store = sqlite().await;
    let House { access, .. } = &house(&store).await;
    let (here, there) =
        (sign_in(access, MEMBER, PASSWORD).await, sign_in(access, MEMBER, PASSWORD).await);
    let tokens = access.issue_tokens(MEMBER, &PASSWORD.into(), "cli", address(1)).await.unwrap();
    change(access, &here, PASSWORD, OTHER_PASSWORD).await.unwrap();
    access.recheck(&here).await.unwrap();
    assert_eq!(kind(access.recheck(&there).await), REFUSED);
    let bearer = Presented::Bearer(tokens.access.expose_secret());
    assert_eq!(kind(access.authenticate(bearer).await), REFUSED);
    assert_eq!(kind(access.refresh(tokens.refresh.expose_secret()).await), REFUSED);
    assert_eq!(kind(attempt(access, MEMBER, PASSWORD, 1).await), REFUSED);
    attempt(access, MEMBER, OTHER_PASSWORD, 1).await.unwrap();
}

#[tokio::test]
async fn a_stolen_session_cannot_guess_the_password_either() {
    let store = sqlite().await;
    let House { access, .. } = &house(&store).await;
    let caller = sign_in(access, MEMBER, PASSWORD).await;
    for (current, new, field) in [
        (PASSWORD, PASSWORD, "new_password"),
        (PASSWORD, "bo@example.org!", "new_password"),
        (PASSWORD, "short", "new_password"),
    ] {
        let end = change(access, &caller, current, new).await;
        let Err(AccessError::Invalid(mistakes)) = end else { panic!("{new}: {end:?}") };
        assert_eq!(mistakes[0].0, field, "{new}");
    }
    for _ in 0..5 {
        let end = change(access, &caller, "not my password", OTHER_PASSWORD).await;
        let Err(AccessError::Invalid(mistakes)) = end else { panic!("{end:?}") };
        assert_eq!(mistakes[0].0, "current_password");
    }
    let late = change(access, &caller, PASSWORD, OTHER_PASSWORD).await;
    assert_eq!(kind(late), Some(Kind::TooMany));
    store.clock.advance(Duration::from_secs(1));
    change(access, &caller, PASSWORD, OTHER_PASSWORD).await.unwrap();
}

galaxy_testkit::on_both_engines! { a_session_can_be_ended_by_another_instance }

async fn a_session_can_be_ended_by_another_instance(store: &StoreFixture) {
    let house = house(store).await;
    let other = access(store);
    let secret = cookie(&house.access, MEMBER, PASSWORD).await;
    other.authenticate(Presented::Cookie(secret.expose_secret())).await.unwrap();
    house.access.sign_out(secret.expose_secret()).await.unwrap();
    let third = access(store);
    assert_eq!(kind(third.authenticate(Presented::Cookie(secret.expose_secret())).await), REFUSED);
}
