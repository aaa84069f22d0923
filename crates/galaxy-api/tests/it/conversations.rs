//! Conversations: make, find, change, save, delete.

use galaxy_testkit::{Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    house::{House, Person, SMALL_TALK},
    talk::{chat_path, ids, items, text},
};

galaxy_testkit::on_both_engines! {
    the_first_message_names_a_conversation,
    pinned_ones_come_first_and_archived_ones_on_their_own,
    a_list_comes_in_pages_without_gaps,
    words_are_found_in_titles_and_messages_of_ones_own,
    the_tools_are_fixed_with_the_first_message,
    what_makes_no_sense_is_refused_with_every_mistake,
    a_conversation_is_saved_in_three_formats,
    a_deleted_conversation_is_gone_with_all_that_belongs_to_it,
    deleting_stops_the_answer_that_is_under_way,
}

async fn change(house: &House<'_>, by: &Person, id: &str, change: Value) -> Value {
    house.patch(&chat_path(id, "")).by(by).json(&change).send().await.ok(200)
}

async fn the_first_message_names_a_conversation(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let made = house.post("/api/conversations").by(&bo).json(&json!({})).send().await.ok(201);
    assert_eq!((&made["title"], &made["messages"]), (&json!(""), &json!(0)));
    assert_eq!((&made["state"], &made["tools_locked"]), (&Value::Null, &json!(false)));
    let id = text(&made["id"]);
    house
        .talk(
            &bo,
            &id,
            "How far is it to Proxima Centauri?\nAnd how far from there to the next one?",
        )
        .await;
    let shown = house.get(&chat_path(&id, "")).by(&bo).send().await.ok(200);
    assert_eq!(shown["title"], "How far is it to Proxima Centauri?");
    assert_eq!((&shown["messages"], &shown["state"]), (&json!(2), &json!("finished")));
    house.talk(&bo, &id, "And back?").await;
    let shown = house.get(&chat_path(&id, "")).by(&bo).send().await.ok(200);
    assert_eq!(shown["title"], "How far is it to Proxima Centauri?", "only the first");
    assert_eq!(change(&house, &bo, &id, json!({ "title": " Stars " })).await["title"], "Stars");
}

async fn pinned_ones_come_first_and_archived_ones_on_their_own(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let mut made = Vec::new();
    for title in ["One", "Two", "Three"] {
        store.clock.advance(std::time::Duration::from_secs(1));
        let wanted = json!({ "title": title });
        let reply = house.post("/api/conversations").by(&bo).json(&wanted).send().await.ok(201);
        made.push(text(&reply["id"]));
    }
    let listed = async |query: &str| {
        let path = format!("/api/conversations{query}");
        ids(&items(&house.get(&path).by(&bo).send().await.ok(200)))
    };
    let [one, two, three] = &made[..] else { unreachable!() };
    assert_eq!(listed("").await, [three, two, one].map(String::as_str));
    change(&house, &bo, one, json!({ "pinned": true })).await;
    change(&house, &bo, three, json!({ "archived": true })).await;
    assert_eq!(listed("").await, [one, two].map(String::as_str));
    assert_eq!(listed("?archived=true").await, [three.as_str()]);
    let sessions = house.get("/api/sessions").by(&bo).send().await.ok(200);
    assert_eq!(ids(&items(&sessions)), [one, two].map(String::as_str));
    assert_eq!(items(&sessions)[0]["messages"], 0);
}

async fn a_list_comes_in_pages_without_gaps(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    for _ in 0..5 {
        house.conversation(&bo).await;
    }
    let (mut seen, mut next) = (Vec::new(), Some(String::new()));
    while let Some(cursor) = next {
        let path = format!("/api/conversations?limit=2&cursor={cursor}");
        let path = if cursor.is_empty() { "/api/conversations?limit=2".to_owned() } else { path };
        let page = house.get(&path).by(&bo).send().await.ok(200);
        assert_eq!(page["total"], 5);
        assert!(items(&page).len() <= 2);
        seen.extend(ids(&items(&page)));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen.len(), 5);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5, "none twice");
    let odd = house.get("/api/conversations?cursor=nonsense").by(&bo).send().await;
    odd.refused(422, "invalid");
}

async fn words_are_found_in_titles_and_messages_of_ones_own(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    house.script(Script::says("It orbits a red dwarf."));
    let chat = house.chat(&bo, "Tell me of Proxima.").await;
    house.chat(&cy, "Proxima is mine too.").await;
    let search = async |by: &Person, words: &str| {
        let path = format!("/api/conversations/search?q={words}");
        items(&house.get(&path).by(by).send().await.ok(200))
    };
    let hits = search(&bo, "proxima").await;
    assert!(hits.iter().all(|it| it["conversation_id"] == chat.conversation.as_str()));
    assert!(hits.iter().any(|it| it["message_id"] == chat.question.as_str()), "{hits:?}");
    let hits = search(&bo, "dwarf").await;
    assert_eq!(hits[0]["message_id"], chat.answer.as_str());
    let snippet = hits[0]["snippet"].as_array().unwrap();
    let matched: Vec<_> = snippet.iter().filter(|it| it["match"] == true).collect();
    assert_eq!(matched.len(), 1);
    assert_eq!(matched[0]["text"], "dwarf");
    assert!(search(&cy, "dwarf").await.is_empty(), "somebody else's");
    for odd in ["", "%22", "%27%20OR%201=1", "*", "a%20AND"] {
        search(&bo, odd).await;
    }
}

