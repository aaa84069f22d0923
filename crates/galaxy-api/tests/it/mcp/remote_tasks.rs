//! Calls that become tasks, for clients that look after them: agents of ours, and tools of mounted
//! servers.

use std::sync::Arc;

use galaxy_testkit::{FakeToolServer, Gate, Script, store::StoreFixture};
use galaxy_tool::server::{Era, ServerError, ServerInfo};
use serde_json::{Value, json};

use super::host::Host;
use crate::{
    house::{House, Person},
    talk::text,
};

galaxy_testkit::on_both_engines! {
    a_run_is_a_task_for_who_looks_after_tasks,
    a_task_is_its_persons_alone_and_needs_the_extension,
    a_task_of_a_mounted_server_is_known_by_a_name_of_ours,
    who_does_not_look_after_tasks_gets_the_answer,
}

const PATH: &str = "/api/mcp/builder";
/// What the server calls its task.
const SECRET: &str = "the server's own name";

fn able() -> Value {
    json!({ "io.modelcontextprotocol/clientCapabilities":
        { "extensions": { "io.modelcontextprotocol/tasks": {} } } })
}

fn about(task: &Value) -> Value {
    json!({ "taskId": task, "_meta": able() })
}

fn call(tool: &str, arguments: &Value) -> Value {
    json!({ "name": tool, "arguments": arguments, "_meta": able() })
}

async fn a_run_is_a_task_for_who_looks_after_tasks(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    let gate = Gate::new();
    house.script(Script::says("Once upon").wait(&gate).text(" a time."));
    let message = json!({ "message": "Tell me." });
    let created = host.ask("tools/call", call("run_agent", &message)).await;
    assert_eq!((&created["resultType"], &created["status"]), (&json!("task"), &json!("working")));
    assert_eq!((&created["ttlMs"], created.get("content")), (&Value::Null, None));
    let id = &created["taskId"];
    let working = host.ask("tasks/get", about(id)).await;
    assert_eq!((&working["taskId"], &working["status"]), (id, &json!("working")));
    gate.open();
    let run = text(id);
    house.rest(&bo, &run).await;
    // The task is the run, so another process tells of it as well.
    let done = host.ask("tasks/get", about(id)).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(done["result"]["structuredContent"]["response"], "Once upon a time.");
    assert_eq!(done["result"]["structuredContent"]["run_id"], *id);
    // Cancelling what is over changes nothing.
    host.ask("tasks/cancel", about(id)).await;
    assert_eq!(host.ask("tasks/get", about(id)).await["status"], "completed");

    house.script(Script::says("For ever").wait(&Gate::new()).text("."));
    let created = host.ask("tools/call", call("run_agent", &message)).await;
    let id = &created["taskId"];
    host.ask("tasks/cancel", about(id)).await;
    house.rest(&bo, &text(id)).await;
    assert_eq!(host.ask("tasks/get", about(id)).await["status"], "cancelled");
}

async fn a_task_is_its_persons_alone_and_needs_the_extension(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let cy = house.member("cy@example.org").await;
    let (host, other) = (Host::full(&house, &bo).await, Host::full(&house, &cy).await);
    let created = host.ask("tools/call", call("run_agent", &json!({ "message": "Hi." }))).await;
    let id = created["taskId"].clone();
    for method in ["tasks/get", "tasks/cancel", "tasks/update"] {
        let with = |id: &Value| {
            let mut params = about(id);
            params["inputResponses"] = json!({});
            params
        };
        let foreign = other.error(method, with(&id)).await;
        let missing = other.error(method, with(&json!(uuid::Uuid::now_v7().to_string()))).await;
        assert_eq!(foreign, missing, "nobody learns of it");
        assert_eq!(foreign.0, -32602);
        assert_eq!(other.error(method, with(&json!("none"))).await, missing);
        let mut undeclared = with(&id);
        undeclared.as_object_mut().unwrap().remove("_meta");
        assert_eq!(host.error(method, undeclared).await.0, -32021);
    }
    let reading = Host::of(&house, &bo, &["read"]).await;
    reading.ask("tasks/get", about(&id)).await;
    assert_eq!(reading.send("tasks/cancel", about(&id)).await.status, 403);
}

