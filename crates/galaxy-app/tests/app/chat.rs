use galaxy_app::{Once, chat::Sending};
use galaxy_domain::{Effect, Kind, RunState, conversation::Body};
use galaxy_testkit::{FakeTool, Gate, Script, store::StoreFixture};
use serde_json::json;

use crate::house::{House, kind, lines};

galaxy_testkit::on_both_engines! {
    a_message_is_answered_and_the_answer_kept,
    the_next_question_comes_with_what_was_said,
    results_of_tools_stay_in_their_place,
    a_message_with_a_key_is_sent_once,
    one_answer_at_a_time,
    what_cannot_be_sent_is_refused_with_every_reason,
    other_people_see_nothing,
}

async fn a_message_is_answered_and_the_answer_kept(store: &StoreFixture) {
    let house = House::new(store, [Script::says("It is ").text("4.").usage(5, 2)]).await;
    let chat = house.chat().await;
    let (said, state) = house.ask(chat, "What is 2+2?").await;
    assert_eq!(state, RunState::Finished);
    assert_eq!(house.said(chat).await, ["What is 2+2?", "It is 4."]);
    let shown = house.shown(chat).await;
    assert_eq!((shown[1].id, shown[1].state), (said.answer.unwrap(), Some(RunState::Finished)));
    let Body::Answered { entries } = &shown[1].body else { panic!("no answer") };
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.item.kind()).collect();
    assert_eq!(kinds, ["user", "assistant", "usage", "stopped"]);
    let request = &house.model.requests()[0];
    assert_eq!(request.system, "You are Galaxy.");
    assert_eq!(lines(request), ["person: What is 2+2?"]);
    let title = house.app.conversation(&house.ann, chat).await.unwrap().title;
    assert_eq!(title, "What is 2+2?");
}

async fn the_next_question_comes_with_what_was_said(store: &StoreFixture) {
    let scripts = ["Hello Ann.", "Yours is Ann.", "Yes."].map(Script::says);
    let house = House::new(store, scripts).await;
    let chat = house.chat().await;
    for question in ["I am Ann.", "Who am I?", "Sure?"] {
        house.ask(chat, question).await;
    }
    let expected = [
        "person: I am Ann.",
        "agent: Hello Ann.",
        "person: Who am I?",
        "agent: Yours is Ann.",
        "person: Sure?",
    ];
    assert_eq!(house.asked(), expected);
}

async fn results_of_tools_stay_in_their_place(store: &StoreFixture) {
    let scripts = [
        Script::says("Let me see.").call("c1", "look", json!({})).call("c2", "fly", json!({})),
        Script::says("It rains."),
        Script::says("You are welcome."),
    ];
    let house = House::with(store, scripts, [FakeTool::says("look", Effect::Reads, "rain")]).await;
    let chat = house.chat().await;
    house.ask(chat, "How is the weather?").await;
    house.ask(chat, "Thanks.").await;
    let asked = house.asked();
    assert_eq!(asked[..2], ["person: How is the weather?", "agent: Let me see. look() fly()"]);
    let mut results = asked[2..4].to_vec();
    results.sort_unstable();
    assert!(results[0].starts_with("fly!: Error: there is no tool `fly`"), "{results:?}");
    assert_eq!(results[1], "look: rain");
    assert_eq!(asked[4..], ["agent: It rains.", "person: Thanks."]);
}

async fn a_message_with_a_key_is_sent_once(store: &StoreFixture) {
    let house = House::new(store, [Script::says("Hello.")]).await;
    let chat = house.chat().await;
    let once = Once { route: "POST messages", key: "k1".to_owned(), body_hash: "00".to_owned() };
    let sending = || Sending { text: "Hi".to_owned(), ..Sending::default() };
    let first = house.app.send(&house.ann, chat, sending(), Some(&once)).await.unwrap();
    house.rests(first.value.run.unwrap()).await;
    let again = house.app.send(&house.ann, chat, sending(), Some(&once)).await.unwrap();
    assert_eq!((again.value, again.replayed), (first.value, true));
    assert_eq!(house.model.requests().len(), 1);
    let other = Once { body_hash: "01".to_owned(), ..once };
    let mismatch = house.app.send(&house.ann, chat, sending(), Some(&other)).await;
    assert_eq!(kind(mismatch), Some(Kind::Invalid));
}

