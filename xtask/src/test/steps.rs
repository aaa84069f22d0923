//! The steps of `cargo xtask test`, cheap ones first.

use std::process::Command;

use anyhow::{Context, Result};

use super::{
    fences,
    needs::{self, Need},
};
use crate::{
    files, layers,
    openapi::{self, Extent},
    page, run, serve, tidy,
};

/// One check.
pub(super) struct Step {
    /// What `--only` calls it.
    pub(super) name: &'static str,
    /// Its headline.
    pub(super) about: &'static str,
    /// Whether it is about the page, which `--fast` leaves out.
    pub(super) page: bool,
    /// What it needs from the system.
    pub(super) needs: &'static [Need],
    /// Does it.
    pub(super) act: fn(&mut Session) -> Result<Outcome>,
}

/// How a step ended that did not fail.
pub(super) enum Outcome {
    /// All is well.
    Passed,
    /// There was nothing to do, and why.
    Skipped(String),
}

/// What the steps of one run share.
pub(super) struct Session {
    /// The page is left out.
    pub(super) fast: bool,
    /// What the chosen steps need from the system.
    pub(super) needs: Vec<Need>,
    /// What the test runners said at their end.
    pub(super) closing: Vec<String>,
}

/// The step that installs what the chosen ones need.
pub(super) const NEEDS: &str = "needs";

/// All of them, in order.
pub(super) const STEPS: &[Step] = &[
    of_the_code("fmt", "rustfmt changes nothing", &[], format),
    of_the_code("layers", "every edge between crates is allowed", &[], layers),
    of_the_code("tidy", "sizes, names, words, migrations", &[], tidy),
    of_the_code(NEEDS, "what the other steps need is installed", &[], needs),
    of_the_code("deny", "licences, sources and banned crates", &[], deny),
    of_the_code("clippy", "no warning", &[], clippy),
    of_the_code("rust", "tests of all crates, on both engines", &[Need::Postgres], rust),
    of_the_code("docs", "examples in documentation", &[], docs),
    of_the_code("openapi", "the API's document is up to date", &[], openapi),
    of_the_page("page-types", "types and templates of the page", &[Need::Node], page_types),
    of_the_page("page-lint", "lints of the page", &[Need::Node], page_lint),
    of_the_page("page-tests", "units of the page", &[Need::Node, Need::Chromium], page_tests),
    of_the_page("page-build", "the page can be built", &[Need::Node], page_build),
    of_the_page("e2e", "journeys against the real binary", &[Need::Node, Need::Chromium], e2e),
];

fn format(_: &mut Session) -> Result<Outcome> {
    passed(&mut run::command("cargo", &["fmt", "--all", "--", "--check"]))
}

fn layers(_: &mut Session) -> Result<Outcome> {
    layers::command(&[]).map(|()| Outcome::Passed)
}

fn tidy(_: &mut Session) -> Result<Outcome> {
    tidy::command(&[]).map(|()| Outcome::Passed)
}

fn needs(session: &mut Session) -> Result<Outcome> {
    needs::install(&session.needs).map(|()| Outcome::Passed)
}

/// Known holes are looked up by the published workflow: that takes the network.
fn deny(_: &mut Session) -> Result<Outcome> {
    if !run::works("cargo", &["deny", "--version"]) {
        return Ok(Outcome::Skipped("cargo-deny is not installed".to_owned()));
    }
    let check = ["deny", "check", "bans", "licenses", "sources"];
    passed(&mut run::command("cargo", &check))
}

fn clippy(_: &mut Session) -> Result<Outcome> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    passed(&mut run::command("cargo", &clippy))
}

fn rust(session: &mut Session) -> Result<Outcome> {
    let nextest = ["nextest", "run", "--workspace", "--locked"];
    let plain = ["test", "--workspace", "--locked", "--lib", "--bins", "--examples", "--tests"];
    let has_nextest = run::works("cargo", &["nextest", "--version"]);
    let arguments: &[&str] = if has_nextest { &nextest } else { &plain };
    tested(session, &mut run::command("cargo", arguments))
}

fn docs(session: &mut Session) -> Result<Outcome> {
    let texts = files::texts_below("crates")?;
    if !texts.iter().any(fences::has_doc_test) {
        return Ok(Outcome::Skipped("there are no examples".to_owned()));
    }
    tested(session, &mut run::command("cargo", &["test", "--workspace", "--locked", "--doc"]))
}

