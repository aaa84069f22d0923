use galaxy_domain::{CallId, Effect, Item, Part, Stop, ToolCall, transcript::Finish};
use galaxy_model::{Event, Message};
use galaxy_testkit::{FakeTool, Script};
use serde_json::json;

use crate::scene::{Scene, done};

#[tokio::test(start_paused = true)]
async fn a_question_is_answered() {
    let scene = Scene::new([Script::says("It is ").text("4.").usage(10, 3)]);
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.answers(), [("It is 4.".to_owned(), vec![], Finish::Stop)]);
    let kinds: Vec<&str> = scene.settled().iter().map(Item::kind).collect();
    assert_eq!(kinds, ["user", "assistant", "usage", "stopped"]);
    let usage = scene.log.transcript().usage();
    assert_eq!((usage.input, usage.output), (10, 3));
}

#[tokio::test(start_paused = true)]
async fn results_of_tools_go_back_to_the_model() {
    let asks = Script::says("Let me see.").call("c1", "math", json!({ "expression": "2+2" }));
    let scene = Scene::new([asks, Script::says("It is 4.")]).with(FakeTool::says(
        "math",
        Effect::Reads,
        "4",
    ));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.replies(), [("c1".to_owned(), done("4"))]);
    let requests = scene.model.requests();
    assert_eq!(requests[0].tools.len(), 1);
    let [Message::User { .. }, Message::Assistant { parts, calls }, result] =
        requests[1].messages.as_slice()
    else {
        panic!("{:?}", requests[1].messages)
    };
    assert_eq!(parts, &[Part::text("Let me see.")]);
    assert_eq!(calls[0].input, json!({ "expression": "2+2" }));
    let expected = Message::Result {
        call: CallId("c1".to_owned()),
        tool: "math".to_owned(),
        output: vec![Part::text("4")],
        is_error: false,
    };
    assert_eq!(result, &expected);
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_steps_in_is_on_record() {
    let switched =
        Event::Switched { model: "spare".to_owned(), because: "the first is down".to_owned() };
    let scene = Scene::new([Script::events([switched, Event::Text("Hello.".to_owned())])]);
    scene.drive().await;
    let sampling: Vec<_> = scene
        .log
        .items()
        .into_iter()
        .filter_map(|item| match item {
            Item::Sampling { model, because } => Some((model, because)),
            _ => None,
        })
        .collect();
    assert_eq!(
        sampling,
        [("scripted".to_owned(), None), ("spare".to_owned(), Some("the first is down".to_owned()))]
    );
    let by_spare = |item: &Item| matches!(item, Item::Assistant { model, .. } if model == "spare");
    assert!(scene.settled().iter().any(by_spare));
}

#[tokio::test(start_paused = true)]
async fn what_only_the_provider_understands_goes_back_whole_and_in_its_place() {
    // Longer than any bound on texts.
    let value = json!({ "type": "thinking", "signature": "s".repeat(200_000) });
    let signature = Part::Opaque { provider: "scripted".to_owned(), value };
    let mark = Part::Opaque { provider: "scripted".to_owned(), value: json!({ "mark": 7 }) };
    let asked = ToolCall {
        id: CallId("c1".to_owned()),
        tool: "math".to_owned(),
        input: json!({}),
        opaque: Some(mark),
    };
    let first = Script::default()
        .thinks("Hm.")
        .event(Event::Opaque(signature.clone()))
        .text("One moment.")
        .event(Event::Call(asked.clone()));
    let scene =
        Scene::new([first, Script::says("Done.")]).with(FakeTool::says("math", Effect::Reads, "4"));
    scene.drive().await;
    let expected = Message::Assistant {
        parts: vec![
            Part::Reasoning { text: "Hm.".to_owned() },
            signature,
            Part::text("One moment."),
        ],
        calls: vec![asked],
    };
    assert_eq!(scene.model.requests()[1].messages[1], expected);
}

#[tokio::test(start_paused = true)]
async fn calls_are_told_apart_whatever_the_model_names_them() {
    let again = || Script::calls("call_0", "math", json!({}));
    let twice = Script::calls("call_0", "math", json!({ "n": 1 })).call(
        "call_0",
        "math",
        json!({ "n": 2 }),
    );
    let scene = Scene::new([twice, again(), Script::says("Done.")]).with(FakeTool::says(
        "math",
        Effect::Reads,
        "4",
    ));
    assert_eq!(scene.drive().await, Stop::Finished);
    let ids: Vec<Vec<String>> = scene.answers().into_iter().map(|(_, calls, _)| calls).collect();
    assert_eq!(ids, [vec!["call_0", "call_0-2"], vec!["call_0-3"], vec![]]);
    assert_eq!(scene.replies().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn events_after_the_last_one_are_not_waited_for() {
    let gate = galaxy_testkit::Gate::new();
    let scene = Scene::new([Script::says("Hi.").event(Event::Finished(Finish::Stop)).wait(&gate)]);
    assert_eq!(scene.drive().await, Stop::Finished);
}
