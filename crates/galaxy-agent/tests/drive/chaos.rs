//! Random runs with random interruptions: whatever happens, the log stays in order, nothing with
//! effects happens twice, and every call is answered in the end.
//!
//! `PROPTEST_CASES=20000` looks further than the usual 256 runs.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{Arc, Mutex},
    task::Poll,
};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use galaxy_agent::{Driven, RunError, Signals, drive};
use galaxy_domain::{
    Effect, Item, Outcome, Part, PersonId, Stop, Verdict, elicitation::Answer as Said,
    part::plain_text, tool::Decision, transcript::Question,
};
use galaxy_model::{Answer, Message, Model, ModelError, Profile, Request};
use galaxy_testkit::{FakeTool, Script, ScriptedModel};
use galaxy_tool::ToolError;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use crate::{
    memory::{MemoryLog, give_way},
    scene::{Scene, answers, asks_to_confirm, done, text_of, yes},
};

/// The tools of these runs; the last one does not exist.
const TOOLS: [&str; 5] = ["look", "post", "send", "ask", "fly"];
/// More drives than any run needs once nothing interrupts it.
const DRIVES: usize = 60;
/// The way of a tool that asks the person before it does anything.
const ASKS: u64 = 2;

/// How one answer of the model goes: its pieces of text, its calls (tool, way), and its end.
#[derive(Debug, Clone)]
struct Turn {
    pieces: usize,
    calls: Vec<(usize, u64)>,
    end: usize,
}

/// What interrupts a drive, and after how many polls.
#[derive(Debug, Clone, Copy)]
enum Cut {
    Crash(usize),
    HandOver(usize),
    Stop(usize),
}

#[derive(Debug, Clone)]
struct Plan {
    turns: Vec<Turn>,
    cuts: Vec<Cut>,
    choices: Vec<u8>,
    pauses: (usize, usize),
    resumes: usize,
}

fn plans() -> impl Strategy<Value = Plan> {
    let calls = vec((0..TOOLS.len(), 0..6_u64), 0..4);
    let turn = (0..4_usize, calls, 0..12_usize).prop_map(|(pieces, calls, end)| Turn {
        pieces,
        calls,
        end,
    });
    let cut = (0..4, 0..24_usize).prop_map(|(kind, polls)| match kind {
        0 => Cut::Stop(polls),
        1 => Cut::HandOver(polls),
        _ => Cut::Crash(polls),
    });
    (vec(turn, 1..6), vec(cut, 0..8), vec(any::<u8>(), 1..5), (0..3_usize, 0..3_usize), 0..3_usize)
        .prop_map(|(turns, cuts, choices, pauses, resumes)| Plan {
            turns,
            cuts,
            choices,
            pauses,
            resumes,
        })
}

/// What the model says to `request`: the same turn whenever it is asked for the same one.
fn script(turns: &[Turn], request: &Request) -> Script {
    let spoken = |message: &&Message| matches!(message, Message::Assistant { .. });
    let number = request.messages.iter().filter(spoken).count();
    let Some(turn) = turns.get(number) else { return Script::says("Done.") };
    if turn.end == 0 {
        return Script::refuses(ModelError::Quota { message: "no credit".to_owned() });
    }
    let text = (0..turn.pieces)
        .fold(Script::default(), |script, piece| script.text(&format!("{number}.{piece} ")));
    let script = turn.calls.iter().enumerate().fold(text, |script, (idx, (tool, way))| {
        let input = json!({ "key": format!("{number}/{idx}"), "way": way });
        script.call(&format!("c{idx}"), TOOLS[*tool], input)
    });
    if turn.end == 1 { script.fails(ModelError::truncated("reset")) } else { script }
}

/// A model that gives way between its words, so that there is something to interrupt.
struct Hesitant(ScriptedModel);

impl Model for Hesitant {
    fn profile(&self) -> &Profile {
        self.0.profile()
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            give_way(1).await;
            let answer = self.0.answer(request).await?;
            let slow = answer.then(async |event| {
                give_way(1).await;
                event
            });
            Ok(slow.boxed())
        }
        .boxed()
    }
}

/// How often each effect happened, and whether one happened before its record.
#[derive(Debug, Default)]
struct World {
    effects: BTreeMap<String, usize>,
    unrecorded: bool,
}

fn tool(name: &str, effect: Effect, log: &MemoryLog, world: &Arc<Mutex<World>>) -> FakeTool {
    let (log, world) = (log.clone(), world.clone());
    FakeTool::new(name, effect, move |input: Value, cx| {
        // It asks before it does anything.
        let asks = input["way"] == ASKS && cx.asks.as_ref().is_some_and(|it| it.resumed.is_none());
        if !asks && !effect.is_repeatable() {
            let mut world = world.lock().unwrap();
            *world.effects.entry(input["key"].as_str().unwrap().to_owned()).or_default() += 1;
            let risky =
                |item: &Item| matches!(item, Item::Began { effect, .. } if !effect.is_repeatable());
            let recorded = log.items().into_iter().filter(risky).count();
            world.unrecorded |= recorded < world.effects.values().sum();
        }
        async move {
            let way = input["way"].as_u64().unwrap_or_default();
            cx.notes.tell(None, "at work");
            give_way(usize::try_from(way).unwrap()).await;
            match way {
                0 => Err(ToolError::tell("it does not work")),
                1 => panic!("on purpose"),
                ASKS if asks => Err(ToolError::Waits(Box::new(asks_to_confirm()))),
                _ => Ok(vec![Part::text("done")]),
            }
        }
    })
}

