use std::{sync::Arc, time::Duration};

use galaxy_domain::RunState;
use galaxy_jobs::WorkerConfig;
use galaxy_testkit::store::StoreFixture;

use crate::scene::{Bench, Order, ann, asks, config, drive, hearing, until};

galaxy_testkit::on_both_engines! {
    a_lost_lease_ends_the_work,
    a_run_whose_runner_panics_is_claimed_again_when_its_lease_ends,
    a_heartbeat_keeps_a_long_run,
}

/// Short, because on PostgreSQL it is measured by the database's own clock.
const SHORT: Duration = Duration::from_millis(300);

async fn a_lost_lease_ends_the_work(store: &StoreFixture) {
    let ann = ann(store).await;
    // Its claims hold for no time at all, and it has no room to claim twice.
    let config = WorkerConfig {
        at_once: 1,
        lease: Duration::ZERO,
        heartbeat: Duration::from_millis(10),
        ..config("slow")
    };
    let mut bench = Bench::start(store, &hearing(store), config);
    let run = asks(store, ann).await;
    let carried = bench.next().await;
    assert!(!carried.ends.hand_over.is_cancelled());
    let taken = loop {
        // A heartbeat of the same moment can be in the way.
        let mut taken = store.claim("other", Duration::from_secs(3_600), 1, 1).await.unwrap();
        if let Some(taken) = taken.pop() {
            break taken;
        }
    };
    assert_eq!((taken.id, taken.fence), (run, carried.run.fence + 1));
    carried.ends.hand_over.cancelled().await;
    // The new driver is not disturbed.
    store.release(drive(&taken), taken.fence).await.unwrap();
}

async fn a_run_whose_runner_panics_is_claimed_again_when_its_lease_ends(store: &StoreFixture) {
    let ann = ann(store).await;
    let config = WorkerConfig { lease: SHORT, ..config("one") };
    let mut bench = Bench::start(store, &hearing(store), config);
    let (bad, good) = (asks(store, ann).await, asks(store, ann).await);
    let mut carried = vec![bench.next().await, bench.next().await];
    carried.sort_by_key(|carried| carried.run.id);
    carried.remove(0).order(Order::Panic);
    carried.remove(0).order(Order::Finish);
    until(store, ann, good, RunState::Finished).await;

    store.clock.advance(SHORT);
    let again = bench.next().await;
    assert_eq!((again.run.id, again.run.attempts), (bad, 2));
    again.order(Order::Finish);
    until(store, ann, bad, RunState::Finished).await;
}

async fn a_heartbeat_keeps_a_long_run(store: &StoreFixture) {
    let ann = ann(store).await;
    let lease = Duration::from_secs(30);
    let config = WorkerConfig { lease, heartbeat: Duration::from_millis(5), ..config("one") };
    // It hears nothing, so a stop comes with a heartbeat, and tells that there was one.
    let mut bench = Bench::start(store, &Arc::default(), config);
    let long = asks(store, ann).await;
    let carried = bench.next().await;
    for _ in 0..5 {
        store.clock.advance(lease * 2 / 3);
        let sign = asks(store, ann).await;
        let other = bench.next().await;
        store.request_stop(ann.may(sign)).await.unwrap();
        other.ends.stop.cancelled().await;
    }
    assert!(!carried.ends.hand_over.is_cancelled());
    assert!(store.claim("other", lease, 10, 10).await.unwrap().is_empty(), "it is still held");
    carried.order(Order::Finish);
    until(store, ann, long, RunState::Finished).await;
}

/// A process that was held up for longer than its lease takes its own run over: the new work must
/// not be forgotten when the old ends. (On SQLite, whose leases follow the clock of the test.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_a_worker_takes_from_itself_is_carried_once() {
    let store = galaxy_testkit::store::sqlite().await;
    let ann = ann(&store).await;
    let lease = Duration::from_secs(30);
    let config = WorkerConfig { lease, ..config("one") };
    let mut bench = Bench::start(&store, &hearing(&store), config);
    let run = asks(&store, ann).await;
    let before = bench.next().await;
    store.clock.advance(lease);
    let again = bench.next().await;
    assert_eq!((again.run.id, again.run.fence), (run, before.run.fence + 1));
    before.ends.hand_over.cancelled().await;
    while bench.worker.carried() > 1 {
        tokio::task::yield_now().await;
    }
    assert!(!again.ends.hand_over.is_cancelled());
    store.request_stop(ann.may(run)).await.unwrap();
    until(&store, ann, run, RunState::Cancelled).await;
}
