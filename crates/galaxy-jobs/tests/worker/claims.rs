use galaxy_domain::RunState;
use galaxy_jobs::WorkerConfig;
use galaxy_testkit::store::StoreFixture;

use crate::scene::{Bench, Order, ann, asks, config, hearing, until};

galaxy_testkit::on_both_engines! {
    a_run_is_claimed_when_it_is_asked_for,
    work_that_nobody_told_of_is_found,
    nobody_fills_a_worker_alone,
    a_worker_carries_only_so_many,
}

async fn a_run_is_claimed_when_it_is_asked_for(store: &StoreFixture) {
    let ann = ann(store).await;
    // Only the news of the run can wake this worker.
    let config = WorkerConfig { look: std::time::Duration::from_secs(3_600), ..config("one") };
    let mut bench = Bench::start(store, &hearing(store), config);
    for _ in 0..3 {
        let run = asks(store, ann).await;
        let carried = bench.next().await;
        assert_eq!((carried.run.id, carried.run.state), (run, RunState::Running));
        assert_eq!(bench.worker.carried(), 1);
        carried.order(Order::Finish);
        until(store, ann, run, RunState::Finished).await;
    }
}

async fn work_that_nobody_told_of_is_found(store: &StoreFixture) {
    let ann = ann(store).await;
    // This process hears nothing, as when another one's news are lost.
    let mut bench = Bench::start(store, &std::sync::Arc::default(), config("deaf"));
    let run = asks(store, ann).await;
    assert_eq!(bench.next().await.run.id, run);
}

async fn nobody_fills_a_worker_alone(store: &StoreFixture) {
    let (ann, bob) = (ann(store).await, store.someone("bob@example.org").await);
    let mut anns = Vec::new();
    for _ in 0..5 {
        anns.push(asks(store, ann).await);
    }
    let bobs = asks(store, bob).await;
    let config = WorkerConfig { at_once: 3, at_once_per_person: 2, ..config("one") };
    let mut bench = Bench::start(store, &hearing(store), config);
    let first = [bench.next().await, bench.next().await, bench.next().await];
    let mut ids: Vec<_> = first.iter().map(|carried| carried.run.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [anns[0], anns[1], bobs]);

    // Bob's place stays free for Bob: Ann has her two.
    let (bobs, anns_two): (Vec<_>, Vec<_>) =
        first.into_iter().partition(|carried| carried.run.owner == bob.id);
    bobs.into_iter().for_each(|carried| carried.order(Order::Finish));
    let again = asks(store, bob).await;
    assert_eq!(bench.next().await.run.id, again);
    for carried in anns_two {
        carried.order(Order::Finish);
        let next = bench.next().await.run.id;
        assert!(anns[2..].contains(&next));
    }
}

async fn a_worker_carries_only_so_many(store: &StoreFixture) {
    let ann = ann(store).await;
    let config = WorkerConfig { at_once: 2, ..config("one") };
    let mut bench = Bench::start(store, &hearing(store), config);
    let mut waiting = Vec::new();
    for _ in 0..6 {
        waiting.push(asks(store, ann).await);
    }
    let mut carried = vec![bench.next().await, bench.next().await];
    for idx in 2..6 {
        assert_eq!(bench.worker.carried(), 2);
        assert!(bench.is_idle(), "there is no room for a third");
        assert_eq!(store.queue_depth().await.unwrap(), 6 - idx);
        carried.remove(0).order(Order::Finish);
        carried.push(bench.next().await);
    }
    let ids: Vec<_> = carried.iter().map(|carried| carried.run.id).collect();
    assert_eq!(ids, waiting[4..]);
}