async fn one_answer_at_a_time(store: &StoreFixture) {
    let gate = Gate::new();
    let house = House::new(store, [Script::says("Wait").wait(&gate)]).await;
    let chat = house.chat().await;
    let said = house.send(chat, "Hi").await;
    gate.reached().await;
    let sending = Sending { text: "And?".to_owned(), ..Sending::default() };
    let second = house.app.send(&house.ann, chat, sending, None).await;
    assert_eq!(kind(second), Some(Kind::Conflict));
    gate.open();
    assert_eq!(house.rests(said.run.unwrap()).await, RunState::Finished);
}

async fn what_cannot_be_sent_is_refused_with_every_reason(store: &StoreFixture) {
    let house = House::new(store, [Script::says("I see.")]).await;
    let chat = house.chat().await;
    let image = |kind: &str, data: &str| (kind.to_owned(), data.to_owned());
    let wrong = Sending {
        text: "x".repeat(2_001),
        images: vec![image("image/svg+xml", "AAAA"), image("image/png", "A?==")],
        ..Sending::default()
    };
    let Err(galaxy_app::AppError::Invalid(mistakes)) =
        house.app.send(&house.ann, chat, wrong, None).await
    else {
        panic!("it was sent")
    };
    let pointers: Vec<&str> = mistakes.iter().map(|it| &*it.pointer).collect();
    assert_eq!(pointers, ["/text", "/images/0/media_type", "/images/1/data"]);
    let blank = Sending { text: " \n".to_owned(), ..Sending::default() };
    assert_eq!(kind(house.app.send(&house.ann, chat, blank, None).await), Some(Kind::Invalid));
    let model = Some("gpt-0".to_owned());
    let unknown = Sending { text: "Hi".to_owned(), model, ..Sending::default() };
    assert_eq!(kind(house.app.send(&house.ann, chat, unknown, None).await), Some(Kind::Invalid));
    assert!(house.shown(chat).await.is_empty());

    // A picture says enough, and blanks around it are no text.
    let shown = Sending {
        text: "  ".to_owned(),
        images: vec![image("image/png", "AAAA")],
        ..Sending::default()
    };
    let run = house.app.send(&house.ann, chat, shown, None).await.unwrap().value.run.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
}

async fn other_people_see_nothing(store: &StoreFixture) {
    let house = House::new(store, [Script::says("Hello.")]).await;
    let chat = house.chat().await;
    let (said, _) = house.ask(chat, "A secret").await;
    let (app, bob, run) = (&house.app, &house.bob, said.run.unwrap());
    let hidden = Some(Kind::NotFound);
    assert_eq!(kind(app.conversation(bob, chat).await), hidden);
    assert_eq!(kind(app.run(bob, run).await), hidden);
    assert_eq!(kind(app.stop(bob, run).await), hidden);
    assert_eq!(kind(app.continue_run(bob, run, None).await), hidden);
    assert_eq!(kind(app.reply(bob, run).await), hidden);
    let sending = || Sending { text: "Hi".to_owned(), ..Sending::default() };
    assert_eq!(kind(app.send(bob, chat, sending(), None).await), hidden);
    let again = app.regenerate(bob, chat, said.answer.unwrap(), None, None).await;
    assert_eq!(kind(again), hidden);
    let follow = app.follow(bob, galaxy_app::follow::Topic::Run(run), 0).await;
    assert_eq!(kind(follow), hidden);
    assert_eq!(kind(app.delete_conversation(bob, chat).await), hidden);
}
