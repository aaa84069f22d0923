//! Finds what is to be calculated in a sentence: "what is 17 times 23" is `17*23`.

/// A piece of a sentence that can stand in an expression, or cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Number(String),
    /// Put between, before or behind operands, such as `*`, `(`, `!` and ` of `.
    Sign(&'static str),
    Function(String),
    /// Some other word. Ends an expression.
    Other,
}

/// The expression in `text`, if there is one.
pub(super) fn find(text: &str) -> Option<String> {
    let words = split(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Some(expression) = verbal(&words) {
        return Some(expression);
    }
    let pieces = pieces(&words);
    let runs = pieces.split(|it| *it == Piece::Other).map(trim);
    runs.filter(|it| is_expression(it)).max_by_key(|it| it.len()).map(write)
}

/// Words, numbers and single signs, in lower case and without articles.
fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let lower = text.to_lowercase();
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        let digits = |it: char| it.is_ascii_digit();
        let end = if first.is_ascii_digit() {
            number_length(rest)
        } else if first.is_alphabetic() {
            // Functions such as log10 keep their digits; words keep their hyphens.
            rest.find(|it: char| !it.is_alphanumeric() && it != '\'').unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let word = &rest[..end];
        if !first.is_whitespace() && word != "the" {
            let thousands = word.starts_with(digits) && !word.contains('-');
            words.push(if thousands { word.replace(',', "") } else { word.to_owned() });
        }
        rest = &rest[end..];
    }
    words
}

/// How long the number, or the date, at the start of `text` is.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_date = bytes.len() >= 10
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && [0, 1, 2, 3, 5, 6, 8, 9].into_iter().all(digit);
    if is_date {
        return 10;
    }
    let mut at = 0;
    loop {
        let group = bytes.get(at) == Some(&b',')
            && (1..=3).all(|it| digit(at + it))
            && !digit(at + 4)
            && at <= 3;
        let exponent = matches!(bytes.get(at), Some(b'e')) && at > 0 && digit(at + 1);
        if digit(at) || group || exponent || (bytes.get(at) == Some(&b'.') && digit(at + 1)) {
            at += 1;
        } else {
            return at;
        }
    }
}

/// Sentences whose verb is the operator: "add 2 and 3", "divide 10 by 4".
fn verbal(words: &[&str]) -> Option<String> {
    let aggregate = |it: &[&str]| matches!(it, ["sum" | "product", "of"]);
    let words = match words.windows(2).position(aggregate) {
        Some(at) => &words[at..],
        None => words,
    };
    let (first, rest) = words.split_first()?;
    let numbers: Vec<&str> = rest.iter().copied().filter(|it| is_number(it)).collect();
    let only = |allowed: &[&str]| rest.iter().all(|it| is_number(it) || allowed.contains(it));
    match (*first, &numbers[..]) {
        ("add" | "sum", [_, _, ..]) if only(&["and", "to", ",", "?", ".", "up", "of"]) => {
            Some(numbers.join("+"))
        }
        ("product", [_, _, ..]) if only(&["and", ",", "?", ".", "of"]) => Some(numbers.join("*")),
        ("multiply", [left, right]) if only(&["by", "and", "with", "?", "."]) => {
            Some(format!("{left}*{right}"))
        }
        ("divide", [left, right]) if only(&["by", "?", "."]) => Some(format!("{left}/{right}")),
        ("subtract", [left, right]) if only(&["from", "?", "."]) => Some(format!("{right}-{left}")),
        _ => None,
    }
}

fn is_number(word: &str) -> bool {
    word.starts_with(|it: char| it.is_ascii_digit()) && !word.contains('-')
}

fn pieces(words: &[&str]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (piece, taken) = piece(&words[at..]);
        pieces.extend(piece);
        at += taken;
    }
    pieces
}

/// The pieces that `words` begin with, and how many words they take.
fn piece(words: &[&str]) -> (Vec<Piece>, usize) {
    const PHRASES: [(&[&str], &str); 13] = [
        (&["multiplied", "by"], "*"),
        (&["divided", "by"], "/"),
        (&["to", "power", "of"], "^"),
        (&["raised", "to", "power", "of"], "^"),
        (&["raised", "to"], "^"),
        (&["plus"], "+"),
        (&["minus"], "-"),
        (&["times"], "*"),
        (&["over"], "/"),
        (&["squared"], "^2"),
        (&["cubed"], "^3"),
        (&["percent"], "%"),
        (&["factorial"], "!"),
    ];
    const ROOTS: [(&[&str], &str); 3] = [
        (&["square", "root", "of"], "sqrt"),
        (&["cube", "root", "of"], "cbrt"),
        (&["root", "of"], "sqrt"),
    ];
    let begins = |phrase: &[&str]| words.len() >= phrase.len() && words[..phrase.len()] == *phrase;
    if let Some((phrase, name)) = ROOTS.iter().find(|it| begins(it.0)) {
        return applied(name, words, phrase.len());
    }
    if begins(&["factorial", "of"]) && words.get(2).is_some_and(|it| is_number(it)) {
        return (vec![Piece::Number(words[2].to_owned()), Piece::Sign("!")], 3);
    }
    if let Some((phrase, sign)) = PHRASES.iter().find(|it| begins(it.0)) {
        return (vec![Piece::Sign(sign)], phrase.len());
    }
    let word = words[0];
    let next = words.get(1).copied().unwrap_or_default();
    // "Floor 3" is on the third floor, "sin 30" is a sine.
    let bare =
        matches!(word, "sqrt" | "cbrt" | "sin" | "cos" | "tan" | "ln" | "log" | "log2" | "log10");
    if is_function(word) && (bare || matches!(next, "(" | "of")) {
        return applied(word, words, 1 + usize::from(next == "of"));
    }
    (vec![single(word)], 1)
}

