//! Signing in at tool servers: what is kept of it, for whom, and for how long.

mod owed;

use std::time::Duration;

use galaxy_domain::{
    Id, Kind, Permit, ToolClientId, ToolGrantId, ToolServerId, ToolSignInId,
    access::{Drive, Write},
    id::ToolServer,
    sign_in::{ClientRow, GrantState},
    tool_server::Link,
};
use galaxy_store::{
    NewToolServer, Place, ToolServerChange,
    tool_servers::{
        clients::NewClient,
        grants::{KeptGrant, NewGrant, Wanted},
        sign_ins::NewSignIn,
    },
};
use galaxy_testkit::store::{START, Someone, StoreFixture};

galaxy_testkit::on_both_engines! {
    a_grant_is_its_persons_and_is_replaced_renewed_and_lost,
    what_is_wanted_and_what_went_wrong_stays_beside_what_there_is,
    only_one_renews_at_a_time,
    a_sign_in_is_taken_once_by_its_person_and_in_time,
    nobody_begins_without_end,
    clients_are_kept_by_issuer,
    what_moves_or_is_deleted_leaves_nothing_but_what_is_owed,
    all_that_is_sealed_can_be_moved_to_another_key,
}

const MINUTE: Duration = Duration::from_secs(60);

fn link(url: &str) -> Link {
    Link::Http { url: url.to_owned(), headers: Vec::new(), inside: false }
}

async fn shared(store: &StoreFixture, ada: Someone) -> ToolServerId {
    let new = NewToolServer {
        id: ToolServerId::fresh(),
        name: "far".to_owned(),
        title: "Far".to_owned(),
        link: link("https://far.example/mcp"),
        secrets: None,
        trusted: false,
        may_ask: false,
        origin: None,
    };
    let place = Place::Shared(ada.may_here());
    store.create_tool_server(place, new, 10, None).await.unwrap().value
}

fn grant(sealed: &str) -> NewGrant {
    NewGrant {
        id: ToolGrantId::fresh(),
        sealed: sealed.as_bytes().to_vec(),
        issuer: "https://issuer.example".to_owned(),
        scopes: vec!["read".to_owned()],
        expires_at: Some(START.after(MINUTE)),
    }
}

fn sign_in(hash: &str) -> NewSignIn {
    NewSignIn {
        id: ToolSignInId::fresh(),
        state_hash: hash.to_owned(),
        sealed: b"pending".to_vec(),
        expires_at: START.after(MINUTE),
    }
}

fn client(issuer: &str, entered: bool) -> NewClient {
    let row = ClientRow {
        id: ToolClientId::fresh(),
        issuer: issuer.to_owned(),
        client: "us".to_owned(),
        entered,
        inside: false,
    };
    NewClient { row, sealed: b"client".to_vec() }
}

async fn kept(store: &StoreFixture, permit: Permit<Drive, ToolServer>) -> KeptGrant {
    store.grant(permit).await.unwrap().unwrap()
}

async fn signs_in(store: &StoreFixture, permit: Permit<Drive, ToolServer>) -> bool {
    store.tool_server(permit).await.unwrap().signs_in
}

async fn a_grant_is_its_persons_and_is_replaced_renewed_and_lost(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    let id = shared(store, ada).await;
    let permit = ada.may::<Drive, _>(id);
    assert!(!signs_in(store, permit).await);
    store.put_grant(permit, grant("one")).await.unwrap();
    assert!(signs_in(store, permit).await);
    assert_eq!(store.grant(bob.may(id)).await.unwrap(), None);
    assert_eq!(store.grants(bob.may_here()).await.unwrap(), []);

    store.put_grant(permit, grant("two")).await.unwrap();
    let old = kept(store, permit).await;
    assert_eq!((old.sealed.as_deref(), old.row.version), (Some(&b"two"[..]), 1));
    let listed = store.grants(ada.may_here()).await.unwrap();
    assert_eq!(listed.first(), Some(&old.row));
    let three = NewGrant { id: old.row.id, ..grant("three") };
    assert!(store.renew_grant(permit, 1, three.clone()).await.unwrap());
    assert!(!store.renew_grant(permit, 1, three).await.unwrap(), "it was renewed meanwhile");
    let bobs = NewGrant { id: old.row.id, ..grant("bob") };
    assert!(!store.renew_grant(bob.may(id), 2, bobs).await.unwrap());

    // Who loses what is not the newest loses nothing.
    store.lose_grant(permit, old.row.clone(), "gone".to_owned(), None).await.unwrap();
    let new = kept(store, permit).await;
    assert_eq!(
        (new.row.state, new.sealed.as_deref()),
        (GrantState::Connected, Some(&b"three"[..]))
    );
    store.lose_grant(permit, new.row, "gone".to_owned(), None).await.unwrap();
    let lost = kept(store, permit).await;
    assert_eq!((lost.row.state, lost.sealed), (GrantState::Needed, None));
    assert_eq!(lost.row.reason.as_deref(), Some("gone"));
    assert!(store.end_grant(permit).await.unwrap());
    assert!(!store.end_grant(permit).await.unwrap());
}

