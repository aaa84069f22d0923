use galaxy_app::{access::PersonChange, conversations::Change};
use galaxy_domain::{Effect, Kind, Outcome, Role, RunState, Verdict};
use galaxy_testkit::{FakeTool, Gate, Script, store::StoreFixture};
use serde_json::json;

use crate::house::{House, caller, done, kind, worker};

galaxy_testkit::on_both_engines! {
    a_tool_that_a_rule_forbids_is_not_offered,
    a_tool_that_is_forbidden_while_the_model_thinks_does_not_run,
    a_tool_that_is_always_allowed_runs_without_a_question,
    a_conversation_offers_only_its_own_tools,
    the_tools_of_a_conversation_are_fixed_by_its_first_message,
    who_may_only_look_is_offered_only_what_looks,
}

fn send() -> FakeTool {
    FakeTool::says("send", Effect::Reaches, "sent")
}

fn look() -> FakeTool {
    FakeTool::says("look", Effect::Reads, "a view")
}

fn tools(names: &[&str]) -> Change {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Change { tools: Some(Some(names)), ..Change::default() }
}

async fn a_tool_that_a_rule_forbids_is_not_offered(store: &StoreFixture) {
    let asks = Script::calls("c1", "send", json!({}));
    let scripts = [Script::says("Hi."), asks, Script::says("I cannot."), Script::says("Hi.")];
    let house = House::with(store, scripts, [send(), look()]).await;
    let chat = house.chat().await;
    house.ask(chat, "Hi").await;
    assert!(house.offered().contains(&"send".to_owned()));
    house.app.rule_tool(&house.ann, "send", Some(Verdict::Deny)).await.unwrap();
    let (said, state) = house.ask(chat, "Send it").await;
    assert!(!house.offered().contains(&"send".to_owned()));
    assert!(house.offered().contains(&"look".to_owned()));
    // A model that asks for it all the same is told no.
    assert_eq!(state, RunState::Finished);
    let replies = house.replies(said.run.unwrap()).await;
    assert!(matches!(replies[..], [Outcome::Denied { .. }]), "{replies:?}");
    house.app.rule_tool(&house.ann, "send", None).await.unwrap();
    house.ask(chat, "Hi").await;
    assert!(house.offered().contains(&"send".to_owned()));
}

async fn a_tool_that_is_forbidden_while_the_model_thinks_does_not_run(store: &StoreFixture) {
    let tool = send();
    let sent = tool.inputs();
    let scripts = [Script::calls("c1", "send", json!({})), Script::says("I see.")];
    let house = House::with(store, scripts, [tool]).await;
    let chat = house.chat().await;
    let (said, state) = house.ask(chat, "Send it").await;
    assert_eq!(state, RunState::Parked);
    // The yes comes, but a rule has come before it.
    house.app.rule_tool(&house.ann, "send", Some(Verdict::Deny)).await.unwrap();
    let run = said.run.unwrap();
    crate::approvals::allow(&house, run, "c1", galaxy_domain::tool::Reach::Once).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert!(sent.lock().unwrap().is_empty());
}

async fn a_tool_that_is_always_allowed_runs_without_a_question(store: &StoreFixture) {
    let scripts = [Script::calls("c1", "send", json!({})), Script::says("Sent.")];
    let house = House::with(store, scripts, [send()]).await;
    house.app.rule_tool(&house.ann, "send", Some(Verdict::Allow)).await.unwrap();
    let (said, state) = house.ask(house.chat().await, "Send it").await;
    assert_eq!(state, RunState::Finished);
    assert_eq!(house.replies(said.run.unwrap()).await, [done("sent")]);
    let info = house.app.tools(&house.ann).await.unwrap();
    let send = info.iter().find(|tool| tool.name == "send").unwrap();
    assert_eq!((send.verdict, send.default_verdict), (Verdict::Allow, Verdict::Ask));
    // What Ann says is no word of Bob's.
    let bobs = house.app.tools(&house.bob).await.unwrap();
    assert_eq!(bobs.iter().find(|it| it.name == "send").unwrap().verdict, Verdict::Ask);
    let unknown = house.app.rule_tool(&house.ann, "fly", Some(Verdict::Allow)).await;
    assert_eq!(kind(unknown), Some(Kind::NotFound));
}

async fn a_conversation_offers_only_its_own_tools(store: &StoreFixture) {
    let scripts = [Script::calls("c1", "send", json!({})), Script::says("Hm.")];
    let house = House::with(store, scripts, [send(), look()]).await;
    let made = house.app.create_conversation(&house.ann, tools(&["look"]), None).await.unwrap();
    let (said, state) = house.ask(made.id, "Send it").await;
    assert_eq!((house.offered(), state), (vec!["look".to_owned()], RunState::Finished));
    let replies = house.replies(said.run.unwrap()).await;
    let refused = |outcome: &Outcome| matches!(outcome, Outcome::Failed { message } if message.contains("there is no tool"));
    assert!(replies.iter().all(refused), "{replies:?}");
    let none = house.app.create_conversation(&house.ann, tools(&["fly"]), None).await;
    assert_eq!(kind(none), Some(Kind::Invalid));
}

async fn the_tools_of_a_conversation_are_fixed_by_its_first_message(store: &StoreFixture) {
    let house = House::with(store, [Script::says("Hi.")], [send(), look()]).await;
    let chat = house.chat().await;
    let change = |wanted| house.app.change_conversation(&house.ann, chat, wanted);
    change(tools(&["look", "send"])).await.unwrap();
    change(tools(&["look"])).await.unwrap();
    house.ask(chat, "Hi").await;
    assert_eq!(kind(change(tools(&["send"])).await), Some(Kind::Conflict));
    // The same again is no change.
    change(tools(&["look"])).await.unwrap();
    assert_eq!(house.offered(), ["look"]);
}

async fn who_may_only_look_is_offered_only_what_looks(store: &StoreFixture) {
    let gate = Gate::new();
    let scripts = [Script::says("Hi.").wait(&gate)];
    let house = House::idle(&store.store, scripts, [send(), look()], worker("one")).await;
    let viewer = caller(store, "vic@example.org", Role::Viewer).await;
    let names = |tools: Vec<galaxy_app::tools::ToolInfo>| -> Vec<String> {
        tools.into_iter().map(|tool| tool.name).collect()
    };
    assert_eq!(names(house.app.tools(&viewer).await.unwrap()), ["list_tasks", "look"]);

    // What counts is what the person may do when the run moves, not when they asked.
    let said = house.send(house.chat().await, "Hi").await;
    let change = PersonChange { role: Some(Role::Viewer), ..PersonChange::default() };
    house.change_ann(change).await;
    house.app.start();
    gate.open();
    assert_eq!(house.rests(said.run.unwrap()).await, RunState::Finished);
    assert_eq!(house.offered(), ["list_tasks", "look"]);
}
