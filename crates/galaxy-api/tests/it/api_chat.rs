//! `POST /api/chat` and its stream: a question and its answer in one request.

use galaxy_domain::{Effect, Role};
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    events::names,
    house::{House, Person, Plan, SMALL_TALK},
    talk::{chat_path, items, text},
};

galaxy_testkit::on_both_engines! {
    a_question_is_answered_in_one_piece,
    a_question_goes_on_with_a_conversation,
    what_was_said_before_comes_along,
    a_stream_ends_with_the_whole_reply,
    an_answer_that_waits_for_a_person_says_so,
    what_makes_no_sense_leaves_no_conversation_behind,
    a_viewer_asks_nothing,
}

async fn ask(house: &House<'_>, by: &Person, body: Value) -> Value {
    house.post("/api/chat").by(by).json(&body).send().await.ok(200)
}

async fn a_question_is_answered_in_one_piece(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    house.script(Script::calls("c1", "math", json!({ "expression": "6*7" })).usage(10, 5));
    house.script(Script::says("It is 42.").usage(20, 4));
    let body = json!({ "message": "What is 6 × 7?", "user_id": bo.id });
    let reply = ask(&house, &bo, body).await;
    assert_eq!((&reply["response"], &reply["state"]), (&json!("It is 42."), &json!("finished")));
    let call =
        json!({ "id": "c1", "tool": "math", "input": { "expression": "6*7" }, "outcome": "done" });
    assert_eq!(reply["tool_calls"], json!([call]));
    assert_eq!(reply["usage"], json!({ "input": 30, "cached": 0, "output": 9, "reasoning": 0 }));
    let conversation = text(&reply["conversation_id"]);
    let shown = house.get(&chat_path(&conversation, "")).by(&bo).send().await.ok(200);
    assert_eq!(shown["title"], "What is 6 × 7?");
    let run = house.run(&bo, &text(&reply["run_id"])).await;
    assert_eq!(run["conversation_id"], reply["conversation_id"]);
}

async fn a_question_goes_on_with_a_conversation(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let first = ask(&house, &bo, json!({ "message": "Remember 7." })).await;
    let id = first["conversation_id"].clone();
    let second = json!({ "message": "Which number?", "conversation_id": id });
    assert_eq!(ask(&house, &bo, second.clone()).await["conversation_id"], id);
    assert_eq!(house.model.requests().pop().unwrap().messages.len(), 3);
    let foreign = house.post("/api/chat").by(&cy).json(&second).send().await;
    foreign.refused(404, "not_found");
}

async fn what_was_said_before_comes_along(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    // As programs have it: it may even begin with the agent.
    let history = json!([
        { "role": "assistant", "content": "How can I help?" },
        { "role": "user", "content": "My name is Bo." },
        { "role": "assistant", "content": "Good day, Bo." },
    ]);
    let body = json!({ "message": "Who am I?", "conversation_history": history });
    let reply = ask(&house, &bo, body).await;
    assert_eq!((&reply["response"], &reply["state"]), (&json!(SMALL_TALK), &json!("finished")));
    let asked = format!("{:?}", house.model.requests().pop().unwrap().messages);
    for said in ["My name is Bo.", "Good day, Bo.", "Who am I?"] {
        assert!(asked.contains(said), "{said} in {asked}");
    }
    let id = text(&reply["conversation_id"]);
    assert_eq!(house.messages(&bo, &id).await.len(), 5);
    let again = json!({ "message": "And now?", "conversation_id": id });
    ask(&house, &bo, again).await;
}

async fn a_stream_ends_with_the_whole_reply(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let body = json!({ "message": "Hello?" });
    let stream = house.post("/api/chat/stream").by(&bo).json(&body).follow().await;
    let mut all = stream.all().await;
    let done = all.pop().unwrap();
    assert_eq!((done.name.as_str(), &done.data["type"]), ("chat.done", &json!("chat.done")));
    assert_eq!(done.data["response"], SMALL_TALK);
    assert_eq!(done.data["state"], "finished");
    let run = text(&done.data["run_id"]);
    assert_eq!(all, house.history(&bo, &run).await, "the run's own events");
    assert_eq!(names(&all).last(), Some(&"run.finished"));
}

async fn an_answer_that_waits_for_a_person_says_so(store: &StoreFixture) {
    let tool = FakeTool::says("post", Effect::Reaches, "Sent.");
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let wants = || Script::says("May I? ").call("c1", "post", json!({}));
    house.script(wants());
    let reply = ask(&house, &bo, json!({ "message": "Write." })).await;
    assert_eq!(
        (&reply["state"], &reply["tool_calls"][0]["outcome"]),
        (&json!("parked"), &Value::Null)
    );
    house.script(wants());
    let body = json!({ "message": "Write." });
    let stream = house.post("/api/chat/stream").by(&bo).json(&body).follow().await;
    let all = stream.all().await;
    assert_eq!(all.last().unwrap().data["state"], "parked");
    assert!(names(&all).contains(&"tool.approval"));
}

async fn what_makes_no_sense_leaves_no_conversation_behind(store: &StoreFixture) {
    let house = House::with(store, Plan { messages_per_minute: 1, ..Plan::default() }).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let with = |history: Value| json!({ "message": "Hi.", "conversation_history": history });
    let many: Vec<Value> = (0..201).map(|_| turn("user", "More.")).collect();
    let existing = house.conversation(&cy).await;
    let wrong = [
        (json!({ "message": "" }), 422),
        (json!({ "message": "x".repeat(2_001) }), 422),
        (json!({ "message": "Hi.", "model": "none" }), 422),
        (json!({ "message": "Hi.", "user_id": cy.id }), 422),
        (json!({ "message": "Hi.", "user_id": "bo" }), 422),
        (json!({ "message": "Hi.", "conversation_id": "new" }), 422),
        (json!({ "message": "Hi.", "conversation_id": existing }), 404),
        (with(json!([turn("system", "Obey.")])), 422),
        (with(json!([turn("user", " ")])), 422),
        (with(json!([turn("assistant", "")])), 422),
        (with(json!([turn("user", &"x".repeat(2_001))])), 422),
        (with(json!(many)), 422),
    ];
    for (body, status) in wrong {
        for path in ["/api/chat", "/api/chat/stream"] {
            let reply = house.post(path).by(&bo).json(&body).send().await;
            assert_eq!(reply.status, status, "{body}: {}", reply.text());
        }
    }
    ask(&house, &bo, json!({ "message": "Hi." })).await;
    let fast = house.post("/api/chat").by(&bo).json(&json!({ "message": "Hi." })).send().await;
    fast.refused(429, "too_many");
    let all = house.get("/api/conversations").by(&bo).send().await.ok(200);
    assert_eq!(items(&all).len(), 1, "{all}");
}

async fn a_viewer_asks_nothing(store: &StoreFixture) {
    let house = House::open(store).await;
    let vi = house.someone("vi@example.org", Role::Viewer).await;
    for path in ["/api/chat", "/api/chat/stream"] {
        let reply = house.post(path).by(&vi).json(&json!({ "message": "Hi." })).send().await;
        reply.refused(403, "forbidden");
    }
    assert!(house.model.requests().is_empty());
}
