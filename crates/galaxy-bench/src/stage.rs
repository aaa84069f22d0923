//! The servers, set up.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use galaxy_base::{Tasks, random};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    asking::{Kind, Target},
    connection::{Connection, Place},
    process::Server,
};

/// How long the server may take to become ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that is measured.
pub(crate) struct Stage {
    /// The model.
    pub(crate) provider: Server,
    /// The bare server.
    pub(crate) floor: Server,
    /// What is measured.
    pub(crate) galaxy: Server,
    /// A FastMCP server with the task tools, if there is a Python for it.
    pub(crate) fast_mcp: Option<Server>,
    authorization: String,
    _folder: TempDir,
}

impl Stage {
    /// Starts all servers and makes the first account.
    pub(crate) async fn set(program: &Path, python: Option<&Path>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let own = std::env::current_exe()?;
        let provider = Server::start(&own, &["provider"], folder.path(), &[]).await?;
        let address = provider.address.to_string();
        let floor = Server::start(&own, &["floor", &address], folder.path(), &[]).await?;
        let models = folder.path().join("llms.yml");
        fs::write(
            &models,
            format!(
                "models:\n- name: Fake\n  provider: openai_chat\n  model_name: fake\n  \
                 base_url: http://{address}/v1\n  max_concurrent: 100000\n"
            ),
        )?;
        let mut galaxy = launch(program, folder.path(), &models).await?;
        ready(&galaxy, Instant::now()).await?;
        let authorization = account(&mut galaxy, &floor).await?;
        let fast_mcp = match python {
            Some(python) => Some(fast_mcp(python, folder.path()).await?),
            None => None,
        };
        Ok(Self { provider, floor, galaxy, fast_mcp, authorization, _folder: folder })
    }

    /// One of the servers, to be asked.
    pub(crate) fn target(&self, kind: Kind) -> Target {
        let (address, authorization) = match kind {
            Kind::Direct => (self.provider.address, None),
            Kind::Floor => (self.floor.address, None),
            Kind::Galaxy | Kind::Gateway => (self.galaxy.address, Some(self.authorization.clone())),
            Kind::FastMcp => (self.server(kind).address, None),
        };
        Target { kind, place: Place { address, authorization } }
    }

    /// The process behind a kind.
    pub(crate) fn server(&self, kind: Kind) -> &Server {
        match kind {
            Kind::Direct => &self.provider,
            Kind::Floor => &self.floor,
            Kind::Galaxy | Kind::Gateway => &self.galaxy,
            Kind::FastMcp => self.fast_mcp.as_ref().unwrap_or(&self.floor),
        }
    }
}

/// Starts the server on a folder, with room for many runs of one person.
async fn launch(program: &Path, folder: &Path, models: &Path) -> Result<Server> {
    let data = folder.join("data");
    let variables = [
        ("DATA_DIR", data.to_str().context("no UTF-8")?),
        ("PORT", "0"),
        ("OLLAMA_HOST", "off"),
        ("LOG_LEVEL", "warn"),
        ("LLM_CONFIG", models.to_str().context("no UTF-8")?),
        ("MAX_CONNECTIONS", "5000"),
        ("MAX_CONCURRENT_RUNS", "20000"),
        ("MAX_ACTIVE_RUNS_PER_PERSON", "20000"),
        ("MESSAGES_PER_MINUTE", "4000000000"),
        ("CONVERSATIONS_PER_MINUTE", "4000000000"),
    ];
    Server::start(program, &["serve"], folder, &variables).await
}

/// Starts the server that is made with FastMCP.
async fn fast_mcp(python: &Path, folder: &Path) -> Result<Server> {
    let script = folder.join("tasks.py");
    fs::write(&script, include_str!("../peers/tasks.py"))?;
    let database = folder.join("tasks.db");
    let words = [script.to_str().context("no UTF-8")?, database.to_str().context("no UTF-8")?];
    Server::start(python, &words, folder, &[]).await
}

/// Makes the first account with the token that the server printed, and adds the floor as a tool
/// server; gives a key.
async fn account(galaxy: &mut Server, floor: &Server) -> Result<String> {
    let token = loop {
        let line = galaxy.line().await?;
        // It stands alone; everything else that is said there is a sentence.
        if !line.contains(' ') && line.len() > 16 {
            break line;
        }
    };
    let (tasks, password) = (Tasks::default(), random::token());
    let email = "bench@example.com";
    let mut place = Place { address: galaxy.address, authorization: None };
    let mut connection = Connection::open(&place, &tasks).await?;
    let account = json!({ "token": token, "email": email, "name": "B", "password": password });
    connection.exchange("/api/auth/setup", Some(&account)).await?;
    let credentials = json!({ "email": email, "password": password });
    let signed_in = connection.exchange("/api/auth/token", Some(&credentials)).await?;
    let bearer = |token: &serde_json::Value| token.as_str().map(|token| format!("Bearer {token}"));
    place.authorization = bearer(&signed_in["access_token"]);
    let mut connection = Connection::open(&place, &tasks).await?;
    let link =
        json!({ "kind": "http", "url": format!("http://{}/mcp", floor.address), "inside": true });
    let server = json!({ "name": "floor", "link": link, "trusted": true });
    let added = connection.exchange("/api/tool-servers", Some(&server)).await?;
    ensure!(added["server"]["health"]["state"] == "ready", "the floor is no tool server: {added}");
    let scopes = ["read", "chat", "tasks"];
    let key = json!({ "name": "bench", "scopes": scopes, "expires_in_days": null });
    let key = connection.exchange("/api/auth/keys", Some(&key)).await?;
    bearer(&key["key"]).context("no key")
}

/// Waits until the server is ready; gives the time since `began`.
async fn ready(galaxy: &Server, began: Instant) -> Result<Duration> {
    let tasks = Tasks::default();
    let place = Place { address: galaxy.address, authorization: None };
    while began.elapsed() < PATIENCE {
        let asked =
            async { Connection::open(&place, &tasks).await?.exchange("/health/ready", None).await };
        if asked.await.is_ok() {
            return Ok(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bail!("the server never became ready")
}

/// How long the server takes from its start until it is ready, on a folder that it knows, and how
/// much memory it occupies a moment later.
pub(crate) async fn starts(program: &Path, times: usize) -> Result<(Vec<Duration>, u64)> {
    let folder = tempfile::tempdir()?;
    let models = folder.path().join("llms.yml");
    fs::write(&models, "models: []\n")?;
    launch(program, folder.path(), &models).await?.end().await?;
    let (mut took, mut memory) = (Vec::new(), 0);
    for _ in 0..times {
        let began = Instant::now();
        let galaxy = launch(program, folder.path(), &models).await?;
        took.push(ready(&galaxy, began).await?);
        tokio::time::sleep(Duration::from_secs(1)).await;
        memory = memory.max(galaxy.memory(false)?);
        galaxy.end().await?;
    }
    took.sort_unstable();
    Ok((took, memory))
}
