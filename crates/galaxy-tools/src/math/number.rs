//! Numbers: exact ones, exact multiples of π, and approximations.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::work::{MAX_BITS, Work, too_large};

/// A number, as exactly as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    Exact(BigRational),
    /// So many π, never zero. Keeps `sin(pi / 6)` and `180 deg` exact.
    Pi(BigRational),
    /// Finite.
    Approx(f64),
}

/// What an operation gives, or why it cannot.
pub(super) type Result<T = Number> = std::result::Result<T, String>;

/// A fraction in lowest terms, unless it is too large.
pub(super) fn ratio(
    numerator: BigInt,
    denominator: BigInt,
    work: &mut Work,
) -> Result<BigRational> {
    let (bits, below) = (numerator.bits(), denominator.bits());
    let (numerator, denominator) = if denominator.is_one() || numerator.is_zero() {
        (numerator, BigInt::one())
    } else {
        work.divisor(bits, below)?;
        let divisor = common_divisor(&numerator, &denominator);
        (numerator / &divisor, denominator / divisor)
    };
    if numerator.bits() > MAX_BITS || denominator.bits() > MAX_BITS {
        return Err(too_large());
    }
    Ok(match denominator.sign() {
        Sign::Minus => BigRational::new_raw(-numerator, -denominator),
        Sign::NoSign | Sign::Plus => BigRational::new_raw(numerator, denominator),
    })
}

/// One division first: what remains to be done then depends on the smaller number alone.
fn common_divisor(left: &BigInt, right: &BigInt) -> BigInt {
    let (large, small) = if left.bits() >= right.bits() { (left, right) } else { (right, left) };
    small.gcd(&(large % small))
}

/// The approximation of `value`, unless nothing comes near it.
pub(super) fn approx(value: f64) -> Result {
    if value.is_nan() {
        return Err("the result is not a real number".to_owned());
    }
    if value.is_infinite() {
        return Err("the result is too large for an approximation".to_owned());
    }
    Ok(Number::Approx(value))
}

/// So many π.
pub(super) fn pi_times(factor: BigRational) -> Number {
    if factor.is_zero() { Number::Exact(factor) } else { Number::Pi(factor) }
}

pub(super) fn integer(value: impl Into<BigInt>) -> Number {
    Number::Exact(BigRational::from_integer(value.into()))
}

/// How many bits the larger half of a fraction takes.
pub(super) fn bits(value: &BigRational) -> u64 {
    value.numer().bits().max(value.denom().bits())
}

fn float(value: &BigRational) -> Result<f64> {
    match value.to_f64() {
        Some(float) if float.is_finite() => Ok(float),
        Some(_) | None => Err("a number is too large for an approximation".to_owned()),
    }
}

impl Number {
    pub(super) fn to_float(&self) -> Result<f64> {
        match self {
            Self::Exact(value) => float(value),
            Self::Pi(factor) => Ok(float(factor)? * std::f64::consts::PI),
            Self::Approx(value) => Ok(*value),
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Exact(value) => value.is_zero(),
            Self::Pi(_) => false,
            Self::Approx(value) => *value == 0.0,
        }
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Self::Exact(value) | Self::Pi(value) => value.is_negative(),
            Self::Approx(value) => *value < 0.0,
        }
    }

    pub(super) fn negate(self) -> Self {
        match self {
            Self::Exact(value) => Self::Exact(-value),
            Self::Pi(factor) => Self::Pi(-factor),
            Self::Approx(value) => Self::Approx(-value),
        }
    }

    pub(super) fn add(&self, other: &Self, work: &mut Work) -> Result {
        match (self, other) {
            (Self::Exact(left), Self::Exact(right)) => Ok(Self::Exact(sum(left, right, work)?)),
            (Self::Pi(left), Self::Pi(right)) => Ok(pi_times(sum(left, right, work)?)),
            (Self::Exact(zero), it) | (it, Self::Exact(zero)) if zero.is_zero() => Ok(it.clone()),
            _ => approx(self.to_float()? + other.to_float()?),
        }
    }

    pub(super) fn subtract(&self, other: &Self, work: &mut Work) -> Result {
        self.add(&other.clone().negate(), work)
    }

    pub(super) fn multiply(&self, other: &Self, work: &mut Work) -> Result {
        match (self, other) {
            (Self::Exact(left), Self::Exact(right)) => Ok(Self::Exact(product(left, right, work)?)),
            (Self::Exact(value), Self::Pi(factor)) | (Self::Pi(factor), Self::Exact(value)) => {
                Ok(pi_times(product(value, factor, work)?))
            }
            (Self::Exact(zero), Self::Approx(_)) | (Self::Approx(_), Self::Exact(zero))
                if zero.is_zero() =>
            {
                Ok(integer(0))
            }
            _ => approx(self.to_float()? * other.to_float()?),
        }
    }

    pub(super) fn divide(&self, other: &Self, work: &mut Work) -> Result {
        if other.is_zero() {
            return Err("division by zero".to_owned());
        }
        match (self, other) {
            (Self::Exact(left), Self::Exact(right)) | (Self::Pi(left), Self::Pi(right)) => {
                Ok(Self::Exact(product(left, &right.recip(), work)?))
            }
            (Self::Pi(factor), Self::Exact(value)) => {
                Ok(pi_times(product(factor, &value.recip(), work)?))
            }
            (Self::Exact(zero), _) if zero.is_zero() => Ok(integer(0)),
            _ => approx(self.to_float()? / other.to_float()?),
        }
    }

    /// The remainder with the sign of `other`, so that `-1 mod 7` is 6.
    pub(super) fn modulo(&self, other: &Self, work: &mut Work) -> Result {
        if other.is_zero() {
            return Err("division by zero".to_owned());
        }
        let quotient = match self.divide(other, work)? {
            Self::Exact(value) => Self::Exact(BigRational::from_integer(floor(&value, work)?)),
            Self::Approx(value) => Self::Approx(value.floor()),
            Self::Pi(factor) => Self::Approx(Self::Pi(factor).to_float()?.floor()),
        };
        self.subtract(&other.multiply(&quotient, work)?, work)
    }

    pub(super) fn compare(&self, other: &Self, work: &mut Work) -> Result<Ordering> {
        match (self, other) {
            (Self::Exact(left), Self::Exact(right)) | (Self::Pi(left), Self::Pi(right)) => {
                work.product(bits(left), bits(right))?;
                Ok((left.numer() * right.denom()).cmp(&(right.numer() * left.denom())))
            }
            _ => Ok(self.to_float()?.total_cmp(&other.to_float()?)),
        }
    }
}

/// The largest integer that is not above `value`.
pub(super) fn floor(value: &BigRational, work: &mut Work) -> Result<BigInt> {
    work.product(value.numer().bits(), value.denom().bits())?;
    Ok(value.numer().div_floor(value.denom()))
}

fn sum(left: &BigRational, right: &BigRational, work: &mut Work) -> Result<BigRational> {
    if left.is_integer() && right.is_integer() {
        return ratio(left.numer() + right.numer(), BigInt::one(), work);
    }
    work.product(bits(left), 3 * bits(right))?;
    let numerator = left.numer() * right.denom() + right.numer() * left.denom();
    ratio(numerator, left.denom() * right.denom(), work)
}

fn product(left: &BigRational, right: &BigRational, work: &mut Work) -> Result<BigRational> {
    work.product(bits(left), 2 * bits(right))?;
    ratio(left.numer() * right.numer(), left.denom() * right.denom(), work)
}
