use std::time::Duration;

use galaxy_domain::{ApiKeyId, access::Scope, person::ApiKeyInfo};
use galaxy_store::{StoreError, api_keys::NewKey};
use galaxy_testkit::store::{Someone, StoreFixture};

galaxy_testkit::on_both_engines! {
    a_key_is_found_by_its_hash_until_it_expires,
    keys_are_listed_and_deleted_by_their_person_only,
    a_person_may_have_so_many_keys_and_no_more,
    a_use_is_noted_at_most_once_a_minute,
}

fn new(hash: &str) -> NewKey {
    NewKey {
        id: ApiKeyId::fresh(),
        name: "laptop".to_owned(),
        prefix: "gx_abc123".to_owned(),
        secret_hash: hash.to_owned(),
        scopes: vec![Scope::Read, Scope::Tasks],
        expires_at: None,
    }
}

async fn make(store: &StoreFixture, who: Someone, hash: &str) -> ApiKeyInfo {
    store.create_key(who.may_self(), new(hash), 10, None).await.unwrap().value
}

async fn a_key_is_found_by_its_hash_until_it_expires(store: &StoreFixture) {
    let ana = store.someone("ana@example.org").await;
    let hour = Duration::from_secs(60 * 60);
    let expiring = NewKey { expires_at: Some(store.clock.now().after(hour)), ..new("expiring") };
    let expiring = store.create_key(ana.may_self(), expiring, 10, None).await.unwrap().value;
    let lasting = make(store, ana, "lasting").await;
    let (found, person) = store.key("expiring").await.unwrap().unwrap();
    assert_eq!((&found, person.id), (&expiring, ana.id));
    assert_eq!(store.key("missing").await.unwrap(), None);
    store.clock.advance(hour);
    assert_eq!(store.key("expiring").await.unwrap(), None);
    assert_eq!(store.key_by_id(expiring.id).await.unwrap(), None);
    assert_eq!(store.key_by_id(lasting.id).await.unwrap().unwrap().0, lasting);
    let again = store.create_key(ana.may_self(), new("lasting"), 10, None).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
}

async fn keys_are_listed_and_deleted_by_their_person_only(store: &StoreFixture) {
    let (ana, bo) = (store.someone("ana@example.org").await, store.someone("bo@example.org").await);
    let (first, second) = (make(store, ana, "first").await, make(store, ana, "second").await);
    let foreign = make(store, bo, "foreign").await;
    assert_eq!(store.keys(ana.may_self()).await.unwrap(), [first.clone(), second.clone()]);
    let end = store.delete_key(ana.may_self(), foreign.id).await;
    assert!(matches!(end, Err(StoreError::NotFound)), "{end:?}");
    store.delete_key(ana.may_self(), first.id).await.unwrap();
    assert_eq!(store.key("first").await.unwrap(), None);
    assert_eq!(store.keys(ana.may_self()).await.unwrap(), [second]);
    assert_eq!(store.keys(bo.may_self()).await.unwrap(), [foreign]);
}

async fn a_person_may_have_so_many_keys_and_no_more(store: &StoreFixture) {
    let (ana, bo) = (store.someone("ana@example.org").await, store.someone("bo@example.org").await);
    for number in 0..3 {
        store.create_key(ana.may_self(), new(&number.to_string()), 3, None).await.unwrap();
    }
    let end = store.create_key(ana.may_self(), new("more"), 3, None).await;
    assert!(matches!(end, Err(StoreError::TooMany { limit: 3 })), "{end:?}");
    store.create_key(bo.may_self(), new("more"), 3, None).await.unwrap();
}

async fn a_use_is_noted_at_most_once_a_minute(store: &StoreFixture) {
    let ana = store.someone("ana@example.org").await;
    let key = make(store, ana, "secret").await;
    let used = async || store.key("secret").await.unwrap().unwrap().0.used_at;
    assert_eq!(used().await, None);
    let first = store.clock.now();
    store.touch_key(key.id).await.unwrap();
    assert_eq!(used().await, Some(first));
    store.clock.advance(Duration::from_secs(59));
    store.touch_key(key.id).await.unwrap();
    assert_eq!(used().await, Some(first));
    store.clock.advance(Duration::from_secs(1));
    store.touch_key(key.id).await.unwrap();
    assert_eq!(used().await, Some(store.clock.now()));
}
