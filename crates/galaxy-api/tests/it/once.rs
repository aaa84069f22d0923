//! Requests that are sent again for want of an answer.

use futures::future::join_all;
use galaxy_domain::Effect;
use galaxy_model::ModelError;
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    house::{House, PASSWORD, Plan},
    talk::{Started, chat_path, ids, items, text},
};

galaxy_testkit::on_both_engines! {
    a_hundred_at_once_are_one,
    the_same_key_with_another_request_is_refused,
    every_route_that_makes_something_makes_it_once,
    keys_of_different_people_do_not_meet,
    a_question_with_a_history_is_asked_once,
    what_is_no_key_is_refused,
    a_hundred_who_ask_for_a_key_get_the_same_one,
    an_account_is_made_once,
    a_decision_is_made_once,
    a_run_is_continued_once,
}

async fn a_hundred_at_once_are_one(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let path = chat_path(&house.conversation(&bo).await, "/messages");
    let body = json!({ "text": "Hello?" });
    let send = || house.post(&path).by(&bo).key("once").json(&body).send();
    let replies = join_all((0..100).map(|_| send())).await;
    let first = replies[0].ok(202);
    assert!(replies.iter().all(|it| it.status == 202 && it.body == replies[0].body));
    house.rest(&bo, first["run_id"].as_str().unwrap()).await;
    assert_eq!(house.model.requests().len(), 1);
    // Long after, too.
    assert_eq!(send().await.ok(202), first);
}

async fn the_same_key_with_another_request_is_refused(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (one, two) = (house.conversation(&bo).await, house.conversation(&bo).await);
    let send = async |conversation: &str, text: &str| {
        let path = chat_path(conversation, "/messages");
        house.post(&path).by(&bo).key("k").json(&json!({ "text": text })).send().await
    };
    let started = Started::of(&one, &send(&one, "Hello?").await.ok(202));
    house.rest(&bo, &started.run).await;
    send(&one, "Hello!").await.refused(422, "invalid");
    send(&two, "Hello?").await.refused(422, "invalid");
    assert_eq!(house.messages(&bo, &one).await.len(), 2);
    assert!(house.messages(&bo, &two).await.is_empty());
    // On another route it is another key.
    let task = json!({ "title": "Sweep" });
    house.post("/api/tasks").by(&bo).key("k").json(&task).send().await.ok(201);
}

async fn every_route_that_makes_something_makes_it_once(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "Hello?").await;
    let path = |rest: &str| chat_path(&chat.conversation, rest);
    let message = |id: &str, action: &str| path(&format!("/messages/{id}/{action}"));
    let routes: [(String, Value); 6] = [
        ("/api/conversations".to_owned(), json!({ "title": "Stars" })),
        ("/api/tasks".to_owned(), json!({ "title": "Sweep" })),
        (path("/fork"), json!({ "message_id": chat.answer })),
        (message(&chat.question, "edit"), json!({ "text": "Hello!", "rerun": false })),
        (message(&chat.answer, "regenerate"), json!({})),
        ("/api/chat".to_owned(), json!({ "message": "Hi." })),
    ];
    for (path, body) in routes {
        let send = || house.post(&path).by(&bo).key("again").json(&body).send();
        let (first, second) = (send().await, send().await);
        assert!(first.status < 300, "{path}: {}", first.text());
        assert_eq!((first.status, &first.body), (second.status, &second.body), "{path}");
    }
    let conversations = house.get("/api/conversations").by(&bo).send().await.ok(200);
    assert_eq!(conversations["total"], 4, "one of old, one made, one forked, one asked in");
    assert_eq!(house.get("/api/tasks").by(&bo).send().await.ok(200)["total"], 1);
}

async fn keys_of_different_people_do_not_meet(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let task = json!({ "title": "Sweep" });
    let mut made = Vec::new();
    for person in [&bo, &cy] {
        let call = house.post("/api/tasks").by(person).key("mine").json(&task);
        made.push(call.send().await.ok(201)["id"].clone());
    }
    assert_ne!(made[0], made[1]);
}

async fn a_question_with_a_history_is_asked_once(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let history = json!([
        { "role": "user", "content": "My name is Bo." },
        { "role": "assistant", "content": "Good day, Bo." },
    ]);
    let body = json!({ "message": "Who am I?", "conversation_history": history });
    let send = || house.post("/api/chat").by(&bo).key("once").json(&body).send();
    let replies = join_all((0..20).map(|_| send())).await;
    let first = replies[0].ok(200);
    assert!(replies.iter().all(|it| it.body == replies[0].body));
    let asked = house.model.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].messages.len(), 3, "with its history, once: {:?}", asked[0].messages);
    let id = first["conversation_id"].as_str().unwrap();
    assert_eq!(house.messages(&bo, id).await.len(), 4);
    let all = house.get("/api/conversations").by(&bo).send().await.ok(200);
    assert_eq!(ids(&items(&all)), [id]);
}

