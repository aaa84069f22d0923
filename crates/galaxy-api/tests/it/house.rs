//! A server without a port, and the people in it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::Router;
use futures::{FutureExt, future::BoxFuture};
use galaxy_access::{Access, AccessConfig};
use galaxy_agent::Limits;
use galaxy_api::{Api, ApiConfig, Backstage, SandboxConfig, router};
use galaxy_app::{App, AppConfig, app::Parts, servers::ServersConfig};
use galaxy_base::{Tasks, random};
use galaxy_domain::{PersonId, Role, SessionId};
use galaxy_jobs::WorkerConfig;
use galaxy_mcp_server::McpServer;
use galaxy_store::{
    people::PersonChange,
    sessions::{NewSession, SessionKind},
};
use galaxy_testkit::{
    FakeIssuer, FakeTool, FakeToolServers, Script, ScriptedModel,
    store::{START, StoreFixture, permit},
};
use galaxy_tool::{
    AnyTool,
    server::{SignIn, ToolServers},
};
use galaxy_vault::Keyring;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::call::Call;
pub(crate) use mounts::mounted;

use models::{catalogue, model};
use mounts::mount;

mod models;
mod mounts;

/// A password that no list knows.
pub(crate) const PASSWORD: &str = "three quiet lanterns";
/// What a model without a script says.
pub(crate) const SMALL_TALK: &str = "Hello there.";

/// How a house is furnished.
pub(crate) struct Plan {
    pub(crate) api: ApiConfig,
    pub(crate) test_person: Option<String>,
    pub(crate) active_runs: usize,
    pub(crate) messages_per_minute: u32,
    pub(crate) conversations_per_minute: u32,
    pub(crate) tools: Vec<Arc<dyn AnyTool>>,
    pub(crate) limits: Limits,
    pub(crate) servers: ServersConfig,
    /// What reaches real servers and issuers, in the place of fakes.
    pub(crate) real: Option<(Arc<dyn ToolServers>, Arc<dyn SignIn>)>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            api: ApiConfig {
                version: "1.2.3".to_owned(),
                environment: "development".to_owned(),
                hosts: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
                origins: Vec::new(),
                secure: false,
                trusted_proxies: Vec::new(),
                person_header: None,
                auth_time_header: None,
                test_mode: false,
                websocket: true,
                body_bytes: 1 << 20,
                sandbox: SandboxConfig::default(),
            },
            test_person: None,
            active_runs: 64,
            messages_per_minute: 10_000,
            conversations_per_minute: 10_000,
            tools: Vec::new(),
            limits: Limits::default(),
            servers: ServersConfig::new("https://galaxy.example".parse().unwrap()),
            real: None,
        }
    }
}

impl Plan {
    /// With a tool more.
    pub(crate) fn tool(mut self, tool: FakeTool) -> Self {
        self.tools.push(Arc::new(tool));
        self
    }
}

/// A server under test.
pub(crate) struct House<'a> {
    pub(crate) store: &'a StoreFixture,
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) model: Arc<ScriptedModel>,
    pub(crate) stage: Arc<Stage>,
    pub(crate) servers: Arc<FakeToolServers>,
    pub(crate) issuer: Arc<FakeIssuer>,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    tasks: Tasks,
}

/// Somebody who is signed in with a browser.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) session: SessionId,
    pub(crate) email: String,
    pub(crate) secret: String,
}

/// The process around the server.
#[derive(Default)]
pub(crate) struct Stage {
    stop: CancellationToken,
}

impl Stage {
    /// The process is about to stop.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

impl Backstage for Stage {
    fn metrics(&self) -> String {
        "galaxy_up 1\n".to_owned()
    }

    fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn stopping(&self) -> BoxFuture<'static, ()> {
        self.stop.clone().cancelled_owned().boxed()
    }
}

impl<'a> House<'a> {
    /// A server with its first administrator, `ana@example.org`, who has no password.
    pub(crate) async fn open(store: &'a StoreFixture) -> Self {
        Self::with(store, Plan::default()).await
    }

    /// A server after `plan`, with its first administrator.
    pub(crate) async fn with(store: &'a StoreFixture, plan: Plan) -> Self {
        let house = Self::empty(store, plan).await;
        house.store.someone("ana@example.org").await;
        house
    }

