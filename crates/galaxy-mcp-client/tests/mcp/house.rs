//! What every test needs: a house with servers in it, and waiting for what happens.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::{Clock, Tasks};
use galaxy_mcp_client::{Keeper, McpServers};
use galaxy_net::{Client, Config};
use galaxy_tool::server::{
    Answer, Asked, Elicit, Exchanged, Network, OnProgress, Progress, Questions, RequestCx,
    ServerError, ServerName, ServerSpec, Snapshot, ToolServer, ToolServers, Transport,
};
use serde_json::{Value, json};

/// Longer than anything here takes, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The program that tests start.
pub(crate) fn fixture() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(|it| it.parent()).unwrap();
    let fixture = target.join("examples").join("fixture");
    assert!(fixture.exists(), "build it: cargo build -p galaxy-mcp-client --example fixture");
    fixture
}

/// The way outside.
pub(crate) fn net() -> Client {
    // Another test of this process may have been faster.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new(Config::default()).unwrap()
}

/// Opens servers.
pub(crate) fn servers() -> (McpServers, Tasks) {
    let net = net();
    let keeper = Keeper { program: fixture(), arguments: vec!["keep".to_owned()] };
    let tasks = Tasks::default();
    (McpServers::new(net, keeper, tasks.clone(), Clock::System), tasks)
}

/// The fixture as a process; `options` begin with the era.
pub(crate) fn stdio(options: &[&str]) -> ServerSpec {
    let mut arguments = vec!["serve".to_owned()];
    arguments.extend(options.iter().map(|it| (*it).to_owned()));
    let transport = Transport::Stdio {
        command: fixture(),
        arguments,
        environment: Vec::new(),
        directory: None,
        walls: None,
    };
    let mut spec = ServerSpec::new(ServerName::parse("peer").unwrap(), transport);
    spec.questions = Questions::Allowed;
    spec
}

/// A server at `url`, which may be on this machine.
pub(crate) fn web(url: &str) -> ServerSpec {
    let transport = Transport::Http {
        url: url.parse().unwrap(),
        headers: vec![("x-key".to_owned(), "sesame".to_owned().into())],
        network: Network::Inside,
        credentials: None,
    };
    let mut spec = ServerSpec::new(ServerName::parse("peer").unwrap(), transport);
    spec.questions = Questions::Allowed;
    spec
}

pub(crate) fn open(spec: ServerSpec) -> Arc<dyn ToolServer> {
    servers().0.open(spec)
}

/// Calls a tool without arguments.
pub(crate) async fn call(
    server: &Arc<dyn ToolServer>,
    tool: &str,
    cx: &RequestCx,
) -> Result<Value, ServerError> {
    match tokio::time::timeout(PATIENCE, server.call(tool, json!({}), cx)).await.unwrap()? {
        Exchanged::Done(result) => Ok(result),
        Exchanged::Waits(waiting) => panic!("it waits for {waiting:?}"),
        Exchanged::Task(task, _) => panic!("it goes on with {task:?}"),
    }
}

/// Calls a tool that nobody listens to.
pub(crate) async fn plain(server: &Arc<dyn ToolServer>, tool: &str) -> Result<Value, ServerError> {
    call(server, tool, &RequestCx::default()).await
}

/// The text of a result.
pub(crate) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

/// Waits until what is known of the server is as wanted.
pub(crate) async fn until(
    server: &Arc<dyn ToolServer>,
    wanted: impl FnMut(&Snapshot) -> bool,
) -> Snapshot {
    let mut changes = server.changes();
    let reached = tokio::time::timeout(PATIENCE, changes.wait_for(wanted)).await;
    reached.unwrap().unwrap().clone()
}

/// Remembers the progress it hears.
#[derive(Default)]
pub(crate) struct Heard(pub(crate) Mutex<Vec<Progress>>);

impl OnProgress for Heard {
    fn progress(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}

/// Gives one answer, and remembers the questions.
pub(crate) struct Says {
    pub(crate) answer: Answer,
    pub(crate) asked: Mutex<Vec<Asked>>,
}

impl Says {
    pub(crate) fn new(answer: Answer) -> Arc<Self> {
        Arc::new(Self { answer, asked: Mutex::default() })
    }
}

impl Elicit for Says {
    fn ask(&self, asked: Asked) -> BoxFuture<'_, Answer> {
        self.asked.lock().unwrap().push(asked);
        let answer = self.answer.clone();
        async move { answer }.boxed()
    }
}
