//! Tools that ask the person before they go on.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use galaxy_agent::{Driven, Signals, drive::closing};
use galaxy_domain::{
    Effect, Item, Outcome, Part, RunState, Stop, Verdict,
    elicitation::{Answer, Elicitation, ROUNDS, WayBack},
};
use galaxy_model::Message;
use galaxy_store::Strength;
use galaxy_testkit::{FakeTool, Gate, Script};
use galaxy_tool::{Resumed, ToolError};
use serde_json::json;

use crate::scene::{Scene, answers, asks_to_confirm, call, done};

/// What a tool went on with, call by call.
type Seen = Arc<Mutex<Vec<Option<Resumed>>>>;

/// A tool with effects that asks `times` before it pays; when it does, it waits at `gate`.
fn pays(times: usize, gate: &Gate, seen: &Seen) -> FakeTool {
    let (gate, seen) = (gate.clone(), seen.clone());
    let work = move |_, cx: galaxy_tool::ToolCx| {
        let (gate, seen) = (gate.clone(), seen.clone());
        async move {
            let resumed = cx.asks.unwrap().resumed;
            seen.lock().unwrap().push(resumed);
            if seen.lock().unwrap().len() <= times {
                return Err(ToolError::Waits(Box::new(asks_to_confirm())));
            }
            gate.pass().await;
            Ok(vec![Part::text("paid")])
        }
    };
    FakeTool::new("pay", Effect::Reaches, work).verdict(Verdict::Allow)
}

fn open_gate() -> Gate {
    let gate = Gate::new();
    gate.open();
    gate
}

fn scene(tool: FakeTool) -> Scene {
    Scene::new([Script::calls("a", "pay", json!({})), Script::says("Done.")]).with(tool)
}

fn says(scene: &Scene, answer: Answer) {
    let open = scene.log.transcript().open_call(&call("a")).unwrap().clone();
    scene.log.write(vec![answers(&open, answer)]);
}

fn yes() -> Answer {
    Answer::Accept { content: json!({}) }
}

