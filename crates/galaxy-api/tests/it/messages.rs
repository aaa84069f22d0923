//! Messages: what may be sent, and how they are read.

use galaxy_testkit::{Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    house::{House, Plan, SMALL_TALK},
    talk::{chat_path, ids, items, spoken, text},
};

galaxy_testkit::on_both_engines! {
    a_message_is_answered,
    an_image_is_shown_to_the_model,
    what_may_not_be_sent_is_refused_with_every_mistake,
    a_second_message_has_to_wait_for_the_answer,
    runs_of_one_person_are_bounded,
    a_person_may_send_so_many_messages_in_a_minute,
    messages_are_read_in_windows,
    a_message_under_way_is_shown_as_far_as_it_is,
    text_that_only_looks_like_nul_is_text,
}

async fn a_message_is_answered(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "Hello?").await;
    let messages = house.messages(&bo, &chat.conversation).await;
    assert_eq!(ids(&messages), [chat.question.as_str(), chat.answer.as_str()]);
    let (question, answer) = (&messages[0], &messages[1]);
    assert_eq!((&question["speaker"], &answer["speaker"]), (&json!("person"), &json!("agent")));
    assert_eq!(question["parts"], json!([{ "kind": "text", "text": "Hello?" }]));
    assert_eq!((&question["run"], &question["parent_id"]), (&Value::Null, &Value::Null));
    assert_eq!(answer["parent_id"], chat.question.as_str());
    assert_eq!(answer["siblings"], json!([chat.answer]));
    assert_eq!(answer["run"]["state"], "finished");
    assert_eq!(spoken(answer), SMALL_TALK);
    let run = house.run(&bo, &chat.run).await;
    assert_eq!(
        (&run["question_id"], &run["answer_id"]),
        (&json!(chat.question), &json!(chat.answer))
    );
    assert_eq!(run["usage"], json!({ "input": 12, "cached": 0, "output": 3, "reasoning": 0 }));
    assert_eq!(run["seq"], answer["run"]["seq"], "a page can follow from where it has read to");
    assert_eq!(run["open"], json!([]));
    assert!(run["ended_at"].as_str().is_some());
}

async fn an_image_is_shown_to_the_model(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let image = json!({ "media_type": "image/png", "data": "iVBORw0KGgo=" });
    let body = json!({ "text": "", "images": [image] });
    let path = chat_path(&id, "/messages");
    let sent = house.post(&path).by(&bo).json(&body).send().await.ok(202);
    house.rest(&bo, &text(&sent["run_id"])).await;
    let shown = &house.messages(&bo, &id).await[0];
    let part = json!({ "kind": "image", "media_type": "image/png", "data": "iVBORw0KGgo=" });
    assert_eq!(shown["parts"], json!([part]));
    assert!(format!("{:?}", house.model.requests()).contains("iVBORw0KGgo="));
}

async fn what_may_not_be_sent_is_refused_with_every_mistake(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let path = chat_path(&house.conversation(&bo).await, "/messages");
    let send = async |body: Value| house.post(&path).by(&bo).json(&body).send().await;
    let image = |media_type: &str, data: &str| json!({ "media_type": media_type, "data": data });
    let long = "x".repeat(1_004);
    let wrong = [
        (json!({}), vec!["/text"]),
        (json!({ "text": " \n" }), vec!["/text"]),
        (json!({ "text": "x".repeat(2_001) }), vec!["/text"]),
        (
            json!({ "text": "Hi.", "images": [image("image/svg+xml", "PHN2Zz4=")] }),
            vec!["/images/0/media_type"],
        ),
        (
            json!({ "text": "Hi.", "images": [image("image/png", "no base64")] }),
            vec!["/images/0/data"],
        ),
        (json!({ "text": "Hi.", "images": [image("image/png", &long)] }), vec!["/images/0/data"]),
        (
            json!({ "images": [image("text/html", "PHN2Zz4=").clone(), image("image/gif", "?")] }),
            vec!["/images/0/media_type", "/images/1/data"],
        ),
        (json!({ "text": "Hi.", "model": "none" }), vec!["/model"]),
    ];
    for (body, expected) in wrong {
        let problem = send(body.clone()).await.refused(422, "invalid");
        let errors = items(&json!({ "items": problem["errors"] }));
        let pointers: Vec<_> = errors.iter().map(|it| text(&it["pointer"])).collect();
        assert_eq!(pointers, expected, "{body}");
    }
    let foreign = house.chat(&cy, "Mine.").await;
    for parent in [foreign.answer, uuid::Uuid::now_v7().to_string()] {
        send(json!({ "text": "Hi.", "parent_id": parent })).await.refused(404, "not_found");
    }
}

