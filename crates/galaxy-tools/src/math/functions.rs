//! The functions by name, and how many arguments each takes.

use std::{cmp::Ordering, ops::RangeInclusive};

use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use super::{
    number::{Number, Result, approx, integer},
    power::root,
    real,
    whole::{self, Towards},
    work::Work,
};

/// What can be applied to numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Function {
    Sqrt,
    Cbrt,
    Root,
    Abs,
    Sign,
    Round(Towards),
    Min,
    Max,
    Sum,
    Product,
    Mean,
    Gcd,
    Lcm,
    Modulo,
    Factorial,
    Choose,
    Ln,
    Log,
    Log2,
    Exp,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Atan2,
    /// A function of floats that is zero at zero.
    Odd(fn(f64) -> f64),
    Cosh,
    Acosh,
    Degrees,
    Radians,
}

const ANY: RangeInclusive<usize> = 1..=usize::MAX;

/// Name, function, number of arguments. Names that share a line of meaning stand together.
const TABLE: [(&str, Function, RangeInclusive<usize>); 43] = [
    ("sqrt", Function::Sqrt, 1..=1),
    ("cbrt", Function::Cbrt, 1..=1),
    ("root", Function::Root, 2..=2),
    ("abs", Function::Abs, 1..=1),
    ("sign", Function::Sign, 1..=1),
    ("floor", Function::Round(Towards::Down), 1..=2),
    ("ceil", Function::Round(Towards::Up), 1..=2),
    ("round", Function::Round(Towards::Nearest), 1..=2),
    ("trunc", Function::Round(Towards::Zero), 1..=2),
    ("min", Function::Min, ANY),
    ("max", Function::Max, ANY),
    ("sum", Function::Sum, ANY),
    ("product", Function::Product, ANY),
    ("mean", Function::Mean, ANY),
    ("average", Function::Mean, ANY),
    ("gcd", Function::Gcd, ANY),
    ("lcm", Function::Lcm, ANY),
    ("mod", Function::Modulo, 2..=2),
    ("factorial", Function::Factorial, 1..=1),
    ("choose", Function::Choose, 2..=2),
    ("log", Function::Log, 1..=2),
    ("ln", Function::Ln, 1..=1),
    ("log2", Function::Log2, 1..=1),
    ("log10", Function::Log, 1..=1),
    ("exp", Function::Exp, 1..=1),
    ("sin", Function::Sin, 1..=1),
    ("cos", Function::Cos, 1..=1),
    ("tan", Function::Tan, 1..=1),
    ("asin", Function::Asin, 1..=1),
    ("arcsin", Function::Asin, 1..=1),
    ("acos", Function::Acos, 1..=1),
    ("arccos", Function::Acos, 1..=1),
    ("atan", Function::Atan, 1..=1),
    ("arctan", Function::Atan, 1..=1),
    ("atan2", Function::Atan2, 2..=2),
    ("sinh", Function::Odd(f64::sinh), 1..=1),
    ("cosh", Function::Cosh, 1..=1),
    ("tanh", Function::Odd(f64::tanh), 1..=1),
    ("asinh", Function::Odd(f64::asinh), 1..=1),
    ("acosh", Function::Acosh, 1..=1),
    ("atanh", Function::Odd(f64::atanh), 1..=1),
    ("degrees", Function::Degrees, 1..=1),
    ("radians", Function::Radians, 1..=1),
];

/// The function of that name and how many arguments it takes.
pub(super) fn find(name: &str) -> Option<(Function, RangeInclusive<usize>)> {
    TABLE.iter().find(|it| it.0 == name).map(|it| (it.1, it.2.clone()))
}

/// All names, for whoever got one wrong.
pub(super) fn names() -> String {
    TABLE.map(|it| it.0).join(", ")
}

/// Applies `function`; the parser has counted the arguments.
pub(super) fn apply(function: Function, values: &[Number], work: &mut Work) -> Result {
    let first = values.first().ok_or("an argument is missing")?;
    let second = values.get(1);
    match function {
        Function::Sqrt => root(first, &integer(2), work),
        Function::Cbrt => root(first, &integer(3), work),
        Function::Root => root(first, second.unwrap_or(&integer(2)), work),
        Function::Abs if first.is_negative() => Ok(first.clone().negate()),
        Function::Abs => Ok(first.clone()),
        Function::Sign if first.is_zero() => Ok(integer(0)),
        Function::Sign => Ok(integer(if first.is_negative() { -1 } else { 1 })),
        Function::Round(towards) => whole::round(first, places(second)?, towards, work),
        Function::Min => pick(values, Ordering::Less, work),
        Function::Max => pick(values, Ordering::Greater, work),
        Function::Sum => sum(values, work),
        Function::Product => {
            values.iter().try_fold(integer(1), |product, it| product.multiply(it, work))
        }
        Function::Mean => {
            let count = integer(u64::try_from(values.len()).unwrap_or(u64::MAX));
            sum(values, work)?.divide(&count, work)
        }
        Function::Gcd => whole::gcd(values, work),
        Function::Lcm => whole::lcm(values, work),
        Function::Modulo => first.modulo(second.unwrap_or(&integer(1)), work),
        Function::Factorial => whole::factorial(first, work),
        Function::Choose => whole::choose(first, second.unwrap_or(&integer(1)), work),
        Function::Ln => real::ln(first),
        Function::Log => real::log(first, second.unwrap_or(&integer(10)), work),
        Function::Log2 => real::log(first, &integer(2), work),
        Function::Exp => real::exp(first),
        Function::Sin => real::sin(first, work),
        Function::Cos => real::cos(first, work),
        Function::Tan => real::tan(first, work),
        Function::Asin => real::asin(first),
        Function::Acos => real::acos(first, work),
        Function::Atan => real::atan(first),
        Function::Atan2 => {
            approx(first.to_float()?.atan2(second.unwrap_or(&integer(1)).to_float()?))
        }
        Function::Odd(_) if first.is_zero() => Ok(integer(0)),
        Function::Odd(function) => approx(function(first.to_float()?)),
        Function::Cosh if first.is_zero() => Ok(integer(1)),
        Function::Cosh => approx(first.to_float()?.cosh()),
        Function::Acosh => approx(first.to_float()?.acosh()),
        Function::Degrees => degrees(first, work),
        Function::Radians => radians(first, work),
    }
}

/// So many degrees as an angle in radians.
pub(super) fn radians(degrees: &Number, work: &mut Work) -> Result {
    let each = Number::Pi(BigRational::new_raw(1.into(), 180.into()));
    degrees.multiply(&each, work)
}

fn degrees(radians: &Number, work: &mut Work) -> Result {
    let each = Number::Pi(BigRational::new_raw(1.into(), 180.into()));
    radians.divide(&each, work)
}

fn sum(values: &[Number], work: &mut Work) -> Result {
    values.iter().try_fold(integer(0), |sum, it| sum.add(it, work))
}

fn pick(values: &[Number], wanted: Ordering, work: &mut Work) -> Result {
    let (first, rest) = values.split_first().ok_or("an argument is missing")?;
    let mut best = first;
    for value in rest {
        if value.compare(best, work)? == wanted {
            best = value;
        }
    }
    Ok(best.clone())
}

fn places(value: Option<&Number>) -> Result<i32> {
    let Some(value) = value else { return Ok(0) };
    let places = whole::whole(value)?;
    places.to_i32().ok_or_else(|| format!("there are no {} places", places.abs()))
}
