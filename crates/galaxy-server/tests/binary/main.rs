//! The real binary, started, killed, stopped and asked as people and machines do it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod client;
mod commands;
mod commits;
mod crash;
mod grants;
#[path = "../../../galaxy-mcp-client/tests/mcp/oauth/issuer.rs"]
#[expect(dead_code, reason = "shared with the tests of the adapter, which look at more")]
mod issuer;
mod mcp;
mod process;
#[path = "../../../galaxy-mcp-client/examples/fixture/protocol.rs"]
mod protocol;
mod providers;
mod reader;
mod stopping;
mod tasks;
mod walls;
#[path = "../../../galaxy-mcp-client/tests/mcp/web.rs"]
#[expect(dead_code, reason = "shared with the tests of the adapter")]
mod web;