async fn what_is_wanted_and_what_went_wrong_stays_beside_what_there_is(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let permit = ada.may::<Drive, _>(shared(store, ada).await);
    let wanted = |challenge: Option<&str>, reason: Option<&str>| Wanted {
        challenge: challenge.map(str::to_owned),
        reason: reason.map(str::to_owned),
    };
    store.want_sign_in(permit, wanted(Some("Bearer"), None)).await.unwrap();
    assert!(signs_in(store, permit).await);
    store.refuse_sign_in(permit, "no".to_owned(), "declined").await.unwrap();
    let refused = kept(store, permit).await.row;
    assert_eq!((refused.state, refused.reason.as_deref()), (GrantState::Refused, Some("no")));
    assert_eq!(refused.challenge.as_deref(), Some("Bearer"));

    store.put_grant(permit, grant("one")).await.unwrap();
    store.refuse_sign_in(permit, "no".to_owned(), "declined").await.unwrap();
    let connected = kept(store, permit).await;
    assert_eq!((connected.row.state, connected.row.reason), (GrantState::Connected, None));
    store.want_sign_in(permit, wanted(None, Some("more"))).await.unwrap();
    let more = kept(store, permit).await;
    assert_eq!((more.row.state, more.sealed.is_some()), (GrantState::Needed, true));
}

async fn only_one_renews_at_a_time(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let permit = ada.may::<Drive, _>(shared(store, ada).await);
    let hold = |who: &str| store.hold_grant(permit, who.to_owned(), MINUTE);
    assert!(hold("one").await.unwrap(), "there is nothing to hold");
    store.put_grant(permit, grant("one")).await.unwrap();
    assert!(hold("one").await.unwrap());
    assert!(!hold("two").await.unwrap());
    store.release_grant(permit, "two".to_owned()).await.unwrap();
    assert!(!hold("two").await.unwrap(), "it is not theirs to give back");
    store.release_grant(permit, "one".to_owned()).await.unwrap();
    assert!(hold("two").await.unwrap());
    store.clock.advance(MINUTE + Duration::from_millis(1));
    assert!(hold("three").await.unwrap(), "who died holds nothing for ever");
}

async fn a_sign_in_is_taken_once_by_its_person_and_in_time(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    let id = shared(store, ada).await;
    store.begin_sign_in(ada.may(id), sign_in("a"), None).await.unwrap();
    let take = |who: Someone, hash: &str| store.take_sign_in(who.may_self(), hash.to_owned());
    assert_eq!(take(bob, "a").await.unwrap(), None);
    let (row, sealed) = take(ada, "a").await.unwrap().unwrap();
    assert_eq!((row.server, sealed), (id, b"pending".to_vec()));
    assert_eq!(take(ada, "a").await.unwrap(), None);

    store.begin_sign_in(ada.may(id), sign_in("b"), None).await.unwrap();
    store.begin_sign_in(ada.may(id), sign_in("c"), None).await.unwrap();
    store.clock.advance(MINUTE + Duration::from_millis(1));
    assert_eq!(take(ada, "b").await.unwrap(), None, "too late");
    assert_eq!(store.sweep_sign_ins().await.unwrap(), 1);
}

