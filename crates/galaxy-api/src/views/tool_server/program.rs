//! Tool servers that are programs, for clients.

use galaxy_app::servers::{Kept, Programs, Sandbox};
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::system::ToolProgramsView;

/// How tool servers that are programs run, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToolProgramsStatusView {
    /// How they run.
    pub state: ToolProgramsView,
    /// Why not, where they are refused.
    #[schema(required)]
    pub reason: Option<String>,
    /// The names of programs that fetch what they run: they need the web to be of any use.
    pub fetchers: Vec<&'static str>,
}

impl From<Programs> for ToolProgramsStatusView {
    fn from(programs: Programs) -> Self {
        let state = ToolProgramsView::of(programs.allowed, &programs.sandbox);
        let reason = match programs.sandbox {
            Sandbox::Broken(why) if programs.allowed => Some(why),
            Sandbox::Broken(_) | Sandbox::Untried | Sandbox::Holds | Sandbox::Off => None,
        };
        Self { state, reason, fetchers: programs.fetchers.to_vec() }
    }
}

/// What a program keeps in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeptView {
    /// So many bytes, when it was counted last; nothing where it was not, or could not be.
    #[schema(required)]
    pub bytes: Option<u64>,
    /// So many it may be: over that the program is ended, and not started.
    pub most_bytes: u64,
}

impl From<Kept> for KeptView {
    fn from(Kept { bytes, most }: Kept) -> Self {
        Self { bytes, most_bytes: most }
    }
}
