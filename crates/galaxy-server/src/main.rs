#![doc = include_str!("../README.md")]

use std::process::ExitCode;

use clap::Parser;

mod cli;
mod limits;
mod listen;
mod mcp;
mod models;
mod process;
mod registry;
mod say;
mod secret_key;
mod serve;
mod settings;
mod store;
mod system_prompt;
mod telemetry;
mod tool_servers;
mod vault;
mod walls;
mod web;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
