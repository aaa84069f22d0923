//! Functions of integers, and rounding to them.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive};

use super::{
    number::{Number, Result, floor, integer, ratio},
    work::{MAX_BITS, Work, too_large},
};

/// The largest number with a factorial here; it has 9,131 digits.
const LARGEST_FACTORIAL: u32 = 3_000;
/// The most decimal places to round to, either way.
const MOST_PLACES: u32 = 1_000;

/// In which direction to round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Towards {
    Nearest,
    Down,
    Up,
    Zero,
}

/// Rounds to so many decimal places; halves go away from zero.
pub(super) fn round(value: &Number, places: i32, towards: Towards, work: &mut Work) -> Result {
    if places.unsigned_abs() > MOST_PLACES {
        return Err(format!("rounding goes to {MOST_PLACES} places at most"));
    }
    let Number::Exact(exact) = value else {
        let (float, scale) = (value.to_float()?, 10_f64.powi(places));
        // So many places are more than an approximation has.
        if !scale.is_normal() || !(float * scale).is_finite() {
            return Ok(value.clone());
        }
        let scaled = float * scale;
        let rounded = match towards {
            Towards::Nearest => scaled.round(),
            Towards::Down => scaled.floor(),
            Towards::Up => scaled.ceil(),
            Towards::Zero => scaled.trunc(),
        };
        return Ok(Number::Approx(rounded / scale));
    };
    let scale = BigInt::from(10).pow(places.unsigned_abs());
    let (up, down) = if places >= 0 { (scale, BigInt::one()) } else { (BigInt::one(), scale) };
    let scaled = ratio(exact.numer() * &up, exact.denom() * &down, work)?;
    let rounded = match towards {
        Towards::Down => floor(&scaled, work)?,
        Towards::Up => -floor(&-scaled, work)?,
        Towards::Zero if scaled.is_negative() => -floor(&-scaled, work)?,
        Towards::Zero => floor(&scaled, work)?,
        Towards::Nearest => {
            let doubled: BigInt = scaled.numer().abs() * 2 + scaled.denom();
            let away = doubled.div_floor(&(scaled.denom() * 2));
            if scaled.is_negative() { -away } else { away }
        }
    };
    Ok(Number::Exact(ratio(rounded * down, up, work)?))
}

/// `value` as an integer, for functions that know no others.
pub(super) fn whole(value: &Number) -> Result<BigInt> {
    match value {
        Number::Exact(exact) if exact.is_integer() => Ok(exact.numer().clone()),
        Number::Exact(_) | Number::Pi(_) | Number::Approx(_) => {
            Err("this works with integers only".to_owned())
        }
    }
}

/// The product of all integers up to `value`.
pub(super) fn factorial(value: &Number, work: &mut Work) -> Result {
    let value = whole(value)?;
    if value.is_negative() {
        return Err("a negative number has no factorial".to_owned());
    }
    let up_to = value
        .to_u32()
        .filter(|it| *it <= LARGEST_FACTORIAL)
        .ok_or_else(|| format!("factorials go up to {LARGEST_FACTORIAL}! here"))?;
    work.charge(u64::from(up_to) * u64::from(up_to) / 8)?;
    Ok(integer((1..=up_to).fold(BigInt::one(), |product, it| product * it)))
}

/// In how many ways `chosen` of `all` can be chosen.
pub(super) fn choose(all: &Number, chosen: &Number, work: &mut Work) -> Result {
    let (all, chosen) = (whole(all)?, whole(chosen)?);
    if all.is_negative() || chosen.is_negative() {
        return Err("neither number may be negative".to_owned());
    }
    if chosen > all {
        return Ok(integer(0));
    }
    let fewer = chosen.clone().min(&all - chosen);
    let Some(steps) = fewer.to_u32().filter(|it| u64::from(*it) <= MAX_BITS) else {
        return Err(too_large());
    };
    let mut result = BigInt::one();
    for step in 1..=steps {
        work.product(result.bits(), all.bits() + 64)?;
        // Always a whole number: it is a binomial coefficient itself.
        result = result * (&all - (step - 1)) / step;
        if result.bits() > MAX_BITS {
            return Err(too_large());
        }
    }
    Ok(integer(result))
}

/// The greatest common divisor.
pub(super) fn gcd(values: &[Number], work: &mut Work) -> Result {
    fold(values, work, |left, right| left.gcd(right))
}

/// The least common multiple.
pub(super) fn lcm(values: &[Number], work: &mut Work) -> Result {
    fold(values, work, |left, right| left.lcm(right).abs())
}

fn fold(values: &[Number], work: &mut Work, step: fn(&BigInt, &BigInt) -> BigInt) -> Result {
    let mut result = BigInt::default();
    for (at, value) in values.iter().enumerate() {
        let value = whole(value)?;
        work.divisor(result.bits().max(value.bits()), result.bits().max(value.bits()))?;
        result = if at == 0 { value.abs() } else { step(&result, &value) };
        if result.bits() > MAX_BITS {
            return Err(too_large());
        }
    }
    Ok(integer(result))
}
