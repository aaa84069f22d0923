//! What most tests begin with: an application in which Ann talks to a scripted model.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use galaxy_access::{Access, AccessConfig};
use galaxy_agent::Limits;
use galaxy_app::{
    App, AppConfig, AppError,
    app::Parts,
    chat::{Said, Sending},
    conversations::{Change, Window},
    market::registry::Upstream,
    runs::RunDetail,
    servers::ServersConfig,
};
use galaxy_base::Tasks;
use galaxy_domain::{
    Caller, ConversationId, Item, Kind, Outcome, Part, PersonId, Role, RunId, RunState, Stop,
    access::{Administer, Credential, Proof, Scope},
    conversation::{Body, MessageRow},
    id::Person as PersonKind,
    part::plain_text,
};
use galaxy_jobs::WorkerConfig;
use galaxy_model::{Catalogue, CatalogueEntry, Message, Provider, Request};
use galaxy_store::{Store, people::PersonChange};
use galaxy_testkit::{
    FakeIssuer, FakeTool, FakeToolServers, Script, ScriptedModel, ScriptedProvider,
    store::{StoreFixture, permit},
};
use galaxy_tool::AnyTool;
use galaxy_vault::Keyring;

/// What every process of a deployment seals with.
const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An application and the two who use it.
pub(crate) struct House {
    pub(crate) app: Arc<App>,
    pub(crate) model: Arc<ScriptedModel>,
    pub(crate) ann: Caller,
    pub(crate) bob: Caller,
    pub(crate) store: Store,
    pub(crate) servers: Arc<FakeToolServers>,
    pub(crate) issuer: Arc<FakeIssuer>,
    /// Everything that works in the background.
    pub(crate) tasks: Tasks,
}

impl House {
    /// An application at work, whose model plays `scripts`.
    pub(crate) async fn new(
        fixture: &StoreFixture,
        scripts: impl IntoIterator<Item = Script>,
    ) -> Self {
        Self::with(fixture, scripts, []).await
    }

    /// An application at work that has `tools` besides its own.
    pub(crate) async fn with(
        fixture: &StoreFixture,
        scripts: impl IntoIterator<Item = Script>,
        tools: impl IntoIterator<Item = FakeTool>,
    ) -> Self {
        let house = Self::idle(&fixture.store, scripts, tools, worker("one")).await;
        house.app.start();
        house
    }

    /// An application on `store` that does not work on runs yet.
    pub(crate) async fn idle(
        store: &Store,
        scripts: impl IntoIterator<Item = Script>,
        tools: impl IntoIterator<Item = FakeTool>,
        worker: WorkerConfig,
    ) -> Self {
        let tools = tools.into_iter().map(|tool| Arc::new(tool) as Arc<dyn AnyTool>);
        Self::of(store, scripts, tools.collect(), worker).await
    }

    /// An application that may read a registry elsewhere, and does nothing by itself.
    pub(crate) async fn reading(fixture: &StoreFixture, upstream: Arc<dyn Upstream>) -> Self {
        let others = (Some(upstream), Arc::default());
        Self::made(&fixture.store, [], Vec::new(), worker("one"), others).await
    }

    /// Another process, whose people sign in at the same issuer. It does not work yet.
    pub(crate) async fn replica(&self, store: &Store) -> Self {
        Self::made(store, [], Vec::new(), worker("two"), (None, self.issuer.clone())).await
    }

    /// The same with tools of any kind.
    pub(crate) async fn of(
        store: &Store,
        scripts: impl IntoIterator<Item = Script>,
        tools: Vec<Arc<dyn AnyTool>>,
        worker: WorkerConfig,
    ) -> Self {
        Self::made(store, scripts, tools, worker, (None, Arc::default())).await
    }

    async fn made(
        store: &Store,
        scripts: impl IntoIterator<Item = Script>,
        tools: Vec<Arc<dyn AnyTool>>,
        worker: WorkerConfig,
        (upstream, issuer): (Option<Arc<dyn Upstream>>, Arc<FakeIssuer>),
    ) -> Self {
        let tasks = Tasks::default();
        let model = Arc::new(ScriptedModel::new(scripts));
        let provider = Arc::new(ScriptedProvider(model.clone()));
        let secret = "0123456789abcdef0123456789ABCDEF".into();
        let access = Access::new(AccessConfig::new("Galaxy", secret), store.clone()).unwrap();
        let servers = Arc::new(FakeToolServers::default());
        let parts = Parts {
            store: store.clone(),
            access: Arc::new(access),
            catalogue: Arc::new(catalogue(provider, store)),
            tools,
            clock: store.clock().clone(),
            opener: servers.clone(),
            sign_in: issuer.clone(),
            vault: Arc::new(Keyring::new(&KEY.to_owned().into(), &[]).unwrap()),
            upstream,
            tasks: tasks.clone(),
        };
        let app = App::new(parts, config(worker)).unwrap();
        // The first account becomes an administrator's, whatever was asked for.
        caller(store, "root@example.org", Role::Admin).await;
        let ann = caller(store, "ann@example.org", Role::Member).await;
        let bob = caller(store, "bob@example.org", Role::Member).await;
        Self { app, model, ann, bob, store: store.clone(), servers, issuer, tasks }
    }

    /// A new conversation of Ann.
    pub(crate) async fn chat(&self) -> ConversationId {
        self.app.create_conversation(&self.ann, Change::default(), None).await.unwrap().id
    }

    /// Ann says `text`.
    pub(crate) async fn send(&self, chat: ConversationId, text: &str) -> Said {
        let sending = Sending { text: text.to_owned(), ..Sending::default() };
        self.app.send(&self.ann, chat, sending, None).await.unwrap().value
    }

