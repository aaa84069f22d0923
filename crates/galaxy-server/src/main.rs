#![doc = include_str!("../README.md")]

use std::process::ExitCode;

use clap::Parser;

mod cli;
mod limits;
mod listen;
mod mcp;
mod models;
mod process;
mod say;
mod secret_key;
mod serve;
mod settings;
mod store;
mod system_prompt;
mod telemetry;
mod web;

/// Every token passes through many small pieces of memory, made on one thread and given back on
/// another; the system's allocator spent a fifth of all time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::Cli::parse().run()
}
