//! Tool servers: connected when they are needed, looked after, and closed when nobody uses them.
//!
//! **Invariants:** agents are offered only what somebody allowed, as it was allowed, from the store:
//! no run waits for a server before it calls one of its tools. Whether a server may be used is read
//! again at each call. One connection per server and process, made for the newest revision.

mod approve;
pub(crate) mod connections;
mod describe;
mod handle;
mod health;
pub(crate) mod homes;
mod import;
mod look;
mod manage;
mod mcp_call;
mod mounted;
mod programs;
mod right;
mod settings;
pub(crate) mod shelf;
pub(crate) mod signing_in;
mod spec;
mod try_out;
mod values;
mod walls;
pub(crate) mod watch;

use std::{path::PathBuf, sync::Arc};

use galaxy_base::{Clock, Tasks};
use galaxy_store::Store;
use galaxy_tool::server::{SignIn, ToolServers};
use galaxy_vault::Keyring;
use tokio::sync::{
    Notify,
    watch::{Receiver, Sender},
};
use url::Url;

use connections::Connections;
use homes::Homes;
use shelf::Shelves;

pub use approve::ToolDecision;
pub use describe::{LogEntry, ServerDetail, ServerSelf, ServerSummary, ServerTool, Tally};
pub use galaxy_domain::tool_server::{Folder, Outward, Standing};
pub use galaxy_tool::server::ToolView;
pub use health::{Health, HealthTrouble};
pub use homes::Kept;
pub use import::{Candidate, Imported};
pub use look::Offered;
pub use mounted::{Mounted, MountedTool, Relayed};
pub use programs::Programs;
pub(crate) use settings::{Known, Mistakes};
pub use settings::{LinkRequest, NewServer, ServerChange, Value};
pub use signing_in::{Auth, Departure, Entering};
pub(crate) use walls::folders_of;
pub(crate) use {look::done, mounted::pass_on};

/// What a deployment fixes for tool servers.
#[derive(Debug, Clone)]
pub struct ServersConfig {
    /// Whether people who are no administrators may add servers of their own.
    pub personal: bool,
    /// Whether administrators may add servers that are programs on this machine.
    pub programs: bool,
    /// Where programs are looked for that are named without a path.
    pub search: Vec<PathBuf>,
    /// Where programs keep what they keep: a folder for each server is made inside.
    pub home: PathBuf,
    /// How many bytes the folder of one program may hold.
    pub folder_bytes: u64,
    /// Whether the walls around programs hold, as it was tried last.
    pub sandbox: Receiver<Sandbox>,
    /// The origin at which people reach this deployment: there they come back to from where they
    /// signed in.
    pub public: Url,
}

/// Whether the walls around programs hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sandbox {
    /// Nobody has tried yet; somebody is about to.
    Untried,
    /// They do.
    Holds,
    /// They do not, and why; no program is started.
    Broken(String),
    /// Whoever started the server wants none.
    Off,
}

impl ServersConfig {
    /// Everything that asks nobody, for a deployment that people reach at `public`.
    pub fn new(public: Url) -> Self {
        Self {
            personal: true,
            programs: false,
            search: Vec::new(),
            home: PathBuf::from("/"),
            folder_bytes: u64::MAX,
            sandbox: Sender::new(Sandbox::Off).subscribe(),
            public,
        }
    }

    /// The public address of `path`, which begins with a slash.
    pub fn public_at(&self, path: &str) -> Url {
        let mut url = self.public.clone();
        url.set_path(path);
        url
    }
}

/// Everything about tool servers that outlives a request.
pub(crate) struct Servers {
    pub(crate) store: Store,
    pub(crate) vault: Arc<Keyring>,
    pub(crate) opener: Arc<dyn ToolServers>,
    pub(crate) sign_in: Arc<dyn SignIn>,
    pub(crate) config: ServersConfig,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) homes: Homes,
    pub(crate) connections: Connections,
    pub(crate) shelves: Shelves,
    /// Told when something is owed to an issuer.
    pub(crate) owing: Notify,
}
