//! Server-sent events: runs, conversations, and everything of a person.

use galaxy_testkit::{Gate, Script, store::StoreFixture};
use serde_json::json;

use crate::{
    events::{names, numbers},
    house::{House, SMALL_TALK},
    talk::{Started, chat_path, text},
};

galaxy_testkit::on_both_engines! {
    a_run_is_followed_from_its_start_to_its_end,
    a_reader_goes_on_exactly_where_it_was,
    a_run_that_is_over_has_nothing_more_to_say,
    a_topic_tells_what_happens_to_a_conversation,
    a_person_hears_of_everything_they_own_and_of_nothing_else,
    a_reader_ahead_of_the_log_is_told_to_begin_anew,
    what_is_no_topic_of_ones_own_is_not_there,
    a_stopping_server_says_when_to_come_back,
    whoever_waits_for_an_answer_is_told_that_the_server_stops,
}

async fn a_run_is_followed_from_its_start_to_its_end(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (started, gate) = house.stuck(&bo, "Once upon").await;
    let mut events = house.events(&bo, &started.run, 0).await;
    let mut all = events.until("message.delta").await;
    gate.open();
    all.extend(events.all().await);
    assert_eq!(numbers(&all), (1..=all.len() as u64).collect::<Vec<_>>());
    let heard = names(&all);
    assert_eq!(heard[..3], ["run.started", "step.started", "message.delta"]);
    assert_eq!(heard.last(), Some(&"run.finished"));
    for event in &all {
        assert_eq!(event.data["topic"], format!("run:{}", started.run));
        assert_eq!(
            (event.data["seq"].as_u64(), event.data["type"].as_str()),
            (event.id, Some(event.name.as_str()))
        );
        assert!(text(&event.data["at"]).ends_with('Z'));
    }
    let begun = &all[0].data;
    assert_eq!(begun["message_id"], started.question.as_str());
    assert_eq!(begun["parts"], json!([{ "kind": "text", "text": "Tell me." }]));
    let deltas = all.iter().filter(|it| it.name == "message.delta");
    let streamed: String = deltas.map(|it| text(&it.data["text"])).collect();
    let done = all.iter().find(|it| it.name == "message.done").unwrap();
    let whole = "Once upon The end.";
    assert_eq!(done.data["parts"], json!([{ "kind": "text", "text": whole }]));
    // The last pieces come with the whole.
    assert!(whole.starts_with(&streamed) && streamed.starts_with("Once upon"), "{streamed}");
    assert_eq!(done.data["finish"], "stop");
}

async fn a_reader_goes_on_exactly_where_it_was(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (started, gate) = house.stuck(&bo, "Once upon").await;
    let path = started.run_path("/events");
    let mut first = house.get(&path).by(&bo).follow().await;
    let seen = first.until("step.started").await;
    drop(first);
    gate.open();
    house.rest(&bo, &started.run).await;
    let last = seen.last().unwrap().id.unwrap().to_string();
    let resumed = house.get(&path).by(&bo).header("last-event-id", &last).follow().await;
    let rest = resumed.all().await;
    let both: Vec<u64> = numbers(&seen).into_iter().chain(numbers(&rest)).collect();
    assert_eq!(both, (1..=both.len() as u64).collect::<Vec<_>>());
    // The header wins, because a browser that reconnects repeats the query.
    let path = started.run_path("/events?after=1");
    let again = house.get(&path).by(&bo).header("last-event-id", &last).follow().await;
    assert_eq!(again.all().await, rest);
    let path = format!("/api/live?topic=run:{}&after={last}", started.run);
    let same = house.get(&path).by(&bo).follow().await.until("run.finished").await;
    assert_eq!(same, rest);
}

async fn a_run_that_is_over_has_nothing_more_to_say(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "Hello?").await;
    let all = house.history(&bo, &chat.run).await;
    let last = all.last().unwrap().id.unwrap();
    assert_eq!(house.events(&bo, &chat.run, last).await.all().await, []);
    let ahead = house.events(&bo, &chat.run, last + 7).await.all().await;
    assert_eq!(names(&ahead), ["reset"]);
}

