//! The same runs with their log in a store.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use galaxy_agent::{Driven, RunError, Signals, drive, log::StoredLog};
use galaxy_domain::{
    Effect, Entry, Item, Outcome, Part, RunState, Stop, Transcript, Verdict,
    conversation::{Body, Settings},
    run::RunRow,
    transcript::Finish,
};
use galaxy_store::{Along, NewConversation, NewRun, Say, StoreError, Window};
use galaxy_testkit::{
    FakeTool, Gate, Script,
    store::{Someone, StoreFixture},
};
use serde_json::json;

use crate::scene::{Scene, call, done, text_of, yes};

galaxy_testkit::on_both_engines! {
    a_run_is_logged_and_its_answer_kept,
    a_run_is_put_down_for_a_person_and_goes_on,
    of_two_drivers_with_one_fence_only_one_writes,
    after_a_crash_another_driver_goes_on_and_repeats_nothing,
    a_stop_leaves_an_answer_that_says_so,
}

const LEASE: Duration = Duration::from_secs(3_600);

/// A question in a store.
struct Asked<'a> {
    store: &'a StoreFixture,
    ann: Someone,
}

impl<'a> Asked<'a> {
    async fn new(store: &'a StoreFixture) -> Self {
        let ann = store.someone("ann@example.org").await;
        let new = NewConversation { title: String::new(), settings: Settings::default() };
        let chat = store.create(ann.may_here(), new, None).await.unwrap().value;
        let say = Say {
            parent: None,
            sibling_of: None,
            parts: vec![Part::text("What is 2+2?")],
            run: Some(NewRun::default()),
            max_active: 10,
        };
        store.say(ann.may(chat), say, None).await.unwrap();
        Self { store, ann }
    }

    async fn claim(&self, lease: Duration) -> RunRow {
        self.store.claim("worker", lease, 1, 1).await.unwrap().pop().unwrap()
    }

    async fn log(&self, run: &RunRow) -> Vec<Entry> {
        self.store.run_log(self.ann.may(run.id), 0, 10_000).await.unwrap()
    }

    async fn drive(
        &self,
        scene: &Scene,
        run: &RunRow,
        signals: &Signals,
    ) -> Result<Driven, RunError> {
        let mut transcript = Transcript::replay(self.log(run).await).unwrap();
        let (store, permit) = (self.store.store.clone(), self.ann.may(run.id));
        let log = Arc::new(StoredLog { store, permit, fence: run.fence });
        drive(run.id, &mut transcript, &scene.deps(log), signals).await
    }

    async fn drive_to_end(&self, scene: &Scene, run: &RunRow) -> Stop {
        match self.drive(scene, run, &Signals::default()).await.unwrap() {
            Driven::Stopped(stop) => stop,
            Driven::HandedOver => panic!("nobody asked to hand over"),
        }
    }

    /// What the answer says, and where its run stands.
    async fn answer(&self, run: &RunRow) -> (Vec<Item>, Option<RunState>) {
        let window = Window { limit: 10, ..Window::default() };
        let page = self.store.messages(self.ann.may(run.conversation), window).await.unwrap();
        let message = page.items.into_iter().find(|message| message.id == run.answer).unwrap();
        let Body::Answered { entries } = message.body else { panic!("no answer") };
        (entries.into_iter().map(|entry| entry.item).collect(), message.state)
    }
}

/// A tool with effects that need nobody's consent, which waits at `gate` in the middle.
fn post(gate: &Gate, posted: &Arc<AtomicUsize>) -> FakeTool {
    let (gate, posted) = (gate.clone(), posted.clone());
    let work = move |_, _| {
        let (gate, posted) = (gate.clone(), posted.clone());
        async move {
            posted.fetch_add(1, Ordering::SeqCst);
            gate.pass().await;
            Ok(vec![])
        }
    };
    FakeTool::new("post", Effect::Writes, work).verdict(Verdict::Allow)
}

async fn a_run_is_logged_and_its_answer_kept(store: &StoreFixture) {
    let asked = Asked::new(store).await;
    let gate = Gate::new();
    let first = Script::says("Let me see.").call("c1", "math", json!({})).usage(7, 3);
    let scene = Scene::new([first, Script::says("It is ").wait(&gate).text("4.")])
        .with(FakeTool::says("math", Effect::Reads, "4"));
    let run = asked.claim(LEASE).await;
    let (stop, ()) = tokio::join!(asked.drive_to_end(&scene, &run), async {
        // The second part of the answer comes only when the first can be read.
        while !asked.log(&run).await.iter().any(|entry| text_of(&entry.item) == Some("It is ")) {
            tokio::task::yield_now().await;
        }
        gate.open();
    });
    assert_eq!(stop, Stop::Finished);

    let log = asked.log(&run).await;
    let numbers: Vec<u64> = log.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=log.len() as u64).collect::<Vec<_>>());
    let transcript = Transcript::replay(log).unwrap();
    let (said, state) = asked.answer(&run).await;
    assert_eq!((said.as_slice(), state), (transcript.items(), Some(RunState::Finished)));
    let kinds: Vec<&str> = said.iter().map(Item::kind).collect();
    let expected = ["user", "assistant", "usage", "began", "reply", "assistant", "stopped"];
    assert_eq!(kinds, expected);
}

