#![doc = include_str!("../README.md")]

mod agents;
mod answers;
mod gateway;
mod http;
mod listing;
mod offered;
mod relay;
mod resources;
mod server;
mod sessions;
mod slots;
mod splice;
mod stdio;

pub use http::Route;
pub use relay::Relay;
pub use server::McpServer;
pub use sessions::{Names, Sessions, Standing};
pub use slots::Slots;
pub use stdio::StdioError;
