//! Everything the use cases need, wired.

use std::sync::{Arc, atomic::AtomicU64};

use galaxy_access::Access;
use galaxy_agent::Limits;
use galaxy_base::{Clock, Tasks};
use galaxy_jobs::{Live, Worker, WorkerConfig};
use galaxy_model::catalogue::Catalogue;
use galaxy_registry::Upstream;
use galaxy_store::Store;
use galaxy_tool::{
    NameTaken, Toolbox,
    server::{Holds, SignIn, ToolServers},
    tool,
};
use galaxy_vault::Keyring;
use tokio::sync::Notify;

use crate::{
    AppError, apps,
    audit::{self, Upkeep},
    birth::Births,
    calls::Remembered,
    executor::Executor,
    held::Ends,
    pace::Pace,
    servers::{
        Servers, ServersConfig, connections::Connections, homes::Homes, shelf::Shelves, watch,
    },
    tools,
};

/// What a deployment fixes for the use cases.
#[derive(Debug, Clone)]
pub struct AppConfig {
    /// What the deployment is called.
    pub name: String,
    /// Instructions for every conversation that has none of its own.
    pub system_prompt: String,
    /// How many runs one person may have under way at once.
    pub active_runs: usize,
    /// How many messages one person may send in a minute.
    pub messages_per_minute: std::num::NonZeroU32,
    /// How many conversations one person may make in a minute, copies included.
    pub conversations_per_minute: std::num::NonZeroU32,
    /// How long a message may be, in characters.
    pub message_chars: usize,
    /// How big one image may be, in bytes of base64.
    pub image_bytes: usize,
    /// Bounds on one run.
    pub limits: Limits,
    /// How the worker works.
    pub worker: WorkerConfig,
    /// Whether a conversation's tools can still be changed after its first message.
    pub tools_unlockable: bool,
    /// Tool servers.
    pub servers: ServersConfig,
    /// For how many days it is kept what happened; `None`: for ever.
    pub audit_days: Option<u32>,
}

/// The application: the use cases are its methods, one module each.
pub struct App {
    pub(crate) store: Store,
    pub(crate) access: Arc<Access>,
    pub(crate) live: Arc<Live>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) servers: Arc<Servers>,
    pub(crate) config: AppConfig,
    pub(crate) clock: Clock,
    pub(crate) worker: Arc<Worker>,
    pub(crate) executor: Arc<Executor>,
    pub(crate) holds: Arc<Holds>,
    /// How often people send messages.
    pub(crate) sending: Pace,
    /// How often they make conversations.
    pub(crate) making: Pace,
    /// How often their views ask for something.
    pub(crate) asking: Pace,
    /// How often it is written down that they were refused something.
    pub(crate) denied: Pace,
    /// How often it was not.
    pub(crate) left_out: AtomicU64,
    /// The state of the audit log.
    pub(crate) upkeep: Arc<Upkeep>,
    pub(crate) remembered: Remembered,
    pub(crate) births: Births,
    /// The registry that is read, if one is.
    pub(crate) upstream: Option<Arc<dyn Upstream>>,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// Who may do what.
    pub access: Arc<Access>,
    /// The models.
    pub catalogue: Arc<Catalogue>,
    /// Tools that need nothing of the application.
    pub tools: Vec<Arc<dyn tool::AnyTool>>,
    /// Opens tool servers.
    pub opener: Arc<dyn ToolServers>,
    /// Signs people in there.
    pub sign_in: Arc<dyn SignIn>,
    /// Seals what opens them.
    pub vault: Arc<Keyring>,
    /// The registry of tool servers that is read, if one is.
    pub upstream: Option<Arc<dyn Upstream>>,
    /// What time it is.
    pub clock: Clock,
    /// Background work.
    pub tasks: Tasks,
}

impl App {
    /// Background work that ends with the process.
    pub fn background(&self) -> &Tasks {
        &self.servers.tasks
    }