/// A server that makes a task of everything.
fn builder(house: &House<'_>) -> Arc<FakeToolServer> {
    let server = FakeToolServer::new(FakeToolServer::spec("builder"), |request, _| async move {
        let task = |status: &str| {
            json!({ "resultType": "complete", "taskId": SECRET, "status": status, "ttlMs": null,
                "createdAt": "", "lastUpdatedAt": "", "pollIntervalMs": 1 })
        };
        let params = request.params.unwrap_or_default();
        if request.method != "tools/call" && params["taskId"] != SECRET {
            return Err(ServerError::Lost("that is no name of mine".to_owned()));
        }
        Ok(match &*request.method {
            "tools/call" => {
                let mut created = task("working");
                created["resultType"] = "task".into();
                created
            }
            "tasks/get" => {
                let mut done = task("completed");
                done["result"] = json!({ "content": [{ "type": "hologram" }] });
                done
            }
            _ => json!({ "resultType": "complete" }),
        })
    });
    server.speaks(Era::Modern);
    server.introduce(ServerInfo {
        name: "builder".to_owned(),
        title: None,
        version: "1".to_owned(),
        instructions: None,
        protocol: "2026-07-28".to_owned(),
        capabilities: json!({ "tools": {},
            "extensions": { "io.modelcontextprotocol/tasks": {} } }),
    });
    server.offer(vec![json!({
        "name": "build", "description": "Builds.", "inputSchema": { "type": "object" } })]);
    house.servers.add(server)
}

async fn add(house: &House<'_>, by: &Person) {
    let link = json!({ "kind": "http", "url": "https://example.org/mcp" });
    let wanted = json!({ "name": "builder", "link": link });
    house.post("/api/tool-servers").by(by).json(&wanted).send().await.ok(201);
    rule(house, by, "allow").await;
}

async fn rule(house: &House<'_>, by: &Person, verdict: &str) {
    let body = json!({ "verdict": verdict });
    house.put("/api/tools/builder__build/rule").by(by).json(&body).send().await.ok(204);
}

async fn a_task_of_a_mounted_server_is_known_by_a_name_of_ours(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let server = builder(&house);
    add(&house, &bo).await;
    let host = Host::full(&house, &bo).await.at(PATH);
    let created = host.ask("tools/call", call("build", &json!({}))).await;
    assert_eq!(created["resultType"], "task");
    let id = &created["taskId"];
    assert_ne!(id, SECRET);
    let done = host.ask("tasks/get", about(id)).await;
    assert_eq!((&done["taskId"], &done["status"]), (id, &json!("completed")));
    assert_eq!(done["result"]["content"][0]["type"], "hologram", "nothing is lost");
    host.ask("tasks/cancel", about(id)).await;
    assert_eq!(server.requests().pop().unwrap().method, "tasks/cancel");

    let cy = house.member("cy@example.org").await;
    add(&house, &cy).await;
    let other = Host::full(&house, &cy).await.at(PATH);
    let asked = server.requests().len();
    for foreign in [id, &json!(SECRET), &json!("")] {
        assert_eq!(other.error("tasks/get", about(foreign)).await.0, -32602, "{foreign}");
    }
    // Whoever must not call the tool any more hears nothing of it either.
    rule(&house, &bo, "deny").await;
    assert_eq!(host.error("tasks/get", about(id)).await.0, -32602);
    rule(&house, &bo, "ask").await;
    assert_eq!(host.error("tasks/get", about(id)).await.0, -32602);
    assert_eq!(server.requests().len(), asked, "the server was not asked");
    rule(&house, &bo, "allow").await;
    host.ask("tasks/get", about(id)).await;
}

async fn who_does_not_look_after_tasks_gets_the_answer(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    builder(&house);
    add(&house, &bo).await;
    let host = Host::full(&house, &bo).await.at(PATH);
    for era in super::host::ERAS {
        let said = host.speaking(era).call("build", json!({})).await;
        assert_eq!(said["content"][0]["type"], "hologram", "{era}: {said}");
    }
}
