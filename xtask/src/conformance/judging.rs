//! What the suite's words mean.

use std::{collections::BTreeMap, fmt::Write};

use anyhow::{Context, Result};

/// Failures that are known.
#[derive(Debug, Default)]
pub(super) struct Expected(Vec<Line>);

#[derive(Debug)]
struct Line {
    run: String,
    revision: String,
    scenario: String,
    reason: String,
}

impl Expected {
    /// Reads lines of `run | revision | scenario | reason`.
    ///
    /// # Errors
    /// A line has no reason, or is none.
    pub(super) fn read(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'));
        let read = |line: &str| -> Result<Line> {
            let mut fields = line.splitn(4, '|').map(|it| it.trim().to_owned());
            let mut next = || fields.next().filter(|it| !it.is_empty());
            let wrong = || format!("`run | revision | scenario | reason`, not `{line}`");
            Ok(Line {
                run: next().with_context(wrong)?,
                revision: next().with_context(wrong)?,
                scenario: next().with_context(wrong)?,
                reason: next().with_context(wrong)?,
            })
        };
        Ok(Self(lines.map(read).collect::<Result<_>>()?))
    }

    /// Those of one run: scenarios with their reasons.
    pub(super) fn of(&self, run: &str, revision: &str) -> BTreeMap<&str, &str> {
        let of = |it: &&Line| it.run == run && it.revision == revision;
        self.0.iter().filter(of).map(|it| (it.scenario.as_str(), it.reason.as_str())).collect()
    }
}

/// What came of one run.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    required: usize,
    passed: usize,
    checks: usize,
    not_scored: (usize, usize),
    /// Required scenarios that failed and were expected to, with the reason.
    known: Vec<(String, String)>,
    /// Those that failed and were not.
    failed: Vec<String>,
    /// Those that were expected to fail and did not.
    stale: Vec<String>,
    /// The suite did not come to its end.
    broke: bool,
}

impl Verdict {
    /// Reads what the suite said.
    pub(super) fn of(said: &str, expected: &BTreeMap<&str, &str>) -> Self {
        let (_, summary) = said.rsplit_once("SUMMARY ===").unwrap_or_default();
        let (scored, rest) = summary.split_once("Not scored for ").unwrap_or((summary, ""));
        let not_scored: BTreeMap<&str, bool> = rest.lines().filter_map(not_scored).collect();
        let passed = not_scored.values().filter(|it| **it).count();
        let mut verdict = Self { not_scored: (passed, not_scored.len()), ..Self::default() };
        let mut seen = Vec::new();
        for scenario in scored.lines().filter_map(Scenario::read) {
            seen.push(scenario.name);
            if not_scored.contains_key(scenario.name) {
                continue;
            }
            verdict.required += 1;
            verdict.checks += scenario.checks;
            match (scenario.is_good, expected.get(scenario.name)) {
                (true, None) => verdict.passed += 1,
                (true, Some(_)) => {
                    verdict.passed += 1;
                    verdict.stale.push(scenario.name.to_owned());
                }
                (false, Some(reason)) => {
                    verdict.known.push((scenario.name.to_owned(), (*reason).to_owned()));
                }
                (false, None) => verdict.failed.push(scenario.name.to_owned()),
            }
        }
        let unknown = expected.keys().filter(|it| !seen.contains(it));
        verdict.stale.extend(unknown.map(|it| (*it).to_owned()));
        verdict.broke = verdict.required == 0 || !summary.contains("Total: ");
        verdict
    }

    /// How many scenarios did not end as they should.
    pub(super) fn wrong(&self) -> usize {
        self.failed.len() + self.stale.len() + usize::from(self.broke)
    }

    /// What is worth a line.
    pub(super) fn story(&self) -> String {
        let mut story = String::new();
        for (scenario, reason) in &self.known {
            let _ = writeln!(story, "expected to fail: {scenario}: {reason}");
        }
        for scenario in &self.failed {
            let _ = writeln!(story, "FAILED: {scenario}");
        }
        for scenario in &self.stale {
            let _ = writeln!(story, "PASSED, and was expected to fail (or is not run): {scenario}");
        }
        if self.broke {
            story.push_str("the suite did not come to its end\n");
        }
        story
    }