async fn a_run_is_put_down_for_a_person_and_goes_on(store: &StoreFixture) {
    let asked = Asked::new(store).await;
    let send = FakeTool::says("send", Effect::Reaches, "sent");
    let sent = send.inputs();
    let scene =
        Scene::new([Script::calls("c1", "send", json!({})), Script::says("Sent.")]).with(send);
    let run = asked.claim(LEASE).await;
    assert_eq!(asked.drive_to_end(&scene, &run).await, Stop::Parked);
    let after = asked.log(&run).await.len() as u64;
    let by = asked.ann.id;
    let approval = Item::Approval { call: call("c1"), decision: yes(None), by };
    let permit = asked.ann.may(run.id);
    store.decide(permit, after, vec![approval], RunState::Queued, Along::default()).await.unwrap();

    let run = asked.claim(LEASE).await;
    assert_eq!(asked.drive_to_end(&scene, &run).await, Stop::Finished);
    assert_eq!(sent.lock().unwrap().len(), 1);
    assert!(
        asked
            .answer(&run)
            .await
            .0
            .iter()
            .any(|item| matches!(item, Item::Reply { outcome, .. } if *outcome == done("sent")))
    );
}

async fn of_two_drivers_with_one_fence_only_one_writes(store: &StoreFixture) {
    let asked = Asked::new(store).await;
    let gate = Gate::new();
    let slow = Scene::new([Script::says("One").wait(&gate).text(" and more.")]);
    let quick = Scene::new([Script::says("Two.")]);
    let run = asked.claim(LEASE).await;
    let signals = Signals::default();
    let (loser, ()) = tokio::join!(asked.drive(&slow, &run, &signals), async {
        gate.reached().await;
        // Until the slow one has stored its first word, both could still think they are alone.
        while !asked.log(&run).await.iter().any(|entry| text_of(&entry.item).is_some()) {
            tokio::task::yield_now().await;
        }
        assert_eq!(asked.drive_to_end(&quick, &run).await, Stop::Finished);
        gate.open();
    });
    assert!(matches!(loser, Err(RunError::Store(StoreError::Fenced))), "{loser:?}");
    let (said, state) = asked.answer(&run).await;
    assert_eq!(state, Some(RunState::Finished));
    assert!(said.iter().any(
        |item| matches!(item, Item::Assistant { parts, .. } if *parts == [Part::text("Two.")])
    ));
    Transcript::replay(asked.log(&run).await).unwrap();
}

async fn after_a_crash_another_driver_goes_on_and_repeats_nothing(store: &StoreFixture) {
    let asked = Asked::new(store).await;
    let (gate, posted) = (Gate::new(), Arc::default());
    let scene = Scene::new([Script::calls("c1", "post", json!({})), Script::says("Who knows.")])
        .with(post(&gate, &posted));
    let dead = asked.claim(Duration::ZERO).await;
    let signals = Signals::default();
    tokio::select! {
        end = asked.drive(&scene, &dead, &signals) => panic!("{end:?}"),
        () = gate.reached() => (),
    }
    gate.open();
    let run = asked.claim(LEASE).await;
    assert_eq!((run.id, run.fence), (dead.id, dead.fence + 1));
    assert_eq!(asked.drive_to_end(&scene, &run).await, Stop::Finished);
    assert_eq!(posted.load(Ordering::SeqCst), 1);
    let replies: Vec<Outcome> = asked
        .answer(&run)
        .await
        .0
        .into_iter()
        .filter_map(|item| match item {
            Item::Reply { outcome, .. } => Some(outcome),
            _ => None,
        })
        .collect();
    assert_eq!(replies, [Outcome::Unknown]);
    // The one that was thought dead is heard of again.
    let zombie = asked.drive(&scene, &dead, &Signals::default()).await;
    assert!(matches!(zombie, Err(RunError::Store(StoreError::Fenced))), "{zombie:?}");
}

async fn a_stop_leaves_an_answer_that_says_so(store: &StoreFixture) {
    let asked = Asked::new(store).await;
    let gate = Gate::new();
    let scene = Scene::new([Script::says("Once upon").wait(&gate)]);
    let run = asked.claim(LEASE).await;
    let signals = Signals::default();
    let (end, ()) = tokio::join!(asked.drive(&scene, &run, &signals), async {
        gate.reached().await;
        signals.stop.cancel();
    });
    assert_eq!(end.unwrap(), Driven::Stopped(Stop::Cancelled));
    let (said, state) = asked.answer(&run).await;
    assert_eq!(state, Some(RunState::Cancelled));
    let cancelled = |item: &Item| {
        matches!(item, Item::Assistant { parts, finish: Finish::Cancelled, .. }
        if *parts == [Part::text("Once upon")])
    };
    assert!(said.iter().any(cancelled), "{said:?}");
}