    /// A server that nobody has an account on.
    pub(crate) async fn empty(store: &'a StoreFixture, plan: Plan) -> Self {
        let (tasks, scripts) = (Tasks::default(), Arc::new(Mutex::new(VecDeque::new())));
        let model = Arc::new(model(scripts.clone()));
        let secret = "0123456789abcdef0123456789ABCDEF".into();
        let access = AccessConfig {
            trusted_proxies: plan.api.trusted_proxies.clone(),
            test_person: plan.test_person,
            ..AccessConfig::new("Galaxy", secret)
        };
        let servers = Arc::new(FakeToolServers::default());
        let issuer = Arc::new(FakeIssuer::default());
        let (opener, sign_in) =
            plan.real.unwrap_or_else(|| (servers.clone() as _, issuer.clone() as _));
        let parts = Parts {
            store: store.store.clone(),
            access: Arc::new(Access::new(access, store.store.clone()).unwrap()),
            catalogue: Arc::new(catalogue(&model, store)),
            tools: galaxy_tools::all().into_iter().chain(plan.tools).collect(),
            opener,
            sign_in,
            upstream: None,
            vault: Arc::new(Keyring::new(&random::token().into(), &[]).unwrap()),
            clock: store.clock.clone(),
            tasks: tasks.clone(),
        };
        let config = AppConfig {
            name: "Galaxy".to_owned(),
            system_prompt: "Be brief.".to_owned(),
            active_runs: plan.active_runs,
            messages_per_minute: plan.messages_per_minute.try_into().unwrap(),
            conversations_per_minute: plan.conversations_per_minute.try_into().unwrap(),
            message_chars: 2_000,
            image_bytes: 1_000,
            limits: plan.limits,
            worker: WorkerConfig::named("test".to_owned()),
            tools_unlockable: false,
            audit_days: None,
            servers: plan.servers,
        };
        let app = App::new(parts, config).unwrap();
        app.start();
        let stage = Arc::new(Stage::default());
        let mount = mount(&McpServer::new(app.clone(), plan.api.secure, stage.stop.clone()));
        let router = router(Api::new(app.clone(), plan.api, stage.clone()), vec![mount]);
        Self { store, app, router, model, stage, servers, issuer, scripts, tasks }
    }

    /// The model says this next, before it falls back on small talk.
    pub(crate) fn script(&self, script: Script) {
        self.scripts.lock().unwrap().push_back(script);
    }

    /// The first administrator, signed in.
    pub(crate) async fn admin(&self) -> Person {
        self.someone("ana@example.org", Role::Admin).await
    }

    /// A member, signed in.
    pub(crate) async fn member(&self, email: &str) -> Person {
        self.someone(email, Role::Member).await
    }

    /// Somebody with that role, signed in the cheap way: without a password.
    pub(crate) async fn someone(&self, email: &str, role: Role) -> Person {
        let someone = self.store.someone(email).await;
        let change = PersonChange { role: Some(role), ..PersonChange::default() };
        let allowed = permit(someone.id, someone.workspace, someone.id);
        self.store.change_person(allowed, change).await.unwrap();
        self.sign_in(someone.id, email).await
    }

    /// Another browser of somebody.
    pub(crate) async fn sign_in(&self, id: PersonId, email: &str) -> Person {
        let (session, secret) = (SessionId::fresh(), random::token());
        let new = NewSession {
            id: session,
            person: id,
            workspace: self.store.workspace(),
            kind: SessionKind::Browser,
            secret_hash: hex::encode(Sha256::digest(secret.as_bytes())),
            client: "Firefox".to_owned(),
            address: None,
            expires_at: START.after(std::time::Duration::from_secs(86_400)),
        };
        self.store.open_session(new).await.unwrap();
        Person { id, session, email: email.to_owned(), secret }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        Call::new(self.router.clone(), "GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        Call::new(self.router.clone(), "POST", path)
    }

    pub(crate) fn put(&self, path: &str) -> Call {
        Call::new(self.router.clone(), "PUT", path)
    }

    pub(crate) fn patch(&self, path: &str) -> Call {
        self.call("PATCH", path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        Call::new(self.router.clone(), "DELETE", path)
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self.router.clone(), method, path)
    }

    /// Opens a real port on this machine, for what needs one.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = self.router.clone().into_make_service_with_connect_info::<SocketAddr>();
        self.tasks.spawn(async move { axum::serve(listener, service).await });
        address
    }
}
