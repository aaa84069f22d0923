//! To-dos.

use galaxy_testkit::{Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    events::numbers,
    house::{House, Person},
    talk::{items, text},
};

galaxy_testkit::on_both_engines! {
    a_task_is_made_read_changed_and_deleted,
    a_task_is_ticked_off_and_not_after_all,
    tasks_are_filtered_and_sorted,
    tasks_come_in_pages_without_gaps,
    tasks_wait_for_others_but_never_in_a_circle,
    what_makes_no_sense_is_refused,
    every_change_is_told_at_once,
    an_agent_works_with_the_same_tasks,
}

async fn make(house: &House<'_>, by: &Person, task: Value) -> Value {
    house.post("/api/tasks").by(by).json(&task).send().await.ok(201)
}

fn path(task: &Value) -> String {
    format!("/api/tasks/{}", text(&task["id"]))
}

/// The titles of the tasks that a query gives.
async fn titles(house: &House<'_>, by: &Person, query: &str) -> Vec<String> {
    let reply = house.get(&format!("/api/tasks?{query}")).by(by).send().await.ok(200);
    items(&reply).iter().map(|it| text(&it["title"])).collect()
}

async fn a_task_is_made_read_changed_and_deleted(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let wanted = json!({
        "title": " Water the plants ", "description": "All of them.", "priority": "high",
        "tags": ["home", "green"], "due_at": "2026-03-01T09:00:00+01:00", "assignee": bo.id
    });
    let made = make(&house, &bo, wanted).await;
    assert_eq!((&made["title"], &made["completed"]), (&json!("Water the plants"), &json!(false)));
    assert_eq!(made["due_at"], "2026-03-01T08:00:00.000Z");
    assert_eq!(made["assignee"], bo.id.to_string());
    assert_eq!(house.get(&path(&made)).by(&bo).send().await.ok(200), made);
    store.clock.advance(std::time::Duration::from_secs(1));
    let change = json!({ "title": "Water the cactus", "due_at": null, "assignee": null });
    let changed = house.put(&path(&made)).by(&bo).json(&change).send().await.ok(200);
    assert_eq!((&changed["title"], &changed["due_at"]), (&json!("Water the cactus"), &Value::Null));
    assert_eq!(changed["assignee"], Value::Null);
    for same in ["description", "priority", "tags", "created_at"] {
        assert_eq!(changed[same], made[same], "{same} is as it was");
    }
    assert_ne!(changed["updated_at"], made["updated_at"]);
    house.delete(&path(&made)).by(&bo).send().await.ok(204);
    house.get(&path(&made)).by(&bo).send().await.refused(404, "not_found");
    house.delete(&path(&made)).by(&bo).send().await.refused(404, "not_found");
}

async fn a_task_is_ticked_off_and_not_after_all(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let made = make(&house, &bo, json!({ "title": "Sweep" })).await;
    let complete = format!("{}/complete", path(&made));
    let done = house.patch(&complete).by(&bo).send().await.ok(200);
    assert_eq!(done["completed"], true);
    assert_eq!(done["completed_at"], "2026-01-01T00:00:00.000Z");
    let ends = [(json!({ "completed": false }), false), (json!({}), true)];
    for (body, completed) in ends {
        let now = house.patch(&complete).by(&bo).json(&body).send().await.ok(200);
        assert_eq!(now["completed"], completed, "{body}");
        assert_eq!(now["completed_at"].is_null(), !completed);
    }
    let patch = || house.patch(&complete).by(&bo);
    patch().json(&json!({ "done": true })).send().await.refused(422, "invalid");
    patch().json(&json!({ "completed": "yes" })).send().await.refused(422, "invalid");
    patch().body("application/json", "{").send().await.refused(400, "bad_json");
    patch().body("text/plain", "{}").send().await.refused(415, "not_json");
    let undone = json!({ "completed": false });
    let by_change = house.put(&path(&made)).by(&bo).json(&undone).send().await.ok(200);
    assert_eq!(by_change["completed"], false);
}

