//! Arithmetic that is exact as long as it can be, and says when it is not.
//!
//! **Invariant:** no input takes longer than a moment. Text, nesting and results are bounded,
//! the size of a power is known before it is computed, and all work is charged to a budget.

use galaxy_domain::{Effect, Part};
use galaxy_tool::{Output, Tool, ToolCx, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod display;
mod eval;
mod functions;
mod lexer;
mod number;
mod parser;
mod power;
mod real;
#[cfg(test)]
mod tests;
mod whole;
mod work;

/// Computes an expression.
#[derive(Debug, Clone, Copy, Default)]
pub struct Math;

/// What to compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The expression, such as `17*23`, `(1/3 + 0.25) * 2^10`, `sqrt(2)`, `15% of 80`,
    /// `sin(30 deg)`, `log(1000)` (base 10), `ln(2)`, `round(2/3, 4)`, `choose(49, 6)` or `20!`.
    pub expression: String,
    /// How many significant digits to show of a number that is no integer: 1 to 1000, 20 unless
    /// given. Approximate results have 14 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub digits: Option<u32>,
}

/// What went wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    /// In words a person or a model can act on.
    message: String,
    /// The character it is about, counted from 1; `None` when it is about all of it.
    at: Option<usize>,
}

/// The longest expression, in characters.
const LONGEST: usize = 2_000;
/// Significant digits unless asked for others.
const DIGITS: u32 = 20;
/// So much of the expression is repeated with its result.
const REPEATED: usize = 100;

/// Computes `expression` and says what it is, with `digits` significant digits where it is no
/// integer.
///
/// # Errors
/// What is wrong with it and where, as a sentence.
pub fn calculate(expression: &str, digits: Option<u32>) -> Result<String, String> {
    let text = expression.trim_end_matches(|it: char| it.is_whitespace() || "=?".contains(it));
    let shown = evaluate(text)
        .map(|number| display::show(&number, digits.unwrap_or(DIGITS).clamp(1, 1_000)))
        .map_err(|fault| match fault.at {
            Some(at) => format!("{} (at character {at})", fault.message),
            None => fault.message,
        })?;
    let text = text.trim();
    let whole = text.chars().count() <= REPEATED;
    Ok(if whole { shown.after(text) } else { shown.alone() })
}

fn evaluate(text: &str) -> Result<number::Number, Fault> {
    if text.chars().count() > LONGEST {
        let message = format!("the expression is longer than {LONGEST} characters");
        return Err(Fault { message, at: None });
    }
    let mut work = work::Work::new();
    let tokens = lexer::lex(text, &mut work)?;
    eval::run(parser::parse(tokens)?, &mut work)
}

impl Tool for Math {
    type Input = Input;
    const NAME: &'static str = "math";
    const DESCRIPTION: &'static str = "Calculates an expression exactly: + - * / % ^ !, \
        parentheses, percent, fractions, pi, e, and functions such as sqrt, root, round, min, max, \
        sum, mean, gcd, lcm, choose, log, ln, exp, sin, cos, tan (radians, or `30 deg`). Use it \
        for every calculation instead of working it out yourself.";
    const EFFECT: Effect = Effect::Reads;

    async fn run(&self, input: Input, _cx: &ToolCx) -> Result<Output, ToolError> {
        let result = calculate(&input.expression, input.digits).map_err(ToolError::Tell)?;
        Ok(vec![Part::text(result)])
    }
}
