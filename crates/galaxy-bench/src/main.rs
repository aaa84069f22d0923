#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, reason = "it talks to the person at the terminal")]

mod asking;
mod connection;
mod figures;
mod floor;
mod lines;
mod load;
mod peers;
mod process;
mod report;
mod stage;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use figures::Breadth;
use galaxy_testkit::FakeProvider;
use tokio::signal::{
    ctrl_c,
    unix::{SignalKind, signal},
};

/// What is to be done.
enum Order {
    /// Be the provider.
    Provider,
    /// Be the floor, in front of a provider.
    Floor(SocketAddr),
    /// Measure the server that this file is, beside a FastMCP one if there is a Python for it.
    Measure { galaxy: PathBuf, breadth: Breadth, python: Option<PathBuf> },
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match order(&arguments).and_then(carry_out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn order(arguments: &[String]) -> Result<Order> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["provider"] => Ok(Order::Provider),
        ["floor", provider] => Ok(Order::Floor(provider.parse().context("no address")?)),
        ["measure", galaxy, rest @ ..] => {
            let (python, rest) = match rest {
                ["--python", python, rest @ ..] => (Some(PathBuf::from(python)), rest),
                rest => (None, rest),
            };
            let breadth = match rest {
                [] => Breadth::Short,
                ["--full"] => Breadth::Full,
                ["--mcp"] => Breadth::Protocol,
                ["--turns"] => Breadth::Turns,
                _ => bail!("`measure PROGRAM [--python PROGRAM] [--full | --mcp | --turns]`"),
            };
            Ok(Order::Measure { galaxy: galaxy.into(), breadth, python })
        }
        _ => bail!("`provider`, `floor ADDRESS` or `measure PROGRAM`"),
    }
}

fn carry_out(order: Order) -> Result<()> {
    // A stream is a file, and there are many.
    rlimit::increase_nofile_limit(65_536).context("cannot raise the limit of open files")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match order {
            Order::Provider => {
                let provider = FakeProvider::start().await?;
                println!("listens on http://{}", provider.address());
                // Whoever started it ends it.
                std::future::pending().await
            }
            Order::Floor(provider) => floor::serve(provider).await,
            Order::Measure { galaxy, breadth, python } => {
                let mut terminate = signal(SignalKind::terminate())?;
                // However it ends, no server is left behind.
                let report = tokio::select! {
                    report = figures::measure(&galaxy, python.as_deref(), breadth) => report?,
                    _ = ctrl_c() => bail!("interrupted"),
                    _ = terminate.recv() => bail!("told to stop"),
                };
                println!("\n{}", report.table());
                report.write("bench.json")
            }
        }
    })
}
