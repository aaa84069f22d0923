use std::{sync::Arc, time::Duration};

use galaxy_domain::audit::{Act, Fact};
use galaxy_store::{Config, Store, Strength};
use galaxy_testkit::store::{StoreFixture, TestSeal};

use crate::scene::{break_in, record, troubles, with_openings, write};

galaxy_testkit::on_both_engines! {
    what_is_past_its_time_is_removed_and_the_rest_still_fits,
    chains_that_go_on_meanwhile_stay_whole,
    what_was_changed_is_not_removed,
    seals_move_to_the_current_key,
}

const DAY: Duration = Duration::from_hours(24);

async fn what_is_past_its_time_is_removed_and_the_rest_still_fits(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    write(store, ann, 6).await;
    store.clock.advance(DAY);
    let later = store.clock.now();
    write(store, ann, 4).await;
    let noted = store.check_audit(&[]).await.unwrap().heads;
    let pruned = store.prune_audit(later).await.unwrap();
    assert_eq!((pruned.records, pruned.damaged), (8, 0));
    let left = with_openings(store).await;
    assert_eq!(left.len(), 5);
    assert!(left.iter().all(|it| it.at >= later));
    let told = &left[4].record;
    assert_eq!(told.act, Act::LogPruned);
    assert_eq!(told.facts.get(Fact::Count), Some(&8_i64.into()));
    assert_eq!(told.facts.get(Fact::UpTo), Some(&8_i64.into()));
    let checked = store.check_audit(&noted).await.unwrap();
    assert!(checked.is_good(), "{checked:?}");
    assert_eq!((checked.records, checked.removed), (5, 8));
    assert_eq!(store.prune_audit(later).await.unwrap(), Default::default());

    // What tells of removing is removed in its turn, and the chain goes on from there.
    store.clock.advance(DAY);
    assert_eq!(store.prune_audit(store.clock.now()).await.unwrap().records, 5);
    write(store, ann, 1).await;
    assert_eq!(troubles(store).await, Vec::<String>::new());
}

async fn chains_that_go_on_meanwhile_stay_whole(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    for idx in 0..1_500 {
        store.note(record(ann.workspace, ann.id, &format!("old-{idx}"))).await.unwrap();
    }
    store.notes_written().await.unwrap();
    store.clock.advance(DAY);
    let now = store.clock.now();
    let goes_on = async {
        for idx in 0..60 {
            let record = record(ann.workspace, ann.id, &format!("new-{idx}"));
            store.record(record, Strength::Relaxed).await.unwrap();
        }
    };
    let looks = async {
        for _ in 0..10 {
            let checked = store.check_audit(&[]).await.unwrap();
            assert!(checked.is_good(), "{checked:?}");
        }
    };
    let (pruned, (), ()) = futures::join!(store.prune_audit(now), goes_on, looks);
    assert!(pruned.unwrap().records >= 1_500);
    let checked = store.check_audit(&[]).await.unwrap();
    assert!(checked.is_good(), "{checked:?}");
}

async fn what_was_changed_is_not_removed(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    write(store, ann, 5).await;
    store.clock.advance(DAY);
    write(store, ann, 2).await;
    break_in(store).await;
    store.tamper("UPDATE audit_log SET ending = 'failed' WHERE seq = 3").await;
    let pruned = store.prune_audit(store.clock.now()).await.unwrap();
    assert_eq!((pruned.records, pruned.damaged), (0, 1));
    assert_eq!(troubles(store).await.len(), 1);
}

async fn seals_move_to_the_current_key(store: &StoreFixture) {
    let ann = store.someone("ann@example.org").await;
    write(store, ann, 2).await;
    store.close().await;
    let with = |key| Config { seal: Arc::new(TestSeal(key)), ..store.config("again") };
    let newer = Store::open(with(2)).await.unwrap();
    let resealed = newer.reseal_audit().await.unwrap();
    assert_eq!((resealed.moved, resealed.lost.len()), (4, 0), "{resealed:?}");
    assert_eq!(newer.reseal_audit().await.unwrap().moved, 0);
    assert!(newer.check_audit(&[]).await.unwrap().is_good());
    newer.close().await;
    let older = Store::open(with(1)).await.unwrap();
    let checked = older.check_audit(&[]).await.unwrap();
    assert!(checked.troubles.iter().all(|it| it.what.contains("a key that is not here")));
    assert_eq!(checked.troubles.len(), 4, "{checked:?}");
    older.close().await;
}
