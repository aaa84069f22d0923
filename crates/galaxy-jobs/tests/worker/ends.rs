use galaxy_domain::RunState;
use galaxy_testkit::store::StoreFixture;

use crate::scene::{Bench, Order, ann, asks, config, hearing, state, until};

galaxy_testkit::on_both_engines! {
    a_stop_reaches_the_runner_at_once,
    a_stop_that_was_asked_for_before_the_claim_holds,
    a_worker_that_stops_hands_its_runs_over,
    a_stopping_worker_waits_for_the_last_of_its_runs,
}

async fn a_stop_reaches_the_runner_at_once(store: &StoreFixture) {
    let ann = ann(store).await;
    // Its heartbeat is an hour away.
    let mut bench = Bench::start(store, &hearing(store), config("one"));
    let (stopped, other) = (asks(store, ann).await, asks(store, ann).await);
    let carried = [bench.next().await, bench.next().await];
    assert_eq!(store.request_stop(ann.may(stopped)).await.unwrap(), RunState::Running);
    until(store, ann, stopped, RunState::Cancelled).await;
    assert_eq!(state(store, ann, other).await, RunState::Running);
    let untouched = carried.iter().find(|carried| carried.run.id == other).unwrap();
    assert!(!untouched.ends.stop.is_cancelled());
    assert!(!untouched.ends.hand_over.is_cancelled());
}

async fn a_stop_that_was_asked_for_before_the_claim_holds(store: &StoreFixture) {
    let ann = ann(store).await;
    let run = asks(store, ann).await;
    // Whoever had the run died after a person had asked it to stop.
    let dead = store.claim("dead", std::time::Duration::ZERO, 1, 1).await.unwrap();
    assert_eq!(dead[0].id, run);
    store.request_stop(ann.may(run)).await.unwrap();
    let mut bench = Bench::start(store, &hearing(store), config("one"));
    assert!(bench.next().await.ends.stop.is_cancelled());
    until(store, ann, run, RunState::Cancelled).await;
}

async fn a_worker_that_stops_hands_its_runs_over(store: &StoreFixture) {
    let ann = ann(store).await;
    let live = hearing(store);
    let mut leaving = Bench::start(store, &live, config("one"));
    let run = asks(store, ann).await;
    let carried = leaving.next().await;
    let mut staying = Bench::start(store, &live, config("two"));
    assert!(leaving.stop().await, "all of it ends, and does not wait for a heartbeat");
    assert!(carried.ends.hand_over.is_cancelled());
    let again = staying.next().await;
    assert_eq!((again.run.id, again.run.fence), (run, carried.run.fence + 1));
    again.order(Order::Finish);
    until(store, ann, run, RunState::Finished).await;
    let late = asks(store, ann).await;
    assert_eq!(staying.next().await.run.id, late);
    assert!(leaving.is_idle(), "who has stopped claims nothing");
}

async fn a_stopping_worker_waits_for_the_last_of_its_runs(store: &StoreFixture) {
    let ann = ann(store).await;
    let bench = Bench::start(store, &hearing(store), config("one"));
    assert!(bench.stop().await, "who carries nothing stops at once");
    asks(store, ann).await;
    assert_eq!(store.queue_depth().await.unwrap(), 1);
    assert!(bench.is_idle());
}
