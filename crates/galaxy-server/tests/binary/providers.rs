//! Providers that misbehave, seen through the whole of the server.

use std::time::Duration;

use galaxy_testkit::{FakeProvider, provider};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, timeout};

use crate::{
    client::Call,
    process::{Galaxy, PATIENCE, Setup},
    reader::{Event, end, said},
};

/// A server, its provider and its folder.
struct Scene {
    provider: FakeProvider,
    galaxy: Galaxy,
    _folder: TempDir,
}

async fn scene() -> Scene {
    let (folder, provider) = (tempfile::tempdir().unwrap(), FakeProvider::start().await.unwrap());
    let galaxy = Setup::new(folder.path()).asking(&provider.base_url()).start().await;
    Scene { provider, galaxy, _folder: folder }
}

impl Scene {
    /// Says `text` in a new conversation; gives the run.
    async fn say(&self, text: &str) -> String {
        let client = &self.galaxy.client;
        client.say(&client.conversation().await, text).await
    }

    /// The events of a run after `after`, until it rests.
    async fn events(&self, run: &str, after: u64) -> Vec<Event> {
        let reading = async { self.galaxy.client.events(run, after).await?.rest().await };
        timeout(PATIENCE, reading).await.expect("the run comes to rest").unwrap()
    }

    /// Says `text` and gives all events.
    async fn hear(&self, text: &str) -> Vec<Event> {
        let run = self.say(text).await;
        self.events(&run, 0).await
    }

    async fn tasks(&self, title: &str) -> usize {
        let tasks = self.galaxy.client.all("/api/tasks").await;
        tasks.iter().filter(|task| task["title"] == title).count()
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_kept_and_can_be_continued() {
    let scene = scene().await;
    for broken in ["cut 1200", "undone", "half-utf8"] {
        let run = scene.say(&format!("{broken}; say 12")).await;
        let events = scene.events(&run, 0).await;
        assert_eq!(end(&events), "incomplete", "{broken}");
        assert!(said(&events).starts_with("0 1 2 "), "{broken}: {:?}", said(&events));

        let go_on = Call::post(format!("/api/runs/{run}/continue"), json!({}));
        scene.galaxy.client.done(&go_on).await;
        let after = events.last().unwrap().seq.unwrap();
        let more = scene.events(&run, after).await;
        assert_eq!(end(&more), "finished", "{broken}");
        assert_eq!(said(&more), provider::said(12), "{broken}");
        let numbers = events.iter().chain(&more).filter_map(|event| event.seq);
        assert!(numbers.eq(1..=more.last().unwrap().seq.unwrap()), "{broken}");
    }
}

#[tokio::test]
async fn what_fails_before_the_first_word_is_asked_again_when_the_provider_wants() {
    let scene = scene().await;
    let script = "limited 1; say 3";
    assert_eq!(said(&scene.hear(script).await), provider::said(3));
    let visits = scene.provider.visits(script);
    assert_eq!(visits.len(), 2);
    assert!(visits[1].came - visits[0].came >= Duration::from_secs(1));

    for script in ["reset; say 4", "fail 503; say 4", "html; say 4"] {
        let events = scene.hear(script).await;
        assert_eq!(said(&events), provider::said(4), "{script}: {}", end(&events));
    }
}

#[tokio::test]
async fn a_provider_that_never_works_is_left_alone_after_three_tries_and_the_reason_told() {
    let scene = scene().await;
    let events = scene.hear("fail 500").await;
    let failed = events.last().unwrap();
    assert_eq!((&*failed.name, &failed.data["code"]), ("run.failed", &json!("model_unavailable")));
    assert!(failed.data["detail"].as_str().unwrap().contains("It broke."), "{failed:?}");
    assert_eq!(scene.provider.visits("fail 500").len(), 3);
}

#[tokio::test]
async fn a_stop_reaches_a_provider_that_says_nothing() {
    let scene = scene().await;
    for script in ["hang", "stall 5"] {
        let run = scene.say(script).await;
        let waiting = scene.provider.until_visited(script, 1);
        timeout(PATIENCE, waiting).await.expect("the provider is asked");
        let stopped = Instant::now();
        let stop = Call::post(format!("/api/runs/{run}/stop"), json!({}));
        scene.galaxy.client.done(&stop).await;
        let hung_up = timeout(PATIENCE, scene.provider.until_hung_up(script)).await.unwrap();
        assert!(hung_up - stopped < Duration::from_secs(2), "{script}: {:?}", hung_up - stopped);
        assert_eq!(end(&scene.events(&run, 0).await), "cancelled", "{script}");
    }
}

#[tokio::test]
async fn another_model_steps_in_for_one_that_fails_and_the_message_says_so() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), FakeProvider::start().await.unwrap());
    let url = provider.base_url();
    let models = format!(
        "models:\n\
         - {{name: First, provider: openai_chat, base_url: '{url}', model_name: fail-500, \
           fallbacks: [Second, Third]}}\n\
         - {{name: Second, provider: openai_chat, base_url: '{url}', api_key: two, \
           model_name: html, fallbacks: []}}\n\
         - {{name: Third, provider: openai_chat, base_url: '{url}', api_key: three, \
           model_name: say-6}}\n"
    );
    let path = folder.path().join("llms.yml");
    std::fs::write(&path, models).unwrap();
    let setup = Setup::new(folder.path()).with("LLM_CONFIG", path.to_str().unwrap());
    let scene = Scene { galaxy: setup.start().await, provider, _folder: folder };
    let client = &scene.galaxy.client;
    let conversation = client.conversation().await;
    let path = format!("/api/conversations/{conversation}/messages");
    let call = Call::post(path, json!({ "text": "Hello there", "model": "First" }));
    let run = client.done(&call).await["run_id"].as_str().unwrap().to_owned();
    let events = scene.events(&run, 0).await;
    assert_eq!(said(&events), provider::said(6), "{}", end(&events));
    let steps: Vec<_> = events.iter().filter(|event| event.name == "step.started").collect();
    let last = steps.last().unwrap();
    assert_eq!(last.data["model"], "Third");
    assert!(last.data["because"].is_string(), "{last:?}");
    let done = events.iter().find(|event| event.name == "message.done").unwrap();
    assert_eq!(done.data["model"], "Third");
}

#[tokio::test]
async fn broken_calls_do_nothing_and_two_calls_of_one_id_are_told_apart() {
    let scene = scene().await;
    let half = scene.hear("half-json add_task; say 2").await;
    assert_eq!(scene.tasks("hal").await, 0);
    assert_ne!(end(&half), "nothing");

    let script = r#"twice add_task {"title":"both"}; say 2"#;
    let events = scene.hear(script).await;
    assert_eq!(end(&events), "finished");
    let began = events.iter().filter(|event| event.name == "tool.started");
    let mut calls: Vec<_> = began.map(|event| event.data["call"].to_string()).collect();
    assert_eq!(scene.tasks("both").await, calls.len());
    calls.dedup();
    assert_eq!(scene.tasks("both").await, calls.len(), "no call starts twice");
}

#[tokio::test]
async fn a_line_without_end_is_not_taken_in() {
    let scene = scene().await;
    let events = scene.hear("huge").await;
    assert_ne!(end(&events), "finished");
    let said: usize = events.iter().map(|event| event.data.to_string().len()).sum();
    assert!(said < 1_000_000, "{said} bytes were passed on");
    assert_eq!(said_after(&scene).await, provider::said(3));
}

async fn said_after(scene: &Scene) -> String {
    said(&scene.hear("say 3 # the server is well").await)
}
