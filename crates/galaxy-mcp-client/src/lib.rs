#![doc = include_str!("../README.md")]

mod connect;
mod connection;
mod failure;
mod flights;
mod follow;
mod handler;
mod http;
pub mod keeper;
mod listen;
mod lists;
mod log;
mod oauth;
mod registry;
mod restarts;
mod servers;
mod stdio;
mod supervised;
mod tap;
mod wire;

pub use keeper::Keeper;
pub use oauth::{OAuth, OAuthLimits};
pub use registry::Registry;
pub use servers::McpServers;
