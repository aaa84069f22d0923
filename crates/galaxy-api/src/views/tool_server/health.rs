//! How a tool server is, for clients.

use galaxy_app::servers::Health;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::event::time;

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
