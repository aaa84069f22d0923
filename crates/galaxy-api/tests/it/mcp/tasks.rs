//! The task tools, with exactly the names and parameters that hosts know.

use galaxy_testkit::store::StoreFixture;
use serde_json::{Value, json};

use super::host::Host;
use crate::house::House;

galaxy_testkit::on_both_engines! {
    a_task_is_added_listed_changed_completed_and_deleted,
    nobody_reaches_another_persons_tasks,
}

async fn a_task_is_added_listed_changed_completed_and_deleted(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    let list = host.ask("tools/list", json!({})).await;
    let schema = |name: &str| {
        let tools = list["tools"].as_array().unwrap();
        let tool = tools.iter().find(|tool| tool["name"] == name).unwrap();
        let properties = tool["inputSchema"]["properties"].as_object().unwrap();
        properties.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(schema("add_task"), ["description", "title", "user_id"]);
    assert_eq!(schema("list_tasks"), ["status", "user_id"]);
    assert_eq!(schema("complete_task"), ["task_id", "user_id"]);
    assert_eq!(schema("delete_task"), ["task_id", "user_id"]);
    assert_eq!(schema("update_task"), ["description", "task_id", "title", "user_id"]);
    let me = bo.id.to_string();
    let new = json!({ "user_id": me, "title": "Buy groceries", "description": "Milk" });
    let task = host.done("add_task", new).await;
    let id = task["id"].clone();
    let change = json!({ "user_id": me, "task_id": id, "title": "Buy bread" });
    assert_eq!(host.done("update_task", change).await["title"], "Buy bread");
    let which = json!({ "user_id": me, "task_id": id });
    assert_eq!(host.done("complete_task", which.clone()).await["completed"], true);
    let total = async |status: &str| -> Value {
        host.done("list_tasks", json!({ "user_id": me, "status": status })).await["total"].clone()
    };
    assert_eq!(total("completed").await, 1);
    assert_eq!(total("pending").await, 0);
    // It is the same list as everywhere.
    let listed = house.get("/api/tasks").by(&bo).send().await.ok(200);
    assert_eq!(listed["items"][0]["description"], "Milk");
    host.done("delete_task", which.clone()).await;
    assert_eq!(total("all").await, 0);
    assert!(host.failed("complete_task", which).await.contains("no such task"));
}

async fn nobody_reaches_another_persons_tasks(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let cy = house.member("cy@example.org").await;
    let (bos, cys) = (Host::full(&house, &bo).await, Host::full(&house, &cy).await);
    let task = bos.done("add_task", json!({ "title": "Secret" })).await;
    for (tool, arguments) in [
        ("add_task", json!({ "title": "Not yours" })),
        ("list_tasks", json!({})),
        ("complete_task", json!({ "task_id": task["id"] })),
        ("update_task", json!({ "task_id": task["id"], "title": "Mine" })),
        ("delete_task", json!({ "task_id": task["id"] })),
    ] {
        let mut named = arguments.clone();
        named["user_id"] = bo.id.to_string().into();
        let told = cys.failed(tool, named).await;
        assert!(told.contains("another person"), "{tool}: {told}");
        if arguments.get("task_id").is_some() {
            assert!(cys.failed(tool, arguments).await.contains("no such task"), "{tool}");
        }
    }
    assert_eq!(cys.done("list_tasks", json!({})).await["total"], 0);
    assert_eq!(bos.done("list_tasks", json!({})).await["tasks"][0]["title"], "Secret");
}
