use std::time::Duration;

use galaxy_access::{KeyRequest, MadeKey, PersonChange};
use galaxy_domain::access::{Credential, Scope};
use galaxy_store::Once;
use galaxy_testkit::store::{StoreFixture, sqlite};

use super::*;

galaxy_testkit::on_both_engines! {
    a_key_is_shown_once_and_opens_what_its_scopes_say,
    a_key_that_is_asked_for_again_is_the_same_key,
}

fn request(scopes: &[Scope]) -> KeyRequest {
    KeyRequest { name: "laptop".to_owned(), scopes: scopes.to_vec(), expires_in: None }
}

async fn bearer(access: &Access, made: &MadeKey) -> Result<Caller, AccessError> {
    access.authenticate(Presented::Bearer(made.key.expose_secret())).await
}

async fn a_key_is_shown_once_and_opens_what_its_scopes_say(store: &StoreFixture) {
    let House { access, member, .. } = &house(store).await;
    let owner = sign_in(access, MEMBER, PASSWORD).await;
    let wanted = request(&[Scope::Chat, Scope::Read, Scope::Chat]);
    let made = access.create_key(&fresh(access, &owner), wanted, None).await.unwrap();
    assert!(made.key.expose_secret().starts_with(&made.info.prefix));
    let caller = bearer(access, &made).await.unwrap();
    assert_eq!((caller.person, caller.role), (member.id, Role::Member));
    assert_eq!(caller.credential, Credential::ApiKey(made.info.id));
    assert_eq!(caller.scopes, [Scope::Read, Scope::Chat]);

    let listed = access.keys(&owner).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].used_at, Some(store.clock.now()));
    assert_eq!(listed[0].scopes, caller.scopes);
    let foreign = access.delete_key(&sign_in(access, ADMIN, PASSWORD).await, made.info.id).await;
    assert_eq!(kind(foreign), Some(Kind::NotFound));
    access.recheck(&caller).await.unwrap();
    access.delete_key(&owner, made.info.id).await.unwrap();
    assert_eq!(kind(bearer(access, &made).await), REFUSED);
    assert_eq!(kind(access.recheck(&caller).await), REFUSED);
}

fn once(key: &str, body_hash: &str) -> Once {
    let (key, body_hash) = (key.to_owned(), body_hash.to_owned());
    Once { route: "POST /api/auth/keys", key, body_hash }
}

async fn a_key_that_is_asked_for_again_is_the_same_key(store: &StoreFixture) {
    let House { access, .. } = &house(store).await;
    let owner = sign_in(access, MEMBER, PASSWORD).await;
    let wanted = || request(&[Scope::Read]);
    let made =
        access.create_key(&fresh(access, &owner), wanted(), Some(&once("k", "h"))).await.unwrap();
    let again =
        access.create_key(&fresh(access, &owner), wanted(), Some(&once("k", "h"))).await.unwrap();
    assert_eq!((again.key.expose_secret(), &again.info), (made.key.expose_secret(), &made.info));
    assert_eq!(bearer(access, &again).await.unwrap().person, owner.person);
    assert_eq!(access.keys(&owner).await.unwrap().len(), 1);
    let other =
        access.create_key(&fresh(access, &owner), wanted(), Some(&once("k", "other"))).await;
    assert_eq!(kind(other), Some(Kind::Invalid));
    let second =
        access.create_key(&fresh(access, &owner), wanted(), Some(&once("k2", "h"))).await.unwrap();
    assert_ne!(second.key.expose_secret(), made.key.expose_secret());
    // Another secret of the server cannot make the key again, and says so.
    let config = AccessConfig::new("Galaxy Chat", "fedcba9876543210FEDCBA9876543210".into());
    let changed = Access::new(config, store.store.clone()).unwrap();
    let end = changed.create_key(&fresh(&changed, &owner), wanted(), Some(&once("k", "h"))).await;
    assert_eq!(kind(end), Some(Kind::Conflict));
    // A day later the request is forgotten: it asks for another key.
    store.clock.advance(Duration::from_secs(25 * 60 * 60));
    store.sweep(store.clock.now()).await.unwrap();
    let owner = sign_in(access, MEMBER, PASSWORD).await;
    let late =
        access.create_key(&fresh(access, &owner), wanted(), Some(&once("k", "h"))).await.unwrap();
    assert_ne!(late.key.expose_secret(), made.key.expose_secret());
    assert_eq!(bearer(access, &made).await.unwrap().person, owner.person);
}

