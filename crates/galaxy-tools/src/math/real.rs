//! Functions of real numbers. Exact where a table says so, approximate elsewhere.

use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{
    number::{Number, Result, approx, floor, integer, pi_times, ratio},
    power::whole_power,
    work::Work,
};

/// Beyond it neighbouring floats lie so far apart that an angle says nothing.
const LARGEST_ANGLE: f64 = 1e9;

fn fraction(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new_raw(numerator.into(), denominator.into())
}

/// Sine of an angle in radians.
pub(super) fn sin(angle: &Number, work: &mut Work) -> Result {
    let Number::Pi(turns) = angle else { return trigonometric(angle, 0, f64::sin) };
    let within = remainder(turns, 2, work)?;
    // By a theorem of Niven no other sines of fractions of π are fractions.
    let table = [
        ((0, 1), (0, 1)),
        ((1, 6), (1, 2)),
        ((1, 2), (1, 1)),
        ((5, 6), (1, 2)),
        ((1, 1), (0, 1)),
        ((7, 6), (-1, 2)),
        ((3, 2), (-1, 1)),
        ((11, 6), (-1, 2)),
    ];
    let known = table.iter().find(|(angle, _)| fraction(angle.0, angle.1) == within);
    match known {
        Some((_, sine)) => Ok(Number::Exact(fraction(sine.0, sine.1))),
        None => approx(pi_times(within).to_float()?.sin()),
    }
}

/// Cosine of an angle in radians.
pub(super) fn cos(angle: &Number, work: &mut Work) -> Result {
    match angle {
        Number::Pi(_) => sin(&angle.add(&Number::Pi(fraction(1, 2)), work)?, work),
        Number::Exact(_) | Number::Approx(_) => trigonometric(angle, 1, f64::cos),
    }
}

/// Tangent of an angle in radians.
pub(super) fn tan(angle: &Number, work: &mut Work) -> Result {
    let Number::Pi(turns) = angle else { return trigonometric(angle, 0, f64::tan) };
    let within = remainder(turns, 1, work)?;
    match (within.numer().to_u8(), within.denom().to_u8()) {
        (Some(0), _) => Ok(integer(0)),
        (Some(1), Some(4)) => Ok(integer(1)),
        (Some(3), Some(4)) => Ok(integer(-1)),
        (Some(1), Some(2)) => Err("a right angle has no tangent".to_owned()),
        _ => approx(pi_times(within).to_float()?.tan()),
    }
}

/// What is left of so many π when all whole `period`s are taken off.
fn remainder(turns: &BigRational, period: i64, work: &mut Work) -> Result<BigRational> {
    let whole = floor(turns, work)?;
    let past = turns.numer() - &whole * turns.denom();
    let whole = whole.mod_floor(&period.into());
    ratio(whole * turns.denom() + past, turns.denom().clone(), work)
}

fn trigonometric(angle: &Number, at_zero: i64, function: fn(f64) -> f64) -> Result {
    if angle.is_zero() {
        return Ok(integer(at_zero));
    }
    let float = angle.to_float()?;
    if float.abs() > LARGEST_ANGLE {
        return Err("the angle is too large; take a multiple of pi off first".to_owned());
    }
    approx(function(float))
}

/// The angle, in radians, whose sine is `value`.
pub(super) fn asin(value: &Number) -> Result {
    if let Number::Exact(exact) = value {
        let table = [((0, 1), (0, 1)), ((1, 2), (1, 6)), ((1, 1), (1, 2))];
        for ((numerator, denominator), (angle, of)) in table {
            let known = fraction(numerator, denominator);
            if *exact == known {
                return Ok(pi_times(fraction(angle, of)));
            }
            if *exact == -known {
                return Ok(pi_times(-fraction(angle, of)));
            }
        }
    }
    let float = value.to_float()?;
    if float.abs() > 1.0 {
        return Err("only numbers from -1 to 1 are sines and cosines".to_owned());
    }
    approx(float.asin())
}

