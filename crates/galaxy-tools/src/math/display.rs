//! Numbers for people: exact ones after `=`, rounded ones after `≈`.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use super::number::Number;

/// A float has almost 16 significant digits; the last of them suffer from rounding on the way.
const FLOAT_DIGITS: u32 = 14;
/// Fractions of more digits are shown as decimals only.
const LONGEST_FRACTION: usize = 60;
/// From so many digits on, their number is told.
const COUNTED: usize = 30;
/// With more zeros than these before or behind its digits a number is shown as a power of ten.
const ZEROS: i64 = 20;

/// A number as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// The exact form, if there is a short one.
    exact: Option<String>,
    /// A rounded form, where the exact one is no plain decimal.
    rounded: Option<String>,
}

impl Shown {
    /// `expression = exact ≈ rounded`, without what is missing or would repeat the expression.
    pub(super) fn after(&self, expression: &str) -> String {
        let squeezed: String = expression.chars().filter(|it| !it.is_whitespace()).collect();
        let mut text = expression.to_owned();
        let exact = self.exact.as_ref().filter(|it| self.rounded.is_none() || **it != squeezed);
        for (sign, form) in [(" = ", exact), (" ≈ ", self.rounded.as_ref())] {
            if let Some(form) = form {
                text.push_str(sign);
                text.push_str(form);
            }
        }
        text
    }

    /// The same without the expression.
    pub(super) fn alone(&self) -> String {
        self.after("").trim_start().to_owned()
    }
}

/// Shows `number` with so many significant digits where it is no integer.
pub(super) fn show(number: &Number, digits: u32) -> Shown {
    match number {
        Number::Exact(value) if value.is_integer() => {
            Shown { exact: Some(whole(value.numer())), rounded: None }
        }
        Number::Exact(value) => fraction(value, digits),
        Number::Pi(factor) => {
            let digits = digits.min(FLOAT_DIGITS);
            let float = factor.to_f64().unwrap_or(f64::INFINITY) * std::f64::consts::PI;
            let times = match (factor.numer().to_i8(), factor.denom().to_i8()) {
                (Some(1), Some(1)) => Some("π".to_owned()),
                _ => short(factor).map(|it| format!("{it} π")),
            };
            Shown { exact: times, rounded: Some(approximate(float, digits)) }
        }
        Number::Approx(value) => {
            let digits = digits.min(FLOAT_DIGITS);
            Shown { exact: None, rounded: Some(approximate(*value, digits)) }
        }
    }
}

fn whole(value: &BigInt) -> String {
    let text = value.to_string();
    let digits = text.trim_start_matches('-').len();
    if digits >= COUNTED { format!("{text} ({digits} digits)") } else { text }
}

fn short(value: &BigRational) -> Option<String> {
    // Three bits are less than a digit; a long number is not even written out.
    let small = value.numer().bits() + value.denom().bits() <= 4 * LONGEST_FRACTION as u64;
    small.then(|| value.to_string()).filter(|it| it.len() <= LONGEST_FRACTION)
}

fn fraction(value: &BigRational, digits: u32) -> Shown {
    let (mantissa, exponent, exact) = significant(value, digits);
    let decimal = layout(&mantissa, exponent, value.is_negative());
    if exact {
        Shown { exact: Some(decimal), rounded: None }
    } else {
        Shown { exact: short(value), rounded: Some(decimal) }
    }
}

/// The first significant digits of a fraction that is not zero, the power of ten of the first,
/// and whether these are all.
fn significant(value: &BigRational, digits: u32) -> (String, i64, bool) {
    let (numerator, denominator) = (value.numer().abs(), value.denom());
    let bits = |it: &BigInt| i64::try_from(it.bits()).unwrap_or(i64::MAX);
    // At most one too small: 0.30103 is the logarithm of two.
    let guess = (bits(&numerator) - bits(denominator) - 1) * 30_103 / 100_000 - 1;
    let mut exponent = guess;
    loop {
        let shift = i64::from(digits) - 1 - exponent;
        let scale = BigInt::from(10).pow(u32::try_from(shift.unsigned_abs()).unwrap_or(0));
        let (above, below) = if shift >= 0 {
            (&numerator * scale, denominator.clone())
        } else {
            (numerator.clone(), denominator * scale)
        };
        let (quotient, rest) = above.div_rem(&below);
        let up = BigInt::from(u8::from(rest.clone() * 2 >= below));
        let text = (quotient + up).to_string();
        if text.len() <= digits as usize {
            return (text, exponent, rest.is_zero());
        }
        exponent += 1;
    }
}

fn approximate(value: f64, digits: u32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let precision = digits.saturating_sub(1) as usize;
    let text = format!("{:.precision$e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    layout(&mantissa.replace('.', ""), exponent.parse().unwrap_or(0), value < 0.0)
}

/// Writes `d.ddd × 10^exponent`, given as its digits, without zeros that say nothing.
fn layout(digits: &str, exponent: i64, negative: bool) -> String {
    let digits = digits.trim_end_matches('0');
    let sign = if negative { "-" } else { "" };
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    if exponent >= length + ZEROS || exponent < -ZEROS {
        let (first, rest) = digits.split_at(1.min(digits.len()));
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}e{exponent}");
    }
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    if exponent < 0 {
        format!("{sign}0.{}{digits}", zeros(-exponent - 1))
    } else if exponent + 1 >= length {
        format!("{sign}{digits}{}", zeros(exponent + 1 - length))
    } else {
        let (before, behind) = digits.split_at(usize::try_from(exponent + 1).unwrap_or(0));
        format!("{sign}{before}.{behind}")
    }
}
