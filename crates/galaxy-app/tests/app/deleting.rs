use galaxy_domain::{Effect, Kind, RunState};
use galaxy_testkit::{FakeTool, Gate, Script, store::StoreFixture};
use serde_json::json;

use crate::house::{House, kind};

galaxy_testkit::on_both_engines! {
    a_conversation_can_be_deleted_while_it_is_answered,
    a_conversation_can_be_deleted_while_a_tool_works,
    a_conversation_can_be_deleted_while_it_waits_for_a_person,
}

async fn a_conversation_can_be_deleted_while_it_is_answered(store: &StoreFixture) {
    let gate = Gate::new();
    let house = House::new(store, [Script::says("Once").wait(&gate), Script::says("Hi.")]).await;
    let chat = house.chat().await;
    let run = house.send(chat, "A story").await.run.unwrap();
    gate.reached().await;
    house.app.delete_conversation(&house.ann, chat).await.unwrap();
    assert_eq!(house.model.abandoned(), 1);
    assert_eq!(kind(house.app.conversation(&house.ann, chat).await), Some(Kind::NotFound));
    assert_eq!(kind(house.app.run(&house.ann, run).await), Some(Kind::NotFound));
    assert!(house.app.active_runs(&house.ann).await.unwrap().is_empty());
    // The worker lives.
    assert_eq!(house.ask(house.chat().await, "Hi").await.1, RunState::Finished);
}

async fn a_conversation_can_be_deleted_while_a_tool_works(store: &StoreFixture) {
    let gate = Gate::new();
    let entered = gate.clone();
    let slow = FakeTool::new("slow", Effect::Reads, move |_, _| {
        let entered = entered.clone();
        async move {
            entered.pass().await;
            Ok(vec![])
        }
    });
    let house = House::with(store, [Script::calls("c1", "slow", json!({}))], [slow]).await;
    let (chat, other) = (house.chat().await, house.chat().await);
    house.send(chat, "Work").await;
    gate.reached().await;
    house.app.delete_conversation(&house.ann, chat).await.unwrap();
    assert_eq!(kind(house.app.conversation(&house.ann, chat).await), Some(Kind::NotFound));
    house.app.conversation(&house.ann, other).await.unwrap();
}

async fn a_conversation_can_be_deleted_while_it_waits_for_a_person(store: &StoreFixture) {
    let tool = FakeTool::says("send", Effect::Reaches, "sent");
    let house = House::with(store, [Script::calls("c1", "send", json!({}))], [tool]).await;
    let chat = house.chat().await;
    assert_eq!(house.ask(chat, "Send it").await.1, RunState::Parked);
    house.app.delete_conversation(&house.ann, chat).await.unwrap();
    assert_eq!(kind(house.app.conversation(&house.ann, chat).await), Some(Kind::NotFound));
}
