use galaxy_app::{AppError, runs::Ruling};
use galaxy_domain::{
    CallId, Caller, Effect, Kind, Outcome, RunId, RunState,
    access::Credential,
    tool::{Decision, Reach},
};
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::house::{House, done, kind};

galaxy_testkit::on_both_engines! {
    a_yes_runs_the_call_once,
    a_no_is_told_to_the_model,
    a_yes_to_something_else_is_a_conflict,
    changed_arguments_must_fit,
    a_yes_for_the_conversation_holds_in_it_at_once,
    a_yes_for_ever_holds_everywhere,
    a_key_cannot_give_a_yes_for_ever,
    several_calls_are_decided_about_at_once,
    a_question_is_answered_in_words,
}

fn id(call: &str) -> CallId {
    CallId(call.to_owned())
}

fn send() -> FakeTool {
    FakeTool::says("send", Effect::Reaches, "sent").takes(json!({
        "type": "object",
        "properties": { "to": { "type": "string" } },
        "additionalProperties": false,
    }))
}

fn sends(call: &str, to: &str) -> Script {
    Script::calls(call, "send", json!({ "to": to }))
}

/// Says yes to the call as it is shown.
pub(crate) async fn allow(
    house: &House,
    run: RunId,
    call: &str,
    reach: Reach,
) -> Result<RunState, AppError> {
    decide(house, &house.ann, run, call, Decision::Allow { reach, input: None }).await
}

async fn decide(
    house: &House,
    caller: &Caller,
    run: RunId,
    call: &str,
    decision: Decision,
) -> Result<RunState, AppError> {
    let digest = house.run(run).await.digest(&id(call)).unwrap_or_default().to_owned();
    house.app.approve(caller, run, Ruling { call: id(call), digest, decision }, None).await
}

/// A run that waits for a yes to the call `c1`.
async fn parked(
    store: &StoreFixture,
    rest: impl IntoIterator<Item = Script>,
) -> (House, RunId, std::sync::Arc<std::sync::Mutex<Vec<Value>>>) {
    let tool = send();
    let sent = tool.inputs();
    let ask =
        FakeTool::new("ask_person", Effect::Asks, |_, _| async { panic!("it is not for tools") });
    let house = House::with(store, [sends("c1", "Bo")], [tool, ask]).await;
    rest.into_iter().for_each(|script| house.model.then(script));
    let (said, state) = house.ask(house.chat().await, "Tell Bo").await;
    assert_eq!(state, RunState::Parked);
    (house, said.run.unwrap(), sent)
}

async fn a_yes_runs_the_call_once(store: &StoreFixture) {
    let (house, run, sent) = parked(store, [Script::says("Sent.")]).await;
    assert!(sent.lock().unwrap().is_empty());
    assert_eq!(allow(&house, run, "c1", Reach::Once).await.unwrap(), RunState::Queued);
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(*sent.lock().unwrap(), [json!({ "to": "Bo" })]);
    assert_eq!(house.replies(run).await, [done("sent")]);
    assert_eq!(kind(allow(&house, run, "c1", Reach::Once).await), Some(Kind::Conflict));
    assert_eq!(sent.lock().unwrap().len(), 1);
}

async fn a_no_is_told_to_the_model(store: &StoreFixture) {
    let (house, run, sent) = parked(store, [Script::says("As you like.")]).await;
    let no = Decision::Deny { reason: Some("not Bo".to_owned()) };
    decide(&house, &house.ann, run, "c1", no).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert!(sent.lock().unwrap().is_empty());
    assert_eq!(house.asked()[2], "send!: The person did not allow this call: not Bo");
}

async fn a_yes_to_something_else_is_a_conflict(store: &StoreFixture) {
    let (house, run, sent) = parked(store, [Script::says("Done.")]).await;
    let shown = house.run(run).await.digest(&id("c1")).unwrap().to_owned();
    let yes = || Decision::Allow { reach: Reach::Once, input: None };
    let attempts = [
        (&house.ann, "c1", "00", Kind::Conflict),
        (&house.ann, "c1", "", Kind::Conflict),
        (&house.ann, "c2", &*shown, Kind::Conflict),
        (&house.bob, "c1", &*shown, Kind::NotFound),
    ];
    for (who, call, digest, expected) in attempts {
        let ruling = Ruling { call: id(call), digest: digest.to_owned(), decision: yes() };
        assert_eq!(kind(house.app.approve(who, run, ruling, None).await), Some(expected), "{call}");
    }
    let words = house.app.answer(&house.ann, run, id("c1"), "yes".to_owned(), None).await;
    assert_eq!(kind(words), Some(Kind::Conflict), "a yes is no answer to a question");
    assert_eq!(house.run(run).await.row.state, RunState::Parked);
    assert!(sent.lock().unwrap().is_empty());
}

