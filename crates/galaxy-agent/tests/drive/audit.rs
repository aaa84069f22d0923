//! What is written down of a run's calls, and with which entries.

use galaxy_domain::{
    Effect, Item, Stop,
    audit::{Act, Ending, Fact, Record},
};
use galaxy_testkit::{FakeTool, Script};
use serde_json::json;

use crate::{
    memory::Commit,
    scene::{Scene, yes},
};

/// The commits with records in them.
fn recorded(scene: &Scene) -> Vec<Commit> {
    scene.log.kept().commits.iter().filter(|it| !it.records.is_empty()).cloned().collect()
}

fn told(commits: &[Commit]) -> Vec<(Act, Ending, Option<String>)> {
    let told = |it: &Record| (it.act, it.ending, it.subject.as_ref().map(|it| it.id.clone()));
    commits.iter().flat_map(|it| it.records.iter().map(told)).collect()
}

fn of(tool: &str, act: Act, ending: Ending) -> (Act, Ending, Option<String>) {
    (act, ending, Some(tool.to_owned()))
}

#[tokio::test(start_paused = true)]
async fn a_call_with_effects_is_written_down_with_its_beginning_and_its_end() {
    let scene = Scene::new([Script::calls("c", "pay", json!({ "sum": 7 })), Script::says("Done.")])
        .with(FakeTool::says("pay", Effect::Reaches, "paid"));
    assert_eq!(scene.drive().await, Stop::Parked);
    scene.decide("c", yes(None));
    assert_eq!(scene.drive().await, Stop::Finished);
    let commits = recorded(&scene);
    let expected =
        [of("pay", Act::ToolBegan, Ending::Begun), of("pay", Act::ToolCalled, Ending::Done)];
    assert_eq!(told(&commits), expected);
    let has = |commit: &Commit, kind: &str| commit.items.iter().any(|it| it.kind() == kind);
    assert!(has(&commits[0], "began") && has(&commits[1], "reply"), "{commits:?}");
    let began = &commits[0].records[0];
    assert_eq!(began.facts.get(Fact::AllowedBy), Some(&"person".into()));
    assert_eq!(began.run, Some(scene.run));
    assert!(began.facts.get(Fact::Digest).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_only_reads_is_written_down_once() {
    let scene = Scene::new([Script::calls("c", "look", json!({})), Script::says("Done.")])
        .with(FakeTool::says("look", Effect::Reads, "seen"));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(told(&recorded(&scene)), [of("look", Act::ToolCalled, Ending::Done)]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_calls_is_not_written_down() {
    let scene = Scene::new([Script::says("Four.")]);
    assert_eq!(scene.drive().await, Stop::Finished);
    assert!(recorded(&scene).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_when_a_process_died_is_written_down_as_unknown() {
    let scene = Scene::new([Script::calls("c", "pay", json!({})), Script::says("Hm.")])
        .with(FakeTool::says("pay", Effect::Reaches, "paid"));
    scene.drive().await;
    scene.decide("c", yes(None));
    let call = crate::scene::call("c");
    scene.log.write(vec![Item::Began { call, effect: Effect::Reaches, view: None }]);
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(told(&recorded(&scene)), [of("pay", Act::ToolCalled, Ending::Unknown)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_makes_no_sense_is_written_down_as_refused() {
    let scene = Scene::new([Script::calls("c", "nothing", json!({})), Script::says("Oh.")]);
    assert_eq!(scene.drive().await, Stop::Finished);
    let commits = recorded(&scene);
    assert_eq!(told(&commits), [of("nothing", Act::ToolCalled, Ending::Refused)]);
    assert_eq!(commits[0].records[0].facts.get(Fact::Reason), Some(&"invalid".into()));
}
