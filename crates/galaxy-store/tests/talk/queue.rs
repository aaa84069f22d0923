use std::time::Duration;

use galaxy_domain::{RunId, RunState};
use galaxy_store::{Along, Beat, Store, StoreError, Strength};
use galaxy_testkit::store::{Someone, StoreFixture};

use crate::scene::{LEASE, Scene, asking, conversation, delta, is_fenced};

galaxy_testkit::on_both_engines! {
    a_claimed_run_is_not_claimed_again_before_its_lease_ends,
    an_expired_lease_is_taken_over_and_the_old_driver_is_fenced,
    the_person_with_the_fewest_runs_comes_first,
    many_workers_never_share_a_run,
    a_heartbeat_tells_what_was_lost_and_what_shall_stop,
    a_released_run_waits_again,
    a_stop_while_the_run_is_put_down_is_not_forgotten,
}

async fn queued(store: &StoreFixture, who: Someone) -> RunId {
    let chat = conversation(store, who, "").await;
    store.say(who.may(chat), asking("go"), None).await.unwrap().value.run.unwrap()
}

async fn a_claimed_run_is_not_claimed_again_before_its_lease_ends(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let run = scene.ask("hello").await.run.unwrap();
    assert_eq!(fixture.queue_depth().await.unwrap(), 1);
    let claimed = scene.claim().await;
    assert_eq!((claimed.id, claimed.state), (run, RunState::Running));
    assert_eq!((claimed.fence, claimed.attempts), (1, 1));
    assert!(fixture.claim("other", LEASE, 10, 10).await.unwrap().is_empty());
    assert_eq!(fixture.queue_depth().await.unwrap(), 0);
}

async fn an_expired_lease_is_taken_over_and_the_old_driver_is_fenced(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let run = scene.ask("hello").await.run.unwrap();
    let zombie = fixture.claim("one", Duration::ZERO, 10, 10).await.unwrap().remove(0);
    let driver = fixture.claim("two", LEASE, 10, 10).await.unwrap().remove(0);
    assert_eq!((driver.id, driver.fence, driver.attempts), (run, zombie.fence + 1, 2));

    let drive = scene.drive(run);
    for strength in [Strength::Relaxed, Strength::Synced] {
        let late = fixture.append(drive, zombie.fence, 1, vec![delta("late")], strength).await;
        assert!(is_fenced(&late), "{late:?}");
    }
    let late = fixture.finish(drive, zombie.fence, 1, vec![], RunState::Parked).await;
    assert!(is_fenced(&late));
    assert!(is_fenced(&fixture.release(drive, zombie.fence).await));
    let items = vec![delta("in time")];
    let last = fixture.append(drive, driver.fence, 1, items, Strength::Relaxed).await.unwrap();
    assert_eq!(last, 2);
}

/// (On SQLite: the folder is locked, so nobody else can drive anything in it.)
#[tokio::test]
async fn runs_of_a_process_that_died_need_not_wait_for_their_leases() {
    let fixture = galaxy_testkit::store::sqlite().await;
    let scene = Scene::new(&fixture).await;
    let run = scene.ask("hello").await.run.unwrap();
    let before = scene.claim().await;
    fixture.close().await;
    let store = Store::open(fixture.config("next")).await.unwrap();
    let after = store.claim("next", LEASE, 10, 10).await.unwrap().remove(0);
    assert_eq!((after.id, after.fence, after.attempts), (run, before.fence + 1, 2));
}

async fn the_person_with_the_fewest_runs_comes_first(fixture: &StoreFixture) {
    let ann = fixture.someone("ann@example.org").await;
    let bob = fixture.someone("bob@example.org").await;
    let mut anns = Vec::new();
    for _ in 0..5 {
        anns.push(queued(fixture, ann).await);
    }
    let bobs = queued(fixture, bob).await;
    let ids = |runs: Vec<galaxy_domain::run::RunRow>| -> Vec<RunId> {
        runs.into_iter().map(|run| run.id).collect()
    };
    assert_eq!(ids(fixture.claim("w", LEASE, 2, 2).await.unwrap()), [anns[0], bobs]);
    assert_eq!(ids(fixture.claim("w", LEASE, 9, 2).await.unwrap()), [anns[1]]);
    assert!(fixture.claim("w", LEASE, 9, 2).await.unwrap().is_empty(), "two of Ann's are enough");
    assert_eq!(ids(fixture.claim("w", LEASE, 9, 9).await.unwrap()), anns[2..]);
}