    /// A row of the table.
    pub(super) fn row(&self, run: &str, revision: &str) -> String {
        let (passed, all) = self.not_scored;
        format!(
            "{run:<12} {revision}  {:>3}/{} required scenarios, {:>3} checks passed; {} expected to \
             fail; not scored: {passed}/{all}",
            self.passed,
            self.required,
            self.checks,
            self.known.len(),
        )
    }
}

/// A line of the summary.
struct Scenario<'a> {
    name: &'a str,
    is_good: bool,
    checks: usize,
}

impl<'a> Scenario<'a> {
    /// Reads `✓ tools-list: 3 passed, 0 failed`.
    fn read(line: &'a str) -> Option<Self> {
        let is_good = line.starts_with('✓');
        let rest = line.strip_prefix('✓').or_else(|| line.strip_prefix('✗'))?;
        let (name, counts) = rest.trim().rsplit_once(": ")?;
        let checks = counts.split_whitespace().next()?.parse().ok()?;
        Some(Self { name, is_good, checks })
    }
}

/// Reads `  ✗ tasks-lifecycle (extension)`.
fn not_scored(line: &str) -> Option<(&str, bool)> {
    let line = line.trim();
    let is_good = line.starts_with('✓');
    let rest = line.strip_prefix('✓').or_else(|| line.strip_prefix('✗'))?;
    let (name, _) = rest.trim().rsplit_once(" (")?;
    Some((name, is_good))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "noise ✓ tools: 9 passed, 0 failed\n=== SUMMARY ===\n\
        ✓ ping: 2 passed, 0 failed\n✗ caching: 1 passed, 1 failed\n✗ tasks: 0 passed, 3 failed\n\
        \nTotal: 3 passed, 4 failed\n\nNot scored for 2026-07-28: 1 scenario(s) run, 1 failing.\n\
        \u{20} ✗ tasks (extension)\n";

    fn judge(said: &str, expected: &[(&str, &str)]) -> Verdict {
        Verdict::of(said, &expected.iter().copied().collect())
    }

    #[test]
    fn a_required_scenario_that_fails_is_wrong_unless_it_is_expected_to() {
        let verdict = judge(SAID, &[]);
        assert_eq!((verdict.passed, verdict.required, verdict.not_scored), (1, 2, (0, 1)));
        assert_eq!((verdict.failed.as_slice(), verdict.wrong()), (&["caching".to_owned()][..], 1));
        let verdict = judge(SAID, &[("caching", "why")]);
        assert_eq!(verdict.wrong(), 0);
        assert!(verdict.story().contains("caching: why"));
    }

    #[test]
    fn an_expected_failure_that_passes_or_is_not_run_is_wrong() {
        let verdict = judge(SAID, &[("caching", "why"), ("ping", "why"), ("gone", "why")]);
        assert_eq!(verdict.stale, ["ping", "gone"]);
        assert_eq!(verdict.wrong(), 2);
    }

    #[test]
    fn a_suite_that_breaks_off_is_wrong() {
        assert_eq!(judge("Error: no such file", &[]).wrong(), 1);
        assert_eq!(judge("=== SUMMARY ===\n✓ ping: 2 passed, 0 failed\n", &[]).wrong(), 1);
    }

    #[test]
    fn an_expected_failure_has_a_reason() {
        let read = Expected::read("# why\n\na | 2025-11-25 | b/c | no | way\n").unwrap();
        assert_eq!(read.of("a", "2025-11-25"), BTreeMap::from([("b/c", "no | way")]));
        assert!(read.of("a", "2026-07-28").is_empty());
        assert!(Expected::read("a | 2025-11-25 | b").is_err());
        assert!(Expected::read("a | 2025-11-25 | b | ").is_err());
    }
}
