//! Where this crate touches the machine: the one place that starts processes and reads variables.

use std::{
    ffi::{OsStr, OsString},
    io::{BufRead, BufReader, Lines, Read, Write},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::files;

/// A command that will run in the repository's root.
pub(crate) fn command(program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = bare(program.as_ref());
    command.args(arguments).current_dir(files::root());
    // `cargo run` describes this very crate in variables that build scripts of dependencies watch:
    // handed on, they would make cargo build those again each time the caller changes.
    for (name, _) in std::env::vars_os() {
        if describes_a_crate(&name) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` to its end, its output going where ours goes.
///
/// # Errors
/// It cannot be started, or says that it failed.
pub(crate) fn pass(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", shown(command)))?;
    judge(command, status)
}

/// As [`pass`], and gives back the lines that `keep` picked out of its output.
///
/// # Errors
/// As [`pass`].
pub(crate) fn pass_and_keep(command: &mut Command, keep: fn(&str) -> bool) -> Result<Vec<String>> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.with_context(|| format!("cannot run {}", shown(command)))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let kept = std::thread::scope(|scope| {
        let from_stdout = scope.spawn(|| copy_lines(stdout, &mut std::io::stdout(), keep));
        let mut kept = copy_lines(stderr, &mut std::io::stderr(), keep);
        kept.extend(from_stdout.join().unwrap_or_default());
        kept
    });
    let status = child.wait().with_context(|| format!("lost {}", shown(command)))?;
    judge(command, status)?;
    Ok(kept)
}

/// Runs `command` to its end and gives what it wrote to its standard output.
///
/// # Errors
/// As [`pass`].
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {}", shown(command)))?;
    judge(command, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("{} wrote no UTF-8", shown(command)))
}

/// Runs `command` to its end and gives what it wrote to its standard output and to its standard
/// error, whether or not it is content: what it says decides.
///
/// # Errors
/// It cannot be started.
pub(crate) fn listen(command: &mut Command) -> Result<[String; 2]> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {}", shown(command)))?;
    Ok([output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()))
}

/// A process that runs beside us, and no longer than this is held.
pub(crate) struct Beside {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Beside {
    /// Starts `command`.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot run {}", shown(command)))?;
        let stdout = child.stdout.take().context("no output")?;
        Ok(Self { child, lines: BufReader::new(stdout).lines() })
    }

    /// What `pick` finds in the first line that it says in which there is something.
    ///
    /// # Errors
    /// It ends before.
    pub(crate) fn says(&mut self, pick: fn(&str) -> Option<&str>) -> Result<String> {
        for line in &mut self.lines {
            if let Some(found) = pick(&line?) {
                return Ok(found.to_owned());
            }
        }
        bail!("a server ended before it was ready")
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // One that has ended by itself cannot be ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What cargo knows of this workspace.
///
/// # Errors
/// cargo says why not.
pub(crate) fn metadata() -> Result<Value> {
    let metadata = ["metadata", "--no-deps", "--format-version=1"];
    let metadata = read(&mut command("cargo", &metadata))?;
    serde_json::from_str(&metadata).context("cargo metadata is no JSON")
}

/// Whether `program` can be started and is content.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = command(program, arguments);
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Becomes `command`: the process id stays, so that signals reach it. Returns only when it fails.
pub(crate) fn become_it(command: &mut Command) -> anyhow::Error {
    let err = command.exec();
    anyhow::Error::new(err).context(format!("cannot run {}", shown(command)))
}

/// The value of a variable, if it is set to something.
#[expect(clippy::disallowed_methods, reason = "this crate's one place that reads variables")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where `program` is, as a shell would find it.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[expect(clippy::disallowed_methods, reason = "this crate's one place that starts processes")]
fn bare(program: &OsStr) -> Command {
    Command::new(program)
}

fn describes_a_crate(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    let of_a_crate = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    of_a_crate.iter().any(|prefix| name.starts_with(prefix)) || name == "CARGO_PRIMARY_PACKAGE"
}

fn judge(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    format!("`{}`", words.join(" "))
}

fn copy_lines(from: Option<impl Read>, to: &mut impl Write, keep: fn(&str) -> bool) -> Vec<String> {
    let mut kept = Vec::new();
    let Some(from) = from else { return kept };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // A terminal that has gone is no reason to stop the checks.
        let _ = to.write_all(&line);
        let text = String::from_utf8_lossy(&line);
        if keep(&text) {
            kept.push(text.trim_end().to_owned());
        }
        line.clear();
    }
    let _ = to.flush();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_copied_whole_and_the_ones_asked_for_are_kept() {
        let mut copy = Vec::new();
        let kept = copy_lines(Some(&b"a\nkeep \xff\nb"[..]), &mut copy, |it| it.contains("keep"));
        assert_eq!(copy, b"a\nkeep \xff\nb");
        assert_eq!(kept, ["keep \u{fffd}"]);
    }

    #[test]
    fn variables_about_one_crate_are_told_from_settings_of_cargo() {
        assert!(describes_a_crate(OsStr::new("CARGO_PKG_NAME")));
        assert!(describes_a_crate(OsStr::new("CARGO_MANIFEST_DIR")));
        assert!(!describes_a_crate(OsStr::new("CARGO_HOME")));
        assert!(!describes_a_crate(OsStr::new("CARGO_TARGET_DIR")));
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let err = pass(&mut command("false", &["--loudly"])).unwrap_err().to_string();
        assert!(err.contains("`false --loudly` failed"), "{err}");
    }
}
