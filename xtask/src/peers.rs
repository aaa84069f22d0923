//! `cargo xtask peers`: tool servers and clients of others against the real server.
//!
//! *chat*: servers that many people use, added as an administrator would and asked in chats, by the
//! demo model and by a scripted one. *gateway*: the same through `/api/mcp/{name}` with clients that
//! many people use. *agents*: another agent's kit at `/mcp`. What is installed stays in
//! `target/peers`.

mod kit;
mod rows;

use std::process::Command;

use anyhow::{Result, bail};

use crate::{
    files,
    run::{self, Beside},
    serve,
};
use kit::Kit;
use rows::Row;

/// A script, and which environment runs it.
struct Client {
    script: &'static str,
    /// A Python of the kit; none is Node.
    environment: Option<&'static str>,
}

/// Those that reach servers through Galaxy, in order.
const CLIENTS: &[Client] = &[
    Client { script: "gateway.mjs", environment: None },
    Client { script: "gateway_mcp.py", environment: Some("clients") },
    Client { script: "gateway_fastmcp.py", environment: Some("fastmcp") },
    Client { script: "tasks_agents.py", environment: Some("clients") },
];

/// What scripts call the scripted model.
const MODEL: &str = "scripted";

/// Installs what is missing, runs everything (or the named servers only), prints a table, and fails
/// when a line of it did.
///
/// # Errors
/// Something cannot be installed, built or started; a peer does not do what it should.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let only = chosen(arguments)?;
    let kit = Kit::install()?;
    kit.prepare_work()?;
    let build = ["build", "--workspace", "--locked", "--bin", "galaxy", "--bin", "galaxy-bench"];
    run::pass(run::command("cargo", &build).env(serve::WITHOUT_PAGE, "1"))?;

    let bench = serve::binary("debug")?.replace("/galaxy", "/galaxy-bench");
    let mut provider = Beside::start(&mut run::command(bench, &["provider"]))?;
    let mut pages = Beside::start(&mut run::command("node", &[&script("pages.mjs")]))?;
    let model = format!("{}/v1", provider.says(serve::listens_on)?);
    let about = kit.describe(&pages.says(serve::listens_on)?, &model, &only);
    let models = [("LLM_BASE_URL", &*model), ("LLM_API_KEY", "none"), ("LLM_MODEL_NAME", MODEL)];
    let galaxy = serve::fresh(&kit.path("galaxy"), &models)?;

    let mut rows = Vec::new();
    let chat = script("chat.mjs");
    let words = [&chat, &galaxy.address, &galaxy.token].map(String::as_str);
    rows.extend(said(run::command("node", &words).env("PEERS", &about))?);
    for client in CLIENTS {
        let program = client.environment.map_or("node".to_owned(), |it| kit.python(it));
        let mut client = run::command(program, &[&script(client.script)]);
        rows.extend(said(client.env("PEERS", &about).env("PYTHONDONTWRITEBYTECODE", "1"))?);
    }
    println!("\n{}", rows::table(&rows));
    match rows.iter().filter(|it| !it.is_good).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} did not end as they should", rows.len()),
    }
}

/// What a script tells of.
fn said(command: &mut Command) -> Result<Vec<Row>> {
    let lines = run::pass_and_keep(command, rows::is_one)?;
    Ok(lines.iter().filter_map(|it| Row::read(it)).collect())
}

fn script(name: &str) -> String {
    files::path("xtask/peers").join(name).display().to_string()
}

/// The names after `--only`.
fn chosen(arguments: &[String]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match (word, word.strip_prefix("--only=")) {
            ("--only", _) => names.push(words.next().unwrap_or_default().to_owned()),
            (_, Some(name)) => names.push(name.to_owned()),
            (other, None) => bail!("`peers` takes `--only SERVER`, not `{other}`"),
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_chosen_by_name() {
        let words = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(chosen(&words(&["--only", "git", "--only=time"])).unwrap(), ["git", "time"]);
        assert!(chosen(&words(&["--all"])).is_err());
    }
}
