//! The Model Context Protocol on standard input and output.

use std::process::Output;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
    time::timeout,
};

use crate::{
    client::Call,
    process::{Galaxy, PATIENCE, Setup},
    reader::end,
};

const STDIO: [&str; 3] = ["mcp", "serve", "--stdio"];

/// The other end of a host's pipes.
struct Host {
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    asked: u64,
}

impl Host {
    fn start(setup: &Setup, arguments: &[&str]) -> Self {
        let mut child = setup.host(&[&STDIO, arguments].concat());
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, stdin, stdout, asked: 0 }
    }

    async fn write(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn read(&mut self) -> Value {
        let line = timeout(PATIENCE, self.stdout.next_line()).await.expect("an answer in time");
        serde_json::from_str(&line.unwrap().expect("it still speaks")).unwrap()
    }

    async fn send(&mut self, method: &str, params: Value) {
        self.asked += 1;
        let id = self.asked;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.write(&request.to_string()).await;
    }

    /// The answer to one request, without what was told on the way.
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.send(method, params).await;
        loop {
            let answer = self.read().await;
            if answer["id"] == self.asked {
                return answer;
            }
            assert_eq!(answer["method"], "notifications/progress", "{answer}");
        }
    }

    /// What a tool gives to programs.
    async fn call(&mut self, tool: &str, arguments: Value, meta: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        let answer = self.ask("tools/call", params).await;
        assert_eq!(answer["result"]["isError"], false, "{answer}");
        answer["result"]["structuredContent"].clone()
    }

    /// Says nothing more; gives how it ended.
    async fn hang_up(mut self) -> Output {
        drop(self.stdin);
        let rest = timeout(PATIENCE, self.stdout.next_line()).await.expect("it ends").unwrap();
        assert_eq!(rest, None, "nothing but the protocol");
        timeout(PATIENCE, self.child.wait_with_output()).await.expect("it ends").unwrap()
    }
}

/// What a request of the revision without a handshake carries.
fn modern() -> Value {
    json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {} })
}

async fn old_host(mut host: Host) {
    let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "host", "version": "1" } });
    let hello = host.ask("initialize", hello).await;
    assert_eq!(hello["result"]["protocolVersion"], "2025-06-18", "{hello}");
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    host.write(&ready.to_string()).await;
    let list = host.ask("tools/list", json!({})).await;
    let tools = list["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == "run_agent"), "{list}");
    let task = host.call("add_task", json!({ "title": "Old" }), json!({})).await;
    assert_eq!(task["title"], "Old");
    let token = json!({ "progressToken": 1 });
    let run = host.call("run_agent", json!({ "message": "What is 17*23?" }), token).await;
    assert!(run["response"].as_str().unwrap().contains("391"), "{run}");
    let unknown = host.ask("tools/call", json!({ "name": "launch" })).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    assert!(host.hang_up().await.status.success());
}

async fn new_host(mut host: Host) {
    let found = host.ask("server/discover", json!({ "_meta": modern() })).await;
    assert_eq!(found["result"]["resultType"], "complete", "{found}");
    let listed = host.call("list_tasks", json!({}), modern()).await;
    assert_eq!(listed["tasks"][0]["title"], "Old");
    let resources = host.ask("resources/list", json!({ "_meta": modern() })).await;
    let uri = resources["result"]["resources"][0]["uri"].clone();
    let read = host.ask("resources/read", json!({ "uri": uri, "_meta": modern() })).await;
    assert!(read.to_string().contains("391"), "{read}");
    assert!(host.hang_up().await.status.success());
}

async fn key(galaxy: &Galaxy) -> String {
    let wanted = json!({ "name": "host", "scopes": ["read", "chat", "tasks"] });
    let made = galaxy.client.send(&Call::post("/api/auth/keys", wanted)).await.unwrap();
    assert_eq!(made.status, 201, "{made:?}");
    made.body["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_host_is_served_from_the_data_itself_and_by_the_server_that_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    let galaxy = setup.start().await;
    let key = key(&galaxy).await;
    let port = galaxy.address.port().to_string();
    let beside = setup.clone().with("PORT", &port);
    // Whoever has no key is told what to do, and not by the protocol's way.
    let refused = Host::start(&beside, &[]).hang_up().await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(setup.host_log().contains("GALAXY_API_KEY"), "{}", setup.host_log());
    let beside = beside.with("GALAXY_API_KEY", &key);
    old_host(Host::start(&beside, &[])).await;
    let url = format!("http://{}/mcp", galaxy.address);
    new_host(Host::start(&beside, &["--url", &url])).await;
    galaxy.kill().await;
    // Nobody uses the data any more: it is opened here.
    new_host(Host::start(&setup, &[])).await;
    old_host(Host::start(&setup, &["--as", "test@example.com"])).await;
    let nobody = Host::start(&setup, &["--as", "nobody@example.org"]).hang_up().await;
    assert_eq!(nobody.status.code(), Some(1));
    assert!(setup.host_log().contains("nobody here has the address"), "{}", setup.host_log());
}

#[tokio::test]
async fn what_cannot_be_passed_on_is_answered_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path());
    let galaxy = setup.start().await;
    let url = format!("http://{}/mcp", galaxy.address);
    let wrong = setup.clone().with("GALAXY_API_KEY", "gx_wrong");
    let mut host = Host::start(&wrong, &["--url", &url]);
    let refused = host.ask("tools/list", json!({})).await;
    let told = refused["error"]["message"].as_str().unwrap();
    assert!(told.contains("does not accept the key"), "{told}");
    host.write("this is not JSON").await;
    assert_eq!(host.read().await["error"]["code"], -32700);
    galaxy.kill().await;
    let gone = host.ask("tools/list", json!({})).await;
    assert!(gone["error"]["message"].as_str().unwrap().contains("cannot be asked"), "{gone}");
    assert!(host.hang_up().await.status.success());
}

#[tokio::test]
async fn what_a_host_gives_up_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(folder.path()).with("DEMO_WORD_DELAY_MS", "60000");
    let galaxy = setup.start().await;
    let key = key(&galaxy).await;
    let url = format!("http://{}/mcp", galaxy.address);
    let setup = setup.with("GALAXY_API_KEY", &key);
    let mut host = Host::start(&setup, &["--url", &url]);
    let params = json!({ "name": "run_agent", "arguments": { "message": "Hello." },
        "_meta": { "progressToken": "t" } });
    host.send("tools/call", params).await;
    assert_eq!(host.read().await["method"], "notifications/progress", "it is under way");
    let runs = galaxy.client.get("/api/runs").await.unwrap().body;
    let run = runs["items"][0]["id"].as_str().unwrap().to_owned();
    let given_up = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": 1 } });
    host.write(&given_up.to_string()).await;
    let events = galaxy.client.events(&run, 0).await.unwrap().rest().await.unwrap();
    assert_eq!(end(&events), "cancelled");
    assert!(host.hang_up().await.status.success());
}