/// Drives the run until `cut`; `None` after a crash.
async fn drive_until(
    scene: &Scene,
    model: &Arc<Hesitant>,
    cut: Option<Cut>,
) -> Option<Result<Driven, RunError>> {
    let log = scene.log.claimed();
    let mut transcript = log.transcript();
    let deps = galaxy_agent::Deps { model: model.clone(), ..scene.deps(Arc::new(log)) };
    let signals = Signals::default();
    let mut driving = drive(scene.run, &mut transcript, &deps, &signals).boxed();
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        match cut {
            Some(Cut::Crash(after)) if polls > after => return Poll::Ready(None),
            Some(Cut::HandOver(after)) if polls > after => signals.hand_over.cancel(),
            Some(Cut::Stop(after)) if polls > after => signals.stop.cancel(),
            Some(Cut::Crash(_) | Cut::HandOver(_) | Cut::Stop(_)) | None => (),
        }
        driving.as_mut().poll(cx).map(Some)
    })
    .await
}

/// Answers every open question, as `choices` say.
fn decide(scene: &Scene, choices: &[u8]) {
    let open: Vec<_> = scene.log.transcript().open_calls().cloned().collect();
    for (open, choice) in open.into_iter().zip(choices.iter().cycle()) {
        let (call, by) = (open.call.id.clone(), PersonId::fresh());
        let item = match (open.question(), choice % 3) {
            (None, _) => continue,
            (Some(Question::Form), 0) => answers(&open, Said::Decline),
            (Some(Question::Form), _) => answers(&open, Said::Accept { content: json!({}) }),
            (Some(Question::Answer), _) => {
                Item::Reply { call, outcome: done("yes"), took_ms: 0, whole: None }
            }
            (Some(Question::Approval), 0) => {
                Item::Approval { call, decision: Decision::Deny { reason: None }, by }
            }
            (Some(Question::Approval), 1) => Item::Approval { call, decision: yes(None), by },
            (Some(Question::Approval), _) => {
                let mut input = open.call.input.clone();
                input["edited"] = json!(true);
                Item::Approval { call, decision: yes(Some(input)), by }
            }
        };
        scene.log.write(vec![item]);
    }
}

async fn play(plan: Plan) {
    let world = Arc::default();
    let mut scene = Scene::new([]);
    scene.log.pauses = plan.pauses;
    let log = scene.log.clone();
    let add = |name, effect| tool(name, effect, &log, &world);
    let scene = scene
        .with(add("look", Effect::Reads))
        .with(add("post", Effect::Writes).verdict(Verdict::Allow))
        .with(add("send", Effect::Reaches))
        .with(add("ask", Effect::Asks));
    let turns = plan.turns.clone();
    let model = ScriptedModel::improvising(move |request| script(&turns, request));
    let model = Arc::new(Hesitant(model));
    let mut cuts = plan.cuts.iter().copied();
    let mut resumes = plan.resumes;
    for _ in 0..DRIVES {
        let end = drive_until(&scene, &model, cuts.next()).await;
        check(&scene, &world.lock().unwrap());
        match end.transpose().expect("the driver keeps the rules of the transcript") {
            None | Some(Driven::HandedOver) => (),
            Some(Driven::Stopped(Stop::Parked)) => decide(&scene, &plan.choices),
            Some(Driven::Stopped(stop)) => {
                assert_eq!(scene.log.transcript().open_calls().count(), 0);
                assert_eq!(scene.log.kept().state, Some(stop.state()));
                if stop == Stop::Finished || resumes == 0 {
                    return;
                }
                resumes -= 1;
                scene.log.write(vec![Item::Resumed { by: PersonId::fresh() }]);
            }
        }
    }
    panic!("the run does not end");
}

/// What holds at every moment.
fn check(scene: &Scene, world: &World) {
    // Replaying checks the order.
    scene.log.transcript();
    assert!(!world.unrecorded, "an effect happened before its record");
    assert!(world.effects.values().all(|times| *times == 1), "{world:?}");
    let mut inputs = BTreeMap::new();
    let mut streamed = String::new();
    for item in scene.log.items() {
        match &item {
            Item::Sampling { .. } => streamed.clear(),
            Item::Delta { .. } => streamed.push_str(text_of(&item).unwrap_or_default()),
            Item::Assistant { parts, calls, .. } => {
                let text = plain_text(parts);
                assert!(text.starts_with(&streamed), "`{streamed}` was shown and `{text}` is kept");
                inputs.extend(calls.iter().map(|it| (it.id.clone(), it.clone())));
            }
            Item::Reply { call, outcome, .. } => {
                let asked = &inputs[call];
                let key = asked.input["key"].as_str().unwrap();
                let happened = world.effects.contains_key(key);
                match outcome {
                    Outcome::Denied { .. } => assert!(!happened, "{key} was denied"),
                    Outcome::Done { .. } if matches!(asked.tool.as_str(), "post" | "send") => {
                        assert!(happened, "{key} is said to be done");
                    }
                    Outcome::Done { .. }
                    | Outcome::Failed { .. }
                    | Outcome::Aborted
                    | Outcome::Unknown => (),
                }
            }
            _ => (),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_interrupts_a_run_it_ends_in_order(plan in plans()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(play(plan));
    }
}
