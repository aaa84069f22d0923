//! What was measured, beside what was aimed at.

use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: String,
    /// What it is counted in.
    pub(crate) unit: &'static str,
    /// Galaxy's.
    pub(crate) value: f64,
    /// What it should be.
    pub(crate) target: Target,
    /// The bare server's, where it has one.
    pub(crate) floor: Option<f64>,
    /// Requests that went wrong, on either side: with any, this is no figure.
    pub(crate) errors: usize,
}

/// All figures of one run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Processors of the machine.
    pub(crate) processors: usize,
    /// Whether it is the long list.
    pub(crate) full: bool,
    /// In the order in which they were measured.
    pub(crate) figures: Vec<Figure>,
    /// Some of what went wrong.
    pub(crate) errors: Vec<String>,
}

impl Figure {
    /// Whether it is what it should be.
    fn verdict(&self) -> &'static str {
        let reached = match self.target {
            Target::AtMost(most) => self.value <= most,
            Target::AtLeast(least) => self.value >= least,
        };
        match (self.errors, reached) {
            (0, true) => "reached",
            (0, false) => "missed",
            _ => "no figure",
        }
    }

    fn cells(&self) -> [String; 7] {
        let target = match self.target {
            Target::AtMost(most) => format!("<= {}", short(most)),
            Target::AtLeast(least) => format!(">= {}", short(least)),
        };
        let ratio = self.floor.map(|floor| self.value / floor);
        let or_dash = |number: Option<f64>| number.map_or("-".to_owned(), short);
        [
            format!("{} ({})", self.name, self.unit),
            short(self.value),
            target,
            or_dash(self.floor),
            or_dash(ratio),
            self.errors.to_string(),
            self.verdict().to_owned(),
        ]
    }
}

impl Report {
    /// The figures as a table for a terminal.
    pub(crate) fn table(&self) -> String {
        let head = ["figure", "Galaxy", "target", "floor", "ratio", "errors", ""];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(self.figures.iter().map(Figure::cells));
        let widths: Vec<usize> = (0..head.len())
            .map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0))
            .collect();
        let line = |row: &[String; 7]| {
            let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
                0 | 6 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.extend(self.errors.iter().map(|error| format!("error: {error}")));
        lines.join("\n")
    }

    /// Writes everything to a file.
    pub(crate) fn write(&self, path: &str) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(path, text + "\n").with_context(|| format!("cannot write {path}"))
    }
}

/// A number in at most four digits that matter.
fn short(number: f64) -> String {
    match number.abs() {
        large if large >= 100.0 => format!("{number:.0}"),
        middle if middle >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_with_errors_is_none() {
        let good = Figure {
            name: "turns".to_owned(),
            unit: "1/s",
            value: 2_000.0,
            target: Target::AtLeast(1_500.0),
            floor: Some(20_000.0),
            errors: 0,
        };
        assert_eq!(good.verdict(), "reached");
        assert_eq!(Figure { value: 1.0, ..good.clone() }.verdict(), "missed");
        assert_eq!(Figure { errors: 1, ..good.clone() }.verdict(), "no figure");
        assert_eq!(good.cells()[1..5], ["2000", ">= 1500", "20000", "0.10"]);
        let report = Report { figures: vec![good], ..Report::default() };
        let table = report.table();
        assert_eq!(table.lines().count(), 2);
        assert!(
            table.contains("turns (1/s)    2000  >= 1500  20000   0.10       0  reached"),
            "{table}"
        );
    }
}