async fn many_workers_never_share_a_run(fixture: &StoreFixture) {
    let mut waiting = Vec::new();
    for idx in 0..4 {
        let who = fixture.someone(&format!("{idx}@example.org")).await;
        for _ in 0..5 {
            waiting.push(queued(fixture, who).await);
        }
    }
    let work = |worker: usize| async move {
        let mut mine = Vec::new();
        loop {
            let runs = fixture.claim(&format!("w{worker}"), LEASE, 3, 100).await.unwrap();
            if runs.is_empty() && fixture.queue_depth().await.unwrap() == 0 {
                return mine;
            }
            mine.extend(runs.into_iter().map(|run| run.id));
        }
    };
    let mut claimed = futures::future::join_all((0..4).map(work)).await.concat();
    claimed.sort_unstable();
    waiting.sort_unstable();
    assert_eq!(claimed, waiting);
}

async fn a_heartbeat_tells_what_was_lost_and_what_shall_stop(fixture: &StoreFixture) {
    let ann = fixture.someone("ann@example.org").await;
    let (stopped, lost) = (queued(fixture, ann).await, queued(fixture, ann).await);
    assert_eq!(fixture.claim("one", LEASE, 1, 10).await.unwrap()[0].id, stopped);
    assert_eq!(fixture.claim("two", LEASE, 1, 10).await.unwrap()[0].id, lost);
    assert_eq!(fixture.request_stop(ann.may(stopped)).await.unwrap(), RunState::Running);
    let beats = fixture.heartbeat("one", &[stopped, lost], LEASE).await.unwrap();
    assert_eq!(beats, [Beat { run: stopped, stop_requested: true }]);
    let gone = fixture.request_stop(ann.may(RunId::fresh())).await;
    assert!(matches!(gone, Err(StoreError::NotFound)));
}

async fn a_released_run_waits_again(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    scene.ask("hello").await;
    let run = scene.claim().await;
    fixture.release(scene.drive(run.id), run.fence).await.unwrap();
    assert_eq!(scene.state(run.id).await, RunState::Queued);
    let stale = vec![delta("x")];
    let late = fixture.append(scene.drive(run.id), run.fence, 1, stale, Strength::Relaxed).await;
    assert!(is_fenced(&late), "nobody drives it");
    let again = scene.claim().await;
    assert_eq!((again.id, again.fence), (run.id, run.fence + 1));
}

async fn a_stop_while_the_run_is_put_down_is_not_forgotten(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    scene.ask("hello").await;
    let run = scene.claim().await;
    let (may, drive) = (scene.ann.may(run.id), scene.drive(run.id));
    assert_eq!(fixture.request_stop(may).await.unwrap(), RunState::Running);
    // Its driver has not heard of it yet.
    fixture.finish(drive, run.fence, 1, vec![], RunState::Parked).await.unwrap();
    assert_eq!(scene.state(run.id).await, RunState::Queued);
    let again = scene.claim().await;
    assert!(again.stop_requested);
    fixture.finish(drive, again.fence, 1, vec![], RunState::Cancelled).await.unwrap();
    assert_eq!(scene.state(run.id).await, RunState::Cancelled);

    // What a person decides begins anew.
    fixture
        .decide(scene.ann.may(run.id), 1, vec![], RunState::Queued, Along::default())
        .await
        .unwrap();
    let resumed = scene.claim().await;
    assert_eq!((resumed.attempts, resumed.stop_requested), (1, false));
    fixture.finish(drive, resumed.fence, 1, vec![], RunState::Parked).await.unwrap();
    assert_eq!(scene.state(run.id).await, RunState::Parked);
}
