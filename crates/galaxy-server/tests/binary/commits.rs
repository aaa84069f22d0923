//! Dying at each commit in turn, right before it and right after it.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use galaxy_net::Error;
use galaxy_testkit::{FakeProvider, provider, store::integrity};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    client::{Call, Client, Reply},
    process::{PATIENCE, Setup},
    reader::{Event, end, said},
};

/// The server makes at least so many commits in the scenario.
const LEAST: u64 = 12;
/// No test goes on for ever.
const MOST: u64 = 60;
/// Folders that are worked on side by side.
const AT_ONCE: usize = 2;

/// What a client was told, by the key of the request.
type Told = BTreeMap<String, Value>;

#[tokio::test]
async fn dying_before_a_commit_loses_nothing_that_was_acknowledged_and_doubles_nothing() {
    die_at_every("before").await;
}

#[tokio::test]
async fn dying_after_a_commit_loses_nothing_that_was_acknowledged_and_doubles_nothing() {
    die_at_every("after").await;
}

async fn die_at_every(moment: &str) {
    let provider = FakeProvider::start().await.unwrap();
    let places = (1..=MOST).map(|commit| format!("{moment}:{commit}"));
    let mut deaths = stream::iter(places).map(|place| die_at(&provider, place)).buffered(AT_ONCE);
    let mut count = 0;
    while deaths.next().await.expect("the scenario ends") {
        count += 1;
    }
    assert!(count >= LEAST, "it died only {count} times");
}

/// Plays the scenario on a server that dies at `place`, and again on one that does not. Tells
/// whether it died.
async fn die_at(provider: &FakeProvider, place: String) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path()).asking(&provider.base_url());
    let mut told = Told::new();
    let mut died = true;
    // It may die before it says where it listens.
    if let Ok(mut galaxy) = setup.clone().with("FAIL_AT_COMMIT", &place).launch().await {
        died = play(&galaxy.client, &mut told).await.is_err();
        if died {
            assert!(!galaxy.ends().await.success(), "{place}");
        }
    }
    let galaxy = setup.start().await;
    let replay = timeout(PATIENCE, play(&galaxy.client, &mut told)).await;
    replay.unwrap_or_else(|_| panic!("{place}: never ends\n{}", galaxy.log())).unwrap();
    check(&galaxy.client, &told, &place).await;
    galaxy.kill().await;
    assert_eq!(integrity(&setup.data()), ["ok"], "{place}");
    died
}

/// What a client does, every request with a key of its own.
async fn play(client: &Client, told: &mut Told) -> Result<(), Error> {
    let talk = Call::post("/api/conversations", json!({ "title": "Test" }));
    let conversation = once(client, told, talk, "talk").await?["id"].clone();
    let task = Call::post("/api/tasks", json!({ "title": "By hand" }));
    once(client, told, task, "task").await?;
    let texts = [r#"call add_task {"title":"By tool"}; say 3"#, "say 12 at 400"];
    for (text, key) in texts.into_iter().zip(["first", "second"]) {
        let message = Call::message(conversation.as_str().unwrap(), text);
        let said = once(client, told, message, key).await?;
        let events = follow(client, said["run_id"].as_str().unwrap()).await?;
        assert_eq!(end(&events), "finished", "{key}: {events:#?}");
    }
    Ok(())
}

/// Sends a request; whatever was told about it before is told again.
async fn once(client: &Client, told: &mut Told, call: Call, key: &str) -> Result<Value, Error> {
    let Reply { status, body, .. } = client.send(&call.once(key)).await?;
    assert!((200..300).contains(&status), "{key}: {status} {body}");
    let known = told.entry(key.to_owned()).or_insert_with(|| body.clone());
    let names = ["id", "run_id", "question_id", "answer_id", "title"];
    for name in names {
        assert_eq!(known[name], body[name], "{key}: another {name}");
    }
    Ok(body)
}

/// All events of a run; a stream that ends too early is an end of the server.
async fn follow(client: &Client, run: &str) -> Result<Vec<Event>, Error> {
    let events = client.events(run, 0).await?.rest().await?;
    let numbers: Vec<u64> = events.iter().filter_map(|event| event.seq).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
    Ok(events)
}

async fn check(client: &Client, told: &Told, place: &str) {
    let conversations = client.all("/api/conversations").await;
    assert_eq!(conversations.len(), 1, "{place}: {conversations:#?}");
    let messages = client.messages(told["talk"]["id"].as_str().unwrap()).await;
    let ids: Vec<&Value> = messages.iter().map(|message| &message["id"]).collect();
    let expected =
        ["first", "second"].map(|key| [&told[key]["question_id"], &told[key]["answer_id"]]);
    assert_eq!(ids, expected.concat(), "{place}");
    let events = follow(client, told["second"]["run_id"].as_str().unwrap()).await.unwrap();
    assert_eq!(said(&events), provider::said(12), "{place}");

    let tasks = client.all("/api/tasks").await;
    let count = |title: &str| tasks.iter().filter(|task| task["title"] == title).count();
    assert_eq!(count("By hand"), 1, "{place}");
    let events = follow(client, told["first"]["run_id"].as_str().unwrap()).await.unwrap();
    let started = events.iter().filter(|event| event.name == "tool.started").count();
    let finished: Vec<_> = events.iter().filter(|event| event.name == "tool.finished").collect();
    assert_eq!((started, finished.len()), (1, 1), "{place}: {events:#?}");
    match finished[0].data["outcome"].as_str().unwrap() {
        "done" => assert_eq!(count("By tool"), 1, "{place}"),
        "unknown" => assert!(count("By tool") <= 1, "{place}"),
        other => panic!("{place}: the call ended as {other}"),
    }
    let active = client.done(&Call::get("/api/runs?active=true")).await;
    assert_eq!(active["items"], json!([]), "{place}");
}