async fn changed_arguments_must_fit(store: &StoreFixture) {
    let (house, run, sent) = parked(store, [Script::says("Sent to Cy.")]).await;
    let yes = |input| Decision::Allow { reach: Reach::Once, input: Some(input) };
    let wrong = decide(&house, &house.ann, run, "c1", yes(json!({ "to": 7 }))).await;
    assert_eq!(kind(wrong), Some(Kind::Invalid));
    decide(&house, &house.ann, run, "c1", yes(json!({ "to": "Cy" }))).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(*sent.lock().unwrap(), [json!({ "to": "Cy" })]);
}

async fn a_yes_for_the_conversation_holds_in_it_at_once(store: &StoreFixture) {
    let rest = [sends("c2", "Cy"), Script::says("Both."), sends("c3", "Di"), Script::says("Too.")];
    let (house, run, sent) = parked(store, rest).await;
    allow(&house, run, "c1", Reach::Conversation).await.unwrap();
    // The same run goes on to its next call without asking.
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(sent.lock().unwrap().len(), 2);
    let chat = house.run(run).await.row.conversation;
    assert_eq!(house.ask(chat, "And Di").await.1, RunState::Finished);
    assert_eq!(sent.lock().unwrap().len(), 3);
    house.model.then(sends("c1", "Ed"));
    assert_eq!(house.ask(house.chat().await, "And Ed").await.1, RunState::Parked);
}

async fn a_yes_for_ever_holds_everywhere(store: &StoreFixture) {
    let rest = [Script::says("Sent."), sends("c1", "Cy"), Script::says("Sent.")];
    let (house, run, sent) = parked(store, rest).await;
    allow(&house, run, "c1", Reach::Always).await.unwrap();
    house.rests(run).await;
    assert_eq!(house.ask(house.chat().await, "Cy too").await.1, RunState::Finished);
    assert_eq!(sent.lock().unwrap().len(), 2);
}

async fn a_key_cannot_give_a_yes_for_ever(store: &StoreFixture) {
    let (house, run, sent) = parked(store, [Script::says("Sent.")]).await;
    let credential = Credential::ApiKey(galaxy_domain::ApiKeyId::fresh());
    let key = Caller { credential, ..house.ann.clone() };
    let yes = |reach| Decision::Allow { reach, input: None };
    let always = decide(&house, &key, run, "c1", yes(Reach::Always)).await;
    assert_eq!(kind(always), Some(Kind::Forbidden));
    assert_eq!(house.run(run).await.row.state, RunState::Parked, "nothing was decided");
    assert!(sent.lock().unwrap().is_empty());
    decide(&house, &key, run, "c1", yes(Reach::Once)).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
}

async fn several_calls_are_decided_about_at_once(store: &StoreFixture) {
    let both = sends("c1", "Bo").call("c2", "send", json!({ "to": "Cy" }));
    let tool = send();
    let sent = tool.inputs();
    let house = House::with(store, [both, Script::says("Both.")], [tool]).await;
    let (said, state) = house.ask(house.chat().await, "Tell both").await;
    assert_eq!(state, RunState::Parked);
    let run = said.run.unwrap();
    let (one, two) =
        tokio::join!(allow(&house, run, "c1", Reach::Once), allow(&house, run, "c2", Reach::Once));
    assert_eq!((one.unwrap(), two.unwrap()), (RunState::Queued, RunState::Queued));
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(sent.lock().unwrap().len(), 2);
}

async fn a_question_is_answered_in_words(store: &StoreFixture) {
    let question = Script::calls("q", "ask_person", json!({ "question": "Which colour?" }));
    let (house, run, _) = parked(store, [question, Script::says("Red it is.")]).await;
    decide(&house, &house.ann, run, "c1", Decision::Deny { reason: None }).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Parked);
    assert_eq!(kind(allow(&house, run, "q", Reach::Once).await), Some(Kind::Conflict));
    let too_long = house.app.answer(&house.ann, run, id("q"), "x".repeat(2_001), None).await;
    assert_eq!(kind(too_long), Some(Kind::Invalid));
    house.app.answer(&house.ann, run, id("q"), "red".to_owned(), None).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(house.asked().last().unwrap(), "ask_person: red");
    let replies = house.replies(run).await;
    assert_eq!(replies, [Outcome::Denied { reason: None }, done("red")]);
    let again = house.app.answer(&house.ann, run, id("q"), "blue".to_owned(), None).await;
    assert_eq!(kind(again), Some(Kind::Conflict));
}
