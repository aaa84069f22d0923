//! How a tool server is, and what it last said.

use std::{sync::Arc, time::Duration};

use galaxy_base::Timestamp;

use crate::server::{definition::ToolList, error::ServerError, spec::Era};

/// What state a connection is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Nobody has needed it yet, or it was closed.
    #[default]
    Idle,
    /// Being started.
    Connecting,
    /// Usable.
    Ready,
    /// Waits for somebody to sign in.
    NeedsSignIn,
    /// Failed, and waits before the next try.
    BackingOff,
    /// Failed too often; tried again only after a long rest, or by a probe.
    Failed,
}

impl State {
    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Ready => "ready",
            Self::NeedsSignIn => "needs_sign_in",
            Self::BackingOff => "backing_off",
            Self::Failed => "failed",
        }
    }
}

/// What went wrong last.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// What happened.
    pub error: ServerError,
    /// When.
    pub at: Timestamp,
}

/// What a server says about itself; untrusted, bounded, and with everything hidden made visible.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerInfo {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: Option<String>,
    /// Its version.
    pub version: String,
    /// How it wants to be used, for the model.
    pub instructions: Option<String>,
    /// The revision of the protocol that is spoken.
    pub protocol: String,
    /// What it says that it can do: its capabilities, in the protocol's words.
    pub capabilities: serde_json::Value,
}

/// How a connection is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Health {
    /// Its state.
    pub state: State,
    /// How long the last probe or listing took.
    pub latency: Option<Duration>,
    /// When the server last answered or failed to.
    pub checked: Option<Timestamp>,
    /// What went wrong last, until something goes right.
    pub trouble: Option<Trouble>,
    /// How often it was started again in the last ten minutes.
    pub restarts: u32,
    /// How it speaks; to be remembered in [`crate::server::ServerSpec::era`].
    pub era: Option<Era>,
    /// What it says about itself, once connected.
    pub server: Option<Arc<ServerInfo>>,
}

/// How a connection is and which version of its lists is current: a number that grew means that
/// the list is to be read again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    /// How the connection is.
    pub health: Health,
    /// Counts changes of the tools.
    pub tools: u64,
    /// Counts changes of the resources and their templates.
    pub resources: u64,
    /// Counts changes of the prompts.
    pub prompts: u64,
}

/// What a probe found.
#[derive(Debug, Clone)]
pub struct Probe {
    /// How long connecting and listing took.
    pub latency: Duration,
    /// How it speaks.
    pub era: Era,
    /// What it says about itself.
    pub server: Arc<ServerInfo>,
    /// Its tools.
    pub tools: Arc<ToolList>,
}

/// Where a line of a server's log comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogSource {
    /// Its standard error.
    Stderr,
    /// A message of the protocol, with its level.
    Message(String),
    /// Us: what happened to the connection.
    Connection,
}

/// A line of a server's log, bounded and with everything in it visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it came.
    pub at: Timestamp,
    /// Where from.
    pub source: LogSource,
    /// What it says.
    pub text: String,
}
