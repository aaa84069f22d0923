#![doc = include_str!("../README.md")]

pub mod app;
pub mod apps;
pub mod audit;
mod birth;
pub mod calls;
pub mod chat;
pub mod conversations;
pub mod decisions;
pub mod error;
pub mod executor;
pub mod export;
pub mod feedback;
pub mod follow;
mod held;
pub mod market;
pub mod models;
mod pace;
pub mod quick;
pub mod runs;
pub mod secrets;
pub mod servers;
pub mod tasks;
pub mod tools;

pub use app::{App, AppConfig};
pub use error::{AppError, Mistake};
pub use galaxy_access as access;
pub use galaxy_store::{Made, Once};
