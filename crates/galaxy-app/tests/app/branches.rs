use galaxy_app::chat::{Edit, Sending};
use galaxy_domain::{Effect, RunState};
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use serde_json::json;

use crate::house::House;

galaxy_testkit::on_both_engines! {
    another_answer_does_not_know_the_first,
    another_question_does_not_know_the_first,
    an_old_message_can_be_followed_by_another,
    a_branch_can_leave_a_question_to_the_person_behind,
    a_fork_goes_its_own_way,
}

async fn another_answer_does_not_know_the_first(store: &StoreFixture) {
    let scripts = ["One.", "Heads.", "Tails.", "Bye."].map(Script::says);
    let house = House::new(store, scripts).await;
    let chat = house.chat().await;
    house.ask(chat, "Count.").await;
    let (said, _) = house.ask(chat, "Toss a coin.").await;
    let answer = said.answer.unwrap();
    let again = house.app.regenerate(&house.ann, chat, answer, None, None).await.unwrap().value;
    assert_eq!(house.rests(again.run.unwrap()).await, RunState::Finished);
    assert_eq!(house.asked(), ["person: Count.", "agent: One.", "person: Toss a coin."]);
    assert_eq!(house.said(chat).await, ["Count.", "One.", "Toss a coin.", "Tails."]);
    assert_eq!(house.shown(chat).await[3].siblings, [answer, again.answer.unwrap()]);
    house.ask(chat, "Bye.").await;
    assert_eq!(house.asked()[2..], ["person: Toss a coin.", "agent: Tails.", "person: Bye."]);
}

async fn another_question_does_not_know_the_first(store: &StoreFixture) {
    let house = House::new(store, ["Nice.", "Splendid."].map(Script::says)).await;
    let chat = house.chat().await;
    let (said, _) = house.ask(chat, "I like tea.").await;
    let edit = Edit { message: said.question, text: "I like coffee.".to_owned(), rerun: true };
    let other = house.app.edit(&house.ann, chat, edit, None).await.unwrap().value;
    house.rests(other.run.unwrap()).await;
    assert_eq!(house.asked(), ["person: I like coffee."]);
    assert_eq!(house.said(chat).await, ["I like coffee.", "Splendid."]);
    house.app.show(&house.ann, chat, said.question).await.unwrap();
    assert_eq!(house.said(chat).await, ["I like tea.", "Nice."]);
}

async fn an_old_message_can_be_followed_by_another(store: &StoreFixture) {
    let house = House::new(store, ["One.", "Two.", "Three."].map(Script::says)).await;
    let chat = house.chat().await;
    let (first, _) = house.ask(chat, "First").await;
    house.ask(chat, "Second").await;
    let sending = Sending { text: "Other".to_owned(), parent: first.answer, ..Sending::default() };
    let run = house.app.send(&house.ann, chat, sending, None).await.unwrap().value.run.unwrap();
    house.rests(run).await;
    assert_eq!(house.asked(), ["person: First", "agent: One.", "person: Other"]);
}

async fn a_branch_can_leave_a_question_to_the_person_behind(store: &StoreFixture) {
    let scripts = [
        Script::says("Hello."),
        Script::says("Shall I?").call("c1", "send", json!({})),
        Script::says("All right."),
    ];
    let house = House::with(store, scripts, [FakeTool::says("send", Effect::Reaches, "x")]).await;
    let chat = house.chat().await;
    let (said, _) = house.ask(chat, "Hi").await;
    let answer = said.answer.unwrap();
    let asks = house.app.regenerate(&house.ann, chat, answer, None, None).await.unwrap().value;
    assert_eq!(house.rests(asks.run.unwrap()).await, RunState::Parked);
    // Nobody decides; the person looks at the other branch, and then goes on below the question.
    house.app.show(&house.ann, chat, answer).await.unwrap();
    let sending =
        Sending { text: "Never mind.".to_owned(), parent: asks.answer, ..Sending::default() };
    let run = house.app.send(&house.ann, chat, sending, None).await.unwrap().value.run.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    let expected = [
        "person: Hi",
        "agent: Shall I? send()",
        "send!: The call was stopped before it was done.",
        "person: Never mind.",
    ];
    assert_eq!(house.asked(), expected);
}

async fn a_fork_goes_its_own_way(store: &StoreFixture) {
    let house = House::new(store, ["One.", "Two.", "Three."].map(Script::says)).await;
    let chat = house.chat().await;
    let (first, _) = house.ask(chat, "First").await;
    house.ask(chat, "Second").await;
    let fork = house.app.fork(&house.ann, chat, first.answer.unwrap(), None).await.unwrap().id;
    house.ask(fork, "Elsewhere").await;
    assert_eq!(house.asked(), ["person: First", "agent: One.", "person: Elsewhere"]);
    assert_eq!(house.said(chat).await, ["First", "One.", "Second", "Two."]);
}
