//! Tokens to a program for a stack machine. The program is flat, so that nothing that comes after
//! recurses over what a stranger wrote; only nesting recurses here, and it is bounded.

use num_rational::BigRational;

use super::{
    Fault,
    functions::{self, Function},
    lexer::{Kind, Token},
};

/// One step of a program and the character it is about.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) at: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    Push(BigRational),
    Pi,
    Euler,
    Negate,
    Percent,
    Factorial,
    Degrees,
    Binary(Binary),
    /// Takes so many arguments.
    Call(Function, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
}

/// Parentheses, arguments, signs and powers in one another.
const DEEPEST: usize = 100;

// How tightly operators bind; a tighter one is larger.
const SUM: u8 = 10;
const PRODUCT: u8 = 20;
const SIGN: u8 = 30;
const POWER: u8 = 40;

/// Makes a program of `tokens`, which end with [`Kind::End`].
#[expect(clippy::wildcard_enum_match_arm, reason = "as for the parser itself")]
pub(super) fn parse(tokens: Vec<Token>) -> Result<Vec<Step>, Fault> {
    let mut parser = Parser { tokens, next: 0, depth: 0, steps: Vec::new() };
    if parser.peek() == &Kind::End {
        return Err(Fault { message: "the expression is empty".to_owned(), at: None });
    }
    parser.expression(0)?;
    let message = match parser.peek() {
        Kind::End => return Ok(parser.steps),
        Kind::Comma => "`,` only separates arguments; write 1000 or 1_000 for a thousand",
        Kind::Close => "there is no `(` for this `)`",
        _ => "an operator is missing here",
    };
    Err(parser.fault(message))
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    steps: Vec<Step>,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a grammar names what it takes; whatever else a token may be is an error there"
)]
impl Parser {
    fn peek(&self) -> &Kind {
        &self.tokens[self.next].kind
    }

    fn at(&self) -> usize {
        self.tokens[self.next].at
    }

    /// Goes on to the next token, but never past the end.
    fn advance(&mut self) -> Token {
        let token = self.tokens[self.next].clone();
        if token.kind != Kind::End {
            self.next += 1;
        }
        token
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { message: message.into(), at: Some(self.at()) }
    }

    fn emit(&mut self, action: Action, at: usize) {
        self.steps.push(Step { action, at });
    }