    /// Ann says `text`, and the run that answers it comes to rest.
    pub(crate) async fn ask(&self, chat: ConversationId, text: &str) -> (Said, RunState) {
        let said = self.send(chat, text).await;
        (said, self.rests(said.run.unwrap()).await)
    }

    /// Waits until a run of Ann comes to rest.
    pub(crate) async fn rests(&self, run: RunId) -> RunState {
        self.app.until_still(&self.ann, run).await.unwrap()
    }

    pub(crate) async fn run(&self, run: RunId) -> RunDetail {
        self.app.run(&self.ann, run).await.unwrap()
    }

    /// Why a run stopped last.
    pub(crate) async fn stop_of(&self, run: RunId) -> Stop {
        match self.run(run).await.transcript.items().last() {
            Some(Item::Stopped { stop }) => stop.clone(),
            other => panic!("it did not stop: {other:?}"),
        }
    }

    /// How every call of a run ended.
    pub(crate) async fn replies(&self, run: RunId) -> Vec<Outcome> {
        let detail = self.run(run).await;
        let reply = |item: &Item| match item {
            Item::Reply { outcome, .. } => Some(outcome.clone()),
            _ => None,
        };
        detail.transcript.items().iter().filter_map(reply).collect()
    }

    /// The branch that is shown.
    pub(crate) async fn shown(&self, chat: ConversationId) -> Vec<MessageRow> {
        let window = Window { limit: 100, ..Window::default() };
        let messages = self.app.messages(&self.ann, chat, window).await.unwrap();
        messages.shown.into_iter().map(|(row, _)| row).collect()
    }

    /// What the person and the agent said on the branch that is shown.
    pub(crate) async fn said(&self, chat: ConversationId) -> Vec<String> {
        self.shown(chat).await.iter().map(|row| text(&row.body)).collect()
    }

    /// What the model was asked last, one line per message.
    pub(crate) fn asked(&self) -> Vec<String> {
        lines(self.model.requests().last().expect("it was asked"))
    }

    /// The tools that the model was offered last.
    pub(crate) fn offered(&self) -> Vec<String> {
        let requests = self.model.requests();
        requests.last().expect("it was asked").tools.iter().map(|it| it.name.clone()).collect()
    }

    /// Changes Ann's account, as an administrator would.
    pub(crate) async fn change_ann(&self, change: PersonChange) {
        let (ann, somebody) = (&self.ann, PersonId::fresh());
        let of_ann = permit::<Administer, PersonKind>(ann.person, ann.workspace, somebody);
        self.store.change_person(of_ann, change).await.unwrap();
    }
}

fn catalogue(provider: Arc<dyn Provider>, store: &Store) -> Catalogue {
    let entry = CatalogueEntry {
        profile: galaxy_testkit::scripted::profile(),
        provider_name: "scripted".to_owned(),
        provider,
        fallbacks: Vec::new(),
        source: "test".to_owned(),
        max_concurrent: 16,
    };
    Catalogue::new(vec![entry], store.clock().clone(), false).unwrap()
}

fn config(worker: WorkerConfig) -> AppConfig {
    AppConfig {
        name: "Galaxy".to_owned(),
        system_prompt: "You are Galaxy.".to_owned(),
        active_runs: 10,
        messages_per_minute: NonZeroU32::new(1_000).unwrap(),
        conversations_per_minute: NonZeroU32::new(1_000).unwrap(),
        message_chars: 2_000,
        image_bytes: 1_000,
        limits: Limits::default(),
        worker,
        tools_unlockable: false,
        audit_days: None,
        servers: ServersConfig::new("https://galaxy.example".parse().unwrap()),
    }
}

/// A worker that looks for work often and whose leases do not end by themselves.
pub(crate) fn worker(name: &str) -> WorkerConfig {
    WorkerConfig {
        lease: Duration::from_secs(3_600),
        look: Duration::from_millis(10),
        ..WorkerConfig::named(name.to_owned())
    }
}

/// Somebody at their browser.
pub(crate) async fn caller(store: &Store, email: &str, role: Role) -> Caller {
    let workspace = store.workspace();
    let person = store.provision(workspace, email, email, role).await.unwrap();
    Caller {
        person: person.id,
        workspace,
        role,
        credential: Credential::TestMode,
        proof: Proof::Now,
        scopes: Scope::ALL.to_vec(),
    }
}

pub(crate) fn text(body: &Body) -> String {
    match body {
        Body::Said { parts } => plain_text(parts),
        Body::Answered { entries } => {
            let said = entries.iter().filter_map(|entry| match &entry.item {
                Item::Assistant { parts, .. } => Some(plain_text(parts)),
                _ => None,
            });
            said.collect::<Vec<_>>().join("|")
        }
    }
}

/// A request as lines: who, and what.
pub(crate) fn lines(request: &Request) -> Vec<String> {
    let line = |message: &Message| match message {
        Message::User { parts } => format!("person: {}", plain_text(parts)),
        Message::Assistant { parts, calls } => {
            let calls: String = calls.iter().map(|it| format!(" {}()", it.tool)).collect();
            format!("agent: {}{calls}", plain_text(parts))
        }
        Message::Result { tool, output, is_error, .. } => {
            let mark = if *is_error { "!" } else { "" };
            format!("{tool}{mark}: {}", plain_text(output))
        }
    };
    request.messages.iter().map(line).collect()
}

pub(crate) fn done(text: &str) -> Outcome {
    Outcome::Done { output: vec![Part::text(text)] }
}

/// What kind of error a use case ended with; `None` when it worked.
pub(crate) fn kind<T>(end: Result<T, AppError>) -> Option<Kind> {
    end.err().map(|err| err.kind())
}
