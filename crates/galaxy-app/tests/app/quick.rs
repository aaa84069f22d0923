use galaxy_app::{Once, quick::Question};
use galaxy_domain::{Effect, Kind, RunState, conversation::Speaker};
use galaxy_model::ModelError;
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use serde_json::json;

use crate::house::{House, done, kind};

galaxy_testkit::on_both_engines! {
    a_program_asks_and_is_answered,
    a_program_brings_along_what_was_said,
    a_program_goes_on_with_a_conversation,
    a_program_is_told_what_failed,
    a_program_that_asks_twice_with_one_key_asks_once,
    what_was_said_is_brought_along_once,
}

fn question(message: &str) -> Question {
    Question { message: message.to_owned(), ..Question::default() }
}

async fn a_program_asks_and_is_answered(store: &StoreFixture) {
    let scripts = [
        Script::says("Let me see.").call("c1", "look", json!({ "at": "sky" })).usage(10, 5),
        Script::says("It rains.").usage(20, 5),
    ];
    let house = House::with(store, scripts, [FakeTool::says("look", Effect::Reads, "rain")]).await;
    let asked = house.app.ask(&house.ann, question("Weather?"), None).await.unwrap();
    let reply = house.app.reply(&house.ann, asked.run).await.unwrap();
    assert_eq!((&*reply.response, reply.state), ("It rains.", RunState::Finished));
    assert_eq!((reply.usage.input, reply.usage.output), (30, 10));
    let [call] = reply.calls.as_slice() else { panic!("{:?}", reply.calls) };
    assert_eq!((&*call.tool, &call.input), ("look", &json!({ "at": "sky" })));
    assert_eq!(call.outcome, Some(done("rain")));
}

async fn a_program_brings_along_what_was_said(store: &StoreFixture) {
    let house = House::new(store, [Script::says("Bo.")]).await;
    let history =
        vec![(Speaker::Person, "I am Bo.".to_owned()), (Speaker::Agent, "Hello Bo.".to_owned())];
    let asks = Question { history, ..question("Who am I?") };
    let asked = house.app.ask(&house.ann, asks, None).await.unwrap();
    house.app.reply(&house.ann, asked.run).await.unwrap();
    let expected = ["person: I am Bo.", "agent: Hello Bo.", "person: Who am I?"];
    assert_eq!(house.asked(), expected);
    let said = house.said(asked.conversation).await;
    assert_eq!(said, ["I am Bo.", "Hello Bo.", "Who am I?", "Bo."]);
}

async fn a_program_goes_on_with_a_conversation(store: &StoreFixture) {
    let house = House::new(store, ["One.", "Two."].map(Script::says)).await;
    let first = house.app.ask(&house.ann, question("First"), None).await.unwrap();
    house.app.reply(&house.ann, first.run).await.unwrap();
    let conversation = Some(first.conversation);
    let next = Question { conversation, ..question("Second") };
    let second = house.app.ask(&house.ann, next.clone(), None).await.unwrap();
    assert_eq!(second.conversation, first.conversation);
    house.app.reply(&house.ann, second.run).await.unwrap();
    assert_eq!(house.asked(), ["person: First", "agent: One.", "person: Second"]);
    let both = Question { history: vec![(Speaker::Person, "Hi".to_owned())], ..next.clone() };
    assert_eq!(kind(house.app.ask(&house.ann, both, None).await), Some(Kind::Invalid));
    assert_eq!(kind(house.app.ask(&house.bob, next, None).await), Some(Kind::NotFound));
}

async fn a_program_is_told_what_failed(store: &StoreFixture) {
    let quota = ModelError::Quota { message: String::new() };
    let house = House::new(store, [Script::refuses(quota)]).await;
    let asked = house.app.ask(&house.ann, question("Hi"), None).await.unwrap();
    let reply = house.app.reply(&house.ann, asked.run).await.unwrap();
    assert_eq!(reply.state, RunState::Failed);
    assert!(reply.response.starts_with("The account at the provider"), "{}", reply.response);
    assert_eq!(kind(house.app.ask(&house.ann, question(" "), None).await), Some(Kind::Invalid));
}

async fn a_program_that_asks_twice_with_one_key_asks_once(store: &StoreFixture) {
    let house = House::new(store, [Script::says("Hello.")]).await;
    let once = Once { route: "POST /api/chat", key: "k1".to_owned(), body_hash: "00".to_owned() };
    let first = house.app.ask(&house.ann, question("Hi"), Some(&once)).await.unwrap();
    house.app.reply(&house.ann, first.run).await.unwrap();
    let again = house.app.ask(&house.ann, question("Hi"), Some(&once)).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(house.app.reply(&house.ann, again.run).await.unwrap().response, "Hello.");
    assert_eq!(house.model.requests().len(), 1);
}

async fn what_was_said_is_brought_along_once(store: &StoreFixture) {
    let house = House::new(store, [Script::says("Bo.")]).await;
    let once = Once { route: "POST /api/chat", key: "k1".to_owned(), body_hash: "00".to_owned() };
    let history = vec![(Speaker::Person, "I am Bo.".to_owned())];
    let asks = || Question { history: history.clone(), ..question("Who am I?") };
    let (first, second) = tokio::join!(
        house.app.ask(&house.ann, asks(), Some(&once)),
        house.app.ask(&house.ann, asks(), Some(&once)),
    );
    let first = first.unwrap();
    assert_eq!(second.unwrap(), first);
    house.app.reply(&house.ann, first.run).await.unwrap();
    assert_eq!(house.said(first.conversation).await, ["I am Bo.", "Who am I?", "Bo."]);
}
