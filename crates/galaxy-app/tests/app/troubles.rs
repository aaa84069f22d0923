use std::time::Duration;

use galaxy_access::drive;
use galaxy_app::access::PersonChange;
use galaxy_domain::{
    CallId, Item, Outcome, RunState, Stop, WorkspaceId, access::Create, conversation::Settings,
    id::Workspace,
};
use galaxy_model::ModelError;
use galaxy_store::{NewConversation, Strength};
use galaxy_testkit::{
    Script,
    store::{StoreFixture, permit},
};

use crate::house::{House, worker};

galaxy_testkit::on_both_engines! {
    a_run_of_a_closed_account_does_not_begin,
    a_model_that_is_no_longer_there_is_named,
    a_model_that_fails_says_what_to_do,
    a_run_whose_log_makes_no_sense_is_ended,
    a_conversation_goes_on_after_a_failure,
}

fn failure(stop: Stop) -> (String, String) {
    match stop {
        Stop::Failed { code, message, .. } => (code, message),
        other => panic!("{other:?}"),
    }
}

async fn a_run_of_a_closed_account_does_not_begin(store: &StoreFixture) {
    let house = House::idle(&store.store, [Script::says("Hi.")], [], worker("one")).await;
    let run = house.send(house.chat().await, "Hi").await.run.unwrap();
    let change = PersonChange { disabled: Some(true), ..PersonChange::default() };
    house.change_ann(change).await;
    house.app.start();
    assert_eq!(house.rests(run).await, RunState::Failed);
    let (code, message) = failure(house.stop_of(run).await);
    assert_eq!((&*code, &*message), ("account_disabled", "The account is closed."));
    assert!(house.model.requests().is_empty());
}

async fn a_model_that_is_no_longer_there_is_named(store: &StoreFixture) {
    let house = House::new(store, []).await;
    // It was there when the conversation was made.
    let settings = Settings { model: Some("gone".to_owned()), ..Settings::default() };
    let new = NewConversation { title: String::new(), settings };
    let here: WorkspaceId = house.ann.workspace;
    let permit = permit::<Create, Workspace>(here, here, house.ann.person);
    let chat = store.create(permit, new, None).await.unwrap().value;
    let (said, state) = house.ask(chat, "Hi").await;
    assert_eq!(state, RunState::Failed);
    let (code, message) = failure(house.stop_of(said.run.unwrap()).await);
    assert_eq!(code, "model_unknown");
    assert_eq!(message, "This model is no longer configured. Choose another one.");
}

async fn a_model_that_fails_says_what_to_do(store: &StoreFixture) {
    let quota = ModelError::Quota { message: "no credit".to_owned() };
    let house = House::new(store, [Script::refuses(quota)]).await;
    let (said, state) = house.ask(house.chat().await, "Hi").await;
    assert_eq!(state, RunState::Failed);
    let stop = house.stop_of(said.run.unwrap()).await;
    let expected = "The account at the provider has no quota left. Add credit at the provider, or \
                    choose another model.";
    assert!(
        matches!(&stop, Stop::Failed { message, detail, .. }
        if message == expected && detail.as_deref() == Some("no credit")),
        "{stop:?}"
    );
}

async fn a_run_whose_log_makes_no_sense_is_ended(store: &StoreFixture) {
    let house = House::idle(&store.store, [Script::says("Hi.")], [], worker("one")).await;
    let (bad, chat) = (house.chat().await, house.chat().await);
    let run = house.send(bad, "Hi").await.run.unwrap();
    let claimed = store.claim("broken", Duration::ZERO, 1, 1).await.unwrap().remove(0);
    let nonsense = Item::Reply {
        call: CallId("nobody asked".to_owned()),
        outcome: Outcome::Aborted,
        took_ms: 0,
        whole: None,
    };
    let items = vec![nonsense];
    store.append(drive(&claimed), claimed.fence, 1, items, Strength::Synced).await.unwrap();
    house.app.start();
    assert_eq!(house.rests(run).await, RunState::Failed);
    assert_eq!(house.ask(chat, "Hi").await.1, RunState::Finished);
}

async fn a_conversation_goes_on_after_a_failure(store: &StoreFixture) {
    let quota = ModelError::Quota { message: String::new() };
    let scripts = [Script::refuses(quota), Script::says("Here I am.")];
    let house = House::new(store, scripts).await;
    let chat = house.chat().await;
    assert_eq!(house.ask(chat, "Hi").await.1, RunState::Failed);
    assert_eq!(house.ask(chat, "Are you there?").await.1, RunState::Finished);
    assert_eq!(house.asked(), ["person: Hi", "person: Are you there?"]);
}
