//! `cargo xtask bench`: how fast the server is, beside a bare one on the same machine.

use anyhow::{Context, Result, bail};

use crate::{run, serve};

/// What the tools are measured beside, pinned: another one is another measure.
const FASTMCP: &str = "4.0.11";

/// Builds the server and the crate that measures it, and becomes the latter.
///
/// # Errors
/// Something cannot be built or measured.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let unknown = |it: &&String| !matches!(it.as_str(), "--full" | "--mcp" | "--turns");
    if let Some(wrong) = arguments.iter().find(unknown) {
        bail!("`bench` takes `--full`, `--mcp` or `--turns`, not `{wrong}`");
    }
    let build = ["build", "--release", "--locked", "-p", "galaxy-server", "-p", "galaxy-bench"];
    // The page is not measured, so nothing needs to be there for it.
    run::pass(run::command("cargo", &build).env(serve::WITHOUT_PAGE, "1"))?;
    let galaxy = serve::binary("release")?;
    let bench = format!("{galaxy}-bench");
    let mut measure = run::command(&bench, &["measure", &galaxy]);
    match python()? {
        Some(python) => {
            measure.args(["--python", &python]);
        }
        None => println!("there is no Python 3 here: measured without FastMCP"),
    }
    Err(run::become_it(measure.args(arguments)))
}

/// A Python in which FastMCP is installed, if there is a Python at all.
fn python() -> Result<Option<String>> {
    if !run::works("python3", &["-m", "venv", "--help"]) {
        return Ok(None);
    }
    let metadata = run::metadata()?;
    let target = metadata["target_directory"].as_str().context("cargo has no target folder")?;
    let folder = format!("{target}/bench");
    let python = format!("{folder}/bin/python");
    let has_it = format!("import fastmcp; assert fastmcp.__version__ == '{FASTMCP}'");
    if !run::works(&python, &["-c", &has_it]) {
        run::pass(&mut run::command("python3", &["-m", "venv", &folder]))?;
        let package = format!("fastmcp=={FASTMCP}");
        run::pass(&mut run::command(&python, &["-m", "pip", "install", "--quiet", &package]))?;
    }
    Ok(Some(python))
}
