//! Powers and roots. The size of a power is known before it is computed.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{
    number::{Number, Result, approx, bits, integer, ratio},
    real::log_of_positive,
    work::{MAX_BITS, Work, too_large},
};

/// Roots of a higher degree are approximated.
const HIGHEST_EXACT_ROOT: u32 = 1_000;

/// `base` to the power of `exponent`.
pub(super) fn power(base: &Number, exponent: &Number, work: &mut Work) -> Result {
    if base.is_zero() && exponent.is_negative() {
        return Err("division by zero: zero has no negative power".to_owned());
    }
    if exponent.is_zero() {
        return Ok(integer(1));
    }
    if base.is_zero() {
        return Ok(integer(0));
    }
    match (base, exponent) {
        (Number::Exact(base), Number::Exact(exponent)) if exponent.is_integer() => {
            Ok(Number::Exact(whole_power(base, exponent.numer(), work)?))
        }
        (Number::Exact(base), Number::Exact(exponent)) => fraction_power(base, exponent, work),
        (_, Number::Exact(exponent)) if !exponent.denom().is_one() && base.is_negative() => {
            signed_root(base.to_float()?, exponent)
        }
        _ => {
            let (base, exponent) = (base.to_float()?, exponent.to_float()?);
            if base == std::f64::consts::E {
                // The constant is rounded; its powers need not be.
                return approx(exponent.exp());
            }
            if base < 0.0 && exponent.fract() != 0.0 {
                return Err("this power of a negative number is not real".to_owned());
            }
            approx(base.powf(exponent))
        }
    }
}

/// The root of `value` of that degree.
pub(super) fn root(value: &Number, degree: &Number, work: &mut Work) -> Result {
    if degree.is_zero() {
        return Err("there is no root of degree zero".to_owned());
    }
    let exponent = integer(1).divide(degree, work)?;
    power(value, &exponent, work)
}

/// `base` to an integer power, by sizes known beforehand.
pub(super) fn whole_power(
    base: &BigRational,
    exponent: &BigInt,
    work: &mut Work,
) -> Result<BigRational> {
    if base.numer().magnitude().is_one() && base.denom().is_one() {
        let odd = exponent.bit(0);
        return Ok(if odd { base.clone() } else { BigRational::one() });
    }
    let times = exponent.magnitude().to_u32().ok_or_else(too_large)?;
    // A number of b bits is at least 2^(b - 1).
    if (bits(base) - 1).saturating_mul(u64::from(times)) > MAX_BITS {
        return Err(too_large());
    }
    let size = bits(base) * u64::from(times);
    work.product(size, size)?;
    let (numerator, denominator) = (base.numer().pow(times), base.denom().pow(times));
    // Powers of a fraction in lowest terms are in lowest terms.
    if numerator.bits() > MAX_BITS || denominator.bits() > MAX_BITS {
        return Err(too_large());
    }
    let power = BigRational::new_raw(numerator, denominator);
    Ok(if exponent.is_negative() { power.recip() } else { power })
}

fn fraction_power(base: &BigRational, exponent: &BigRational, work: &mut Work) -> Result {
    let even = !exponent.denom().bit(0);
    if base.is_negative() && even {
        return Err("an even root of a negative number is not real".to_owned());
    }
    if let Some(root) = exact_root(base, exponent.denom(), work)? {
        return Ok(Number::Exact(whole_power(&root, exponent.numer(), work)?));
    }
    match Number::Exact(base.clone()).to_float() {
        Ok(float) if float < 0.0 => signed_root(float, exponent),
        Ok(float) if float > 0.0 => approx(float.powf(Number::Exact(exponent.clone()).to_float()?)),
        // Too large or too small for a float, but its root need not be.
        Ok(_) | Err(_) => {
            let power = scaled_power(&base.abs(), exponent)?;
            let odd = base.is_negative() && exponent.numer().bit(0);
            approx(if odd { -power } else { power })
        }
    }
}

/// A power of a positive number of any size: a power of two with an exact root is taken out, so
/// that what is left fits a float without losing digits.
fn scaled_power(base: &BigRational, exponent: &BigRational) -> Result<f64> {
    let power = Number::Exact(exponent.clone()).to_float()?;
    let (Some(times), Some(degree)) = (exponent.numer().to_i64(), exponent.denom().to_i64()) else {
        return Ok((log_of_positive(base)? * power).exp());
    };
    let size = |it: &BigInt| i64::try_from(it.bits()).unwrap_or(i64::MAX);
    let roots = (size(base.numer()) - size(base.denom())) / degree;
    let shift = usize::try_from((roots * degree).unsigned_abs()).unwrap_or(0);
    let (numerator, denominator) = if roots >= 0 {
        (base.numer().clone(), base.denom() << shift)
    } else {
        (base.numer() << shift, base.denom().clone())
    };
    let left = Number::Exact(BigRational::new_raw(numerator, denominator)).to_float()?;
    let twos = i32::try_from(roots.saturating_mul(times)).unwrap_or(i32::MAX);
    // In two halves: the power of two alone may be beyond a float where the result is not.
    let (half, rest) = (2_f64.powi(twos / 2), 2_f64.powi(twos - twos / 2));
    Ok(left.powf(power) * half * rest)
}

/// A power of a negative number with an odd root in it.
fn signed_root(base: f64, exponent: &BigRational) -> Result {
    if !exponent.denom().bit(0) {
        return Err("an even root of a negative number is not real".to_owned());
    }
    let power = base.abs().powf(Number::Exact(exponent.clone()).to_float()?);
    approx(if exponent.numer().bit(0) { -power } else { power })
}

/// The root of `value` of that degree, if it is a fraction. An odd one, if `value` is negative.
fn exact_root(
    value: &BigRational,
    degree: &BigInt,
    work: &mut Work,
) -> Result<Option<BigRational>> {
    let Some(degree) = degree.to_u32().filter(|it| *it <= HIGHEST_EXACT_ROOT) else {
        return Ok(None);
    };
    // Newton's steps are few; each costs about a division and a power.
    work.product(bits(value) * 20, bits(value))?;
    let (numerator, denominator) = (value.numer().nth_root(degree), value.denom().nth_root(degree));
    let fits = numerator.pow(degree) == *value.numer() && denominator.pow(degree) == *value.denom();
    if !fits || denominator.is_zero() {
        return Ok(None);
    }
    ratio(numerator, denominator, work).map(Some)
}
