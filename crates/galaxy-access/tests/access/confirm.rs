use std::time::Duration;

use galaxy_access::{Denied, FRESH, PersonChange, Remedy};
use galaxy_domain::access::{Credential, Proof};
use galaxy_testkit::store::{StoreFixture, sqlite};

use super::*;

galaxy_testkit::on_both_engines! {
    entering_the_password_makes_a_session_fresh_and_its_old_secret_worthless,
    a_token_is_as_old_as_the_sign_in_that_it_came_of,
}

/// What helps against a sign-in that is too old; `None` when it is not.
fn remedy(access: &Access, caller: &Caller) -> Option<Remedy> {
    match access.fresh(caller) {
        Ok(fresh) => {
            assert_eq!(*fresh, *caller);
            None
        }
        Err(AccessError::Denied(Denied::Stale(stale))) => Some(stale.remedy),
        Err(other) => panic!("{other:?}"),
    }
}

async fn by(access: &Access, secret: &SecretString) -> Caller {
    access.authenticate(Presented::Cookie(secret.expose_secret())).await.unwrap()
}

async fn confirm(
    access: &Access,
    caller: &Caller,
    secret: &SecretString,
    password: &str,
) -> Result<SecretString, AccessError> {
    access.confirm(caller, secret.expose_secret(), &password.into()).await
}

async fn entering_the_password_makes_a_session_fresh_and_its_old_secret_worthless(
    store: &StoreFixture,
) {
    let House { access, .. } = &house(store).await;
    let old = cookie(access, MEMBER, PASSWORD).await;
    let caller = by(access, &old).await;
    assert_eq!(remedy(access, &caller), None, "signing in is enough for a while");
    store.clock.advance(FRESH);
    assert_eq!(remedy(access, &caller), Some(Remedy::Confirm));

    let new = confirm(access, &caller, &old, PASSWORD).await.unwrap();
    let renewed = by(access, &new).await;
    assert_eq!((renewed.person, renewed.credential), (caller.person, caller.credential));
    assert_eq!(remedy(access, &renewed), None);
    // What was under way still gets through; a thief gets nothing of it, and soon nowhere.
    assert_eq!(remedy(access, &by(access, &old).await), Some(Remedy::Confirm));
    assert_eq!(kind(confirm(access, &caller, &old, PASSWORD).await), Some(Kind::Conflict));
    store.clock.advance(Duration::from_secs(10));
    let forgetful = self::access(store);
    let end = forgetful.authenticate(Presented::Cookie(old.expose_secret())).await;
    assert_eq!(kind(end), REFUSED);
    assert_eq!(remedy(&forgetful, &by(&forgetful, &new).await), None, "on every replica");
    let listed = access.sessions(&renewed).await.unwrap();
    assert_eq!(listed.len(), 1, "it is the same session");
}

async fn a_token_is_as_old_as_the_sign_in_that_it_came_of(store: &StoreFixture) {
    let House { access, .. } = &house(store).await;
    let issue = async || access.issue_tokens(MEMBER, &PASSWORD.into(), "cli", address(1)).await;
    let first = issue().await.unwrap();
    let bearer = async |tokens: &galaxy_access::Tokens| {
        access.authenticate(Presented::Bearer(tokens.access.expose_secret())).await.unwrap()
    };
    assert_eq!(remedy(access, &bearer(&first).await), None);
    store.clock.advance(FRESH);
    let next = access.refresh(first.refresh.expose_secret()).await.unwrap();
    let caller = bearer(&next).await;
    assert_eq!(remedy(access, &caller), Some(Remedy::NewToken), "nobody entered a password");
    let end = confirm(access, &caller, &"no cookie".into(), PASSWORD).await;
    assert_eq!(kind(end), Some(Kind::Conflict));
    assert_eq!(remedy(access, &bearer(&issue().await.unwrap()).await), None);
}

#[tokio::test]
async fn a_wrong_password_confirms_nothing_and_soon_has_to_wait() {
    let store = sqlite().await;
    let House { access, .. } = &house(&store).await;
    let secret = cookie(access, MEMBER, PASSWORD).await;
    let caller = by(access, &secret).await;
    store.clock.advance(FRESH);
    for _ in 0..5 {
        let end = confirm(access, &caller, &secret, OTHER_PASSWORD).await;
        let Err(AccessError::Invalid(mistakes)) = end else { panic!("{end:?}") };
        assert_eq!(mistakes, [("password", "is not your password".to_owned())]);
    }
    let end = confirm(access, &caller, &secret, PASSWORD).await;
    assert!(matches!(end, Err(AccessError::Throttled { .. })), "{end:?}");
    assert_eq!(remedy(access, &by(access, &secret).await), Some(Remedy::Confirm));
    // Whoever has the password can still sign in: guessing in a session holds nobody up.
    sign_in(access, MEMBER, PASSWORD).await;
    store.clock.advance(Duration::from_secs(1));
    confirm(access, &caller, &secret, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_role_is_changed_with_a_fresh_sign_in_only_and_a_name_with_any() {
    let store = sqlite().await;
    let House { access, admin, member } = &house(&store).await;
    store.clock.advance(FRESH);
    let change = async |change| kind(access.change_person(admin, member.id, change).await);
    let none = PersonChange::default;
    let named = PersonChange { name: Some("Bob".to_owned()), ..none() };
    assert_eq!(change(named).await, None);
    let forbidden = Some(Kind::Forbidden);
    assert_eq!(change(PersonChange { role: Some(Role::Admin), ..none() }).await, forbidden);
    assert_eq!(change(PersonChange { disabled: Some(true), ..none() }).await, forbidden);
    let there = sign_in(access, ADMIN, PASSWORD).await;
    let role = PersonChange { role: Some(Role::Admin), ..none() };
    access.change_person(&there, member.id, role).await.unwrap();
}

#[tokio::test]
async fn another_password_is_a_fresh_sign_in_and_a_copy_of_the_cookie_is_void() {
    let store = sqlite().await;
    let House { access, .. } = &house(&store).await;
    let secret = cookie(access, MEMBER, PASSWORD).await;
    let caller = by(access, &secret).await;
    store.clock.advance(FRESH);
    let (old, new) = (PASSWORD.into(), OTHER_PASSWORD.into());
    let changed = access.change_password(&caller, Some(secret.expose_secret()), &old, &new).await;
    let renewed = by(access, &changed.unwrap().unwrap()).await;
    assert_eq!(remedy(access, &renewed), None);
    store.clock.advance(Duration::from_secs(10));
    let end = self::access(&store).authenticate(Presented::Cookie(secret.expose_secret())).await;
    assert_eq!(kind(end), REFUSED);
}

#[tokio::test]
async fn where_nobody_enters_a_password_here_there_is_none_to_confirm() {
    let store = sqlite().await;
    let House { access, member, .. } = &house(&store).await;
    let caller = sign_in(access, MEMBER, PASSWORD).await;
    for (credential, end) in [
        (Credential::Proxy, Kind::Conflict),
        (Credential::TestMode, Kind::Conflict),
        (Credential::Local, Kind::Forbidden),
    ] {
        let other = Caller { credential, proof: Proof::Now, ..caller.clone() };
        assert_eq!(kind(confirm(access, &other, &"x".into(), PASSWORD).await), Some(end));
    }
    assert_eq!(caller.person, member.id);
}
