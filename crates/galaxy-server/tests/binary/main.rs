//! The real binary, started, killed, stopped and asked as people and machines do it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod client;
mod commands;
mod commits;
mod crash;
mod mcp;
mod process;
mod providers;
mod reader;
mod stopping;
mod tasks;
mod walls;
