//! The whole of HTTP, on a real store of either engine and with a scripted model.
//!
//! Every response that a test gets has been checked for what all responses have in common: see
//! [`call::Reply`].

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod call;
mod events;
mod house;
mod socket;
mod talk;

mod accounts;
mod api_chat;
mod approvals;
mod apps;
mod bodies;
mod branches;
mod conversations;
mod csrf;
mod document;
mod elicitation;
mod feedback;
mod following;
mod hosts;
mod keys;
mod matrix;
mod mcp;
mod messages;
mod models;
mod once;
mod proxies;
mod questions;
mod runs;
mod sessions;
mod sign_in;
mod sockets;
mod system;
mod tasks;
mod tokens;
mod tool_servers;