async fn the_tools_are_fixed_with_the_first_message(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let some = json!({ "tools": ["math"] });
    assert_eq!(change(&house, &bo, &id, some.clone()).await["tools"], json!(["math"]));
    house.talk(&bo, &id, "Hello?").await;
    let offered = house.model.requests().pop().unwrap().tools;
    assert_eq!(offered.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["math"]);
    let other = house.patch(&chat_path(&id, "")).by(&bo).json(&json!({ "tools": null }));
    other.send().await.refused(409, "conflict");
    // The same ones again are no change.
    let shown = change(&house, &bo, &id, some).await;
    assert_eq!(shown["tools_locked"], true);
    let changed = json!({ "model": "other", "system_prompt": "Be kind." });
    let changed = change(&house, &bo, &id, changed).await;
    assert_eq!(
        (&changed["model"], &changed["system_prompt"]),
        (&json!("other"), &json!("Be kind."))
    );
    house.talk(&bo, &id, "And now?").await;
    assert_eq!(house.model.requests().pop().unwrap().system, "Be kind.");
    let back = change(&house, &bo, &id, json!({ "model": null, "system_prompt": null })).await;
    assert_eq!((&back["model"], &back["system_prompt"]), (&Value::Null, &Value::Null));
}

async fn what_makes_no_sense_is_refused_with_every_mistake(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let wrong = json!({ "title": "x".repeat(201), "model": "none", "tools": ["none", "math"] });
    let reply = house.post("/api/conversations").by(&bo).json(&wrong).send().await;
    let problem = reply.refused(422, "invalid");
    let pointers: Vec<_> = items(&json!({ "items": problem["errors"] }))
        .iter()
        .map(|it| text(&it["pointer"]))
        .collect();
    assert_eq!(pointers, ["/title", "/model", "/tools"]);
    assert_eq!(house.get("/api/conversations").by(&bo).send().await.ok(200)["total"], 0);
}

async fn a_conversation_is_saved_in_three_formats(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    house.script(Script::calls("c1", "math", json!({ "expression": "6*7" })));
    house.script(Script::says("It is **42**."));
    let chat = house.chat(&bo, "What is 6 × 7?").await;
    let formats = [("txt", "text/plain"), ("md", "text/markdown"), ("json", "application/json")];
    for (format, media_type) in formats {
        let path = chat_path(&chat.conversation, &format!("/export?format={format}"));
        let reply = house.get(&path).by(&bo).send().await;
        assert_eq!(reply.status, 200);
        assert!(reply.header("content-type").unwrap().starts_with(media_type));
        let disposition = reply.header("content-disposition").unwrap();
        let name = format!("attachment; filename*=UTF-8''what-is-6-7.{format}");
        assert_eq!(disposition, name);
        let file = reply.text();
        for part in ["What is 6 × 7?", "math", "It is **42**."] {
            assert!(file.contains(part), "{part} in {file}");
        }
        if format == "json" {
            assert_eq!(reply.json()["messages"].as_array().unwrap().len(), 2);
        }
    }
    let unknown = chat_path(&chat.conversation, "/export?format=exe");
    assert_eq!(house.get(&unknown).by(&bo).send().await.status, 400);
}

async fn a_deleted_conversation_is_gone_with_all_that_belongs_to_it(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "Remember the cormorant.").await;
    house.delete(&chat_path(&chat.conversation, "")).by(&bo).send().await.ok(204);
    for path in [chat_path(&chat.conversation, ""), chat_path(&chat.conversation, "/messages")] {
        house.get(&path).by(&bo).send().await.refused(404, "not_found");
    }
    house.get(&chat.run_path("")).by(&bo).send().await.refused(404, "not_found");
    house.get(&chat.run_path("/events")).by(&bo).send().await.refused(404, "not_found");
    let found = house.get("/api/conversations/search?q=cormorant").by(&bo).send().await.ok(200);
    assert!(items(&found).is_empty());
    house.delete(&chat_path(&chat.conversation, "")).by(&bo).send().await.refused(404, "not_found");
}

async fn deleting_stops_the_answer_that_is_under_way(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (started, _gate) = house.stuck(&bo, "Once upon").await;
    house.delete(&chat_path(&started.conversation, "")).by(&bo).send().await.ok(204);
    assert_eq!(house.model.abandoned(), 1, "the provider is told");
    assert!(items(&house.get("/api/runs").by(&bo).send().await.ok(200)).is_empty());
    let other = house.chat(&bo, "Hello?").await;
    assert_eq!(crate::talk::spoken(&house.messages(&bo, &other.conversation).await[1]), SMALL_TALK);
}
