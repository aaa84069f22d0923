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
mod import;
mod look;
mod manage;
mod mcp_call;
mod mounted;
mod settings;
pub(crate) mod shelf;
mod try_out;
mod values;
pub(crate) mod watch;

use std::{path::PathBuf, sync::Arc};

use galaxy_base::{Clock, Tasks};
use galaxy_store::Store;
use galaxy_tool::server::ToolServers;
use galaxy_vault::Keyring;

use connections::Connections;
use shelf::Shelves;

pub use approve::ToolDecision;
pub use describe::{LogEntry, ServerDetail, ServerSelf, ServerSummary, ServerTool, Tally};
pub use galaxy_domain::tool_server::Standing;
pub use galaxy_tool::server::ToolView;
pub use health::{Health, HealthTrouble};
pub use import::{Candidate, Imported};
pub use look::Offered;
pub use mounted::{Mounted, MountedTool, Relayed};
pub use settings::{LinkRequest, NewServer, ServerChange, Value};
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
}

impl Default for ServersConfig {
    /// Everything that asks nobody.
    fn default() -> Self {
        Self { personal: true, programs: false, search: Vec::new(), home: PathBuf::from("/") }
    }
}

/// Everything about tool servers that outlives a request.
pub(crate) struct Servers {
    pub(crate) store: Store,
    pub(crate) vault: Arc<Keyring>,
    pub(crate) opener: Arc<dyn ToolServers>,
    pub(crate) config: ServersConfig,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) connections: Connections,
    pub(crate) shelves: Shelves,
}
