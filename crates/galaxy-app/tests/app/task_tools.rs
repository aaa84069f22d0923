use galaxy_app::tasks::{NewTask, TaskFilter};
use galaxy_domain::{Caller, Outcome, Part, RunState, task::TaskRow};
use galaxy_testkit::{Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::house::House;

galaxy_testkit::on_both_engines! {
    an_agent_keeps_the_list_of_its_person,
    an_agent_cannot_touch_the_list_of_somebody_else,
    a_task_is_named_by_its_id,
    mistakes_are_told_to_the_model,
}

/// Has the agent make one call, and gives what the tool said.
async fn calls(house: &House, tool: &str, input: Value) -> Outcome {
    house.model.then(Script::calls("c1", tool, input));
    house.model.then(Script::says("Done."));
    let (said, state) = house.ask(house.chat().await, "Do it").await;
    assert_eq!(state, RunState::Finished, "no person is asked");
    house.replies(said.run.unwrap()).await.remove(0)
}

fn json_of(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Done { output } => match output.as_slice() {
            [Part::Text { text }] => serde_json::from_str(text).unwrap(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn told(outcome: &Outcome, words: &str) {
    let matches = matches!(outcome, Outcome::Failed { message } if message.contains(words));
    assert!(matches, "{outcome:?} is not about {words}");
}

async fn list(house: &House, of: &Caller) -> Vec<TaskRow> {
    house
        .app
        .tasks()
        .list(of, TaskFilter { limit: 50, ..TaskFilter::default() })
        .await
        .unwrap()
        .items
}

async fn add(house: &House, of: &Caller, title: &str) -> TaskRow {
    let new = NewTask { title: title.to_owned(), ..NewTask::default() };
    house.app.tasks().create(of, new, None).await.unwrap()
}

async fn an_agent_keeps_the_list_of_its_person(store: &StoreFixture) {
    let house = House::new(store, []).await;
    let input = json!({ "title": "Buy milk", "user_id": house.ann.person.to_string() });
    let made = json_of(&calls(&house, "add_task", input).await);
    assert_eq!((&made["title"], &made["completed"]), (&json!("Buy milk"), &json!(false)));
    let id = made["id"].as_str().unwrap();
    assert_eq!(list(&house, &house.ann).await[0].id.to_string(), id);

    let changed = calls(&house, "update_task", json!({ "task_id": id, "title": "Milk" })).await;
    assert_eq!(json_of(&changed)["title"], "Milk");
    let ticked = calls(&house, "complete_task", json!({ "task_id": id })).await;
    assert_eq!(json_of(&ticked)["completed"], true);
    let pending = calls(&house, "list_tasks", json!({ "status": "pending" })).await;
    assert_eq!(json_of(&pending), json!({ "tasks": [], "total": 0 }));
    let all = json_of(&calls(&house, "list_tasks", json!({ "user_id": "me" })).await);
    assert_eq!((&all["total"], &all["tasks"][0]["id"]), (&json!(1), &json!(id)));
    let deleted = calls(&house, "delete_task", json!({ "task_id": id })).await;
    assert_eq!(json_of(&deleted), json!({ "deleted": id }));
    assert!(list(&house, &house.ann).await.is_empty());
}

async fn an_agent_cannot_touch_the_list_of_somebody_else(store: &StoreFixture) {
    let house = House::new(store, []).await;
    let theirs = add(&house, &house.bob, "A secret").await;
    let (bob, id) = (house.bob.person.to_string(), theirs.id.to_string());
    let named = [
        ("add_task", json!({ "title": "Spam", "user_id": bob })),
        ("list_tasks", json!({ "user_id": bob })),
        ("complete_task", json!({ "task_id": id, "user_id": bob })),
        ("update_task", json!({ "task_id": id, "title": "x", "user_id": bob })),
        ("delete_task", json!({ "task_id": id, "user_id": bob })),
    ];
    for (tool, input) in named {
        told(&calls(&house, tool, input).await, "another person's tasks");
    }
    // Without a name it is Ann's list, where Bob's task is not.
    let unnamed = [
        ("complete_task", json!({ "task_id": id })),
        ("update_task", json!({ "task_id": id, "title": "x" })),
        ("delete_task", json!({ "task_id": id })),
    ];
    for (tool, input) in unnamed {
        told(&calls(&house, tool, input).await, "there is no such task");
    }
    let seen = json_of(&calls(&house, "list_tasks", json!({})).await);
    assert_eq!(seen, json!({ "tasks": [], "total": 0 }));
    assert_eq!(list(&house, &house.bob).await, [theirs]);
    assert!(list(&house, &house.ann).await.is_empty());
}

async fn a_task_is_named_by_its_id(store: &StoreFixture) {
    let house = House::new(store, []).await;
    let milk = add(&house, &house.ann, "Milk").await;
    for tool in ["complete_task", "delete_task"] {
        told(&calls(&house, tool, json!({ "task_id": "Milk" })).await, "not its title");
    }
    let outcome = calls(&house, "update_task", json!({ "task_id": "Milk", "title": "x" })).await;
    told(&outcome, "not its title");
    assert_eq!(list(&house, &house.ann).await, [milk]);
}

async fn mistakes_are_told_to_the_model(store: &StoreFixture) {
    let house = House::new(store, []).await;
    told(&calls(&house, "add_task", json!({ "title": "  " })).await, "say what to do");
    told(&calls(&house, "add_task", json!({ "titel": "Milk" })).await, "invalid arguments");
    let milk = add(&house, &house.ann, "Milk").await;
    let nothing = calls(&house, "update_task", json!({ "task_id": milk.id.to_string() })).await;
    told(&nothing, "say what to change");
}
