//! Runs: stop, continue, and what is kept of them.

use galaxy_agent::Limits;
use galaxy_model::ModelError;
use galaxy_testkit::{Script, store::StoreFixture};
use serde_json::json;

use crate::{
    events::names,
    house::{House, Plan},
    talk::{chat_path, ids, items, spoken},
};

galaxy_testkit::on_both_engines! {
    a_stop_keeps_what_there_is_of_the_answer,
    an_answer_that_was_cut_short_can_be_continued,
    a_run_at_its_limit_goes_on_when_a_person_says_so,
    a_run_that_broke_says_why,
    only_the_newest_answer_can_be_continued,
    runs_under_way_are_listed,
}

async fn a_stop_keeps_what_there_is_of_the_answer(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (started, _gate) = house.stuck(&bo, "Once upon a time").await;
    let mut events = house.events(&bo, &started.run, 0).await;
    events.until("message.delta").await;
    let reply = house.post(&started.run_path("/stop")).by(&bo).send().await.ok(202);
    assert!(matches!(reply["state"].as_str(), Some("running" | "cancelled")), "{reply}");
    let rest = events.all().await;
    assert_eq!(rest.last().unwrap().data["state"], "cancelled");
    assert_eq!(house.model.abandoned(), 1, "the provider is told");
    let answer = &house.messages(&bo, &started.conversation).await[1];
    assert_eq!(spoken(answer), "Once upon a time");
    assert_eq!(answer["run"]["state"], "cancelled");
    // Twice is once.
    let again = house.post(&started.run_path("/stop")).by(&bo).send().await.ok(202);
    assert_eq!(again["state"], "cancelled");
    house.talk(&bo, &started.conversation, "Another story.").await;
}

async fn an_answer_that_was_cut_short_can_be_continued(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let torn = ModelError::Truncated { message: "the connection was reset".to_owned() };
    house.script(Script::says("Once upon").fails(torn));
    let chat = house.chat(&bo, "Tell me.").await;
    assert_eq!(house.run(&bo, &chat.run).await["state"], "incomplete");
    assert_eq!(spoken(&house.messages(&bo, &chat.conversation).await[1]), "Once upon");
    let before = house.history(&bo, &chat.run).await;
    house.script(Script::says(" a time."));
    let reply = house.post(&chat.run_path("/continue")).by(&bo).send().await.ok(202);
    assert_eq!(reply["state"], "queued");
    let run = house.rest(&bo, &chat.run).await;
    assert_eq!(run["state"], "finished");
    let after = house.history(&bo, &chat.run).await;
    assert_eq!(after[..before.len()], before[..], "what happened stays");
    assert!(names(&after[before.len()..]).contains(&"run.resumed"));
    assert_eq!(spoken(&house.messages(&bo, &chat.conversation).await[1]), "Once upon a time.");
    house.post(&chat.run_path("/continue")).by(&bo).send().await.refused(409, "conflict");
}

async fn a_run_at_its_limit_goes_on_when_a_person_says_so(store: &StoreFixture) {
    let limits = Limits { samples: 1, ..Limits::default() };
    let house = House::with(store, Plan { limits, ..Plan::default() }).await;
    let bo = house.member("bo@example.org").await;
    house.script(Script::calls("c1", "math", json!({ "expression": "6*7" })));
    let chat = house.chat(&bo, "What is 6 × 7?").await;
    let run = house.run(&bo, &chat.run).await;
    assert_eq!(run["state"], "exhausted");
    house.script(Script::says("42."));
    house.post(&chat.run_path("/continue")).by(&bo).send().await.ok(202);
    assert_eq!(house.rest(&bo, &chat.run).await["state"], "finished");
    assert_eq!(spoken(&house.messages(&bo, &chat.conversation).await[1]), "42.");
}

async fn a_run_that_broke_says_why(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let wrong = ModelError::Unauthorized { message: "no such key".to_owned() };
    house.script(Script::refuses(wrong));
    let chat = house.chat(&bo, "Hello?").await;
    assert_eq!(house.run(&bo, &chat.run).await["state"], "failed");
    let history = house.history(&bo, &chat.run).await;
    let last = history.last().unwrap();
    assert_eq!(last.name, "run.failed");
    assert!(!last.data["message"].as_str().unwrap().is_empty(), "{last:?}");
    assert!(!last.data["code"].as_str().unwrap().is_empty(), "{last:?}");
    // It can be tried again where it is.
    house.post(&chat.run_path("/continue")).by(&bo).send().await.ok(202);
    assert_eq!(house.rest(&bo, &chat.run).await["state"], "finished");
}

async fn only_the_newest_answer_can_be_continued(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (started, _gate) = house.stuck(&bo, "Once upon").await;
    house.post(&started.run_path("/stop")).by(&bo).send().await.ok(202);
    house.rest(&bo, &started.run).await;
    house.talk(&bo, &started.conversation, "Another one.").await;
    house.post(&started.run_path("/continue")).by(&bo).send().await.refused(409, "conflict");
    let show = format!("/messages/{}/show", started.answer);
    let shown = ids(&house.messages(&bo, &started.conversation).await);
    assert_eq!(shown.len(), 4);
    house.post(&chat_path(&started.conversation, &show)).by(&bo).send().await.ok(204);
}

async fn runs_under_way_are_listed(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    house.chat(&bo, "Over.").await;
    let (started, gate) = house.stuck(&bo, "Once upon").await;
    let listed = items(&house.get("/api/runs?active=true").by(&bo).send().await.ok(200));
    assert_eq!(ids(&listed), [started.run.as_str()]);
    assert_eq!(listed[0]["conversation_id"], started.conversation.as_str());
    assert!(items(&house.get("/api/runs").by(&cy).send().await.ok(200)).is_empty());
    gate.open();
    house.rest(&bo, &started.run).await;
    assert!(items(&house.get("/api/runs").by(&bo).send().await.ok(200)).is_empty());
}