async fn tasks_are_filtered_and_sorted(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let tasks = [
        json!({ "title": "Apples", "priority": "low", "tags": ["shop"], "due_at": "2026-02-03T00:00:00Z" }),
        json!({ "title": "Bread", "priority": "high", "tags": ["shop"], "due_at": "2026-02-01T00:00:00Z" }),
        json!({ "title": "Clean 100%", "description": "The ÄRMEL too." }),
    ];
    for task in tasks {
        store.clock.advance(std::time::Duration::from_secs(1));
        make(&house, &bo, task).await;
    }
    make(&house, &cy, json!({ "title": "Apples of somebody else" })).await;
    let bread = items(&house.get("/api/tasks?q=bread").by(&bo).send().await.ok(200));
    house.patch(&format!("{}/complete", path(&bread[0]))).by(&bo).send().await.ok(200);
    let cases: [(&str, &[&str]); 13] = [
        ("", &["Apples", "Bread", "Clean 100%"]),
        ("status=pending", &["Apples", "Clean 100%"]),
        ("status=completed", &["Bread"]),
        ("q=apple", &["Apples"]),
        ("q=%C3%A4rmel", &["Clean 100%"]),
        ("q=100%25", &["Clean 100%"]),
        ("q=_", &[]),
        ("tag=shop", &["Apples", "Bread"]),
        ("tag=sho", &[]),
        ("priority=high", &["Bread"]),
        ("due_before=2026-02-02T00:00:00Z", &["Bread"]),
        ("sort=title&descending=true", &["Clean 100%", "Bread", "Apples"]),
        ("sort=priority&descending=true&tag=shop", &["Bread", "Apples"]),
    ];
    for (query, expected) in cases {
        let mut found = titles(&house, &bo, query).await;
        if !query.contains("sort") {
            found.sort_unstable();
        }
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(titles(&house, &bo, "sort=due").await[..2], ["Bread", "Apples"]);
    for wrong in ["status=some", "sort=colour", "priority=urgent", "limit=many", "colour=red"] {
        let reply = house.get(&format!("/api/tasks?{wrong}")).by(&bo).send().await;
        reply.refused(400, "invalid");
    }
    let reply = house.get("/api/tasks?due_before=soon").by(&bo).send().await;
    reply.refused(422, "invalid");
}

async fn tasks_come_in_pages_without_gaps(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let all: Vec<String> = (0..7).map(|it| format!("Task {it}")).collect();
    for title in &all {
        make(&house, &bo, json!({ "title": title })).await;
    }
    let (mut seen, mut query) = (Vec::new(), Some("sort=title&limit=3".to_owned()));
    while let Some(at) = query {
        let page = house.get(&format!("/api/tasks?{at}")).by(&bo).send().await.ok(200);
        assert_eq!(page["total"], 7);
        seen.extend(items(&page).iter().map(|it| text(&it["title"])));
        let next = page["next"].as_str();
        query = next.map(|it| format!("sort=title&limit=3&cursor={it}"));
    }
    assert_eq!(seen, all);
    assert_eq!(titles(&house, &bo, "limit=0").await.len(), 1, "at least one");
    for cursor in ["nonsense", "eyJhIjoxfQ"] {
        let reply = house.get(&format!("/api/tasks?cursor={cursor}")).by(&bo).send().await;
        reply.refused(422, "invalid");
    }
}

async fn tasks_wait_for_others_but_never_in_a_circle(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let first = make(&house, &bo, json!({ "title": "First" })).await;
    let second = make(&house, &bo, json!({ "title": "Second", "depends_on": [first["id"]] })).await;
    assert_eq!(second["depends_on"], json!([first["id"]]));
    let circle = json!({ "depends_on": [second["id"]] });
    house.put(&path(&first)).by(&bo).json(&circle).send().await.refused(409, "conflict");
    let foreign = make(&house, &cy, json!({ "title": "Foreign" })).await;
    let missing = json!(uuid::Uuid::now_v7());
    let mut problems = Vec::new();
    for id in [&foreign["id"], &missing] {
        let body = json!({ "title": "Third", "depends_on": [id] });
        let reply = house.post("/api/tasks").by(&bo).json(&body).send().await;
        reply.refused(409, "conflict");
        problems.push(reply.text().replace(id.as_str().unwrap(), "").len());
    }
    assert_eq!(problems[0], problems[1], "what is foreign looks like what is not there");
    let nobody = json!({ "title": "Third", "assignee": missing });
    house.post("/api/tasks").by(&bo).json(&nobody).send().await.refused(409, "conflict");
    house.delete(&path(&first)).by(&bo).send().await.ok(204);
    let left = house.get(&path(&second)).by(&bo).send().await.ok(200);
    assert_eq!(left["depends_on"], json!([]));
}

async fn what_makes_no_sense_is_refused(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let wrong = [
        json!({ "title": "" }),
        json!({ "title": "  " }),
        json!({ "title": "x".repeat(501) }),
        json!({ "title": "Sweep", "description": "x".repeat(20_001) }),
        json!({ "title": "Sweep", "tags": [""] }),
        json!({ "title": "Sweep", "tags": vec!["x"; 21] }),
        json!({ "title": "Sweep", "due_at": "soon" }),
        json!({ "title": "Sweep", "due_at": "2026-02-30T00:00:00Z" }),
        json!({ "title": "Sweep", "priority": "urgent" }),
        json!({ "title": "Sweep", "assignee": "bo" }),
        json!({ "title": 7 }),
        json!({ "title": null }),
        json!({}),
        json!([]),
        json!("Sweep"),
    ];
    for body in wrong {
        let reply = house.post("/api/tasks").by(&bo).json(&body).send().await;
        reply.refused(422, "invalid");
    }
    let problem = house.post("/api/tasks").by(&bo).json(&json!({ "title": "", "tags": [""] }));
    let problem = problem.send().await.refused(422, "invalid");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "every mistake at once");
    assert!(titles(&house, &bo, "").await.is_empty());
    let made = make(&house, &bo, json!({ "title": "ẞweep 🧹 \u{202e}" })).await;
    assert_eq!(made["title"], "ẞweep 🧹 \u{202e}");
}

async fn every_change_is_told_at_once(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let live = format!("/api/live?topic=user:{}", bo.id);
    let mut events = house.get(&live).by(&bo).follow().await;
    let made = make(&house, &bo, json!({ "title": "Sweep" })).await;
    let heard = events.next().await.unwrap();
    assert_eq!((heard.name.as_str(), &heard.data["task"]), ("task.updated", &made));
    let done = house.patch(&format!("{}/complete", path(&made))).by(&bo).send().await.ok(200);
    assert_eq!(events.next().await.unwrap().data["task"], done);
    house.delete(&path(&made)).by(&bo).send().await.ok(204);
    let gone = events.next().await.unwrap();
    assert_eq!((gone.name.as_str(), &gone.data["task_id"]), ("task.deleted", &made["id"]));
    assert_eq!(numbers(&[heard, gone]), [1, 3]);
}

async fn an_agent_works_with_the_same_tasks(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    house.script(Script::calls("c1", "add_task", json!({ "title": "Buy bread" })));
    let chat = house.chat(&bo, "Remind me to buy bread.").await;
    assert_eq!(house.run(&bo, &chat.run).await["state"], "finished");
    assert_eq!(titles(&house, &bo, "").await, ["Buy bread"]);
}
