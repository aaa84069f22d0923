//! Characters to tokens.

use num_bigint::BigInt;
use num_rational::BigRational;

use super::{
    Fault,
    number::ratio,
    work::{Work, too_large},
};

/// A token and the character it begins at, counted from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Number(BigRational),
    /// In lower case.
    Name(String),
    Plus,
    Minus,
    Times,
    Divide,
    Percent,
    Power,
    Bang,
    /// A superscript 2 or 3.
    Raised(u8),
    Degree,
    Open,
    Close,
    Comma,
    /// Behind the last token.
    End,
}

/// The largest exponent of scientific notation.
const MAX_EXPONENT: u32 = 10_000;

/// Splits `text` into tokens; the last is [`Kind::End`].
pub(super) fn lex(text: &str, work: &mut Work) -> Result<Vec<Token>, Fault> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&first) = chars.get(at) {
        let start = at;
        let mut push = |kind| tokens.push(Token { kind, at: start + 1 });
        if first.is_whitespace() {
            at += 1;
        } else if first.is_ascii_digit() || (first == '.' && digit(&chars, at + 1)) {
            let literal = Literal::read(&chars, &mut at);
            let value = literal.value(work);
            push(Kind::Number(value.map_err(|it| Fault { message: it, at: Some(start + 1) })?));
        } else if first.is_ascii_alphabetic() {
            while chars.get(at).is_some_and(|it| it.is_ascii_alphanumeric() || *it == '_') {
                at += 1;
            }
            let name: String = chars[start..at].iter().collect::<String>().to_lowercase();
            // "3 x 4" is how people write it; no name of ours is a lone x.
            push(if name == "x" { Kind::Times } else { Kind::Name(name) });
        } else if first == '*' && chars.get(at + 1) == Some(&'*') {
            at += 2;
            push(Kind::Power);
        } else {
            at += 1;
            let unknown =
                || Fault { message: format!("`{first}` means nothing here"), at: Some(start + 1) };
            push(symbol(first).ok_or_else(unknown)?);
        }
    }
    tokens.push(Token { kind: Kind::End, at: chars.len() + 1 });
    Ok(tokens)
}

fn symbol(symbol: char) -> Option<Kind> {
    Some(match symbol {
        '+' => Kind::Plus,
        '-' | '−' | '–' => Kind::Minus,
        '*' | '×' | '·' | '⋅' | '∙' => Kind::Times,
        '/' | '÷' | '∕' => Kind::Divide,
        '%' => Kind::Percent,
        '^' => Kind::Power,
        '!' => Kind::Bang,
        '²' => Kind::Raised(2),
        '³' => Kind::Raised(3),
        '°' => Kind::Degree,
        '(' | '[' => Kind::Open,
        ')' | ']' => Kind::Close,
        ',' | ';' => Kind::Comma,
        'π' => Kind::Name("pi".to_owned()),
        '√' => Kind::Name("sqrt".to_owned()),
        _ => return None,
    })
}

fn digit(chars: &[char], at: usize) -> bool {
    chars.get(at).is_some_and(char::is_ascii_digit)
}

/// The pieces of a number as it is written: `1_000.25e-3`.
#[derive(Default)]
struct Literal {
    digits: String,
    decimals: u32,
    exponent: String,
}

impl Literal {
    fn read(chars: &[char], at: &mut usize) -> Self {
        let mut literal = Self::default();
        literal.take_digits(chars, at);
        if chars.get(*at) == Some(&'.') {
            *at += 1;
            let before = literal.digits.len();
            literal.take_digits(chars, at);
            literal.decimals = u32::try_from(literal.digits.len() - before).unwrap_or(u32::MAX);
        }
        // `2e` is two times e, `2e3` is two thousand.
        let signed = usize::from(matches!(chars.get(*at + 1), Some('-' | '+')));
        if matches!(chars.get(*at), Some('e' | 'E')) && digit(chars, *at + 1 + signed) {
            *at += 1;
            if signed == 1 {
                literal.exponent.push(chars[*at]);
                *at += 1;
            }
            while digit(chars, *at) {
                literal.exponent.push(chars[*at]);
                *at += 1;
            }
        }
        literal
    }

    fn take_digits(&mut self, chars: &[char], at: &mut usize) {
        while digit(chars, *at) || (chars.get(*at) == Some(&'_') && digit(chars, *at + 1)) {
            if chars[*at] != '_' {
                self.digits.push(chars[*at]);
            }
            *at += 1;
        }
    }

    fn value(&self, work: &mut Work) -> Result<BigRational, String> {
        let whole = BigInt::parse_bytes(self.digits.as_bytes(), 10).unwrap_or_default();
        let exponent: i64 = if self.exponent.is_empty() {
            0
        } else {
            self.exponent.parse().map_err(|_| too_large())?
        };
        let shift = exponent - i64::from(self.decimals);
        let size = u32::try_from(shift.unsigned_abs()).unwrap_or(u32::MAX);
        if size > MAX_EXPONENT {
            return Err(too_large());
        }
        work.product(4 * u64::from(size), 4 * u64::from(size))?;
        let scale = BigInt::from(10).pow(size);
        if shift >= 0 {
            work.product(whole.bits(), scale.bits())?;
            ratio(whole * scale, BigInt::from(1), work)
        } else {
            ratio(whole, scale, work)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        lex(text, &mut Work::new()).unwrap().into_iter().map(|it| it.kind).collect()
    }

    fn number(numerator: i64, denominator: i64) -> Kind {
        Kind::Number(BigRational::new(numerator.into(), denominator.into()))
    }

    #[test]
    fn numbers_are_read_exactly() {
        assert_eq!(kinds("1_000.25"), [number(4001, 4), Kind::End]);
        assert_eq!(kinds(".5e-1"), [number(1, 20), Kind::End]);
        assert_eq!(kinds("25E+2"), [number(2500, 1), Kind::End]);
        assert_eq!(kinds("2e"), [number(2, 1), Kind::Name("e".to_owned()), Kind::End]);
    }

    #[test]
    fn the_symbols_of_people_and_of_programs_mean_the_same() {
        assert_eq!(kinds("3 × 4 ÷ 5 − π²")[1..6], kinds("3 x 4 / 5 - pi")[1..6]);
        assert_eq!(kinds("2**3"), kinds("2^3"));
    }

    #[test]
    fn what_means_nothing_is_told_with_its_place() {
        let fault = lex("2 $ 3", &mut Work::new()).unwrap_err();
        assert_eq!((fault.message.as_str(), fault.at), ("`$` means nothing here", Some(3)));
        assert!(lex("1e10001", &mut Work::new()).is_err());
        assert!(lex("1e99999999999999999999", &mut Work::new()).is_err());
    }
}
