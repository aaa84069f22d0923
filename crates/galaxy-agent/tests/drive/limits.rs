use galaxy_agent::Limits;
use galaxy_domain::{Effect, Item, PersonId, Stop};
use galaxy_testkit::{FakeTool, Script, ScriptedModel};
use serde_json::json;

use crate::scene::Scene;

/// A model that asks for the tool `look` for ever, each time about something else.
fn restless() -> ScriptedModel {
    ScriptedModel::improvising(|request| {
        Script::calls("c", "look", json!({ "page": request.messages.len() })).usage(90, 10)
    })
}

fn scene(model: ScriptedModel, limits: Limits) -> Scene {
    let mut scene = Scene::of(model).with(FakeTool::says("look", Effect::Reads, "nothing"));
    scene.limits = limits;
    scene
}

fn exhausted(stop: &Stop) -> &str {
    match stop {
        Stop::Exhausted { limit } => limit,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_takes_so_many_steps_and_more_when_a_person_says_so() {
    let scene = scene(restless(), Limits { samples: 3, ..Limits::default() });
    let stop = scene.drive().await;
    assert_eq!(exhausted(&stop), "The run took 3 steps, which is the limit.");
    assert_eq!(scene.replies().len(), 3, "no call is left open");
    scene.log.write(vec![Item::Resumed { by: PersonId::fresh() }]);
    exhausted(&scene.drive().await);
    assert_eq!(scene.answers().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_run_costs_so_many_tokens_and_more_when_a_person_says_so() {
    let scene = scene(restless(), Limits { tokens: 250, ..Limits::default() });
    let stop = scene.drive().await;
    assert_eq!(exhausted(&stop), "The run cost 250 tokens, which is the limit.");
    assert_eq!(scene.answers().len(), 3);
    scene.log.write(vec![Item::Resumed { by: PersonId::fresh() }]);
    exhausted(&scene.drive().await);
    assert_eq!(scene.answers().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_repeats_itself_is_stopped() {
    let model = ScriptedModel::improvising(|_| Script::calls("c", "look", json!({ "page": 1 })));
    let scene = scene(model, Limits { repeats: 3, ..Limits::default() });
    let stop = scene.drive().await;
    assert_eq!(exhausted(&stop), "The model asked for the same call 3 times in a row.");
}
