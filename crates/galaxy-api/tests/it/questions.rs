//! Calls that are questions to the person.

use galaxy_testkit::{Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    house::{House, Person},
    talk::Started,
};

galaxy_testkit::on_both_engines! {
    an_answer_goes_back_to_the_model,
    several_choices_are_one_answer,
    what_is_no_answer_to_the_question_is_refused,
}

async fn asked(house: &House<'_>, by: &Person) -> Started {
    let question = json!({ "question": "Which colour?", "choices": ["red", "green"] });
    house.script(Script::calls("q", "ask_person", question));
    house.chat(by, "Paint it.").await
}

async fn answer(house: &House<'_>, by: &Person, started: &Started, said: Value) -> String {
    let body = json!({ "call": "q", "answer": said });
    let path = started.run_path("/answer");
    assert_eq!(house.post(&path).by(by).json(&body).send().await.ok(202)["state"], "queued");
    assert_eq!(house.rest(by, &started.run).await["state"], "finished");
    format!("{:?}", house.model.requests().pop().unwrap().messages)
}

async fn an_answer_goes_back_to_the_model(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let started = asked(&house, &bo).await;
    let run = house.run(&bo, &started.run).await;
    assert_eq!((&run["state"], &run["open"][0]["question"]), (&json!("parked"), &json!("answer")));
    assert_eq!(run["open"][0]["input"]["choices"], json!(["red", "green"]));
    assert!(answer(&house, &bo, &started, json!("Mauve")).await.contains("Mauve"));
}

async fn several_choices_are_one_answer(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let started = asked(&house, &bo).await;
    assert!(answer(&house, &bo, &started, json!(["red", "green"])).await.contains("red, green"));
}

async fn what_is_no_answer_to_the_question_is_refused(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let started = asked(&house, &bo).await;
    let path = started.run_path("/answer");
    let send = async |by: &Person, body: Value| house.post(&path).by(by).json(&body).send().await;
    let right = json!({ "call": "q", "answer": "red" });
    send(&cy, right.clone()).await.refused(404, "not_found");
    send(&bo, json!({ "call": "other", "answer": "red" })).await.refused(409, "conflict");
    for wrong in [json!({ "call": "q" }), json!({ "call": "q", "answer": 7 })] {
        send(&bo, wrong).await.refused(422, "invalid");
    }
    let long = json!({ "call": "q", "answer": "x".repeat(2_001) });
    send(&bo, long).await.refused(422, "invalid");
    let digest = house.run(&bo, &started.run).await["open"][0]["digest"].clone();
    let yes = json!({ "call": "q", "digest": digest, "decision": "allow" });
    let approved = house.post(&started.run_path("/approve")).by(&bo).json(&yes).send().await;
    approved.refused(409, "conflict");
    send(&bo, right.clone()).await.ok(202);
    house.rest(&bo, &started.run).await;
    send(&bo, right).await.refused(409, "conflict");
}
