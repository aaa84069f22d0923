//! What is put before the suite.

use std::path::Path;

use anyhow::Result;

use super::suite::Suite;
use crate::{
    files,
    run::{self, Beside},
    serve,
};

/// Something that the suite is run against.
pub(super) struct Part {
    /// What `--only` calls it.
    pub(super) name: &'static str,
    begin: fn(&Suite) -> Result<Vec<Run>>,
}

/// One thing that the suite is pointed at, with what has to run beside it.
pub(super) struct Run {
    /// What it is called.
    pub(super) name: &'static str,
    pub(super) aim: Aim,
    /// What opens it.
    pub(super) key: Option<String>,
    /// Ends with the run.
    _beside: Vec<std::rc::Rc<Beside>>,
}

/// What the suite is pointed at.
pub(super) enum Aim {
    /// A server, by its address.
    Server(String),
    /// A client, by its command.
    Client(String),
}

/// All of them.
pub(super) const PARTS: &[Part] = &[
    Part { name: "server", begin: server },
    Part { name: "gateway", begin: gateway },
    Part { name: "client", begin: client },
];

impl Part {
    /// Starts what it needs.
    pub(super) fn begin(&self, suite: &Suite) -> Result<Vec<Run>> {
        (self.begin)(suite)
    }
}

fn server(_: &Suite) -> Result<Vec<Run>> {
    let (fixture, url) = fixture(&[])?;
    Ok(vec![Run {
        name: "server",
        aim: Aim::Server(url),
        key: None,
        _beside: vec![fixture.into()],
    }])
}

fn client(_: &Suite) -> Result<Vec<Run>> {
    let aim = Aim::Client(example("conformance-client")?);
    Ok(vec![Run { name: "client", aim, key: None, _beside: Vec::new() }])
}

/// The real server, in front of both generations of servers.
fn gateway(suite: &Suite) -> Result<Vec<Run>> {
    let (new, new_url) = fixture(&[])?;
    let (old, old_url) = fixture(&["--old"])?;
    let galaxy = serve::fresh(&suite.path("data"), &[])?;
    let (address, token) = (galaxy.address, galaxy.token);
    let prepare = files::path("xtask/conformance/prepare.mjs").display().to_string();
    let servers = [format!("new={new_url}"), format!("old={old_url}")];
    let words = [&prepare, &address, &token, &servers[0], &servers[1]].map(String::as_str);
    let key = run::read(&mut run::command(suite.node(), &words))?.trim().to_owned();
    let galaxy = std::rc::Rc::new(galaxy.running);
    let run = |name, at: &str, fixture: Beside| Run {
        name,
        aim: Aim::Server(format!("{address}/api/mcp/{at}")),
        key: Some(key.clone()),
        _beside: vec![galaxy.clone(), fixture.into()],
    };
    Ok(vec![run("gateway-new", "new", new), run("gateway-old", "old", old)])
}

/// The server of the suite's tools, and its address.
fn fixture(arguments: &[&str]) -> Result<(Beside, String)> {
    let mut fixture = Beside::start(&mut run::command(example("conformance-server")?, arguments))?;
    let address = fixture.says(serve::listens_on)?;
    Ok((fixture, format!("{address}/mcp")))
}

/// Where cargo puts an example.
fn example(name: &str) -> Result<String> {
    let galaxy = serve::binary("debug")?;
    let folder = Path::new(&galaxy).with_file_name("examples");
    Ok(folder.join(name).display().to_string())
}
