//! A tool server that goes on with a call by itself, and a Galaxy that is killed meanwhile.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, extract::State, routing::post};
use galaxy_testkit::FakeProvider;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, time::timeout};

use crate::{
    client::Call,
    process::{Galaxy, PATIENCE, Setup},
    reader::end,
};

/// What the server was asked, and what it says when it is asked about its task.
#[derive(Clone)]
struct Builder {
    asked: watch::Sender<Vec<String>>,
    stage: Arc<Mutex<Value>>,
}

impl Builder {
    async fn start() -> (Self, String) {
        let stage = Arc::new(Mutex::new(json!({ "status": "working", "statusMessage": "at it" })));
        let builder = Self { asked: watch::channel(Vec::new()).0, stage };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let router = Router::new().route("/mcp", post(answer)).with_state(builder.clone());
        galaxy_base::Tasks::default().spawn(async move { axum::serve(listener, router).await });
        (builder, url)
    }

    fn count(&self, method: &str) -> usize {
        self.asked.borrow().iter().filter(|it| *it == method).count()
    }

    fn says(&self, stage: Value) {
        *self.stage.lock().unwrap() = stage;
    }

    /// Waits until it was asked about its task `times` times more.
    async fn is_asked(&self, times: usize) {
        let wanted = self.count("tasks/get") + times;
        let mut asked = self.asked.subscribe();
        let enough = |it: &Vec<String>| it.iter().filter(|it| *it == "tasks/get").count() >= wanted;
        timeout(PATIENCE, asked.wait_for(enough)).await.expect("somebody asks").unwrap();
    }
}

async fn answer(State(builder): State<Builder>, Json(request): Json<Value>) -> Json<Value> {
    let method = request["method"].as_str().unwrap_or_default().to_owned();
    builder.asked.send_modify(|it| it.push(method.clone()));
    let task = |fields: Value| {
        let mut task = json!({ "resultType": "complete", "taskId": "t-1", "createdAt": "",
            "lastUpdatedAt": "", "ttlMs": null, "pollIntervalMs": 250 });
        task.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        task
    };
    let result = match &*method {
        "server/discover" => json!({
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "ttlMs": 0,
            "cacheScope": "private",
            "capabilities": { "tools": {}, "extensions": { "io.modelcontextprotocol/tasks": {} } },
            "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "builder", "version": "1" } },
        }),
        "tools/list" => json!({
            "resultType": "complete", "ttlMs": 60_000, "cacheScope": "private",
            "tools": [{ "name": "build", "description": "Builds.",
                "inputSchema": { "type": "object" } }],
        }),
        "tools/call" => task(json!({ "resultType": "task", "status": "working" })),
        "tasks/get" => task(builder.stage.lock().unwrap().clone()),
        _ => json!({ "resultType": "complete" }),
    };
    Json(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }))
}

/// A server with the builder, whose tool has effects and may be called.
async fn scene(setup: &Setup, url: &str) -> Galaxy {
    let galaxy = setup.start().await;
    let link = json!({ "kind": "http", "url": url, "inside": true });
    let new = json!({ "name": "builder", "link": link });
    galaxy.client.done(&Call::post("/api/tool-servers", new)).await;
    let rule = json!({ "verdict": "allow" });
    galaxy.client.done(&Call::put("/api/tools/builder__build/rule", rule)).await;
    galaxy
}

#[tokio::test]
async fn what_a_tool_server_goes_on_with_survives_every_kill_and_is_made_once() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), FakeProvider::start().await.unwrap());
    let (builder, url) = Builder::start().await;
    let setup = Setup::new(folder.path()).asking(&provider.base_url());
    let mut galaxy = scene(&setup, &url).await;
    let chat = galaxy.client.conversation().await;
    let run = galaxy.client.say(&chat, "call builder__build {}; say 3").await;
    for _ in 0..3 {
        builder.is_asked(2).await;
        galaxy.kill().await;
        galaxy = setup.start().await;
    }
    builder.is_asked(2).await;
    let result = json!({ "content": [{ "type": "text", "text": "built" }] });
    builder.says(json!({ "status": "completed", "result": result }));
    let reading = async { galaxy.client.events(&run, 0).await?.rest().await };
    let events = timeout(PATIENCE, reading).await.expect("the run comes to rest").unwrap();
    assert_eq!(end(&events), "finished");
    let named = |name: &str| events.iter().filter(|it| it.name == name).collect::<Vec<_>>();
    let [task] = named("tool.task")[..] else { panic!("one task") };
    assert_eq!((&task.data["server"], &task.data["until"]), (&json!("builder"), &Value::Null));
    assert!(!task.data.to_string().contains("t-1"), "its name is the server's");
    let [finished] = named("tool.finished")[..] else { panic!("one end") };
    assert_eq!(finished.data["outcome"], "done");
    assert_eq!(finished.data["output"][0]["text"], "built");
    assert_eq!(builder.count("tools/call"), 1, "it has effects, and was made once");
    galaxy.kill().await;
}

#[tokio::test]
async fn stopping_the_run_tells_the_tool_server() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), FakeProvider::start().await.unwrap());
    let (builder, url) = Builder::start().await;
    let setup = Setup::new(folder.path()).asking(&provider.base_url());
    let galaxy = scene(&setup, &url).await;
    let chat = galaxy.client.conversation().await;
    let run = galaxy.client.say(&chat, "call builder__build {}; say 3").await;
    builder.is_asked(2).await;
    galaxy.client.done(&Call::post(format!("/api/runs/{run}/stop"), json!({}))).await;
    let reading = async { galaxy.client.events(&run, 0).await?.rest().await };
    let events = timeout(PATIENCE, reading).await.expect("the run comes to rest").unwrap();
    assert_eq!(end(&events), "cancelled");
    assert_eq!(builder.count("tasks/cancel"), 1);
    galaxy.kill().await;
}