#[tokio::test]
async fn a_key_can_expire() {
    let store = sqlite().await;
    let House { access, .. } = &house(&store).await;
    let owner = sign_in(access, MEMBER, PASSWORD).await;
    let hour = Duration::from_secs(60 * 60);
    let wanted = KeyRequest { expires_in: Some(hour), ..request(&[Scope::Read]) };
    let made = access.create_key(&fresh(access, &owner), wanted, None).await.unwrap();
    store.clock.advance(hour - Duration::from_secs(1));
    bearer(access, &made).await.unwrap();
    store.clock.advance(Duration::from_secs(1));
    let restarted = super::access(&store);
    assert_eq!(kind(bearer(&restarted, &made).await), REFUSED);
    assert_eq!(access.keys(&owner).await.unwrap().len(), 1, "its owner still sees it");
}

#[tokio::test]
async fn a_key_follows_its_owners_role_and_ends_with_the_account() {
    let store = sqlite().await;
    let House { access, admin, member } = &house(&store).await;
    let owner = sign_in(access, MEMBER, PASSWORD).await;
    let made =
        access.create_key(&fresh(access, &owner), request(&[Scope::Chat]), None).await.unwrap();
    bearer(access, &made).await.unwrap();
    let change = |change: PersonChange| access.change_person(admin, member.id, change);
    change(PersonChange { role: Some(Role::Viewer), ..Default::default() }).await.unwrap();
    assert_eq!(bearer(access, &made).await.unwrap().role, Role::Viewer);
    change(PersonChange { disabled: Some(true), ..Default::default() }).await.unwrap();
    assert_eq!(kind(bearer(access, &made).await), REFUSED);
}

#[tokio::test]
async fn a_key_manages_no_keys_sessions_or_passwords() {
    let store = sqlite().await;
    let House { access, admin, member } = &house(&store).await;
    let made = access.create_key(&fresh(access, admin), request(&Scope::ALL), None).await.unwrap();
    let key = bearer(access, &made).await.unwrap();
    let forbidden = Some(Kind::Forbidden);
    assert_eq!(
        kind(access.create_key(&fresh(access, &key), request(&[Scope::Read]), None).await),
        forbidden
    );
    assert_eq!(kind(access.keys(&key).await), forbidden);
    assert_eq!(kind(access.delete_key(&key, made.info.id).await), forbidden);
    assert_eq!(kind(access.sessions(&key).await), forbidden);
    assert_eq!(kind(access.close_other_sessions(&key).await), forbidden);
    let (old, new) = (PASSWORD.into(), OTHER_PASSWORD.into());
    assert_eq!(kind(access.change_password(&key, None, &old, &new).await), forbidden);
    assert_eq!(access.people(&key).await.unwrap().len(), 2, "it has the scope for this");
    access.reset_password(&fresh(access, &key), member.id, &new).await.unwrap();
    let narrow =
        access.create_key(&fresh(access, admin), request(&[Scope::Chat]), None).await.unwrap();
    let narrow = bearer(access, &narrow).await.unwrap();
    assert_eq!(kind(access.people(&narrow).await), forbidden);
}

#[tokio::test]
async fn nonsense_about_a_key_is_refused_all_at_once() {
    let store = sqlite().await;
    let House { access, .. } = &house(&store).await;
    let owner = sign_in(access, MEMBER, PASSWORD).await;
    let wanted = KeyRequest {
        name: String::new(),
        scopes: vec![Scope::Admin],
        expires_in: Some(Duration::ZERO),
    };
    let end = access.create_key(&fresh(access, &owner), wanted, None).await;
    let Err(AccessError::Invalid(mistakes)) = end else { panic!("{end:?}") };
    let fields: Vec<&str> = mistakes.iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, ["name", "scopes", "expires_in"]);
    assert_eq!(
        kind(access.create_key(&fresh(access, &owner), request(&[]), None).await),
        Some(Kind::Invalid)
    );
    for _ in 0..100 {
        access.create_key(&fresh(access, &owner), request(&[Scope::Read]), None).await.unwrap();
    }
    let one_more = access.create_key(&fresh(access, &owner), request(&[Scope::Read]), None).await;
    assert_eq!(kind(one_more), Some(Kind::TooMany));
}