async fn a_topic_tells_what_happens_to_a_conversation(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let other = house.conversation(&bo).await;
    let path = format!("/api/live?topic=chat:{id}");
    let mut events = house.get(&path).by(&bo).follow().await;
    let Started { run, question, answer, .. } = house.talk(&bo, &id, "Hello?").await;
    house.talk(&bo, &other, "Not here.").await;
    house.patch(&chat_path(&id, "")).by(&bo).json(&json!({ "pinned": true })).send().await.ok(200);
    let mut all = events.until("run.changed").await;
    while all.last().unwrap().data["pinned"] != true {
        all.push(events.next().await.unwrap());
    }
    let expected: Vec<u64> = (all[0].id.unwrap()..).take(all.len()).collect();
    assert_eq!(numbers(&all), expected, "without gaps");
    assert!(all.iter().all(|it| it.data["conversation_id"] == id.as_str()), "{all:?}");
    let added = all.iter().filter(|it| it.name == "message.added");
    let added: Vec<_> =
        added.map(|it| (it.data["message_id"].clone(), it.data["run_id"].clone())).collect();
    assert_eq!(added, [(json!(question), json!(null)), (json!(answer), json!(run))]);
    let states = all.iter().filter(|it| it.name == "run.changed");
    let states: Vec<_> = states.map(|it| text(&it.data["state"])).collect();
    assert_eq!(states.last().map(String::as_str), Some("finished"));
    let titled =
        all.iter().any(|it| it.name == "conversation.updated" && it.data["title"] == "Hello?");
    assert!(titled, "{all:?}");
}

async fn a_person_hears_of_everything_they_own_and_of_nothing_else(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let path = format!("/api/live?topic=user:{}", bo.id);
    let mut events = house.get(&path).by(&bo).follow().await;
    let foreign = house.chat(&cy, "Not yours.").await;
    let chat = house.chat(&bo, "Yours.").await;
    house.delete(&chat_path(&chat.conversation, "")).by(&bo).send().await.ok(204);
    let all = events.until("conversation.deleted").await;
    assert_eq!(numbers(&all), (1..=all.len() as u64).collect::<Vec<_>>());
    for event in &all {
        assert_eq!(event.data["conversation_id"], chat.conversation.as_str(), "{foreign:?}");
    }
    assert!(names(&all).contains(&"run.changed"));
    assert!(!format!("{all:?}").contains(SMALL_TALK), "what is said stays in the run");
}

async fn a_reader_ahead_of_the_log_is_told_to_begin_anew(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let path = format!("/api/live?topic=chat:{id}&after=999");
    let mut events = house.get(&path).by(&bo).follow().await;
    let reset = events.next().await.unwrap();
    assert_eq!(reset.name, "reset");
    let last = reset.id.unwrap();
    assert_eq!(reset.data, json!({ "op": "reset", "topic": format!("chat:{id}"), "seq": last }));
    house.patch(&chat_path(&id, "")).by(&bo).json(&json!({ "pinned": true })).send().await.ok(200);
    assert_eq!(events.next().await.unwrap().id, Some(last + 1));
}

async fn what_is_no_topic_of_ones_own_is_not_there(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let chat = house.chat(&cy, "Hello?").await;
    let foreign = [
        format!("run:{}", chat.run),
        format!("chat:{}", chat.conversation),
        format!("user:{}", cy.id),
        format!("run:{}", chat.conversation),
        format!("user:{}", uuid::Uuid::now_v7()),
    ];
    for topic in foreign {
        let reply = house.get(&format!("/api/live?topic={topic}")).by(&bo).send().await;
        reply.refused(404, "not_found");
    }
    for nonsense in ["", "run", "run:", "run:7", "all:1", "user:*"] {
        let reply = house.get(&format!("/api/live?topic={nonsense}")).by(&bo).send().await;
        assert_eq!(reply.status, 400, "{nonsense}");
    }
    let odd = house.get("/api/live?topic=user:me&after=-1").by(&bo).send().await;
    assert_eq!(odd.status, 400);
}

async fn whoever_waits_for_an_answer_is_told_that_the_server_stops(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let gate = Gate::new();
    house.script(Script::says("Never heard.").held_by(&gate));
    let question = json!({ "message": "Hello?" });
    let asking = house.post("/api/chat").by(&bo).key("k").json(&question).send();
    let stopping = async {
        gate.reached().await;
        house.stage.stop();
    };
    let (reply, ()) = tokio::join!(asking, stopping);
    reply.refused(503, "unavailable");
}

async fn a_stopping_server_says_when_to_come_back(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let path = format!("/api/live?topic=user:{}", bo.id);
    let stream = house.get(&path).by(&bo).follow().await;
    let (started, _gate) = house.stuck(&bo, "Once upon").await;
    let body = json!({ "message": "Hello?" });
    house.script(Script::says("Never heard.").held_by(&Gate::new()));
    let asking = house.post("/api/chat/stream").by(&bo).json(&body).follow().await;
    let run = house.events(&bo, &started.run, 0).await;
    house.stage.stop();
    for stream in [stream, run, asking] {
        let last = stream.all().await.pop().unwrap();
        assert_eq!((last.name.as_str(), last.retry), ("server-stopping", Some(1_000)));
    }
}