/// A function and the number behind it, in parentheses.
fn applied(name: &str, words: &[&str], taken: usize) -> (Vec<Piece>, usize) {
    let function = Piece::Function(name.to_owned());
    match words.get(taken) {
        Some(number) if is_number(number) => {
            let number = Piece::Number((*number).to_owned());
            let mut pieces = vec![function, Piece::Sign("("), number];
            let degrees =
                matches!(words.get(taken + 1), Some(&("degrees" | "degree" | "deg" | "°")));
            if degrees {
                pieces.push(Piece::Sign(" deg"));
            }
            pieces.push(Piece::Sign(")"));
            (pieces, taken + 1 + usize::from(degrees))
        }
        Some(&"(") => (vec![function], taken),
        _ => (vec![Piece::Other], taken),
    }
}

fn single(word: &str) -> Piece {
    match word {
        _ if is_number(word) => Piece::Number(word.to_owned()),
        "pi" | "π" => Piece::Number("pi".to_owned()),
        "+" => Piece::Sign("+"),
        "-" | "−" => Piece::Sign("-"),
        "*" | "×" | "x" | "·" => Piece::Sign("*"),
        "/" | "÷" => Piece::Sign("/"),
        "^" => Piece::Sign("^"),
        "%" => Piece::Sign("%"),
        "!" => Piece::Sign("!"),
        "(" => Piece::Sign("("),
        ")" => Piece::Sign(")"),
        "," => Piece::Sign(", "),
        "of" => Piece::Sign(" of "),
        "deg" | "degree" | "degrees" | "°" => Piece::Sign(" deg"),
        "mod" | "modulo" => Piece::Sign(" mod "),
        _ => Piece::Other,
    }
}

fn is_function(word: &str) -> bool {
    const FUNCTIONS: [&str; 21] = [
        "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan", "log", "ln", "log2", "log10",
        "exp", "abs", "round", "floor", "ceil", "gcd", "lcm", "min", "max",
    ];
    FUNCTIONS.contains(&word)
}

/// Takes off what cannot begin or end an expression.
fn trim(run: &[Piece]) -> &[Piece] {
    let mut run = run;
    loop {
        run = match run {
            [
                Piece::Sign("+" | "*" | "/" | "^" | "%" | "!" | ", " | " of " | " mod " | ")"),
                rest @ ..,
            ]
            | [
                rest @ ..,
                Piece::Sign("+" | "-" | "*" | "/" | "^" | ", " | " of " | " mod " | "("),
            ]
            | [rest @ .., Piece::Function(_)] => rest,
            _ => return run,
        };
    }
}

fn is_expression(run: &[Piece]) -> bool {
    let count =
        |sign: &str| run.iter().filter(|it| matches!(it, Piece::Sign(own) if *own == sign)).count();
    let works = |it: &Piece| match it {
        Piece::Sign(sign) => !matches!(*sign, "(" | ")" | ", " | " of " | " deg"),
        Piece::Function(_) => true,
        Piece::Number(_) | Piece::Other => false,
    };
    let in_function = run.iter().any(|it| matches!(it, Piece::Function(_)));
    run.iter().any(|it| matches!(it, Piece::Number(_)))
        && run.iter().any(works)
        && count("(") == count(")")
        && (in_function || count(", ") == 0)
}

fn write(run: &[Piece]) -> String {
    let pieces = run.iter().map(|it| match it {
        Piece::Number(text) | Piece::Function(text) => text.as_str(),
        Piece::Sign(sign) => sign,
        Piece::Other => "",
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_found_in_signs_and_in_words() {
        for (text, expected) in [
            ("what is 17*23?", "17*23"),
            ("What is 17 times 23", "17*23"),
            ("square root of 2", "sqrt(2)"),
            ("the square root of 16 plus 3 squared", "sqrt(16)+3^2"),
            ("how much is 15% of 80?", "15% of 80"),
            ("15 percent of 80", "15% of 80"),
            ("2 to the power of 10", "2^10"),
            ("10 divided by 4", "10/4"),
            ("factorial of 5", "5!"),
            ("5! / 3!", "5!/3!"),
            ("calculate (1 + 2) * -3", "(1+2)*-3"),
            ("1,000 * 2.5", "1000*2.5"),
            ("sin of 30 degrees", "sin(30 deg)"),
            ("sin(30 deg)", "sin(30 deg)"),
            ("what is the sum of 2, 3 and 4?", "2+3+4"),
            ("gcd(12, 18)", "gcd(12, 18)"),
            ("17 mod 5", "17 mod 5"),
            ("add 2 and 3", "2+3"),
            ("subtract 5 from 10", "10-5"),
            ("-5 + 3", "-5+3"),
        ] {
            let found = find(text).unwrap_or_else(|| panic!("nothing in {text}"));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_expressions() {
        for text in [
            "remind me on 2026-03-04",
            "show 5 tasks",
            "add 2 eggs and 3 apples",
            "room 12, floor 3",
            "what is the weather in Paris?",
            "a well-known fact",
            "(see below)",
            "",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
