use std::time::Duration;

use galaxy_agent::{digest, policy::definition};
use galaxy_domain::{
    Effect, Item, Outcome, Part, Stop, Verdict,
    tool::{Decision, ToolRule},
    transcript::Question,
};
use galaxy_model::Message;
use galaxy_testkit::{FakeTool, Script};
use serde_json::json;

use crate::scene::{Scene, call, done, failed, yes};

fn send() -> FakeTool {
    FakeTool::says("send", Effect::Reaches, "sent")
}

fn asks_to_send() -> Script {
    Script::calls("c1", "send", json!({ "to": "Bo" }))
}

fn rule(scene: &Scene, verdict: Verdict) -> ToolRule {
    let tool = scene.tools.get("send").unwrap();
    let definition = definition(&**tool);
    ToolRule { tool: "send".to_owned(), conversation: None, verdict, definition }
}

#[tokio::test(start_paused = true)]
async fn a_call_with_effects_waits_for_a_yes_and_runs_once() {
    let tool = send();
    let sent = tool.inputs();
    let scene = Scene::new([asks_to_send(), Script::says("Sent.")]).with(tool);
    assert_eq!(scene.drive().await, Stop::Parked);
    let Some(Item::Asked { call: asked, question, digest: shown }) = scene.settled().pop() else {
        panic!("{:?}", scene.settled())
    };
    assert_eq!((asked, question), (call("c1"), Question::Approval));
    let definition = definition(&**scene.tools.get("send").unwrap());
    assert_eq!(shown, digest(&definition, &json!({ "to": "Bo" })));
    assert!(sent.lock().unwrap().is_empty());

    // Nothing has changed: the run is put down again, and the question is not asked twice.
    assert_eq!(scene.drive().await, Stop::Parked);
    assert_eq!(scene.kinds().iter().filter(|kind| **kind == "asked").count(), 1);

    scene.decide("c1", yes(None));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(*sent.lock().unwrap(), [json!({ "to": "Bo" })]);
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(sent.lock().unwrap().len(), 1, "a yes is good for one call");
}

#[tokio::test(start_paused = true)]
async fn a_no_is_told_to_the_model_with_its_reason() {
    let tool = send();
    let sent = tool.inputs();
    let scene = Scene::new([asks_to_send(), Script::says("As you like.")]).with(tool);
    scene.drive().await;
    scene.decide("c1", Decision::Deny { reason: Some("not to Bo".to_owned()) });
    assert_eq!(scene.drive().await, Stop::Finished);
    let denied = Outcome::Denied { reason: Some("not to Bo".to_owned()) };
    assert_eq!(scene.replies(), [("c1".to_owned(), denied)]);
    assert!(sent.lock().unwrap().is_empty());
    let messages = &scene.model.requests()[1].messages;
    let Some(Message::Result { output, is_error: true, .. }) = messages.last() else {
        panic!("{messages:?}")
    };
    assert!(matches!(&output[0], Part::Text { text } if text.contains("not to Bo")));
}

#[tokio::test(start_paused = true)]
async fn changed_arguments_reach_the_tool_and_the_model() {
    let tool = send();
    let sent = tool.inputs();
    let scene = Scene::new([asks_to_send(), Script::says("Sent to Cy.")]).with(tool);
    scene.drive().await;
    scene.decide("c1", yes(Some(json!({ "to": "Cy" }))));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(*sent.lock().unwrap(), [json!({ "to": "Cy" })]);
    let Message::Assistant { calls, .. } = &scene.model.requests()[1].messages[1] else {
        panic!("{:?}", scene.model.requests()[1])
    };
    assert_eq!(calls[0].input, json!({ "to": "Cy" }));
}