fn openapi(session: &mut Session) -> Result<Outcome> {
    if !page::exists() {
        return Ok(without_page());
    }
    let extent = if session.fast { Extent::Document } else { Extent::All };
    openapi::check(extent).map(|()| Outcome::Passed)
}

fn page_types(_: &mut Session) -> Result<Outcome> {
    script("check")
}

fn page_lint(_: &mut Session) -> Result<Outcome> {
    if page::exists() && !page::has_script("lint")? {
        return Ok(Outcome::Skipped("the page has no such script".to_owned()));
    }
    script("lint")
}

fn page_tests(session: &mut Session) -> Result<Outcome> {
    if !page::exists() {
        return Ok(without_page());
    }
    page::install()?;
    tested(session, &mut in_browser(&["test"])?)
}

fn page_build(_: &mut Session) -> Result<Outcome> {
    if !page::exists() {
        return Ok(without_page());
    }
    page::build().map(|()| Outcome::Passed)
}

/// The binary is the one that the tests were built with; built for itself, it would have other
/// features in its dependencies, and half of them would be compiled again.
fn e2e(session: &mut Session) -> Result<Outcome> {
    if !page::exists() {
        return Ok(without_page());
    }
    page::build_if_stale()?;
    let build = ["build", "--workspace", "--locked", "--bins", "--tests"];
    run::pass(&mut run::command("cargo", &build))?;
    let mut journeys = in_browser(&["run", "e2e"])?;
    tested(session, journeys.env("GALAXY_BIN", serve::binary("debug")?))
}

fn script(name: &str) -> Result<Outcome> {
    if !page::exists() {
        return Ok(without_page());
    }
    page::install()?;
    passed(&mut page::npm(&["run", name]))
}

/// npm with the variables that tests in a browser look at.
fn in_browser(arguments: &[&str]) -> Result<Command> {
    let chromium = needs::chromium().context("Chromium has gone")?;
    let mut npm = page::npm(arguments);
    npm.env("CHROMIUM", chromium).env("CI", "true");
    Ok(npm)
}

fn without_page() -> Outcome {
    Outcome::Skipped("there is no page".to_owned())
}

fn passed(command: &mut Command) -> Result<Outcome> {
    run::pass(command).map(|()| Outcome::Passed)
}

/// As [`passed`], for a command that sums up at its end.
fn tested(session: &mut Session, command: &mut Command) -> Result<Outcome> {
    session.closing.extend(run::pass_and_keep(command, is_closing)?);
    Ok(Outcome::Passed)
}

/// Whether a test runner sums up in `line`: nextest, cargo's own, Vitest, Playwright.
fn is_closing(line: &str) -> bool {
    let sums_up = ["tests run:", "test result:", "Test Files ", "  Tests "];
    let playwright = |word: &str| {
        let (number, rest) = line.trim_start().split_once(' ').unwrap_or_default();
        number.parse::<u32>().is_ok() && rest.starts_with(word)
    };
    sums_up.iter().any(|words| line.contains(words)) || playwright("passed (")
}

const fn of_the_code(
    name: &'static str,
    about: &'static str,
    needs: &'static [Need],
    act: fn(&mut Session) -> Result<Outcome>,
) -> Step {
    Step { name, about, page: false, needs, act }
}

const fn of_the_page(
    name: &'static str,
    about: &'static str,
    needs: &'static [Need],
    act: fn(&mut Session) -> Result<Outcome>,
) -> Step {
    Step { name, about, page: true, needs, act }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_all_runners_are_known() {
        assert!(is_closing("     Summary [   2.301s] 312 tests run: 312 passed, 0 skipped"));
        assert!(is_closing("test result: ok. 12 passed; 0 failed; 0 ignored"));
        assert!(is_closing(" Test Files  12 passed (12)"));
        assert!(is_closing("      Tests  120 passed (120)"));
        assert!(is_closing("  25 passed (31.2s)"));
    }

    #[test]
    fn a_single_test_is_no_closing_line() {
        assert!(!is_closing("        PASS [   0.004s] galaxy-base text::clips_at_a_character"));
        assert!(!is_closing("test tests::it_passed ... ok"));
    }
}
