//! `cargo xtask openapi`: the API's document, and the page's types made from it.
//!
//! Both are kept in the repository, so that a change of the API is seen in review, and compared by
//! every test run, so that they cannot lag behind the code.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{files, page, run};

/// The page's types. Generated: nobody edits them, nobody judges their length.
pub(crate) const TYPES: &str = "web/src/api/schema.d.ts";

const DOCUMENT: &str = "web/api/openapi.json";

/// How much to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The document only, which takes no Node.
    Document,
    /// The page's types too.
    All,
}

/// Writes both files, or compares them when told to `--check`.
///
/// # Errors
/// Something cannot be built or written; or, when comparing, is out of date.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => write(),
        ["--check"] => check(Extent::All),
        other => bail!("`openapi` takes nothing or `--check`, not `{}`", other.join(" ")),
    }
}

/// Compares what is in the repository with what the code says.
///
/// # Errors
/// The first line that differs.
pub(crate) fn check(extent: Extent) -> Result<()> {
    compare(DOCUMENT, &document()?)?;
    match extent {
        Extent::All => compare(TYPES, &types()?),
        Extent::Document => Ok(()),
    }
}

fn write() -> Result<()> {
    files::write(DOCUMENT, document()?.as_bytes())?;
    println!("wrote {DOCUMENT}");
    files::write(TYPES, types()?.as_bytes())?;
    println!("wrote {TYPES}");
    Ok(())
}

/// What the server says about itself.
fn document() -> Result<String> {
    let galaxy = ["run", "--quiet", "--locked", "-p", "galaxy-server", "--bin", "galaxy"];
    let mut galaxy = run::command("cargo", &galaxy);
    let document = run::read(galaxy.args(["--", "openapi"]))?;
    if !document.starts_with('{') {
        bail!("`galaxy openapi` printed no JSON document");
    }
    Ok(format!("{}\n", document.trim_end()))
}

/// The types for the document in the repository.
fn types() -> Result<String> {
    if let Some(obstacle) = page::obstacle() {
        bail!("the page's types cannot be made: {obstacle}");
    }
    page::install()?;
    let document = files::path(DOCUMENT);
    let document = document.to_str().context("the repository's path is no UTF-8")?;
    run::read(&mut page::tool("openapi-typescript", &[document]))
}

fn compare(path: &str, right: &str) -> Result<()> {
    let hint = "write it anew with `cargo xtask openapi`";
    let Ok(kept) = fs::read_to_string(files::path(path)) else {
        bail!("{path} is missing; {hint}");
    };
    match first_difference(&kept, right) {
        None => Ok(()),
        Some((line, was, is)) => {
            bail!("{path} is out of date from line {line} on; {hint}\n  kept: {was}\n  code: {is}")
        }
    }
}

/// The number of the first line that differs, and both versions of it.
fn first_difference<'a>(kept: &'a str, right: &'a str) -> Option<(usize, &'a str, &'a str)> {
    if kept == right {
        return None;
    }
    let (mut kept, mut right) = (kept.lines(), right.lines());
    for number in 1.. {
        match (kept.next(), right.next()) {
            (Some(was), Some(is)) if was == is => (),
            (None, None) => return Some((number, "(the end)", "(the end, in other line ends)")),
            (was, is) => {
                return Some((number, was.unwrap_or("(the end)"), is.unwrap_or("(the end)")));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_shown_in_both_versions() {
        assert_eq!(first_difference("a\nb\nc\n", "a\nx\nc\n"), Some((2, "b", "x")));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some((2, "(the end)", "b")));
    }

    #[test]
    fn the_same_text_has_no_difference_and_other_line_ends_are_one() {
        assert_eq!(first_difference("a\n", "a\n"), None);
        assert!(first_difference("a\r\n", "a\n").is_some());
    }
}
