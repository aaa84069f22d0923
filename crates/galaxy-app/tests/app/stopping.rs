use galaxy_domain::{Effect, Kind, Outcome, RunState, Stop};
use galaxy_model::ModelError;
use galaxy_testkit::{FakeTool, Gate, Script, store::StoreFixture};
use serde_json::json;

use crate::house::{House, kind, worker};

galaxy_testkit::on_both_engines! {
    a_stopped_answer_keeps_its_text_and_can_go_on,
    a_run_that_waits_for_a_worker_is_stopped_at_once,
    a_run_that_waits_for_a_person_is_stopped_at_once,
    a_broken_answer_can_go_on_once,
    an_older_answer_cannot_go_on,
}

async fn a_stopped_answer_keeps_its_text_and_can_go_on(store: &StoreFixture) {
    let gate = Gate::new();
    let scripts = [Script::says("One, two,").wait(&gate), Script::says("three.")];
    let house = House::new(store, scripts).await;
    let chat = house.chat().await;
    let run = house.send(chat, "Count.").await.run.unwrap();
    gate.reached().await;
    assert_eq!(house.app.stop(&house.ann, run).await.unwrap(), RunState::Running);
    assert_eq!(house.rests(run).await, RunState::Cancelled);
    assert_eq!(house.model.abandoned(), 1);
    assert_eq!(house.said(chat).await, ["Count.", "One, two,"]);
    // Once more is no mistake.
    assert_eq!(house.app.stop(&house.ann, run).await.unwrap(), RunState::Cancelled);

    house.app.continue_run(&house.ann, run, None).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(house.said(chat).await, ["Count.", "One, two,|three."]);
    let asked = house.asked();
    assert_eq!(asked[..2], ["person: Count.", "agent: One, two,"]);
    assert!(asked[2].starts_with("person: Go on"), "{asked:?}");
}

async fn a_run_that_waits_for_a_worker_is_stopped_at_once(store: &StoreFixture) {
    let house = House::idle(&store.store, [], [], worker("one")).await;
    let chat = house.chat().await;
    let run = house.send(chat, "Hi").await.run.unwrap();
    assert_eq!(house.app.stop(&house.ann, run).await.unwrap(), RunState::Cancelled);
    assert_eq!(house.stop_of(run).await, Stop::Cancelled);
    house.app.start();
    house.model.then(Script::says("Hello."));
    assert_eq!(house.ask(chat, "Again").await.1, RunState::Finished);
    assert_eq!(house.asked(), ["person: Hi", "person: Again"]);
}

async fn a_run_that_waits_for_a_person_is_stopped_at_once(store: &StoreFixture) {
    let asks = Script::calls("c1", "send", json!({}));
    let tool = FakeTool::says("send", Effect::Reaches, "sent");
    let house = House::with(store, [asks, Script::says("Well.")], [tool]).await;
    let chat = house.chat().await;
    let (said, state) = house.ask(chat, "Send it").await;
    assert_eq!(state, RunState::Parked);
    let run = said.run.unwrap();
    assert_eq!(house.app.stop(&house.ann, run).await.unwrap(), RunState::Cancelled);
    assert_eq!(house.replies(run).await, [Outcome::Aborted]);
    assert_eq!(house.ask(chat, "Never mind.").await.1, RunState::Finished);
}

async fn a_broken_answer_can_go_on_once(store: &StoreFixture) {
    let broken = Script::says("Half").fails(ModelError::truncated("reset"));
    let house = House::new(store, [broken, Script::says("Whole.")]).await;
    let chat = house.chat().await;
    let (said, state) = house.ask(chat, "Tell me").await;
    assert_eq!(state, RunState::Incomplete);
    let run = said.run.unwrap();
    house.app.continue_run(&house.ann, run, None).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(house.said(chat).await, ["Tell me", "Half|Whole."]);
    assert_eq!(kind(house.app.continue_run(&house.ann, run, None).await), Some(Kind::Conflict));
}

async fn an_older_answer_cannot_go_on(store: &StoreFixture) {
    let broken = Script::says("Half").fails(ModelError::truncated("reset"));
    let house = House::new(store, [broken, Script::says("Yes?")]).await;
    let chat = house.chat().await;
    let (said, _) = house.ask(chat, "Tell me").await;
    house.ask(chat, "Something else").await;
    let late = house.app.continue_run(&house.ann, said.run.unwrap(), None).await;
    assert_eq!(kind(late), Some(Kind::Conflict));
}
