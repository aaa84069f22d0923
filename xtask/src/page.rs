//! The page in `web/`: installing what it needs and building it, both only when something changed.

use std::{fs, process::Command};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{files, run};

/// The oldest Node that the page's tools run on.
const NODE: u32 = 20;

const LOCK: &str = "web/package-lock.json";

/// What was installed; beside the packages, so that it goes when they go.
const INSTALLED: &str = "web/node_modules/.galaxy-lock";

/// What was built; beside the page, so that it goes when the page goes.
const BUILT: &str = "web/dist/.hash";

/// Folders that are no part of the page that is served.
const NOT_SERVED: &[&str] = &["web/e2e/"];

/// Whether there is a page.
pub(crate) fn exists() -> bool {
    files::path("web/package.json").is_file()
}

/// Whether a built page is there, of whatever age.
pub(crate) fn is_built() -> bool {
    files::path("web/dist/index.html").is_file()
}

/// What keeps the page from being built here, if anything.
pub(crate) fn obstacle() -> Option<String> {
    let version = run::find("node")
        .and_then(|_| run::read(&mut run::command("node", &["--version"])).ok())
        .and_then(|version| major(&version));
    match version {
        Some(found) if found < NODE => {
            Some(format!("Node {NODE} or newer is needed for the page, and this is Node {found}"))
        }
        Some(_) if run::find("npm").is_none() => Some("npm is needed for the page".to_owned()),
        Some(_) => None,
        None => Some(format!("Node {NODE} or newer, with npm, is needed for the page")),
    }
}

/// `npm` with `arguments`, in the page's folder.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut npm = run::command("npm", arguments);
    npm.current_dir(files::path("web"));
    npm
}

/// One of the page's tools, as installed.
pub(crate) fn tool(name: &str, arguments: &[&str]) -> Command {
    let mut tool = run::command(files::path("web/node_modules/.bin").join(name), arguments);
    tool.current_dir(files::path("web"));
    tool
}

/// Whether the page has a script called `name`.
///
/// # Errors
/// `package.json` cannot be read.
pub(crate) fn has_script(name: &str) -> Result<bool> {
    let manifest = files::bytes("web/package.json")?;
    let manifest: Value = serde_json::from_slice(&manifest).context("web/package.json")?;
    Ok(manifest["scripts"][name].is_string())
}

/// Installs the packages of the lock file, if it has changed since. Says whether it did.
///
/// # Errors
/// npm says why.
pub(crate) fn install() -> Result<bool> {
    let lock = files::sha256(&files::bytes(LOCK)?);
    if noted(INSTALLED).as_deref() == Some(lock.as_str()) {
        return Ok(false);
    }
    // Scripts of packages are code that nobody here has read.
    run::pass(&mut npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    files::write(INSTALLED, lock.as_bytes())?;
    Ok(true)
}

/// Builds the page, if its sources have changed since. Says whether it did.
///
/// # Errors
/// As [`install`] and [`build`].
pub(crate) fn build_if_stale() -> Result<bool> {
    if is_built() && noted(BUILT) == Some(sources()?) {
        return Ok(false);
    }
    build()?;
    Ok(true)
}

/// Builds the page.
///
/// # Errors
/// npm says why.
pub(crate) fn build() -> Result<()> {
    install()?;
    // Noted as of before: what is edited during the build makes the page stale again.
    let sources = sources()?;
    run::pass(&mut npm(&["run", "build"]))?;
    files::write(BUILT, sources.as_bytes())
}

/// One digest over everything that the page is made of.
fn sources() -> Result<String> {
    let mut list = String::new();
    for path in files::below("web")?.iter().filter(|path| is_served(path)) {
        let digest = files::sha256(&files::bytes(path)?);
        list.push_str(&format!("{digest}  {path}\n"));
    }
    Ok(files::sha256(list.as_bytes()))
}

fn is_served(path: &str) -> bool {
    let is_test = path.ends_with(".test.ts") || path.ends_with(".md");
    !is_test && !NOT_SERVED.iter().any(|folder| path.starts_with(folder))
}

fn noted(relative: &str) -> Option<String> {
    // No note, or one that cannot be read: then nothing is known, and it is made again.
    fs::read_to_string(files::path(relative)).ok()
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read_from_its_own_words() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("node: not found"), None);
    }

    #[test]
    fn a_journey_is_no_part_of_the_page() {
        assert!(!is_served("web/e2e/chat.spec.ts"));
        assert!(!is_served("web/src/live/live.test.ts"));
        assert!(is_served("web/src/main.ts"));
    }
}
