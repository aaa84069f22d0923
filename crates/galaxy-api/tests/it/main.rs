//! The whole of HTTP, on a real store of either engine and with a scripted model.
//!
//! Every response that a test gets has been checked for what all responses have in common: see
//! [`call::Reply`].

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod call;
mod events;
mod house;
#[path = "../../../galaxy-mcp-client/tests/mcp/oauth/issuer.rs"]
#[expect(dead_code, reason = "shared with the tests of the adapter, which look at more")]
mod issuer;
#[path = "../../../galaxy-mcp-client/examples/fixture/protocol.rs"]
mod protocol;
mod socket;
mod talk;
#[path = "../../../galaxy-mcp-client/tests/mcp/web.rs"]
#[expect(dead_code, reason = "shared with the tests of the adapter")]
mod web;

mod accounts;
mod api_chat;
mod approvals;
mod apps;
mod audit;
mod bodies;
mod branches;
mod confirm;
mod conversations;
mod csrf;
mod document;
mod elicitation;
mod feedback;
mod following;
mod hosts;
mod keys;
mod market;
mod matrix;
mod mcp;
mod messages;
mod models;
mod once;
mod programs;
mod proxies;
mod questions;
mod runs;
mod sessions;
mod sign_in;
mod signing_in;
mod sockets;
mod stale;
mod system;
mod tasks;
mod tokens;
mod tool_servers;
