//! What clients see. A view is made from a domain value and never turned back into one.

pub mod account;
pub mod app;
pub mod audit;
pub mod conversation;
pub mod elicitation;
pub mod event;
pub mod market;
pub mod model;
pub mod names;
pub mod notice;
pub mod run;
pub mod system;
pub mod task;
pub mod tool_server;

use serde::Serialize;
use utoipa::ToSchema;

/// Some things, and where the next ones begin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<T> {
    /// The things.
    pub items: Vec<T>,
    /// What to pass as `cursor` to get the next ones; `null` at the end.
    #[schema(required)]
    pub next: Option<String>,
    /// How many there are in all.
    pub total: i64,
}

/// All the things there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct All<T> {
    /// The things.
    pub items: Vec<T>,
}