/// The angle, in radians, whose cosine is `value`.
pub(super) fn acos(value: &Number, work: &mut Work) -> Result {
    match asin(value)? {
        Number::Approx(_) => approx(value.to_float()?.acos()),
        exact @ (Number::Exact(_) | Number::Pi(_)) => {
            Number::Pi(fraction(1, 2)).subtract(&exact, work)
        }
    }
}

/// The angle, in radians, whose tangent is `value`.
pub(super) fn atan(value: &Number) -> Result {
    match value {
        Number::Exact(exact) if exact.is_zero() => Ok(integer(0)),
        Number::Exact(exact) if exact.abs().is_one() => {
            let quarter = fraction(1, 4);
            Ok(Number::Pi(if exact.is_negative() { -quarter } else { quarter }))
        }
        Number::Exact(_) | Number::Pi(_) | Number::Approx(_) => approx(value.to_float()?.atan()),
    }
}

/// e to the power of `value`.
pub(super) fn exp(value: &Number) -> Result {
    if value.is_zero() { Ok(integer(1)) } else { approx(value.to_float()?.exp()) }
}

/// Natural logarithm.
pub(super) fn ln(value: &Number) -> Result {
    check_positive(value)?;
    match value {
        Number::Exact(exact) if exact.is_one() => Ok(integer(0)),
        Number::Exact(exact) => approx(log_of_positive(exact)?),
        Number::Pi(_) | Number::Approx(_) => approx(value.to_float()?.ln()),
    }
}

/// Logarithm to `base`.
pub(super) fn log(value: &Number, base: &Number, work: &mut Work) -> Result {
    check_positive(value)?;
    check_positive(base)?;
    if matches!(base, Number::Exact(one) if one.is_one()) {
        return Err("there is no logarithm to base 1".to_owned());
    }
    let (above, below) = (ln(value)?.to_float()?, ln(base)?.to_float()?);
    if let (Number::Exact(value), Number::Exact(base)) = (value, base)
        && let Some(exact) = exact_log(value, base, above / below, work)?
    {
        return Ok(Number::Exact(exact));
    }
    Number::Approx(above).divide(&Number::Approx(below), work)
}

/// The logarithm, if it is a fraction with a small denominator; `guess` is about what it is.
fn exact_log(
    value: &BigRational,
    base: &BigRational,
    guess: f64,
    work: &mut Work,
) -> Result<Option<BigRational>> {
    for denominator in 1..=4_u8 {
        let Some(numerator) = (guess * f64::from(denominator)).round().to_i64() else {
            return Ok(None);
        };
        // A power that is too large is no power that fits.
        let left = whole_power(base, &numerator.into(), work);
        let right = whole_power(value, &denominator.into(), work);
        if matches!((left, right), (Ok(left), Ok(right)) if left == right) {
            let divisor = numerator.gcd(&i64::from(denominator));
            let exact = fraction(numerator / divisor, i64::from(denominator) / divisor);
            return Ok(Some(exact));
        }
    }
    Ok(None)
}

fn check_positive(value: &Number) -> Result<()> {
    if value.is_zero() || value.is_negative() {
        return Err("only positive numbers have a logarithm".to_owned());
    }
    Ok(())
}

/// The natural logarithm of a positive fraction of any size.
pub(super) fn log_of_positive(value: &BigRational) -> Result<f64> {
    // Not in lowest terms, which only costs time.
    let past_one = value.numer() - value.denom();
    let past_one = Number::Exact(BigRational::new_raw(past_one, value.denom().clone())).to_float();
    if let Ok(past_one) = past_one
        && past_one.abs() < 0.5
    {
        return Ok(past_one.ln_1p());
    }
    let part = |it: &num_bigint::BigInt| {
        // Enough bits for a float; the others only shift the logarithm.
        let shift = it.bits().saturating_sub(64);
        let top = (it >> shift).to_f64().unwrap_or(f64::NAN);
        let shift = u32::try_from(shift).unwrap_or(u32::MAX);
        top.ln() + f64::from(shift) * std::f64::consts::LN_2
    };
    Ok(part(value.numer()) - part(value.denom()))
}