fn count(scene: &Scene, kind: &str) -> usize {
    scene.kinds().iter().filter(|it| **it == kind).count()
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_its_answers_and_goes_on_with_them() {
    let seen = Seen::default();
    let scene = scene(pays(2, &open_gate(), &seen));
    for round in 1..=2 {
        assert_eq!(scene.drive().await, Stop::Parked);
        // Nothing has changed: it is put down again, and nothing is asked twice.
        assert_eq!(scene.drive().await, Stop::Parked);
        assert_eq!((count(&scene, "elicited"), seen.lock().unwrap().len()), (round, round));
        says(&scene, yes());
    }
    assert_eq!(scene.drive().await, Stop::Finished);
    let went_on = Some(Resumed {
        elicitation: asks_to_confirm(),
        answers: [("sure".to_owned(), yes())].into(),
    });
    assert_eq!(*seen.lock().unwrap(), [None, went_on.clone(), went_on]);
    assert_eq!(scene.replies(), [("a".to_owned(), done("paid"))]);
    assert_eq!(count(&scene, "began"), 3, "each time it is written down before it goes on");
    let settled: Vec<&str> = scene.settled().iter().map(Item::kind).collect();
    assert!(!settled.contains(&"asked"), "what a tool asks is the record: {settled:?}");
    let elicited = |item: &Item| matches!(item, Item::Elicited { .. });
    let kept = scene.log.kept();
    let commits = kept.commits.iter().filter(|it| it.items.iter().any(elicited));
    let commits: Vec<_> = commits.map(|it| (it.strength, it.state)).collect();
    // Whoever hears of the question finds the run waiting.
    assert_eq!(commits, [(Strength::Synced, Some(RunState::Parked)); 2]);
}

#[tokio::test(start_paused = true)]
async fn a_no_is_told_to_the_tool_and_not_taken_for_an_end() {
    let seen = Seen::default();
    let scene = scene(pays(1, &open_gate(), &seen));
    scene.drive().await;
    says(&scene, Answer::Decline);
    assert_eq!(scene.drive().await, Stop::Finished);
    let said = seen.lock().unwrap()[1].clone().unwrap().answers;
    assert_eq!(said, [("sure".to_owned(), Answer::Decline)].into());
}

#[tokio::test(start_paused = true)]
async fn a_crash_while_it_waits_or_after_its_answer_loses_nothing() {
    let seen = Seen::default();
    let before = scene(pays(1, &open_gate(), &seen));
    before.drive().await;
    // Another process finds the question, and then the answer.
    let after = Scene { tools: galaxy_tool::Toolbox::default(), ..before };
    let after = after.with(pays(1, &open_gate(), &seen));
    assert_eq!(after.drive().await, Stop::Parked);
    says(&after, yes());
    assert_eq!(after.drive().await, Stop::Finished);
    assert_eq!(after.replies(), [("a".to_owned(), done("paid"))]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_it_went_on_leaves_its_end_unknown() {
    let (gate, seen) = (Gate::new(), Seen::default());
    let scene = scene(pays(1, &gate, &seen));
    scene.drive().await;
    says(&scene, yes());
    scene.crash_at(&gate).await;
    gate.open();
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.replies(), [("a".to_owned(), Outcome::Unknown)]);
    assert_eq!(seen.lock().unwrap().len(), 2, "it is not paid twice");
}

#[tokio::test(start_paused = true)]
async fn what_only_looks_goes_on_with_the_same_answers_after_a_crash() {
    let (gate, seen) = (Gate::new(), Seen::default());
    let (at_gate, noted) = (gate.clone(), seen.clone());
    let look = FakeTool::new("pay", Effect::Reads, move |_, cx| {
        let (gate, seen) = (at_gate.clone(), noted.clone());
        async move {
            let resumed = cx.asks.unwrap().resumed;
            seen.lock().unwrap().push(resumed.clone());
            if resumed.is_none() {
                return Err(ToolError::Waits(Box::new(asks_to_confirm())));
            }
            gate.pass().await;
            Ok(vec![Part::text("a view")])
        }
    });
    let scene = scene(look);
    scene.drive().await;
    says(&scene, yes());
    scene.crash_at(&gate).await;
    gate.open();
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.replies(), [("a".to_owned(), done("a view"))]);
    let seen = seen.lock().unwrap();
    assert!(seen.len() == 3 && seen[1] == seen[2], "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_while_a_tool_waits_answers_the_call() {
    let line =
        WayBack::Held { until: galaxy_testkit::store::START.after(Duration::from_secs(600)) };
    for (back, outcome) in [
        (WayBack::Again { state: None }, Outcome::Aborted),
        // A server that waits on the line may have done half of it.
        (line, Outcome::Unknown),
    ] {
        let asked = Elicitation { back, ..asks_to_confirm() };
        let tool = FakeTool::new("pay", Effect::Reaches, move |_, _| {
            let asked = asked.clone();
            async { Err(ToolError::Waits(Box::new(asked))) }
        });
        let scene = scene(tool.verdict(Verdict::Allow));
        assert_eq!(scene.drive().await, Stop::Parked);
        let transcript = scene.log.transcript();
        scene.log.write(closing(&transcript, &Stop::Cancelled));
        assert_eq!(scene.replies(), [("a".to_owned(), outcome)]);
        scene.log.transcript();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_comes_while_it_asks_ends_the_run() {
    let (gate, signals) = (Gate::new(), Signals::default());
    let at_gate = gate.clone();
    let tool = FakeTool::new("pay", Effect::Reaches, move |_, _| {
        let gate = at_gate.clone();
        async move {
            gate.pass().await;
            Err(ToolError::Waits(Box::new(asks_to_confirm())))
        }
    });
    let scene = scene(tool.verdict(Verdict::Allow));
    let (driven, ()) = tokio::join!(scene.drive_with(&signals), async {
        gate.reached().await;
        signals.stop.cancel();
        gate.open();
    });
    assert_eq!(driven.unwrap(), Driven::Stopped(Stop::Cancelled));
    assert_eq!(scene.replies(), [("a".to_owned(), Outcome::Aborted)]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_waits_no_longer_is_not_waited_for() {
    let until = galaxy_testkit::store::START.after(Duration::from_secs(600));
    let asked = Elicitation { back: WayBack::Held { until }, ..asks_to_confirm() };
    let tool = FakeTool::new("pay", Effect::Reaches, move |_, _| {
        let asked = asked.clone();
        async { Err(ToolError::Waits(Box::new(asked))) }
    });
    let scene = scene(tool.verdict(Verdict::Allow));
    assert_eq!(scene.drive().await, Stop::Parked);
    scene.clock.advance(Duration::from_secs(601));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.replies(), [("a".to_owned(), Outcome::Unknown)]);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_changed_while_the_person_thought_is_not_gone_on_with() {
    let seen = Seen::default();
    let before = scene(pays(1, &open_gate(), &seen));
    before.drive().await;
    says(&before, yes());
    let schema = json!({ "type": "object", "description": "To everybody." });
    let after = Scene { tools: galaxy_tool::Toolbox::default(), ..before };
    let after = after.with(pays(1, &open_gate(), &seen).takes(schema));
    assert_eq!(after.drive().await, Stop::Finished);
    let reason = "the tool has changed since it asked; call it again".to_owned();
    assert_eq!(after.replies(), [("a".to_owned(), Outcome::Denied { reason: Some(reason) })]);
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_never_stops_asking_is_left() {
    let seen = Seen::default();
    let scene = scene(pays(usize::MAX, &open_gate(), &seen));
    for _ in 0..ROUNDS {
        assert_eq!(scene.drive().await, Stop::Parked);
        says(&scene, yes());
    }
    assert_eq!(scene.drive().await, Stop::Finished);
    let [(_, Outcome::Failed { message })] = &scene.replies()[..] else { panic!("one reply") };
    assert!(message.contains("asked 10 times"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn others_go_on_while_one_waits() {
    let both = Script::calls("a", "pay", json!({})).call("b", "look", json!({}));
    let scene = Scene::new([both, Script::says("Done.")])
        .with(pays(1, &open_gate(), &Seen::default()))
        .with(FakeTool::says("look", Effect::Reads, "a view"));
    assert_eq!(scene.drive().await, Stop::Parked);
    assert_eq!(scene.replies(), [("b".to_owned(), done("a view"))]);
    says(&scene, yes());
    assert_eq!(scene.drive().await, Stop::Finished);
    let told = |it: &&Message| matches!(it, Message::Result { .. });
    assert_eq!(scene.model.requests()[1].messages.iter().filter(told).count(), 2);
}
