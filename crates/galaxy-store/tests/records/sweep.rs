use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Item, Part, Permit, RunId, RunState, SessionId, Stop,
    access::{Drive, Read},
    id::Run,
    run::RunRow,
    transcript::Delta,
};
use galaxy_store::{
    Logged, Once, Strength,
    chat::{NewRun, Say},
    sessions::{NewSession, SessionKind},
    sweep::{Keep, Swept},
    tasks::{NewTask, TaskChange},
};
use galaxy_testkit::store::{START, Someone, StoreFixture};

use crate::talk;

const DAY: Duration = Duration::from_hours(24);
const MOMENT: Duration = Duration::from_millis(1);

async fn sweep(store: &StoreFixture) -> Swept {
    let swept = store.sweep(store.clock.now()).await.unwrap();
    assert!(!swept.more);
    swept
}

async fn a_fresh_store_has_nothing_to_sweep(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let talk = talk::conversation(store, ada, "t").await;
    talk::say(store, ada, talk, "hello").await;
    assert_eq!(sweep(store).await, Swept::default());
}

async fn a_key_is_good_for_a_day(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let once = Once { route: "tasks", key: "k".to_owned(), body_hash: "h".to_owned() };
    let make = || store.create_task(ada.may_here(), NewTask::default(), Some(&once));
    make().await.unwrap();
    store.clock.advance(DAY);
    assert_eq!(sweep(store).await, Swept::default());
    assert!(make().await.unwrap().replayed);
    store.clock.advance(MOMENT);
    assert_eq!(sweep(store).await, Swept { replies: 1, ..Swept::default() });
    assert!(!make().await.unwrap().replayed);
}

async fn ended_sessions_go(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    for (idx, hours) in [1, 2, 1_000].into_iter().enumerate() {
        let session = NewSession {
            id: SessionId::fresh(),
            person: ada.id,
            workspace: ada.workspace,
            kind: SessionKind::Browser,
            secret_hash: format!("hash {idx}"),
            client: "test".to_owned(),
            address: None,
            expires_at: START.after(Duration::from_hours(hours)),
        };
        store.open_session(session).await.unwrap();
    }
    store.clock.advance(Duration::from_hours(2) + MOMENT);
    assert_eq!(sweep(store).await, Swept { sessions: 2, ..Swept::default() });
    assert_eq!(sweep(store).await, Swept::default());
}

/// A run with `deltas` deltas in its log, claimed.
async fn run(store: &StoreFixture, who: Someone, deltas: u64) -> RunRow {
    let talk = talk::conversation(store, who, "t").await;
    let say = Say {
        parent: None,
        sibling_of: None,
        parts: vec![Part::text("go")],
        run: Some(NewRun::default()),
        max_active: 100,
    };
    store.say(who.may(talk), say, None).await.unwrap();
    let run = store.claim("w", DAY * 1_000, 1, 100).await.unwrap().remove(0);
    let delta = |_| Item::Delta { delta: Delta::Text { text: "la".to_owned() } };
    let items: Vec<Item> = (0..deltas).map(delta).collect();
    let drive: Permit<Drive, Run> = who.may(run.id);
    store.append(drive, run.fence, 1, items, Strength::Relaxed).await.unwrap();
    run
}

async fn kinds(store: &StoreFixture, who: Someone, run: RunId) -> Vec<(u64, &'static str)> {
    let log = store.run_log(who.may(run), 0, 10_000).await.unwrap();
    log.into_iter().map(|it| (it.seq, it.item.kind())).collect()
}

async fn a_run_keeps_its_deltas_for_a_day_after_its_end(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let (done, going) = (run(store, ada, 3).await, run(store, ada, 2).await);
    let stopped = vec![Item::Stopped { stop: Stop::Finished }];
    store.finish(ada.may(done.id), done.fence, 4, stopped, RunState::Finished).await.unwrap();
    store.clock.advance(DAY);
    assert_eq!(sweep(store).await, Swept::default());
    store.clock.advance(MOMENT);
    assert_eq!(sweep(store).await, Swept { entries: 3, ..Swept::default() });
    assert_eq!(kinds(store, ada, done.id).await, [(1, "user"), (5, "stopped")]);
    assert_eq!(kinds(store, ada, going.id).await.len(), 3);
    let compacted = async |run: RunId| {
        let permit: Permit<Read, Run> = ada.may(run);
        store.run_is_compacted(permit).await.unwrap()
    };
    assert_eq!((compacted(done.id).await, compacted(going.id).await), (true, false));
    assert_eq!(sweep(store).await, Swept::default());
}

async fn long_logs_are_swept_in_steps(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let mut expected = 0;
    for deltas in [2_300, 1_000, 400, 0] {
        let run = run(store, ada, deltas).await;
        let stopped = vec![Item::Stopped { stop: Stop::Finished }];
        let last = 1 + deltas;
        let permit = ada.may(run.id);
        store.finish(permit, run.fence, last, stopped, RunState::Finished).await.unwrap();
        expected += deltas;
    }
    store.clock.advance(DAY + MOMENT);
    assert_eq!(sweep(store).await, Swept { entries: expected, ..Swept::default() });
    assert_eq!(sweep(store).await, Swept::default());
}

async fn the_newest_notices_stay_however_old(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    for who in [ada, bob] {
        let task = store.create_task(who.may_here(), NewTask::default(), None).await.unwrap();
        for idx in 0..9 {
            let title = Some(format!("title {idx}"));
            let change = TaskChange { title, ..TaskChange::default() };
            store.change_task(who.may(task.value.id), change).await.unwrap();
        }
    }
    let events = async |who: Someone, after| {
        let replay = store.events(who.may_self(), after, 100).await.unwrap();
        (replay.logged.iter().map(Logged::seq).collect::<Vec<_>>(), replay.reset)
    };
    let keep = Keep { notices: 4, ..Keep::default() };
    let sweep = async |now: Timestamp| store.sweep_beyond(now, keep).await.unwrap();
    assert_eq!(sweep(START.after(DAY)).await, Swept::default());
    let later = START.after(DAY + MOMENT);
    assert_eq!(sweep(later).await, Swept { notices: 12, ..Swept::default() });
    assert_eq!(sweep(later).await, Swept::default());
    assert_eq!(events(ada, 6).await, (vec![7, 8, 9, 10], false));
    // Who read less is told to start afresh.
    assert_eq!(events(ada, 5).await, (vec![], true));
    // Numbering goes on where it was.
    store.create_task(bob.may_here(), NewTask::default(), None).await.unwrap();
    assert_eq!(events(bob, 6).await, (vec![7, 8, 9, 10, 11], false));
}

galaxy_testkit::on_both_engines! {
    a_fresh_store_has_nothing_to_sweep,
    a_key_is_good_for_a_day,
    ended_sessions_go,
    a_run_keeps_its_deltas_for_a_day_after_its_end,
    long_logs_are_swept_in_steps,
    the_newest_notices_stay_however_old,
}
