//! Other versions: edit, ask again, switch, fork.

use galaxy_testkit::{Script, store::StoreFixture};
use serde_json::json;

use crate::{
    house::{House, Plan},
    talk::{Started, chat_path, ids, spoken, text},
};

galaxy_testkit::on_both_engines! {
    a_person_may_make_so_many_conversations_in_a_minute,
    an_edited_question_stands_beside_the_old_one_and_is_answered_on_its_own,
    an_edit_without_an_answer_changes_what_is_shown_only,
    an_answer_made_anew_stands_beside_the_old_one,
    any_branch_can_be_shown_again,
    a_fork_has_the_branch_up_to_a_message_and_goes_its_own_way,
    messages_of_another_conversation_are_not_there,
}

fn message(chat: &Started, id: &str, action: &str) -> String {
    chat_path(&chat.conversation, &format!("/messages/{id}/{action}"))
}

async fn an_edited_question_stands_beside_the_old_one_and_is_answered_on_its_own(
    store: &StoreFixture,
) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "How far is Mars?").await;
    house.talk(&bo, &chat.conversation, "Thank you.").await;
    house.script(Script::says("Farther."));
    let body = json!({ "text": "How far is Jupiter?", "rerun": true });
    let path = message(&chat, &chat.question, "edit");
    let reply = house.post(&path).by(&bo).json(&body).send().await.ok(202);
    let edited = Started::of(&chat.conversation, &reply);
    house.rest(&bo, &edited.run).await;
    let shown = house.messages(&bo, &chat.conversation).await;
    assert_eq!(ids(&shown), [edited.question.as_str(), edited.answer.as_str()]);
    assert_eq!(shown[0]["siblings"], json!([chat.question, edited.question]));
    assert_eq!(spoken(&shown[1]), "Farther.");
    let asked = format!("{:?}", house.model.requests().pop().unwrap().messages);
    assert!(asked.contains("Jupiter") && !asked.contains("Mars"), "{asked}");
}

async fn an_edit_without_an_answer_changes_what_is_shown_only(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "How far is Mars?").await;
    let path = message(&chat, &chat.question, "edit");
    let reply = house.post(&path).by(&bo).json(&json!({ "text": "Mars?" })).send().await.ok(202);
    assert!(reply["run_id"].is_null() && reply["answer_id"].is_null());
    let shown = house.messages(&bo, &chat.conversation).await;
    assert_eq!(ids(&shown), [text(&reply["question_id"])]);
    assert_eq!(house.model.requests().len(), 1);
    // What follows it is answered as usual.
    house.talk(&bo, &chat.conversation, "Well?").await;
}

async fn an_answer_made_anew_stands_beside_the_old_one(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "Tell me a word.").await;
    house.script(Script::says("Umbrella."));
    let path = message(&chat, &chat.answer, "regenerate");
    let body = json!({ "model": "other" });
    let reply = house.post(&path).by(&bo).json(&body).send().await.ok(202);
    assert_eq!(reply["question_id"], chat.question.as_str());
    let again = Started::of(&chat.conversation, &reply);
    assert_eq!(house.rest(&bo, &again.run).await["model"], "other");
    let shown = house.messages(&bo, &chat.conversation).await;
    assert_eq!(ids(&shown), [chat.question.as_str(), again.answer.as_str()]);
    assert_eq!(shown[1]["siblings"], json!([chat.answer, again.answer]));
    assert_eq!(spoken(&shown[1]), "Umbrella.");
    // Only answers can be made anew.
    let path = message(&chat, &chat.question, "regenerate");
    house.post(&path).by(&bo).json(&json!({})).send().await.refused(404, "not_found");
    let path = message(&chat, &chat.answer, "regenerate");
    let unknown = house.post(&path).by(&bo).json(&json!({ "model": "none" })).send().await;
    unknown.refused(422, "invalid");
}

async fn any_branch_can_be_shown_again(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "How far is Mars?").await;
    let next = house.talk(&bo, &chat.conversation, "And back?").await;
    let path = message(&chat, &chat.question, "edit");
    let body = json!({ "text": "How far is Jupiter?", "rerun": true });
    let reply = house.post(&path).by(&bo).json(&body).send().await.ok(202);
    house.rest(&bo, &text(&reply["run_id"])).await;
    let path = message(&chat, &chat.answer, "show");
    house.post(&path).by(&bo).send().await.ok(204);
    let shown = ids(&house.messages(&bo, &chat.conversation).await);
    let whole = [&chat.question, &chat.answer, &next.question, &next.answer];
    assert_eq!(shown, whole.map(String::as_str), "down to its newest message");
}

async fn a_fork_has_the_branch_up_to_a_message_and_goes_its_own_way(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "How far is Mars?").await;
    house.talk(&bo, &chat.conversation, "And back?").await;
    let path = chat_path(&chat.conversation, "/fork");
    let body = json!({ "message_id": chat.answer });
    let fork = house.post(&path).by(&bo).json(&body).send().await.ok(201);
    assert_eq!((&fork["messages"], &fork["tools_locked"]), (&json!(2), &json!(true)));
    let id = text(&fork["id"]);
    assert_ne!(id, chat.conversation);
    let copied = house.messages(&bo, &id).await;
    assert_eq!(spoken(&copied[1]), spoken(&house.messages(&bo, &chat.conversation).await[1]));
    assert!(!ids(&copied).contains(&chat.question), "copies have ids of their own");
    assert!(copied[1]["run"].is_null());
    house.talk(&bo, &id, "Elsewhere.").await;
    assert_eq!(house.messages(&bo, &chat.conversation).await.len(), 4);
    house.delete(&chat_path(&chat.conversation, "")).by(&bo).send().await.ok(204);
    assert_eq!(house.messages(&bo, &id).await.len(), 4);
}

async fn messages_of_another_conversation_are_not_there(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (one, two) = (house.chat(&bo, "One.").await, house.chat(&bo, "Two.").await);
    let attempts = [
        (message(&one, &two.question, "edit"), json!({ "text": "Three." })),
        (message(&one, &two.answer, "regenerate"), json!({})),
        (message(&one, &two.answer, "show"), json!({})),
        (chat_path(&one.conversation, "/fork"), json!({ "message_id": two.answer })),
    ];
    for (path, body) in attempts {
        house.post(&path).by(&bo).json(&body).send().await.refused(404, "not_found");
    }
    let path = message(&one, &two.answer, "feedback");
    let rating = json!({ "rating": "up" });
    house.put(&path).by(&bo).json(&rating).send().await.refused(404, "not_found");
}

async fn a_person_may_make_so_many_conversations_in_a_minute(store: &StoreFixture) {
    let house = House::with(store, Plan { conversations_per_minute: 3, ..Plan::default() }).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let chat = house.chat(&bo, "Hello?").await;
    let fork = |key: &str| {
        let body = json!({ "message_id": chat.answer });
        house.post(&chat_path(&chat.conversation, "/fork")).by(&bo).key(key).json(&body).send()
    };
    let made = house.conversation(&bo).await;
    let copy = fork("one").await.ok(201);
    // What is sent again for want of an answer makes nothing.
    assert_eq!(fork("one").await.ok(201), copy);
    for reply in
        [fork("two").await, house.post("/api/conversations").by(&bo).json(&json!({})).send().await]
    {
        reply.refused(429, "too_many");
        let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    house.conversation(&cy).await;
    house.talk(&bo, &made, "Nobody is kept from writing.").await;
}
