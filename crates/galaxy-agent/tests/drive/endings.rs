use galaxy_domain::{Effect, Item, Part, PersonId, RunState, Stop, transcript::Finish};
use galaxy_model::{Event, Message, ModelError};
use galaxy_testkit::{FakeTool, Script};
use serde_json::json;

use crate::scene::Scene;

#[tokio::test(start_paused = true)]
async fn a_model_that_cannot_answer_says_why_and_what_to_do() {
    let message = "invalid x-api-key".to_owned();
    let scene = Scene::new([Script::refuses(ModelError::Unauthorized { message })]);
    let Stop::Failed { code, message, detail } = scene.drive().await else { panic!("no failure") };
    assert_eq!(code, "model_unauthorized");
    assert_eq!(
        message,
        "The provider did not accept the key. Check the API key of this model in the \
         configuration."
    );
    assert_eq!(detail.as_deref(), Some("invalid x-api-key"));
    assert!(scene.answers().is_empty());
    assert!(matches!(scene.settled().last(), Some(Item::Stopped { .. })));
}

#[tokio::test(start_paused = true)]
async fn an_error_after_a_tool_was_used_keeps_what_was_done() {
    let quota = ModelError::Quota { message: String::new() };
    let scene = Scene::new([Script::calls("c1", "math", json!({})), Script::refuses(quota)])
        .with(FakeTool::says("math", Effect::Reads, "4"));
    let stop = scene.drive().await;
    assert!(matches!(&stop, Stop::Failed { code, detail: None, .. } if code == "model_quota"));
    assert_eq!(scene.replies().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_keeps_its_text_and_makes_no_calls() {
    let send = FakeTool::says("send", Effect::Reads, "sent");
    let sent = send.inputs();
    let broken = Script::says("I will send")
        .call("c1", "send", json!({ "to": "Bo" }))
        .text(" it now")
        .fails(ModelError::truncated("connection reset"));
    let scene = Scene::new([broken]).with(send);
    let stop = scene.drive().await;
    assert!(matches!(stop, Stop::Incomplete { .. }), "{stop:?}");
    assert_eq!(scene.log.kept().state, Some(RunState::Incomplete));
    let expected = ("I will send it now".to_owned(), vec![], Finish::Broken);
    assert_eq!(scene.answers(), [expected]);
    assert!(sent.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_last_event_is_an_answer_that_broke_off() {
    // A scripted answer always ends in order, so this one breaks off with what a stream that just
    // ends is taken for.
    let scene = Scene::new([Script::says("Half an").fails(ModelError::truncated("ended"))]);
    assert!(matches!(scene.drive().await, Stop::Incomplete { .. }));
    assert_eq!(scene.answers(), [("Half an".to_owned(), vec![], Finish::Broken)]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_answer_goes_on_when_a_person_says_so() {
    let broken = Script::says("One, two,").fails(ModelError::truncated("reset"));
    let scene = Scene::new([broken, Script::says("three.")]);
    assert!(matches!(scene.drive().await, Stop::Incomplete { .. }));
    scene.log.write(vec![Item::Resumed { by: PersonId::fresh() }]);
    assert_eq!(scene.drive().await, Stop::Finished);
    let texts: Vec<String> = scene.answers().into_iter().map(|(text, ..)| text).collect();
    assert_eq!(texts, ["One, two,", "three."]);
    let messages = &scene.model.requests()[1].messages;
    let [Message::User { .. }, Message::Assistant { parts, .. }, Message::User { parts: go_on }] =
        messages.as_slice()
    else {
        panic!("{messages:?}")
    };
    assert_eq!(parts, &[Part::text("One, two,")]);
    assert!(matches!(&go_on[0], Part::Text { text } if text.contains("Go on")));
}

#[tokio::test(start_paused = true)]
async fn an_answer_cut_at_its_limit_can_be_continued() {
    let cut = Script::says("A long").event(Event::Finished(Finish::Length));
    let scene = Scene::new([cut]);
    let stop = scene.drive().await;
    assert!(matches!(&stop, Stop::Incomplete { message } if message.contains("Continue")));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_answer() {
    let refusal = Script::says("I can't help with that.").event(Event::Finished(Finish::Refused));
    let scene = Scene::new([refusal]);
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.answers()[0].2, Finish::Refused);
}