    /// Reads everything that binds at least as tightly as `tightness`.
    fn expression(&mut self, tightness: u8) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault(format!("the expression is nested deeper than {DEEPEST}")));
        }
        self.operand()?;
        loop {
            self.postfixes();
            let Some((operator, explicit)) = self.operator() else { break };
            let (binds, right) = match operator {
                Binary::Add | Binary::Subtract => (SUM, SUM + 1),
                Binary::Multiply | Binary::Divide | Binary::Modulo => (PRODUCT, PRODUCT + 1),
                // From the right: 2^3^2 is 2^9.
                Binary::Power => (POWER, POWER),
            };
            if binds < tightness {
                break;
            }
            let at = self.at();
            if explicit {
                self.advance();
            }
            self.expression(right)?;
            self.emit(Action::Binary(operator), at);
        }
        self.depth -= 1;
        Ok(())
    }

    /// The operator that comes next, and whether it is written: `2 pi` multiplies without one.
    fn operator(&self) -> Option<(Binary, bool)> {
        Some(match self.peek() {
            Kind::Plus => (Binary::Add, true),
            Kind::Minus => (Binary::Subtract, true),
            Kind::Times => (Binary::Multiply, true),
            Kind::Divide => (Binary::Divide, true),
            Kind::Percent => (Binary::Modulo, true),
            Kind::Power => (Binary::Power, true),
            Kind::Name(name) if name == "mod" => (Binary::Modulo, true),
            Kind::Name(name) if name == "of" => (Binary::Multiply, true),
            Kind::Name(_) | Kind::Open => (Binary::Multiply, false),
            _ => return None,
        })
    }

    fn postfixes(&mut self) {
        loop {
            let at = self.at();
            match self.peek() {
                Kind::Bang => self.emit(Action::Factorial, at),
                Kind::Degree => self.emit(Action::Degrees, at),
                Kind::Name(name) if matches!(name.as_str(), "deg" | "degree" | "degrees") => {
                    self.emit(Action::Degrees, at);
                }
                // In radians already.
                Kind::Name(name) if matches!(name.as_str(), "rad" | "radian" | "radians") => (),
                Kind::Percent if !self.starts_operand(self.next + 1) => {
                    self.emit(Action::Percent, at);
                }
                Kind::Raised(power) => {
                    let power = BigRational::from_integer((*power).into());
                    self.emit(Action::Push(power), at);
                    self.emit(Action::Binary(Binary::Power), at);
                }
                _ => return,
            }
            self.advance();
        }
    }

    /// Whether a `%` before token `at` is a remainder and no percent. `50% - 3` is a percent.
    fn starts_operand(&self, at: usize) -> bool {
        match self.tokens.get(at).map(|it| &it.kind) {
            Some(Kind::Name(name)) => !matches!(name.as_str(), "of" | "mod"),
            Some(Kind::Number(_) | Kind::Open) => true,
            _ => false,
        }
    }

    fn operand(&mut self) -> Result<(), Fault> {
        let token = self.advance();
        match token.kind {
            Kind::Number(value) => self.emit(Action::Push(value), token.at),
            Kind::Plus => self.expression(SIGN)?,
            Kind::Minus => {
                self.expression(SIGN)?;
                self.emit(Action::Negate, token.at);
            }
            Kind::Open => {
                self.expression(0)?;
                self.close()?;
            }
            Kind::Name(name) => self.name(&name, token.at)?,
            Kind::End => {
                let message = "the expression ends where a number should be".to_owned();
                return Err(Fault { message, at: Some(token.at) });
            }
            _ => {
                let message = "a number is missing here".to_owned();
                return Err(Fault { message, at: Some(token.at) });
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        if self.peek() == &Kind::Close {
            self.advance();
            return Ok(());
        }
        Err(self.fault("a `)` is missing here"))
    }

    fn name(&mut self, name: &str, at: usize) -> Result<(), Fault> {
        match name {
            "pi" => self.emit(Action::Pi, at),
            "e" => self.emit(Action::Euler, at),
            "tau" => {
                self.emit(Action::Pi, at);
                self.emit(Action::Push(BigRational::from_integer(2.into())), at);
                self.emit(Action::Binary(Binary::Multiply), at);
            }
            _ => {
                let Some((function, allowed)) = functions::find(name) else {
                    let known = functions::names();
                    let message = format!("`{name}` is unknown; there are pi, e, tau, {known}");
                    return Err(Fault { message, at: Some(at) });
                };
                let count = self.arguments()?;
                if !allowed.contains(&count) {
                    let (least, most) = (allowed.start(), allowed.end());
                    let wanted = match (least, most) {
                        (1, 1) => "one argument".to_owned(),
                        (_, &usize::MAX) => format!("at least {least} arguments"),
                        _ if least == most => format!("{least} arguments"),
                        _ => format!("{least} to {most} arguments"),
                    };
                    let message = format!("`{name}` takes {wanted}, not {count}");
                    return Err(Fault { message, at: Some(at) });
                }
                self.emit(Action::Call(function, count), at);
            }
        }
        Ok(())
    }

    /// Reads `(a, b)`, or one operand without parentheses as in `sqrt 2`; says how many.
    fn arguments(&mut self) -> Result<usize, Fault> {
        if self.peek() != &Kind::Open {
            self.expression(POWER)?;
            return Ok(1);
        }
        self.advance();
        if self.peek() == &Kind::Close {
            self.advance();
            return Ok(0);
        }
        let mut count = 1;
        self.expression(0)?;
        while self.peek() == &Kind::Comma {
            self.advance();
            self.expression(0)?;
            count += 1;
        }
        self.close()?;
        Ok(count)
    }
}
