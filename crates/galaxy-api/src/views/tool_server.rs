//! Tool servers as clients see them.

pub mod import;
mod tool;
pub mod tried;

use galaxy_app::servers::{Health, LinkRequest, LogEntry, ServerDetail, ServerSummary};
use galaxy_domain::{
    ToolServerId,
    tool_server::{Check, Link},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::event::time;
pub use tool::{ServerToolView, ToolViewView};

/// How a server is reached; values that open it are never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LinkView {
    /// By streamable HTTP.
    Http {
        /// Where.
        url: String,
        /// Names of the headers that open it.
        headers: Vec<String>,
        /// Whether it may be on the server's own machine or in the networks inside.
        inside: bool,
    },
    /// As a program on the server's machine.
    Program {
        /// Its absolute path.
        command: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// Names of the variables of its environment.
        environment: Vec<String>,
    },
}

impl From<&Link> for LinkView {
    fn from(link: &Link) -> Self {
        match link.clone() {
            Link::Http { url, headers, inside } => Self::Http { url, headers, inside },
            Link::Program { command, arguments, environment } => {
                Self::Program { command, arguments, environment }
            }
        }
    }
}

impl From<&LinkRequest> for LinkView {
    fn from(request: &LinkRequest) -> Self {
        match request {
            LinkRequest::Http { url, headers, inside } => Self::Http {
                url: url.clone(),
                headers: headers.keys().cloned().collect(),
                inside: *inside,
            },
            LinkRequest::Program { command, arguments, environment } => Self::Program {
                command: command.clone(),
                arguments: arguments.clone(),
                environment: environment.keys().cloned().collect(),
            },
        }
    }
}

/// How a server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServerHealthView {
    /// `idle`, `connecting`, `ready`, `needs_sign_in`, `backing_off` or `failed`.
    pub state: String,
    /// In milliseconds: how long the last look took.
    #[schema(required)]
    pub latency_ms: Option<u64>,
    /// When it last answered or failed to.
    #[schema(required)]
    pub checked_at: Option<String>,
    /// What is wrong.
    #[schema(required)]
    pub message: Option<String>,
    /// What to do about it.
    #[schema(required)]
    pub advice: Option<String>,
    /// How often it was started again in the last ten minutes.
    pub restarts: u32,
}

impl From<&Health> for ServerHealthView {
    fn from(health: &Health) -> Self {
        let millis = |it: std::time::Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
        Self {
            state: health.state.clone(),
            latency_ms: health.latency.map(millis),
            checked_at: health.checked.map(time),
            message: health.trouble.as_ref().map(|it| it.message.clone()),
            advice: health.trouble.as_ref().and_then(|it| it.advice.clone()),
            restarts: health.restarts,
        }
    }
}

/// A tool server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToolServerView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: ToolServerId,
    /// The prefix of its tools, and the end of its address here.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Whether it is everybody's.
    pub shared: bool,
    /// Whether it is used.
    pub enabled: bool,
    /// Whether a server of everybody has the same name, so that this one is not used.
    pub shadowed: bool,
    /// Whether the caller looks after it.
    pub managed: bool,
    /// How it is reached.
    pub link: LinkView,
    /// Whether what it says about its tools is believed.
    pub trusted: bool,
    /// Whether it may ask people for input.
    pub may_ask: bool,
    /// How it is.
    pub health: ServerHealthView,
    /// How many tools it lists, or listed.
    pub tools: i64,
    /// How many of them agents are offered.
    pub offered: i64,
    /// How many wait for somebody to allow them.
    pub waiting: i64,
    /// When it was added.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

impl From<&ServerSummary> for ToolServerView {
    fn from(summary: &ServerSummary) -> Self {
        let row = &summary.row;
        Self {
            id: row.id,
            name: row.name.clone(),
            title: row.title.clone(),
            shared: row.owner.is_none(),
            enabled: row.enabled,
            shadowed: summary.is_shadowed,
            managed: summary.is_managed,
            link: (&row.link).into(),
            trusted: row.trusted,
            may_ask: row.may_ask,
            health: (&summary.health).into(),
            tools: summary.tally.all,
            offered: summary.tally.offered,
            waiting: summary.tally.waiting,
            created_at: time(row.created_at),
            updated_at: time(row.updated_at),
        }
    }
}

/// How a server was at some moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckView {
    /// When.
    pub at: String,
    /// In what state.
    pub state: String,
    /// In milliseconds: how long it took.
    #[schema(required)]
    pub latency_ms: Option<i64>,
}

impl From<&Check> for CheckView {
    fn from(check: &Check) -> Self {
        Self { at: time(check.at), state: check.state.clone(), latency_ms: check.latency_ms }
    }
}

/// What a server says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServerSelfView {
    /// Its name for people.
    pub title: String,
    /// Its version.
    pub version: String,
    /// The revision of the protocol that is spoken.
    pub protocol: String,
    /// How it wants to be used.
    #[schema(required)]
    pub instructions: Option<String>,
}

/// A tool server with all that there is to see.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ToolServerDetailView {
    /// What lists show.
    pub server: ToolServerView,
    /// Its tools, in its order.
    pub tools: Vec<ServerToolView>,
    /// How it was in the last 24 hours, oldest first.
    pub checks: Vec<CheckView>,
    /// What it says about itself, while it is connected.
    #[schema(required)]
    pub about: Option<ServerSelfView>,
}

impl From<ServerDetail> for ToolServerDetailView {
    fn from(detail: ServerDetail) -> Self {
        let about = detail.about.map(|it| ServerSelfView {
            title: it.title,
            version: it.version,
            protocol: it.protocol,
            instructions: it.instructions,
        });
        Self {
            server: (&detail.summary).into(),
            tools: detail.tools.into_iter().map(ServerToolView::from).collect(),
            checks: detail.checks.iter().map(CheckView::from).collect(),
            about,
        }
    }
}

/// A line of a server's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LogEntryView {
    /// When it came.
    pub at: String,
    /// `stderr`, `connection`, or the level of a message.
    pub source: String,
    /// What it says.
    pub text: String,
}

impl From<LogEntry> for LogEntryView {
    fn from(LogEntry { at, source, text }: LogEntry) -> Self {
        Self { at: time(at), source, text }
    }
}
