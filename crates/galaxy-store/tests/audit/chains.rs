use futures::future::join_all;
use galaxy_domain::audit::Act;
use galaxy_store::{Store, Strength};
use galaxy_testkit::store::StoreFixture;

use crate::scene::{all, key, record, troubles, with_openings, write};

galaxy_testkit::on_both_engines! {
    many_writers_at_once_make_whole_chains,
    changes_that_fail_between_others_leave_no_gap,
    each_process_begins_a_chain_that_tells_of_the_others,
    whoever_writes_nothing_begins_none,
}

async fn many_writers_at_once_make_whole_chains(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    let one = |idx: usize| async move {
        let record = record(ann.workspace, ann.id, &format!("tool-{idx}"));
        if idx.is_multiple_of(3) {
            store.note(record).await.unwrap();
        } else {
            store.record(record, Strength::Relaxed).await.unwrap();
        }
    };
    join_all((0..300).map(one)).await;
    store.notes_written().await.unwrap();
    assert_eq!(all(store).await.len(), 301);
    let checked = store.check_audit(&[]).await.unwrap();
    assert!(checked.is_good(), "{checked:?}");
    let chains = checked.heads.len();
    assert!(if store.is_postgres() { chains > 1 } else { chains == 1 }, "{chains}");
    assert_eq!(checked.records, 301 + chains as u64);
}

async fn changes_that_fail_between_others_leave_no_gap(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    // Of each pair one fails after it changed something, in the same batch as others.
    let one = |idx: usize| async move {
        let hash = format!("key-{}", idx / 2);
        store.create_key(ann.may_self(), key(&hash), 1_000, None).await.is_ok()
    };
    let ends = join_all((0..80).map(one)).await;
    assert_eq!(ends.iter().filter(|it| **it).count(), 40);
    let made = all(store).await.iter().filter(|it| it.record.act == Act::KeyCreated).count();
    assert_eq!(made, 40);
    assert_eq!(troubles(store).await, Vec::<String>::new());
}

async fn each_process_begins_a_chain_that_tells_of_the_others(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    write(store, ann, 3).await;
    let before = store.check_audit(&[]).await.unwrap().heads;
    store.close().await;
    let again = Store::open(store.config("again")).await.unwrap();
    again.record(record(ann.workspace, ann.id, "later"), Strength::Synced).await.unwrap();
    let checked = again.check_audit(&before).await.unwrap();
    assert!(checked.is_good(), "{checked:?}");
    assert_eq!(checked.heads.len(), 2);
    let permit = ann.may_here();
    let page = again.audit_records(permit, &Default::default(), None, 100).await.unwrap();
    let openings = page.items.iter().filter(|it| it.record.act == Act::LogOpened);
    let newest = openings.max_by_key(|it| it.place.chain).unwrap();
    let facts = newest.record.facts.to_json();
    assert_eq!(facts["instance"], "again");
    assert_eq!(facts["heads"], serde_json::json!([before[0].to_string()]));
    again.close().await;
}

async fn whoever_writes_nothing_begins_none(store: &StoreFixture) {
    store.ping().await.unwrap();
    assert_eq!(with_openings(store).await, []);
    let checked = store.check_audit(&[]).await.unwrap();
    assert!(checked.is_good() && checked.heads.is_empty(), "{checked:?}");
}
