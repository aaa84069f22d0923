//! `cargo xtask conformance`: the Model Context Protocol's own suite against what we build.
//!
//! Three parts. *server*: the suite's tools through the sessions and results of our endpoints.
//! *gateway*: the same through the real server at `/api/mcp/{name}`, once in front of a server of
//! every revision and once in front of an old one. *client*: our client against the suite's servers.
//! Each is measured by what both frozen sets require.

mod judging;
mod parts;
mod suite;

use anyhow::{Result, bail};

use crate::{files, run, serve};
use judging::{Expected, Verdict};
use parts::{PARTS, Part};
use suite::Suite;

/// The sets of requirements, by the revision that they are of.
const REVISIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];
/// Failures that are known, each with its reason.
const EXPECTED: &str = "xtask/conformance/expected.txt";

/// Runs the chosen parts, prints what passed, and fails when it is not what was expected.
///
/// # Errors
/// The suite cannot be installed or run; a required scenario fails that is not expected to; one
/// that is expected to fail passes.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let chosen = chosen(arguments)?;
    let expected = Expected::read(&String::from_utf8(files::bytes(EXPECTED)?)?)?;
    let suite = Suite::install()?;
    let build = ["build", "--workspace", "--locked", "--bin", "galaxy"];
    let examples = ["--example", "conformance-server", "--example", "conformance-client"];
    // The page is not asked for anything.
    let mut build = run::command("cargo", &[&build[..], &examples].concat());
    run::pass(build.env(serve::WITHOUT_PAGE, "1"))?;
    let mut table = Vec::new();
    let mut wrong = 0;
    for part in chosen {
        for run in part.begin(&suite)? {
            for revision in REVISIONS {
                let said = suite.run(&run, revision)?;
                let verdict = Verdict::of(&said, &expected.of(run.name, revision));
                print!("{}", verdict.story());
                table.push(verdict.row(run.name, revision));
                wrong += verdict.wrong();
            }
        }
    }
    println!("\n{}", table.join("\n"));
    if wrong > 0 {
        bail!("{wrong} scenarios did not end as they should");
    }
    Ok(())
}

fn chosen(arguments: &[String]) -> Result<Vec<&'static Part>> {
    let mut names: Vec<&str> = Vec::new();
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match (word, word.strip_prefix("--only=")) {
            ("--only", _) => names.push(words.next().unwrap_or_default()),
            (_, Some(name)) => names.push(name),
            (other, None) => bail!("`conformance` takes `--only PART`, not `{other}`"),
        }
    }
    let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        bail!("there is no part `{unknown}`; there are {}", known.join(", "));
    }
    Ok(PARTS.iter().filter(|part| names.is_empty() || names.contains(&part.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Result<Vec<&'static str>> {
        let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
        Ok(chosen(&arguments)?.iter().map(|part| part.name).collect())
    }

    #[test]
    fn all_parts_run_unless_some_are_named() {
        assert_eq!(names(&[]).unwrap(), ["server", "gateway", "client"]);
        assert_eq!(names(&["--only", "client"]).unwrap(), ["client"]);
        assert_eq!(names(&["--only=client", "--only=server"]).unwrap(), ["server", "client"]);
        assert!(names(&["--only", "everything"]).is_err() && names(&["--all"]).is_err());
    }

    #[test]
    fn what_is_expected_can_be_read() {
        let text = String::from_utf8(files::bytes(EXPECTED).unwrap()).unwrap();
        assert!(Expected::read(&text).is_ok());
    }
}
