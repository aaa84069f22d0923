//! What the checks need from the system, and how it gets there.

use std::{ffi::OsString, fs, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::{page, run};

/// Something that is no crate and no npm package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// The server's binaries; tests start a cluster of their own in a temporary folder.
    Postgres,
    /// A browser for tests of the page.
    Chromium,
    /// Node with npm, of the right age: Debian's own may be too old, so it is not installed here.
    Node,
}

/// Installs those of `needs` that are missing.
///
/// # Errors
/// What is missing and cannot be installed here, and how to install it.
pub(super) fn install(needs: &[Need]) -> Result<()> {
    if needs.contains(&Need::Node)
        && page::exists()
        && let Some(obstacle) = page::obstacle()
    {
        bail!("{obstacle}; install it, or leave the page out with `--fast`");
    }
    let packages = missing(needs);
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    let by_hand = format!("please install the packages {names} (or what your system calls them)");
    if run::find("apt-get").is_none() {
        bail!("there is no apt-get here: {by_hand}");
    }
    let sudo = privilege().with_context(|| format!("neither root nor sudo: {by_hand}"))?;
    apt_get(sudo, &["update"]).with_context(|| by_hand.clone())?;
    let arguments = [&["install", "-y", "--no-install-recommends"], packages.as_slice()].concat();
    apt_get(sudo, &arguments).with_context(|| by_hand.clone())?;
    match missing(needs).as_slice() {
        [] => Ok(()),
        still => bail!("{} installed, and yet not found: {by_hand}", still.join(" ")),
    }
}

/// The browser: `$CHROMIUM`, or where systems put it.
pub(super) fn chromium() -> Option<PathBuf> {
    let told = run::variable("CHROMIUM").map(|path: OsString| PathBuf::from(path));
    told.filter(|path| path.is_file())
        .or_else(|| run::find("chromium"))
        .or_else(|| run::find("chromium-browser"))
}

/// The packages of Debian for what is not there.
fn missing(needs: &[Need]) -> Vec<&'static str> {
    let package = |need: &Need| match need {
        Need::Postgres => (!has_postgres()).then_some("postgresql"),
        Need::Chromium => chromium().is_none().then_some("chromium"),
        Need::Node => None,
    };
    needs.iter().filter_map(package).collect()
}

/// Debian keeps the server's binaries out of the path, a folder for each version.
fn has_postgres() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions = versions.map(|version| version.path().join("bin/initdb"));
    versions.any(|initdb| initdb.is_file()) || run::find("initdb").is_some()
}

/// What to put before a command that needs root; `None` when there is no way.
fn privilege() -> Option<&'static [&'static str]> {
    let id = run::read(&mut run::command("id", &["-u"])).unwrap_or_default();
    if id.trim() == "0" {
        return Some(&[]);
    }
    run::works("sudo", &["-n", "true"]).then_some(&["sudo", "-n"])
}

fn apt_get(sudo: &[&str], arguments: &[&str]) -> Result<()> {
    let command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    let words = [sudo, &command, arguments].concat();
    let (program, arguments) = words.split_first().context("no command")?;
    run::pass(&mut run::command(program, arguments))
}
