//! `cargo xtask bench`: how fast the server is, beside a bare one on the same machine.

use anyhow::{Result, bail};

use crate::{run, serve};

/// Builds the server and the crate that measures it, and becomes the latter.
///
/// # Errors
/// Something cannot be built or measured.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    if let Some(wrong) = arguments.iter().find(|argument| *argument != "--full") {
        bail!("`bench` takes `--full`, not `{wrong}`");
    }
    let build = ["build", "--release", "--locked", "-p", "galaxy-server", "-p", "galaxy-bench"];
    // The page is not measured, so nothing needs to be there for it.
    run::pass(run::command("cargo", &build).env(serve::WITHOUT_PAGE, "1"))?;
    let galaxy = serve::binary("release")?;
    let bench = format!("{galaxy}-bench");
    let mut measure = run::command(&bench, &["measure", &galaxy]);
    Err(run::become_it(measure.args(arguments)))
}
