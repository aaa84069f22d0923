//! `cargo xtask test`: everything that has to hold before a change lands.
//!
//! Steps run one after the other, cheap ones first, and the first that fails ends it.

mod fences;
mod needs;
mod steps;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use needs::Need;
use steps::{Outcome, STEPS, Session, Step};

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Choice {
    /// Leave the page and the journeys out.
    fast: bool,
    /// Only these steps; none means all.
    only: Vec<String>,
}

/// Runs the chosen steps.
///
/// # Errors
/// The first step that failed, after the table of all that ran.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let choice = parse(arguments)?;
    let steps: Vec<&Step> = STEPS.iter().filter(|step| choice.takes(step)).collect();
    let mut session = Session { fast: choice.fast, needs: needs_of(&steps), closing: Vec::new() };
    let (mut table, mut failure) = (Vec::new(), None);
    for step in steps {
        println!("\n== {}: {}", step.name, step.about);
        let start = Instant::now();
        let outcome = (step.act)(&mut session);
        let (result, end) = match outcome {
            Ok(Outcome::Passed) => ("ok".to_owned(), None),
            Ok(Outcome::Skipped(why)) => (format!("skipped: {why}"), None),
            Err(err) => ("FAILED".to_owned(), Some(err)),
        };
        table.push(row(step.name, start.elapsed(), &result));
        if let Some(err) = end {
            failure = Some(err.context(format!("step `{}`", step.name)));
            break;
        }
    }
    println!("\n{}", table.join("\n"));
    for line in &session.closing {
        println!("{line}");
    }
    match failure {
        Some(err) => Err(err),
        None => Ok(()),
    }
}

impl Choice {
    fn takes(&self, step: &Step) -> bool {
        let named = self.only.iter().any(|name| name == step.name);
        let chosen = self.only.is_empty() || named || step.name == steps::NEEDS;
        chosen && !(self.fast && step.page)
    }
}

fn parse(arguments: &[String]) -> Result<Choice> {
    let mut choice = Choice::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), argument.strip_prefix("--only=")) {
            ("--fast", _) => choice.fast = true,
            ("--only", _) => choice.only.push(arguments.next().cloned().unwrap_or_default()),
            (_, Some(name)) => choice.only.push(name.to_owned()),
            (other, None) => bail!("`test` takes `--fast` and `--only STEP`, not `{other}`"),
        }
    }
    for name in &choice.only {
        if !STEPS.iter().any(|step| step.name == name) {
            let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
            bail!("there is no step `{name}`; there are {}", names.join(", "));
        }
    }
    Ok(choice)
}

fn needs_of(steps: &[&Step]) -> Vec<Need> {
    let mut needs: Vec<Need> = steps.iter().flat_map(|step| step.needs).copied().collect();
    needs.sort();
    needs.dedup();
    needs
}

fn row(name: &str, took: Duration, result: &str) -> String {
    format!("{name:<12} {:>7.1} s  {result}", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Choice> {
        parse(&arguments.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }

    fn names(choice: &Choice) -> Vec<&'static str> {
        STEPS.iter().filter(|step| choice.takes(step)).map(|step| step.name).collect()
    }

    #[test]
    fn only_takes_the_step_and_what_it_needs_from_the_system() {
        let choice = parsed(&["--only", "tidy"]).expect("a step");
        assert_eq!(names(&choice), ["tidy", steps::NEEDS]);
        assert_eq!(choice, parsed(&["--only=tidy"]).expect("a step"));
    }

    #[test]
    fn fast_leaves_the_page_and_the_journeys_out() {
        let names = names(&parsed(&["--fast"]).expect("a flag"));
        assert!(names.contains(&"clippy") && !names.contains(&"e2e"), "{names:?}");
    }

    #[test]
    fn a_step_that_does_not_exist_is_answered_with_those_that_do() {
        let err = parsed(&["--only", "fly"]).unwrap_err().to_string();
        assert!(err.contains("`fly`") && err.contains("clippy"), "{err}");
    }

    #[test]
    fn a_row_tells_name_duration_and_result() {
        let row = row("fmt", Duration::from_millis(1_240), "ok");
        assert_eq!(row, "fmt              1.2 s  ok");
    }
}
