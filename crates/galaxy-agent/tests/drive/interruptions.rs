use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use galaxy_agent::{Driven, RunError, Signals};
use galaxy_domain::{Effect, Item, Outcome, Part, PersonId, Stop, Verdict, transcript::Finish};
use galaxy_model::Message;
use galaxy_store::{StoreError, Strength};
use galaxy_testkit::{FakeTool, Gate, Script};
use serde_json::json;
use tokio::time::sleep;

use crate::scene::{Scene, call, done, hangs};

/// A tool with effects that need nobody's consent, which waits at `gate` in the middle.
fn post(gate: &Gate, posted: &Arc<AtomicUsize>) -> FakeTool {
    let (gate, posted) = (gate.clone(), posted.clone());
    let work = move |_, _| {
        let (gate, posted) = (gate.clone(), posted.clone());
        async move {
            posted.fetch_add(1, Ordering::SeqCst);
            gate.pass().await;
            Ok(vec![Part::text("posted")])
        }
    };
    FakeTool::new("post", Effect::Reaches, work).verdict(Verdict::Allow)
}

/// Drives until `gate` is reached, then does `then`; gives how the drive ended.
async fn until(scene: &Scene, gate: &Gate, signals: &Signals, then: impl FnOnce()) -> Driven {
    let (driven, ()) = tokio::join!(scene.drive_with(signals), async {
        gate.reached().await;
        then();
    });
    driven.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_what_was_said_so_far() {
    let (gate, signals) = (Gate::new(), Signals::default());
    let script = Script::says("Once upon").call("c1", "look", json!({})).wait(&gate).text(" a");
    let scene = Scene::new([script]).with(FakeTool::says("look", Effect::Reads, "nothing"));
    let driven = until(&scene, &gate, &signals, || signals.stop.cancel()).await;
    assert_eq!(driven, Driven::Stopped(Stop::Cancelled));
    assert_eq!(scene.answers(), [("Once upon".to_owned(), vec![], Finish::Cancelled)]);
    assert_eq!(scene.settled().last(), Some(&Item::Stopped { stop: Stop::Cancelled }));
    assert_eq!(scene.model.abandoned(), 1, "the provider is not left talking");
    assert!(scene.replies().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_the_first_word_leaves_no_answer() {
    let (gate, signals) = (Gate::new(), Signals::default());
    let scene = Scene::new([Script::says("Hello").held_by(&gate)]);
    let driven = until(&scene, &gate, &signals, || signals.stop.cancel()).await;
    assert_eq!(driven, Driven::Stopped(Stop::Cancelled));
    assert!(scene.answers().is_empty());
    assert_eq!(scene.model.abandoned(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_answer_can_be_continued() {
    let (gate, signals) = (Gate::new(), Signals::default());
    let scene = Scene::new([Script::says("One,").wait(&gate), Script::says("two.")]);
    until(&scene, &gate, &signals, || signals.stop.cancel()).await;
    scene.log.write(vec![Item::Resumed { by: PersonId::fresh() }]);
    assert_eq!(scene.drive().await, Stop::Finished);
    let texts: Vec<String> = scene.answers().into_iter().map(|(text, ..)| text).collect();
    assert_eq!(texts, ["One,", "two."]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_answers_every_open_call() {
    let (gate, signals) = (Gate::new(), Signals::default());
    let entered = gate.clone();
    let slow = FakeTool::new("slow", Effect::Reads, move |_, _| {
        let entered = entered.clone();
        async move {
            entered.pass().await;
            Ok(vec![])
        }
    });
    let six = (0..6).fold(Script::default(), |script, idx| {
        script.call(&format!("c{idx}"), "slow", json!({ "idx": idx }))
    });
    let scene =
        Scene::new([six.call("q", "ask", json!({}))]).with(slow).with(hangs("ask", Effect::Asks));
    let driven = until(&scene, &gate, &signals, || signals.stop.cancel()).await;
    assert_eq!(driven, Driven::Stopped(Stop::Cancelled));
    let replies = scene.replies();
    assert_eq!(replies.len(), 7);
    assert!(replies.iter().all(|(_, outcome)| *outcome == Outcome::Aborted), "{replies:?}");
    assert_eq!(scene.log.transcript().open_calls().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_effect_is_unknown_unless_its_tool_says_what_became_of_it() {
    for (is_quick, expected) in [(true, done("posted")), (false, Outcome::Unknown)] {
        let (gate, signals, posted) = (Gate::new(), Signals::default(), Arc::default());
        let scene = Scene::new([Script::calls("a", "post", json!({}))]).with(post(&gate, &posted));
        let driven = until(&scene, &gate, &signals, || {
            signals.stop.cancel();
            if is_quick {
                gate.open();
            }
        });
        assert_eq!(driven.await, Driven::Stopped(Stop::Cancelled));
        assert_eq!(scene.replies(), [("a".to_owned(), expected)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_tool_with_effects_may_say_what_became_of_them() {
    for (in_time, outcome) in [(true, done("posted")), (false, Outcome::Unknown)] {
        let (gate, signals, posted) = (Gate::new(), Signals::default(), Arc::default());
        let scene = Scene::new([Script::calls("a", "post", json!({}))]).with(post(&gate, &posted));
        let driven = until(&scene, &gate, &signals, || {
            signals.stop.cancel();
            if in_time {
                gate.open();
            }
        });
        assert_eq!(driven.await, Driven::Stopped(Stop::Cancelled));
        assert_eq!(scene.replies(), [("a".to_owned(), outcome)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_leaves_nothing_half_written() {
    let (gate, signals) = (Gate::new(), Signals::default());
    let scene = Scene::new([Script::says("Half").wait(&gate), Script::says("Whole.")]);
    let driven = until(&scene, &gate, &signals, || signals.hand_over.cancel()).await;
    assert_eq!(driven, Driven::HandedOver);
    assert_eq!(scene.model.abandoned(), 1);
    assert!(scene.answers().is_empty());
    assert!(!scene.kinds().contains(&"stopped"));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.answers(), [("Whole.".to_owned(), vec![], Finish::Stop)]);
    assert_eq!(scene.model.requests()[0], scene.model.requests()[1]);
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_waits_for_effects_and_not_for_looking() {
    let (gate, signals, posted) = (Gate::new(), Signals::default(), Arc::default());
    let both = Script::calls("a", "post", json!({})).call("b", "look", json!({}));
    let scene = Scene::new([both, Script::says("Posted.")])
        .with(post(&gate, &posted))
        .with(hangs("look", Effect::Reads));
    let (driven, ()) = tokio::join!(scene.drive_with(&signals), async {
        gate.reached().await;
        signals.hand_over.cancel();
        sleep(Duration::from_secs(3)).await;
        assert!(scene.replies().is_empty(), "it is still waiting");
        gate.open();
    });
    assert_eq!(driven.unwrap(), Driven::HandedOver);
    assert_eq!(scene.replies(), [("a".to_owned(), done("posted"))]);

    let next = Scene { tools: galaxy_tool::Toolbox::default(), ..scene }
        .with(post(&gate, &posted))
        .with(FakeTool::says("look", Effect::Reads, "a view"));
    assert_eq!(next.drive().await, Stop::Finished);
    assert_eq!(posted.load(Ordering::SeqCst), 1);
    assert_eq!(next.replies().last(), Some(&("b".to_owned(), done("a view"))));
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_starts_nothing_new() {
    let (gate, signals, posted) = (Gate::new(), Signals::default(), Arc::default());
    // Four at once: the fifth waits for a place.
    let five = (0..5).fold(Script::default(), |script, idx| {
        script.call(&format!("c{idx}"), "post", json!({ "idx": idx }))
    });
    let scene = Scene::new([five, Script::says("Done.")]).with(post(&gate, &posted));
    let end = until(&scene, &gate, &signals, || {
        signals.hand_over.cancel();
        gate.open();
    });
    assert_eq!(end.await, Driven::HandedOver);
    assert_eq!((posted.load(Ordering::SeqCst), scene.replies().len()), (4, 4));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!((posted.load(Ordering::SeqCst), scene.replies().len()), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_effects_are_unknown_and_never_repeated() {
    let (gate, posted) = (Gate::new(), Arc::default());
    let both = Script::calls("a", "post", json!({})).call("b", "look", json!({}));
    let at_gate = gate.clone();
    let look = FakeTool::new("look", Effect::Reads, move |_, _| {
        let at_gate = at_gate.clone();
        async move {
            at_gate.pass().await;
            Ok(vec![])
        }
    });
    let looked = look.inputs();
    let scene =
        Scene::new([both, Script::says("I do not know.")]).with(post(&gate, &posted)).with(look);
    scene.crash_at(&gate).await;
    let began = |id: &str, effect| Item::Began { call: call(id), effect, view: None };
    assert!(scene.settled().contains(&began("a", Effect::Reaches)), "stored before it ran");
    let strengths: Vec<Strength> = scene
        .log
        .kept()
        .commits
        .iter()
        .filter(|commit| commit.items.contains(&began("a", Effect::Reaches)))
        .map(|commit| commit.strength)
        .collect();
    assert_eq!(strengths, [Strength::Synced]);

    gate.open();
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(posted.load(Ordering::SeqCst), 1);
    assert_eq!(looked.lock().unwrap().len(), 2, "looking again does no harm");
    let unknown = ("a".to_owned(), Outcome::Unknown);
    assert!(scene.replies().contains(&unknown), "{:?}", scene.replies());
    let told = |message: &Message| {
        matches!(message, Message::Result { output, .. }
        if matches!(&output[0], Part::Text { text } if text.contains("do not repeat")))
    };
    assert!(scene.model.requests()[1].messages.iter().any(told));
}

#[tokio::test(start_paused = true)]
async fn a_crash_in_the_middle_of_an_answer_asks_again() {
    let gate = Gate::new();
    let scene = Scene::new([Script::says("Half").wait(&gate), Script::says("Whole.")]);
    scene.crash_at(&gate).await;
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.answers(), [("Whole.".to_owned(), vec![], Finish::Stop)]);
}

#[tokio::test(start_paused = true)]
async fn of_two_drivers_one_is_fenced() {
    let gate = Gate::new();
    let scene = Scene::new([Script::says("One").wait(&gate).text("."), Script::says("Two.")]);
    let signals = Signals::default();
    let (zombie, ()) = tokio::join!(scene.drive_with(&signals), async {
        gate.reached().await;
        assert_eq!(scene.drive().await, Stop::Finished);
        gate.open();
    });
    assert!(matches!(zombie, Err(RunError::Store(StoreError::Fenced))), "{zombie:?}");
    assert_eq!(scene.answers(), [("Two.".to_owned(), vec![], Finish::Stop)]);
}