#[tokio::test(start_paused = true)]
async fn changed_arguments_are_checked_too() {
    let schema = json!({ "type": "object", "required": ["to"] });
    let tool = send().takes(schema);
    let sent = tool.inputs();
    let scene = Scene::new([asks_to_send(), Script::says("Hm.")]).with(tool);
    scene.drive().await;
    scene.decide("c1", yes(Some(json!({}))));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert!(matches!(&scene.replies()[0].1, Outcome::Failed { message } if message.contains("to")));
    assert!(sent.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_yes_that_comes_too_late_is_a_no() {
    let tool = send();
    let sent = tool.inputs();
    let scene = Scene::new([asks_to_send(), Script::says("I ask again.")]).with(tool);
    scene.drive().await;
    scene.decide("c1", yes(None));
    scene.clock.advance(Duration::from_secs(601));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert!(matches!(&scene.replies()[0].1, Outcome::Denied { reason: Some(_) }));
    assert!(sent.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_changed_after_the_yes_is_not_called_with_it() {
    let scene = Scene::new([asks_to_send(), Script::says("I ask again.")]).with(send());
    scene.drive().await;
    scene.decide("c1", yes(None));
    // The process that goes on has another version of the tool, which takes something else.
    let tool = send().takes(json!({ "type": "object", "description": "To everybody." }));
    let sent = tool.inputs();
    let scene = Scene { tools: galaxy_tool::Toolbox::default(), ..scene }.with(tool);
    assert_eq!(scene.drive().await, Stop::Finished);
    assert!(sent.lock().unwrap().is_empty());
    let reason = "the tool has changed since the person agreed; ask again".to_owned();
    let denied = Outcome::Denied { reason: Some(reason.clone()) };
    assert_eq!(scene.replies(), [("c1".to_owned(), denied)]);
    let Some(Message::Result { output, is_error: true, .. }) =
        scene.model.requests()[1].messages.last().cloned()
    else {
        panic!("{:?}", scene.model.requests()[1])
    };
    assert!(matches!(&output[0], Part::Text { text } if text.contains(&reason)));
}

#[tokio::test(start_paused = true)]
async fn what_needs_nobody_is_done_before_a_person_is_asked() {
    let two = Script::calls("a", "send", json!({})).call("b", "look", json!({}));
    let scene =
        Scene::new([two]).with(send()).with(FakeTool::says("look", Effect::Reads, "a view"));
    assert_eq!(scene.drive().await, Stop::Parked);
    assert_eq!(scene.replies(), [("b".to_owned(), done("a view"))]);
    let open: Vec<_> =
        scene.log.transcript().open_calls().map(|open| open.call.id.clone()).collect();
    assert_eq!(open, [call("a")]);
}

#[tokio::test(start_paused = true)]
async fn of_two_questions_the_one_that_is_answered_goes_ahead() {
    let two = Script::calls("a", "send", json!({ "to": 1 })).call("b", "send", json!({ "to": 2 }));
    let tool = send();
    let sent = tool.inputs();
    let scene = Scene::new([two, Script::says("Done.")]).with(tool);
    scene.drive().await;
    scene.decide("b", yes(None));
    assert_eq!(scene.drive().await, Stop::Parked);
    assert_eq!(*sent.lock().unwrap(), [json!({ "to": 2 })]);
    scene.decide("a", Decision::Deny { reason: None });
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(sent.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_question_of_the_model_is_answered_by_the_person() {
    let ask = FakeTool::new("ask_person", Effect::Asks, |_, _| async {
        panic!("the person answers, not the machine")
    });
    let asks = Script::calls("q", "ask_person", json!({ "question": "Which colour?" }));
    let scene = Scene::new([asks, Script::says("Red it is.")]).with(ask);
    assert_eq!(scene.drive().await, Stop::Parked);
    assert!(matches!(scene.settled().last(), Some(Item::Asked { question: Question::Answer, .. })));
    let reply = Item::Reply { call: call("q"), outcome: done("red"), took_ms: 0, whole: None };
    scene.log.write(vec![reply]);
    assert_eq!(scene.drive().await, Stop::Finished);
    let messages = &scene.model.requests()[1].messages;
    assert!(matches!(
        messages.last(),
        Some(Message::Result { output, is_error: false, .. }) if *output == [Part::text("red")]
    ));
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_the_person_decides_instead_of_them() {
    for (verdict, ran) in [(Verdict::Allow, 1), (Verdict::Deny, 0)] {
        let tool = send();
        let sent = tool.inputs();
        let mut scene = Scene::new([asks_to_send(), Script::says("Done.")]).with(tool);
        scene.rules = vec![rule(&scene, verdict)];
        assert_eq!(scene.drive().await, Stop::Finished, "{verdict:?}");
        assert_eq!(sent.lock().unwrap().len(), ran, "{verdict:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_for_another_definition_of_the_tool_says_nothing() {
    let mut scene = Scene::new([asks_to_send()]).with(send());
    scene.rules = vec![rule(&scene, Verdict::Allow)];
    scene.rules[0].definition = "00".to_owned();
    assert_eq!(scene.drive().await, Stop::Parked);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_went_away_while_the_person_thought_is_not_called() {
    let scene = Scene::new([asks_to_send()]).with(send());
    scene.drive().await;
    scene.decide("c1", yes(None));
    let gone = Scene { tools: galaxy_tool::Toolbox::default(), ..scene };
    gone.model.then(Script::says("Then not."));
    assert_eq!(gone.drive().await, Stop::Finished);
    assert_eq!(
        gone.replies(),
        [("c1".to_owned(), failed("there is no tool `send`; the tools are: "))]
    );
}
