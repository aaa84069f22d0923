//! The deployment as clients see it.

use galaxy_app::servers::Sandbox;
use serde::Serialize;
use utoipa::ToSchema;

/// How people get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuthView {
    /// By password.
    pub password: bool,
    /// By a trusted proxy's word.
    pub proxy: bool,
    /// Everybody is the test person.
    pub test_mode: bool,
}

/// What is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeaturesView {
    /// Whether `/ws` is open.
    pub websocket: bool,
    /// Whether people who are no administrators may add tool servers of their own.
    pub personal_tool_servers: bool,
    /// How tool servers that are programs run.
    pub tool_programs: ToolProgramsView,
}

/// How tool servers that are programs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolProgramsView {
    /// There are none here.
    Off,
    /// Behind walls.
    Confined,
    /// Not at all: the walls do not hold on this machine.
    Refused,
    /// With all the rights of the server.
    Unconfined,
}

impl ToolProgramsView {
    /// How programs run where they are `allowed`, or not.
    pub fn of(allowed: bool, sandbox: &Sandbox) -> Self {
        match sandbox {
            _ if !allowed => Self::Off,
            // It is tried when the server starts, and waited for where it matters.
            Sandbox::Untried | Sandbox::Holds => Self::Confined,
            Sandbox::Broken(_) => Self::Refused,
            Sandbox::Off => Self::Unconfined,
        }
    }
}

/// What there may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct LimitsView {
    /// Characters of one message.
    pub message_chars: usize,
    /// Bytes of one image, in base64.
    pub image_bytes: usize,
    /// Runs of one person at once.
    pub max_active_runs: usize,
}

/// What a page needs to know before anybody signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuntimeConfigView {
    /// What the deployment is called.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// Whether somebody has an account.
    pub set_up: bool,
    /// How people get in.
    pub auth: AuthView,
    /// What is switched on.
    pub features: FeaturesView,
    /// What there may be at most.
    pub limits: LimitsView,
    /// `development`, `staging` or `production`.
    pub environment: String,
    /// Changes with the page: a page that is older should be loaded again.
    pub page_hash: String,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckView {
    /// What.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How the server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HealthReportView {
    /// `ok` or `unavailable`.
    pub status: &'static str,
    /// The version of the program.
    pub version: String,
    /// What was checked.
    pub checks: Vec<CheckView>,
}
