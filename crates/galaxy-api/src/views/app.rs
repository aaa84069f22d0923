//! Views of tool servers (MCP Apps), as the page that shows them sees them.

use galaxy_app::apps::{AppCalled, Question, Shown};
use galaxy_domain::ToolServerId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::names::EffectName;
use crate::sandbox::{self, Granted, SandboxConfig};

/// A view, ready to be shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AppView {
    /// The tool server that it comes from.
    #[schema(value_type = uuid::Uuid)]
    pub server: ToolServerId,
    /// The name of that server.
    pub name: String,
    /// What people read.
    pub title: String,
    /// The tool that was called, as its server describes it.
    pub tool: Value,
    /// The address of the document to show it in; its header limits the view.
    pub frame: String,
    /// What the document in the frame is told to show. Untrusted.
    pub html: String,
    /// What it is granted.
    pub granted: GrantedView,
    /// Whether it has an origin in which it keeps things.
    pub keeps: bool,
    /// Whether it would like a border around it; `null` when it does not say.
    #[schema(required)]
    pub border: Option<bool>,
}

/// Origins that a view may reach: what it declares, as far as an administrator allows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GrantedView {
    /// To speak with.
    pub connect: Vec<String>,
    /// To load scripts, styles, pictures and fonts from.
    pub resource: Vec<String>,
    /// To show in frames of its own.
    pub frame: Vec<String>,
    /// For its relative addresses to begin with.
    pub base: Vec<String>,
}

impl AppView {
    /// The view of `shown` where views are shown as `config` says.
    pub(crate) fn of(shown: Shown, config: &SandboxConfig) -> Self {
        let Shown { server, name, title, tool, page } = shown;
        let granted = Granted::of(&page.wants, &config.hosts);
        let origin = config.origin.as_ref().map(|it| it.of(server)).unwrap_or_default();
        let frame = format!("{origin}{}{}", sandbox::PATH, granted.query());
        let Granted { connect, resource, frame: frames, base } = granted;
        Self {
            server,
            name,
            title,
            tool: Value::clone(&tool),
            frame,
            html: page.html,
            granted: GrantedView { connect, resource, frame: frames, base },
            keeps: config.origin.as_ref().is_some_and(sandbox::SandboxOrigin::is_per_server),
            border: page.wants.border,
        }
    }
}

/// What came of a call that a view wants.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AppCalledView {
    /// The server answered.
    Answered {
        /// What, as it came. Untrusted.
        result: Value,
    },
    /// The person has to be asked first.
    Asks {
        /// The tool, as agents would know it.
        tool: String,
        /// What it is called with.
        input: Value,
        /// What it can do.
        effect: EffectName,
        /// What a yes is bound to: send it with the call.
        digest: String,
    },
    /// It was not called.
    Refused {
        /// Why: to be told to the view.
        message: String,
    },
    /// The server did not answer.
    Failed {
        /// Why: to be told to the view.
        message: String,
    },
}

impl From<AppCalled> for AppCalledView {
    fn from(called: AppCalled) -> Self {
        match called {
            AppCalled::Answered(result) => Self::Answered { result },
            AppCalled::Asks(Question { tool, input, effect, digest }) => {
                Self::Asks { tool, input, effect: effect.into(), digest }
            }
            AppCalled::Refused(message) => Self::Refused { message },
            AppCalled::Failed(message) => Self::Failed { message },
        }
    }
}
