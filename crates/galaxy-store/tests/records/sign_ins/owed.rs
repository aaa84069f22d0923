//! Grants that ended and have still to be given back.

use std::time::Duration;

use galaxy_domain::{
    Permit, ToolGrantId, ToolServerId,
    access::{Administer, Drive, Write},
    id::{Person, ToolServer},
    tool_server::Link,
};
use galaxy_store::{
    Store, ToolServerChange,
    tool_servers::{
        clients::NewClient,
        grants::{NewGrant, OwedGrant},
    },
};
use galaxy_testkit::store::{START, StoreFixture, permit};

use super::{client, grant, kept, link, shared};

galaxy_testkit::on_both_engines! {
    whatever_ends_a_grant_owes_it,
    what_was_never_granted_or_is_replaced_or_lost_is_not_owed,
    where_it_may_lead_is_what_was_allowed_when_it_ended,
    nobody_ends_what_is_not_theirs,
    what_is_not_given_back_is_tried_less_and_less_and_given_up_after_a_day,
    two_who_take_at_once_take_different_ones,
    what_is_owed_moves_to_another_key_wherever_it_is_meanwhile,
}

const HOUR: Duration = Duration::from_secs(3_600);

async fn due(store: &Store) -> Vec<OwedGrant> {
    store.take_owed_grants(100).await.unwrap().due
}

async fn ended(store: &StoreFixture) -> (ToolGrantId, Vec<u8>) {
    let found = due(store).await;
    let [owed] = &found[..] else { panic!("one is owed: {found:?}") };
    store.gave_back(owed).await.unwrap();
    assert_eq!(store.next_owed_grant().await.unwrap(), None);
    assert_eq!(owed.workspace, store.workspace());
    (owed.id, owed.sealed.clone())
}

/// Grants Ada `sealed` at the server; gives the name of the grant.
async fn granted(
    store: &StoreFixture,
    drive: Permit<Drive, ToolServer>,
    sealed: &str,
) -> ToolGrantId {
    store.put_grant(drive, grant(sealed)).await.unwrap();
    kept(store, drive).await.row.id
}

async fn moved(store: &StoreFixture, write: Permit<Write, ToolServer>, to: &str) {
    let link = Some((link(to), None));
    store.change_tool_server(write, ToolServerChange { link, ..Default::default() }).await.unwrap();
}

async fn whatever_ends_a_grant_owes_it(store: &StoreFixture) {
    let root = store.someone("root@example.org").await;
    let ada = store.someone("ada@example.org").await;
    let id = shared(store, root).await;
    let (drive, write) = (ada.may::<Drive, _>(id), root.may::<Write, _>(id));

    let name = granted(store, drive, "disconnected").await;
    assert!(store.end_grant(drive).await.unwrap());
    assert_eq!(ended(store).await, (name, b"disconnected".to_vec()));

    let name = granted(store, drive, "moved").await;
    moved(store, write, "https://elsewhere.example/mcp").await;
    assert_eq!(ended(store).await, (name, b"moved".to_vec()));

    let name = granted(store, drive, "person").await;
    let of_ada: Permit<Administer, Person> = permit(ada.id, root.workspace, root.id);
    store.delete_person(of_ada).await.unwrap();
    assert_eq!(ended(store).await, (name, b"person".to_vec()));

    let name = granted(store, root.may(id), "server").await;
    store.delete_tool_server(write).await.unwrap();
    assert_eq!(ended(store).await, (name, b"server".to_vec()));

    // What came too late to be kept is named anew.
    let link = link("https://far.example/mcp");
    let (new, sealed) = (ToolGrantId::fresh(), b"late".to_vec());
    let owed = OwedGrant { id: new, workspace: root.workspace, sealed, link, inside: None };
    store.owe_grant(root.may(id), owed).await.unwrap();
    assert_eq!(ended(store).await, (new, b"late".to_vec()));
}

async fn what_was_never_granted_or_is_replaced_or_lost_is_not_owed(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = shared(store, ada).await;
    let drive = ada.may::<Drive, _>(id);
    store.refuse_sign_in(drive, "no".to_owned(), "refused").await.unwrap();
    assert!(store.end_grant(drive).await.unwrap());
    granted(store, drive, "one").await;
    granted(store, drive, "two").await;
    let row = kept(store, drive).await.row;
    store.lose_grant(drive, row, "gone".to_owned(), None).await.unwrap();
    let same = ToolServerChange { enabled: Some(false), ..ToolServerChange::default() };
    store.change_tool_server(ada.may(id), same).await.unwrap();
    store.delete_tool_server(ada.may(id)).await.unwrap();
    assert_eq!(store.next_owed_grant().await.unwrap(), None);
}

