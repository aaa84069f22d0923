//! `cargo xtask tidy`: the rules of the house that no compiler knows.

mod crates;
mod exceptions;
mod locks;
mod migrations;
mod names;
mod sizes;
mod words;

use anyhow::{Result, bail};

use crate::files::{self, File};

/// Says what is wrong with the repository that consists of the given texts.
type Check = fn(&[File]) -> Vec<String>;

/// Runs the checks; with `--bless`, first notes down migrations that are not listed yet.
///
/// # Errors
/// Everything that is not tidy, one per line.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => (),
        ["--bless"] => migrations::bless()?,
        other => bail!("`tidy` takes nothing or `--bless`, not `{}`", other.join(" ")),
    }
    let texts = files::texts_below("")?;
    let complaints = complaints(&texts);
    if !complaints.is_empty() {
        bail!("not tidy:\n{}", complaints.join("\n"));
    }
    println!("{} files, all tidy", texts.len());
    Ok(())
}

fn complaints(texts: &[File]) -> Vec<String> {
    let checks: [Check; 6] = [
        names::complaints,
        crates::complaints,
        words::complaints,
        locks::complaints,
        migrations::complaints,
        sizes::complaints,
    ];
    let mut complaints: Vec<String> = checks.iter().flat_map(|check| check(texts)).collect();
    complaints.extend(exceptions::grown(texts));
    complaints
}

/// The languages whose files are written by hand.
fn is_source(file: &File) -> bool {
    let generated = file.path == crate::openapi::TYPES;
    let language = matches!(file.extension(), "rs" | "ts" | "js" | "mjs" | "svelte" | "css");
    language && !generated
}

/// A file for tests of the checks.
#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
