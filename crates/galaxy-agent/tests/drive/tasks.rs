//! Calls whose servers go on with them by themselves: noted, looked after by whoever drives the run,
//! and lost with no process.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use galaxy_agent::{
    Driven, Signals,
    drive::{closing, give_up},
};
use galaxy_domain::{
    Effect, Item, Outcome, Part, RemoteTask, Stop, Verdict,
    elicitation::{Answer, Elicitation, WayBack},
};
use galaxy_store::Strength;
use galaxy_testkit::{FakeTool, Gate, Script, store::START};
use galaxy_tool::{ToolError, tool::UnderWay};
use serde_json::json;

use crate::scene::{Scene, answers, asks_to_confirm, call, done, somebody};

/// What the tool found under way, call by call.
type Seen = Arc<Mutex<Vec<Option<UnderWay>>>>;

fn task() -> RemoteTask {
    RemoteTask {
        server: "far".to_owned(),
        id: "t-1".to_owned(),
        bound_to: "01".to_owned(),
        since: START,
        ttl_ms: None,
        poll_ms: Some(500),
    }
}

/// A tool whose server goes on by itself and is done once `gate` is open.
fn builds(effect: Effect, gate: &Gate, seen: &Seen) -> FakeTool {
    let (gate, seen) = (gate.clone(), seen.clone());
    let work = move |_, cx: galaxy_tool::ToolCx| {
        let (gate, seen) = (gate.clone(), seen.clone());
        async move {
            let under_way = cx.asks.unwrap().task;
            seen.lock().unwrap().push(under_way.clone());
            if under_way.is_none() {
                return Err(ToolError::Task(Box::new(task())));
            }
            cx.notes.tell(None, "building");
            tokio::select! {
                () = gate.pass() => Ok(vec![Part::text("built")]),
                () = cx.cancel.cancelled() => Err(ToolError::tell("it was cancelled there")),
            }
        }
    };
    FakeTool::new("build", effect, work).verdict(Verdict::Allow)
}

fn scene(tool: FakeTool) -> Scene {
    Scene::new([Script::calls("a", "build", json!({})), Script::says("Done.")]).with(tool)
}

fn again(scene: Scene, tool: FakeTool) -> Scene {
    Scene { tools: galaxy_tool::Toolbox::default(), ..scene }.with(tool)
}

fn open_gate() -> Gate {
    let gate = Gate::new();
    gate.open();
    gate
}

fn count(scene: &Scene, kind: &str) -> usize {
    scene.kinds().iter().filter(|it| **it == kind).count()
}

#[tokio::test(start_paused = true)]
async fn what_a_server_goes_on_with_is_noted_before_it_is_looked_after() {
    let seen = Seen::default();
    let scene = scene(builds(Effect::Reaches, &open_gate(), &seen));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.replies(), [("a".to_owned(), done("built"))]);
    let under_way = UnderWay { task: task(), answered: [].into() };
    assert_eq!(*seen.lock().unwrap(), [None, Some(under_way)]);
    let kept = scene.log.kept();
    let created = |item: &Item| matches!(item, Item::TaskCreated { .. });
    let commits = kept.commits.iter().filter(|it| it.items.iter().any(created));
    let commits: Vec<_> = commits.map(|it| it.strength).collect();
    assert_eq!(commits, [Strength::Synced], "it is certain to be found again");
    drop(kept);
    assert_eq!(count(&scene, "began"), 1, "the call is made once");
}