async fn a_hundred_who_ask_for_a_key_get_the_same_one(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let send = |name: &str| {
        let wanted = json!({ "name": name, "scopes": ["read"] });
        house.post("/api/auth/keys").by(&bo).key("once").json(&wanted).send()
    };
    let replies = join_all((0..100).map(|_| send("Script"))).await;
    let first = replies[0].ok(201);
    assert!(replies.iter().all(|it| it.status == 201 && it.body == replies[0].body));
    let listed = house.get("/api/auth/keys").by(&bo).send().await;
    assert_eq!(ids(&items(&listed.ok(200))), [text(&first["id"])]);
    let key = text(&first["key"]);
    assert!(!listed.text().contains(&key));
    house.get("/api/auth/me").bearer(&key).send().await.ok(200);
    send("Another").await.refused(422, "invalid");
}

async fn an_account_is_made_once(store: &StoreFixture) {
    let house = House::open(store).await;
    let ana = house.admin().await;
    let send = |password: &str| {
        let wanted = json!({
            "email": "cy@example.org", "name": "Cy", "role": "member", "password": password
        });
        house.post("/api/people").by(&ana).key("once").json(&wanted).send()
    };
    let replies = join_all((0..3).map(|_| send(PASSWORD))).await;
    assert!(replies.iter().all(|it| it.status == 201 && it.body == replies[0].body));
    assert_eq!(send(PASSWORD).await.ok(201), replies[0].ok(201));
    send("seven loud harbours").await.refused(422, "invalid");
    assert_eq!(items(&house.get("/api/people").by(&ana).send().await.ok(200)).len(), 2);
}

async fn a_decision_is_made_once(store: &StoreFixture) {
    let tool = FakeTool::says("post", Effect::Reaches, "It was sent.");
    let inputs = tool.inputs();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let question = Script::calls("q", "ask_person", json!({ "question": "Which colour?" }));
    house.script(question.call("c", "post", json!({ "to": "ana" })));
    let chat = house.chat(&bo, "Ask me, then write to her.").await;
    let run = house.run(&bo, &chat.run).await;
    let digest = |call: &str| {
        let open = run["open"].as_array().unwrap();
        open.iter().find(|it| it["call"] == call).unwrap()["digest"].clone()
    };
    let yes = json!({ "call": "c", "digest": digest("c"), "decision": "allow" });
    let no = json!({ "call": "c", "digest": digest("c"), "decision": "deny" });
    let send = |action: &str, body: &Value| {
        house.post(&chat.run_path(action)).by(&bo).key("once").json(body).send()
    };
    let replies = join_all((0..20).map(|_| send("/approve", &yes))).await;
    for reply in &replies {
        assert_eq!(reply.ok(202), json!({ "state": "queued" }));
    }
    assert_eq!(house.rest(&bo, &chat.run).await["state"], "parked", "the question still waits");
    send("/approve", &no).await.refused(422, "invalid");
    let answer = json!({ "call": "q", "answer": "red" });
    for reply in join_all((0..20).map(|_| send("/answer", &answer))).await {
        assert_eq!(reply.ok(202), json!({ "state": "queued" }));
    }
    assert_eq!(house.rest(&bo, &chat.run).await["state"], "finished");
    // Long after, too.
    send("/approve", &yes).await.ok(202);
    send("/answer", &json!({ "call": "q", "answer": "blue" })).await.refused(422, "invalid");
    assert_eq!(inputs.lock().unwrap().len(), 1);
    assert_eq!(house.run(&bo, &chat.run).await["state"], "finished");
}

async fn a_run_is_continued_once(store: &StoreFixture) {
    let plan = Plan { active_runs: 1, messages_per_minute: 2, ..Plan::default() };
    let house = House::with(store, plan).await;
    let bo = house.member("bo@example.org").await;
    let torn = || ModelError::Truncated { message: "the connection was reset".to_owned() };
    house.script(Script::says("Once upon").fails(torn()));
    let chat = house.chat(&bo, "Tell me.").await;
    house.script(Script::says(" a time").fails(torn()));
    let send = |key: &str| house.post(&chat.run_path("/continue")).by(&bo).key(key).send();
    for reply in join_all((0..20).map(|_| send("once"))).await {
        assert_eq!(reply.ok(202), json!({ "state": "queued" }));
    }
    assert_eq!(house.rest(&bo, &chat.run).await["state"], "incomplete");
    send("once").await.ok(202);
    assert_eq!(house.run(&bo, &chat.run).await["state"], "incomplete", "not continued again");
    assert_eq!(house.model.requests().len(), 2);
    // Another key is another request, and counts as one.
    send("again").await.refused(429, "too_many");
}

async fn what_is_no_key_is_refused(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let task = json!({ "title": "Sweep" });
    for key in ["", &"x".repeat(201)] {
        let reply = house.post("/api/tasks").by(&bo).key(key).json(&task).send().await;
        reply.refused(400, "invalid");
    }
    let longest = "x".repeat(200);
    house.post("/api/tasks").by(&bo).key(&longest).json(&task).send().await.ok(201);
}