async fn a_second_message_has_to_wait_for_the_answer(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (started, gate) = house.stuck(&bo, "Once upon").await;
    let path = chat_path(&started.conversation, "/messages");
    let body = json!({ "text": "Faster." });
    house.post(&path).by(&bo).json(&body).send().await.refused(409, "conflict");
    gate.open();
    house.rest(&bo, &started.run).await;
    house.post(&path).by(&bo).json(&body).send().await.ok(202);
}

async fn runs_of_one_person_are_bounded(store: &StoreFixture) {
    let house = House::with(store, Plan { active_runs: 1, ..Plan::default() }).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let (started, gate) = house.stuck(&bo, "Once upon").await;
    let path = chat_path(&house.conversation(&bo).await, "/messages");
    let body = json!({ "text": "And here?" });
    // The check for `Retry-After` is made with every 429.
    house.post(&path).by(&bo).json(&body).send().await.refused(429, "too_many");
    house.chat(&cy, "Nobody else waits.").await;
    gate.open();
    house.rest(&bo, &started.run).await;
    house.post(&path).by(&bo).json(&body).send().await.ok(202);
}

async fn a_person_may_send_so_many_messages_in_a_minute(store: &StoreFixture) {
    let house = House::with(store, Plan { messages_per_minute: 2, ..Plan::default() }).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "One.").await;
    let path = chat_path(&chat.conversation, "/messages");
    let send = |key: &str| house.post(&path).by(&bo).key(key).json(&json!({ "text": "Two." }));
    let second = send("two").send().await.ok(202);
    send("three").send().await.refused(429, "too_many");
    // What is sent again for want of an answer is no other message.
    for _ in 0..3 {
        assert_eq!(send("two").send().await.ok(202), second);
    }
    send("three").send().await.refused(429, "too_many");
}

async fn messages_are_read_in_windows(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let mut all = Vec::new();
    for number in 0..4 {
        let chat = house.talk(&bo, &id, &format!("Number {number}?")).await;
        all.extend([chat.question, chat.answer]);
    }
    let read = async |query: &str| {
        let path = chat_path(&id, &format!("/messages?{query}"));
        let page = house.get(&path).by(&bo).send().await.ok(200);
        (ids(&items(&page)), page["has_more"].clone())
    };
    assert_eq!(read("limit=3").await, (all[5..].to_vec(), json!(true)));
    let before = format!("limit=3&before={}", all[5]);
    assert_eq!(read(&before).await, (all[2..5].to_vec(), json!(true)));
    let before = format!("limit=9&before={}", all[2]);
    assert_eq!(read(&before).await, (all[..2].to_vec(), json!(false)));
    let (around, _) = read(&format!("limit=3&around={}", all[3])).await;
    assert!(around.contains(&all[3]) && around.len() <= 4, "{around:?}");
    let missing = chat_path(&id, &format!("/messages?around={}", uuid::Uuid::now_v7()));
    house.get(&missing).by(&bo).send().await.refused(404, "not_found");
}

async fn a_message_under_way_is_shown_as_far_as_it_is(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (started, gate) = house.stuck(&bo, "Once upon").await;
    house.events(&bo, &started.run, 0).await.until("message.delta").await;
    let answer = house.messages(&bo, &started.conversation).await.remove(1);
    assert_eq!(answer["run"]["state"], "running");
    let seen = answer["run"]["seq"].as_u64().unwrap();
    let last = answer["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["type"], &last["text"]), (&json!("message.delta"), &json!("Once upon")));
    gate.open();
    let rest = house.events(&bo, &started.run, seen).await.all().await;
    assert_eq!(rest[0].id, Some(seen + 1));
    let done = rest.iter().find(|it| it.name == "message.done").unwrap();
    assert_eq!(done.data["parts"][0]["text"], "Once upon The end.");
    let run = house.rest(&bo, &started.run).await;
    assert_eq!(run["state"], "finished");
}

async fn text_that_only_looks_like_nul_is_text(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    house.script(Script::says("It is written \\u0000."));
    let said = "How is \\u0000 written, and \\\\u0000?";
    let chat = house.chat(&bo, said).await;
    let messages = house.messages(&bo, &chat.conversation).await;
    assert_eq!(messages[0]["parts"][0]["text"], said);
    let path = chat_path(&chat.conversation, "/messages");
    for nul in ["\\u0000", "\\\\\\u0000"] {
        let body = format!("{{\"text\":\"a{nul}b\"}}");
        let reply = house.post(&path).by(&bo).body("application/json", body).send().await;
        reply.refused(422, "invalid");
    }
}