#[tokio::test(start_paused = true)]
async fn a_crash_costs_no_task_not_even_one_with_effects() {
    for effect in [Effect::Reaches, Effect::Reads] {
        let (gate, seen) = (Gate::new(), Seen::default());
        let mut scene = scene(builds(effect, &gate, &seen));
        for _ in 0..3 {
            scene.crash_at(&gate).await;
            let fresh = Gate::new();
            scene = again(scene, builds(effect, &fresh, &seen));
            scene.crash_at(&fresh).await;
            scene = again(scene, builds(effect, &gate, &seen));
        }
        gate.open();
        assert_eq!(scene.drive().await, Stop::Finished);
        assert_eq!(scene.replies(), [("a".to_owned(), done("built"))]);
        let made = seen.lock().unwrap().iter().filter(|it| it.is_none()).count();
        assert_eq!((made, count(&scene, "task_created")), (1, 1), "it is never made again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stops_hands_a_task_over_at_once() {
    let (gate, seen) = (Gate::new(), Seen::default());
    let scene = scene(builds(Effect::Reaches, &gate, &seen));
    let signals = Signals::default();
    let (driven, ()) = tokio::join!(scene.drive_with(&signals), async {
        gate.reached().await;
        signals.hand_over.cancel();
    });
    assert_eq!(driven.unwrap(), Driven::HandedOver);
    gate.open();
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.replies(), [("a".to_owned(), done("built"))]);
}

#[tokio::test(start_paused = true)]
async fn stopping_tells_the_server() {
    for effect in [Effect::Reaches, Effect::Reads] {
        let (gate, seen) = (Gate::new(), Seen::default());
        let scene = scene(builds(effect, &gate, &seen));
        let signals = Signals::default();
        let (driven, ()) = tokio::join!(scene.drive_with(&signals), async {
            gate.reached().await;
            signals.stop.cancel();
        });
        assert_eq!(driven.unwrap(), Driven::Stopped(Stop::Cancelled));
        let [(_, Outcome::Failed { message })] = &scene.replies()[..] else { panic!("one reply") };
        assert_eq!(message, "it was cancelled there");
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_looks_after_is_given_up_when_its_run_is_stopped() {
    let tool = asks_meanwhile(&Seen::default());
    let given_up = tool.given_up();
    let scene = scene(tool);
    assert_eq!(scene.drive().await, Stop::Parked);
    let transcript = scene.log.transcript();
    give_up(&transcript, &scene.tools, &somebody()).await;
    assert_eq!(*given_up.lock().unwrap(), [task()]);
    scene.log.write(closing(&transcript, &Stop::Cancelled));
    assert_eq!(scene.replies(), [("a".to_owned(), Outcome::Unknown)], "it worked all along");
}

/// A tool whose server goes on by itself and wants to know something meanwhile.
fn asks_meanwhile(seen: &Seen) -> FakeTool {
    let seen = seen.clone();
    let work = move |_, cx: galaxy_tool::ToolCx| {
        let seen = seen.clone();
        async move {
            let asks = cx.asks.unwrap();
            seen.lock().unwrap().push(asks.task.clone());
            match (asks.task, asks.resumed) {
                (None, _) => Err(ToolError::Task(Box::new(task()))),
                (Some(_), None) => Err(ToolError::Waits(Box::new(Elicitation {
                    back: WayBack::Task,
                    ..asks_to_confirm()
                }))),
                (Some(_), Some(_)) => Ok(vec![Part::text("built")]),
            }
        }
    };
    FakeTool::new("build", Effect::Reaches, work).verdict(Verdict::Allow)
}

#[tokio::test(start_paused = true)]
async fn what_a_task_asks_parks_the_run_and_the_answer_goes_to_the_task() {
    let seen = Seen::default();
    let scene = scene(asks_meanwhile(&seen));
    assert_eq!(scene.drive().await, Stop::Parked);
    assert_eq!(scene.drive().await, Stop::Parked, "nothing has changed");
    assert_eq!(seen.lock().unwrap().len(), 2);
    let open = scene.log.transcript().open_call(&call("a")).unwrap().clone();
    scene.log.write(vec![answers(&open, Answer::Accept { content: json!({}) })]);
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.replies(), [("a".to_owned(), done("built"))]);
    let under_way = seen.lock().unwrap()[2].clone().unwrap();
    assert_eq!((under_way.task, under_way.answered.len()), (task(), 1), "it knows what was said");
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_changed_since_is_not_taken_at_its_word() {
    let (gate, seen) = (Gate::new(), Seen::default());
    let before = scene(builds(Effect::Reaches, &gate, &seen));
    before.crash_at(&gate).await;
    let schema = json!({ "type": "object", "description": "Everything." });
    let after = again(before, builds(Effect::Reaches, &open_gate(), &seen).takes(schema));
    assert_eq!(after.drive().await, Stop::Finished);
    let [(_, Outcome::Denied { reason: Some(reason) })] = &after.replies()[..] else {
        panic!("one reply")
    };
    assert!(reason.contains("has changed since"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn others_are_answered_while_a_task_goes_on() {
    let (gate, seen) = (Gate::new(), Seen::default());
    let both = Script::calls("a", "build", json!({})).call("b", "look", json!({}));
    let scene = Scene::new([both, Script::says("Done.")])
        .with(builds(Effect::Reaches, &gate, &seen))
        .with(FakeTool::says("look", Effect::Reads, "a view"));
    scene.crash_at(&gate).await;
    assert_eq!(scene.replies(), [("b".to_owned(), done("a view"))]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_takes_a_day_does_not_fill_the_log() {
    let (gate, seen) = (Gate::new(), Seen::default());
    let scene = scene(builds(Effect::Reaches, &gate, &seen).limit(Duration::from_secs(86_400)));
    let (stop, ()) = tokio::join!(scene.drive(), async {
        gate.reached().await;
        tokio::time::sleep(Duration::from_secs(80_000)).await;
        gate.open();
    });
    assert_eq!(stop, Stop::Finished);
    let notes = count(&scene, "progress");
    assert!((60..600).contains(&notes), "{notes}");
    let said = |item: &Item| match item {
        Item::Progress { note, .. } => Some(note.clone()),
        _ => None,
    };
    let words: Vec<_> = scene.log.items().iter().filter_map(said).collect();
    assert!(words.iter().all(|it| it == "building"), "what it said last stays: {words:?}");
}