async fn nobody_begins_without_end(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = shared(store, ada).await;
    for n in 0..20 {
        store.begin_sign_in(ada.may(id), sign_in(&n.to_string()), None).await.unwrap();
    }
    let more = store.begin_sign_in(ada.may(id), sign_in("more"), None).await.unwrap_err();
    assert_eq!(more.kind(), Kind::TooMany);
    store.end_grant(ada.may(id)).await.unwrap();
    store.begin_sign_in(ada.may(id), sign_in("again"), None).await.unwrap();
}

async fn clients_are_kept_by_issuer(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = shared(store, ada).await;
    let (drive, write) = (ada.may::<Drive, _>(id), ada.may::<Write, _>(id));
    let (one, other) = ("https://one.example", "https://other.example");
    for (hash, issuer) in [("a", one), ("b", one), ("c", other)] {
        let new = Some(client(issuer, false));
        store.begin_sign_in(drive, sign_in(hash), new).await.unwrap();
    }
    for issuer in [other, one] {
        store.enter_client(write, Some(client(issuer, true))).await.unwrap();
    }
    let all = store.tool_clients(drive).await.unwrap();
    let mut seen: Vec<_> = all.iter().map(|it| (&*it.row.issuer, it.row.entered)).collect();
    seen.sort_unstable();
    assert_eq!(seen, [(one, false), (one, true), (other, false)]);

    store.put_grant(drive, grant("one")).await.unwrap();
    let row = kept(store, drive).await.row;
    store.lose_grant(drive, row, "gone".to_owned(), Some(one.to_owned())).await.unwrap();
    store.enter_client(write, None).await.unwrap();
    let all = store.tool_clients(drive).await.unwrap();
    assert!(matches!(&all[..], [it] if it.row.issuer == other), "{all:?}");
}

async fn what_moves_or_is_deleted_leaves_nothing_but_what_is_owed(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = shared(store, ada).await;
    let (drive, write) = (ada.may::<Drive, _>(id), ada.may::<Write, _>(id));
    let all_is_owed = || async {
        let values = store.sealed_values().await.unwrap();
        let owed = store.take_owed_grants(10).await.unwrap().due;
        assert_eq!((values.len(), owed.len()), (1, 1), "{values:?}");
        store.gave_back(&owed[0]).await.unwrap();
    };
    let fill = || async {
        store.put_grant(drive, grant("one")).await.unwrap();
        let new = Some(client("https://one.example", false));
        store.begin_sign_in(drive, sign_in("a"), new).await.unwrap();
        assert_eq!(store.sealed_values().await.unwrap().len(), 3);
    };
    fill().await;
    let same = ToolServerChange { title: Some("Other".to_owned()), ..ToolServerChange::default() };
    let row = store.change_tool_server(write, same).await.unwrap();
    assert!(row.signs_in && store.grant(drive).await.unwrap().is_some());
    let moved = ToolServerChange {
        link: Some((link("https://far.example/other"), None)),
        ..ToolServerChange::default()
    };
    let row = store.change_tool_server(write, moved).await.unwrap();
    assert!(!row.signs_in && !signs_in(store, drive).await);
    all_is_owed().await;
    fill().await;
    store.delete_tool_server(write).await.unwrap();
    all_is_owed().await;
    let gone = store.put_grant(drive, grant("one")).await.unwrap_err();
    assert_eq!(gone.kind(), Kind::NotFound);
}

async fn all_that_is_sealed_can_be_moved_to_another_key(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = shared(store, ada).await;
    let permit = ada.may::<Drive, _>(id);
    store.put_grant(permit, grant("one")).await.unwrap();
    let new = Some(client("https://one.example", false));
    store.begin_sign_in(permit, sign_in("a"), new).await.unwrap();
    let mut columns = Vec::new();
    for value in store.sealed_values().await.unwrap() {
        assert_eq!(value.workspace, ada.workspace);
        columns.push(value.column);
        assert!(store.reseal(value.clone(), b"moved".to_vec()).await.unwrap());
        assert!(!store.reseal(value, b"again".to_vec()).await.unwrap(), "it is not the same");
    }
    columns.sort_unstable();
    assert_eq!(columns, ["tool_clients.sealed", "tool_grants.sealed", "tool_sign_ins.sealed"]);
    let kept = kept(store, permit).await;
    assert_eq!(kept.sealed.as_deref(), Some(&b"moved"[..]));
    assert_ne!(kept.row.id, Id::fresh());
}
