//! Tool servers as clients see them.

pub mod auth;
pub mod health;
pub mod import;
pub mod link;
pub mod program;
mod tool;
pub mod tried;

use galaxy_app::servers::{LogEntry, ServerDetail, ServerSummary};
use galaxy_domain::{
    ToolServerId,
    tool_server::{Check, Origin},
};
use serde::Serialize;
use utoipa::ToSchema;

pub use link::LinkView;
pub use tool::{ServerToolView, ToolViewView};

use auth::{ServerAuthView, ServerClientView};
use health::ServerHealthView;
use program::KeptView;

use super::event::time;

/// Where a tool server was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OriginView {
    /// The name of the entry.
    pub entry: String,
    /// Its version.
    pub version: String,
    /// A newer version, if the list has one.
    #[schema(required)]
    pub newer: Option<String>,
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
    /// Where it was chosen, if it is reached as was chosen there.
    #[schema(required)]
    pub origin: Option<OriginView>,
    /// Whether what it says about its tools is believed.
    pub trusted: bool,
    /// Whether it may ask people for input.
    pub may_ask: bool,
    /// How it is.
    pub health: ServerHealthView,
    /// Whether the caller is signed in there, if that is wanted.
    pub auth: ServerAuthView,
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
            origin: row.origin.as_ref().map(|it: &Origin| OriginView {
                entry: it.entry.clone(),
                version: it.version.clone(),
                newer: summary.newer.clone(),
            }),
            trusted: row.trusted,
            may_ask: row.may_ask,
            health: (&summary.health).into(),
            auth: (&summary.auth).into(),
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
    /// The client that somebody entered for signing in there, for whoever looks after it.
    #[schema(required)]
    pub client: Option<ServerClientView>,
    /// What it keeps in its folder, if it is a program, for whoever looks after it.
    #[schema(required)]
    pub kept: Option<KeptView>,
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
            client: detail.client.map(ServerClientView::from),
            kept: detail.kept.map(KeptView::from),
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
