//! Runs a program on a stack.

use num_rational::BigRational;

use super::{
    Fault,
    functions::{apply, radians},
    number::{self, Number, integer},
    parser::{Action, Binary, Step},
    power::power,
    whole::factorial,
    work::Work,
};

/// Runs `steps`, which the parser has made; what is left on the stack is the result.
pub(super) fn run(steps: Vec<Step>, work: &mut Work) -> Result<Number, Fault> {
    let mut stack: Vec<Number> = Vec::new();
    for Step { action, at } in steps {
        let result = act(action, &mut stack, work);
        stack.push(result.map_err(|message| Fault { message, at: Some(at) })?);
    }
    stack.pop().ok_or_else(|| Fault { message: "the expression is empty".to_owned(), at: None })
}

fn act(action: Action, stack: &mut Vec<Number>, work: &mut Work) -> number::Result {
    match action {
        Action::Push(value) => Ok(Number::Exact(value)),
        Action::Pi => Ok(Number::Pi(BigRational::from_integer(1.into()))),
        Action::Euler => Ok(Number::Approx(std::f64::consts::E)),
        Action::Negate => Ok(pop(stack)?.negate()),
        Action::Percent => pop(stack)?.divide(&integer(100), work),
        Action::Factorial => factorial(&pop(stack)?, work),
        Action::Degrees => radians(&pop(stack)?, work),
        Action::Call(function, count) => {
            let from = stack.len().checked_sub(count).ok_or("an argument is missing")?;
            let values = stack.split_off(from);
            apply(function, &values, work)
        }
        Action::Binary(operator) => {
            let (right, left) = (pop(stack)?, pop(stack)?);
            match operator {
                Binary::Add => left.add(&right, work),
                Binary::Subtract => left.subtract(&right, work),
                Binary::Multiply => left.multiply(&right, work),
                Binary::Divide => left.divide(&right, work),
                Binary::Modulo => left.modulo(&right, work),
                Binary::Power => power(&left, &right, work),
            }
        }
    }
}

fn pop(stack: &mut Vec<Number>) -> number::Result {
    stack.pop().ok_or_else(|| "a number is missing".to_owned())
}
