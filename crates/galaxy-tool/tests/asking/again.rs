//! Servers that are left, and asked again with the answers.

use std::sync::Arc;

use galaxy_domain::{
    Part,
    elicitation::{Answer, WayBack},
    part::plain_text,
};
use galaxy_testkit::FakeToolServer;
use galaxy_tool::server::{Questions, Request};
use serde_json::{Value, json};

use crate::scene::{Scene, form, said, with, yes};

fn needs(questions: &[(&str, &str)], state: &str) -> Value {
    let asked = |(key, name): &(&str, &str)| {
        ((*key).to_owned(), json!({ "method": "elicitation/create", "params": form(name) }))
    };
    let asked: serde_json::Map<String, Value> = questions.iter().map(asked).collect();
    json!({ "resultType": "input_required", "requestState": state, "inputRequests": asked })
}

fn state(request: &Request) -> Option<&str> {
    request.params.as_ref()?.get("requestState")?.as_str()
}

#[tokio::test]
async fn a_modern_server_is_left_and_asked_again_with_the_answers() {
    let scene = Scene::new(|request, _| async move {
        Ok(match state(&request) {
            None => needs(&[("a", "colour"), ("b", "size")], "one"),
            Some("one") => needs(&[("a", "again")], "two"),
            Some(_) => said(&request.params.unwrap()["inputResponses"].to_string()),
        })
    });
    let first = scene.waits(None).await;
    assert_eq!((&*first.server, &*first.tool, first.questions.len()), ("far", "pay", 2));
    assert_eq!(first.back, WayBack::Again { state: Some("one".to_owned()) });
    assert_eq!(scene.holds.count(), 0, "nobody has to hold it");

    let scene = scene.elsewhere();
    let second = scene.waits(with(first, &yes())).await;
    let resent = scene.server.requests()[1].params.clone().unwrap();
    assert_eq!((&resent["arguments"]["sum"], &resent["requestState"]), (&json!(7), &json!("one")));
    let accepted = json!({ "action": "accept", "content": { "colour": "red" } });
    assert_eq!(resent["inputResponses"], json!({ "a": accepted, "b": accepted }));
    let output = scene.call(with(second, &Answer::Decline)).await.unwrap();
    assert_eq!(output, [Part::text(r#"{"a":{"action":"decline"}}"#)]);
}

#[tokio::test]
async fn nobody_is_asked_for_a_secret_and_the_model_is_told() {
    let scene = Scene::new(|request, _| async move {
        Ok(match state(&request) {
            None => needs(&[("a", "password")], "one"),
            Some(_) => said(&request.params.unwrap()["inputResponses"].to_string()),
        })
    });
    let told = plain_text(&scene.call(None).await.unwrap());
    assert!(told.starts_with(r#"{"a":{"action":"decline"}}"#), "{told}");
    assert!(told.contains("without asking the person"), "{told}");
}

#[tokio::test]
async fn of_two_questions_only_the_harmless_one_is_put() {
    let scene = Scene::new(|request, _| async move {
        Ok(match state(&request) {
            None => needs(&[("a", "colour"), ("b", "apiKey")], "one"),
            Some(_) => said(&request.params.unwrap()["inputResponses"].to_string()),
        })
    });
    let asked = scene.waits(None).await;
    assert_eq!(asked.questions.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(asked.declined, ["b"]);
    let told = plain_text(&scene.call(with(asked, &Answer::Cancel)).await.unwrap());
    let both = r#"{"a":{"action":"cancel"},"b":{"action":"decline"}}"#;
    assert!(told.starts_with(both), "{told}");
}

#[tokio::test]
async fn a_server_that_may_not_ask_any_more_is_left() {
    let mut spec = FakeToolServer::spec("far");
    spec.questions = Questions::Off;
    let off = Arc::new(FakeToolServer::new(spec, |request, _| async move {
        Ok(match state(&request) {
            None => needs(&[("a", "colour")], "one"),
            Some(_) => said(&request.params.unwrap()["inputResponses"].to_string()),
        })
    }));
    off.offer(vec![json!({ "name": "pay", "description": "Pays.", "inputSchema": {} })]);
    let allowed = Scene::new(|_, _| async { Ok(needs(&[("a", "colour")], "one")) });
    let asked = allowed.waits(None).await;
    let scene = Scene { server: off, ..allowed };
    let told = plain_text(&scene.call(None).await.unwrap());
    assert_eq!(told, r#"{"a":{"action":"decline"}}"#, "it is declined without anybody");
    let err = scene.call(with(asked, &yes())).await.unwrap_err();
    assert!(err.to_string().contains("may not ask people any more"), "{err}");
    assert_eq!(scene.server.requests().len(), 2, "it is not called again");
}

#[tokio::test]
async fn a_state_that_is_too_long_is_not_kept() {
    let scene =
        Scene::new(|_, _| async { Ok(needs(&[("a", "colour")], &"x".repeat(64 * 1024 + 1))) });
    let err = scene.call(None).await.unwrap_err();
    assert!(err.to_string().contains("sent too much"), "{err}");
}
