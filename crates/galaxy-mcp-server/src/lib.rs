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
mod stdio;

pub use http::Route;
pub use relay::Relay;
pub use server::McpServer;
pub use stdio::StdioError;
