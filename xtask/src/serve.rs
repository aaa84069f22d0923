//! `cargo xtask serve`: from a fresh clone to a running server.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::{
    files, page,
    run::{self, Beside},
};

/// Tells the build of the server that the page is meant to be missing.
pub(crate) const WITHOUT_PAGE: &str = "GALAXY_WITHOUT_PAGE";

/// Builds the page and the release binary, and becomes `galaxy serve` with `arguments`.
///
/// # Errors
/// Something cannot be built, or the server cannot be started.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let package = ["-p", "galaxy-server", "--bin", "galaxy"];
    let mut build = run::command("cargo", &["build", "--release", "--locked"]);
    build.args(package);
    if !prepare_page()? {
        build.env(WITHOUT_PAGE, "1");
    }
    run::pass(&mut build)?;
    let binary = binary("release")?;
    let mut server = run::command(&binary, &["serve"]);
    Err(run::become_it(server.args(arguments)))
}

/// Where cargo puts the server that it builds with `profile`.
///
/// # Errors
/// cargo does not tell.
pub(crate) fn binary(profile: &str) -> Result<String> {
    let metadata = run::metadata()?;
    let target = metadata["target_directory"].as_str().context("cargo has no target folder")?;
    Ok(format!("{target}/{profile}/galaxy"))
}

/// A debug server with nothing of the machine's settings and nobody in it.
pub(crate) struct Fresh {
    /// Where it listens.
    pub(crate) address: String,
    /// What makes the first account.
    pub(crate) token: String,
    /// It ends with this.
    pub(crate) running: Beside,
}

/// Starts one that keeps what it knows in `data`, which is emptied.
///
/// # Errors
/// It does not start.
pub(crate) fn fresh(data: &str, settings: &[(&str, &str)]) -> Result<Fresh> {
    if Path::new(data).exists() {
        fs::remove_dir_all(data).context("the data of the last run is left")?;
    }
    let mut command = run::command(binary("debug")?, &["serve"]);
    command.env_clear().env("DATA_DIR", data).env("PORT", "0").env("OLLAMA_HOST", "off");
    let settings = settings.iter().copied();
    let mut running = Beside::start(command.env("LOG_LEVEL", "error").envs(settings))?;
    let address = running.says(listens_on)?;
    // It stands alone; everything else that is said there is a sentence.
    let token = running.says(|line| {
        let line = line.trim();
        (line.len() > 16 && !line.contains(' ')).then_some(line)
    })?;
    Ok(Fresh { address, token, running })
}

/// The address in a line of a server that tells where it listens.
pub(crate) fn listens_on(line: &str) -> Option<&str> {
    line.split_once("listens on ").map(|(_, address)| address.trim())
}

/// Whether there will be a page to serve. Without Node everything else works: that is said, not
/// refused.
fn prepare_page() -> Result<bool> {
    if !page::exists() {
        return Ok(false);
    }
    match page::obstacle() {
        None => {
            let built = page::build_if_stale().context("the page cannot be built")?;
            println!("page: {}", if built { "built" } else { "up to date" });
            Ok(true)
        }
        Some(obstacle) if page::is_built() => {
            let dist = files::path("web/dist");
            println!("{obstacle}: serving the one in {} as it is", dist.display());
            Ok(true)
        }
        Some(obstacle) => {
            println!("{obstacle}: serving everything but the page");
            Ok(false)
        }
    }
}
