#![doc = include_str!("../README.md")]

pub mod answer;
pub mod breaker;
pub mod catalogue;
pub mod error;
#[cfg(test)]
mod fake;
pub mod fallback;
pub mod limit;
pub mod meter;
pub mod provider;
pub mod request;
pub mod retry;
mod start;
pub mod timeouts;

pub use answer::{Answer, Event, Sampled, collect};
pub use catalogue::{Catalogue, CatalogueEntry, Health, Listed};
pub use error::ModelError;
pub use provider::{Model, Profile, Provider};
pub use request::{Effort, Message, OutputSchema, Request, ToolSpec};