    /// Wires the application. Nothing runs until [`App::start`].
    ///
    /// # Errors
    /// When two tools share a name.
    pub fn new(parts: Parts, config: AppConfig) -> Result<Arc<Self>, NameTaken> {
        let Parts { store, access, catalogue, tools: plain, clock, tasks, .. } = parts;
        let live = Arc::new(Live::default());
        store.watch(live.clone());
        let mut toolbox = Toolbox::default();
        for tool in plain.into_iter().chain(tools::all(&store)) {
            toolbox.add(tool)?;
        }
        let servers = Arc::new(Servers {
            store: store.clone(),
            vault: parts.vault,
            opener: parts.opener,
            sign_in: parts.sign_in,
            config: config.servers.clone(),
            clock: clock.clone(),
            tasks: tasks.clone(),
            homes: Homes::default(),
            connections: Connections::default(),
            shelves: Shelves::new(toolbox),
            owing: Notify::new(),
        });
        let holds = Holds::new(tasks.clone(), clock.clone());
        holds.tell(Arc::new(Ends::new(&store, &tasks)));
        let executor = Arc::new(Executor {
            store: store.clone(),
            catalogue: catalogue.clone(),
            servers: servers.clone(),
            holds: holds.clone(),
            config: config.clone(),
            clock: clock.clone(),
            carried: Arc::default(),
        });
        let carrying = config.worker.clone();
        let worker = Worker::new(store.clone(), live.clone(), executor.clone(), carrying, tasks);
        let [sending, making] = paces(&config);
        let upkeep = Upkeep::new(store.clone(), config.audit_days);
        Ok(Arc::new(Self {
            store,
            access,
            live,
            catalogue,
            servers,
            config,
            clock,
            worker,
            executor,
            holds,
            remembered: Remembered::default(),
            births: Births::default(),
            upstream: parts.upstream,
            sending,
            making,
            denied: Pace::per_minute(audit::A_MINUTE, ""),
            left_out: AtomicU64::new(0),
            upkeep,
            asking: Pace::per_minute(apps::REQUESTS_PER_MINUTE, "Your views ask too often."),
        }))
    }

    /// Starts to work on runs.
    pub fn start(&self) {
        self.worker.start();
        self.servers.tasks.spawn(self.servers.clone().look_after_all());
        self.servers.tasks.spawn(self.servers.clone().give_back_all());
        self.servers.tasks.spawn(self.servers.clone().look_after_programs());
        let stopping = self.servers.tasks.stopping().clone();
        self.servers.tasks.spawn(self.upkeep.clone().look_after(stopping));
        if let Some(mirror) = self.mirroring() {
            self.servers.tasks.spawn(mirror.go_on());
        }
    }

    /// What the deployment fixed.
    pub fn config(&self) -> &AppConfig {
        &self.config
    }

    /// Sign-in, accounts and credentials.
    pub fn access(&self) -> &Arc<Access> {
        &self.access
    }

    /// Whether the store takes changes.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn store_health(&self) -> Result<(), AppError> {
        if let Some(reason) = self.store.failure() {
            return Err(AppError::Unavailable(reason));
        }
        Ok(self.store.ping().await?)
    }

    /// How many runs wait for a worker.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn queue_depth(&self) -> Result<i64, AppError> {
        Ok(self.store.queue_depth().await?)
    }

    /// What time it is.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How many runs this process carries, and how many topics have readers.
    pub fn load(&self) -> (usize, usize) {
        (self.worker.carried(), self.live.topics())
    }

    /// Forgets what is no longer needed: counts of people who were quiet, and in the store what
    /// is past its time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep(&self) -> Result<(), AppError> {
        self.sending.sweep();
        self.making.sweep();
        self.asking.sweep();
        self.denied.sweep();
        self.store.sweep(self.clock.now()).await?;
        self.store.sweep_checks(watch::KEEP).await?;
        self.store.sweep_sign_ins().await?;
        self.upkeep.prune(self.clock.now()).await?;
        Ok(())
    }
}

/// How often people may send messages, and make conversations.
fn paces(config: &AppConfig) -> [Pace; 2] {
    [
        Pace::per_minute(config.messages_per_minute, "You are sending messages too fast."),
        Pace::per_minute(config.conversations_per_minute, "You are making conversations too fast."),
    ]
}