async fn where_it_may_lead_is_what_was_allowed_when_it_ended(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = shared(store, ada).await;
    let (drive, write) = (ada.may::<Drive, _>(id), ada.may::<Write, _>(id));
    let entered = |inside| {
        let mut client = client("https://10.0.0.7", true);
        client.row.inside = inside;
        store.enter_client(write, Some(NewClient { ..client }))
    };
    for (inside, allowed) in [(true, Some("https://10.0.0.7".to_owned())), (false, None)] {
        entered(inside).await.unwrap();
        granted(store, drive, "one").await;
        let before = store.tool_server(drive).await.unwrap().link;
        moved(store, write, &format!("https://far.example/{inside}")).await;
        let owed = due(store).await.remove(0);
        assert_eq!((&owed.link, &owed.inside), (&before, &allowed));
        assert!(matches!(owed.link, Link::Http { .. }));
        store.gave_back(&owed).await.unwrap();
    }
}

async fn nobody_ends_what_is_not_theirs(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    let id = shared(store, ada).await;
    granted(store, bob.may(id), "bob").await;
    granted(store, ada.may(id), "ada").await;
    store.end_grant(ada.may(id)).await.unwrap();
    assert_eq!(ended(store).await.1, b"ada");
    assert!(store.grant(bob.may(id)).await.unwrap().is_some());
}

async fn what_is_not_given_back_is_tried_less_and_less_and_given_up_after_a_day(
    store: &StoreFixture,
) {
    let ada = store.someone("ada@example.org").await;
    let drive = ada.may::<Drive, _>(shared(store, ada).await);
    granted(store, drive, "one").await;
    store.end_grant(drive).await.unwrap();
    let mut waits = Vec::new();
    while !due(store).await.is_empty() {
        assert!(due(store).await.is_empty(), "it was tried just now");
        let next = store.next_owed_grant().await.unwrap().unwrap();
        let wait = next.since(store.clock.now());
        waits.push(wait.as_secs());
        store.clock.advance(wait);
        if store.clock.now() >= START.after(24 * HOUR) {
            break;
        }
    }
    assert_eq!(waits[..4], [5, 10, 20, 40]);
    assert!(waits.is_sorted() && waits.last() == Some(&3_600), "{waits:?}");
    assert!((30..40).contains(&waits.len()), "{waits:?}");
    let last = store.take_owed_grants(100).await.unwrap();
    assert_eq!((last.due.len(), last.given_up), (0, 1));
    assert_eq!(store.sealed_values().await.unwrap(), []);
}

async fn two_who_take_at_once_take_different_ones(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id = shared(store, ada).await;
    for n in 0..20_u8 {
        let person = store.someone(&format!("{n}@example.org")).await;
        store.put_grant(person.may(id), NewGrant { sealed: vec![n], ..grant("") }).await.unwrap();
    }
    store.delete_tool_server(ada.may(id)).await.unwrap();
    let take = || async {
        let mut taken = Vec::new();
        loop {
            let more = store.take_owed_grants(3).await.unwrap().due;
            if more.is_empty() {
                return taken;
            }
            taken.extend(more.into_iter().map(|it| it.sealed));
        }
    };
    let (mut one, other) = tokio::join!(take(), take());
    one.extend(other);
    one.sort_unstable();
    assert_eq!(one, (0..20).map(|n| vec![n]).collect::<Vec<_>>());
}

async fn what_is_owed_moves_to_another_key_wherever_it_is_meanwhile(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let id: ToolServerId = shared(store, ada).await;
    let drive = ada.may::<Drive, _>(id);
    let name = granted(store, drive, "one").await;
    let value = store.sealed_values().await.unwrap().remove(0);
    assert_eq!((value.column, value.row), ("tool_grants.sealed", name.uuid()));
    store.end_grant(drive).await.unwrap();
    // It was read while it was a grant, and is found where it is now.
    assert_eq!(store.sealed_values().await.unwrap(), std::slice::from_ref(&value));
    assert!(store.reseal(value.clone(), b"moved".to_vec()).await.unwrap());
    assert!(!store.reseal(value, b"again".to_vec()).await.unwrap());
    assert_eq!(ended(store).await, (name, b"moved".to_vec()));
}
