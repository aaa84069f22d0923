//! Versions: which are fixed, and which is the newer one.

use std::cmp::Ordering;

/// Whether a version names one thing for ever: no tag that moves, no range.
pub fn is_exact(version: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b".+-_!".contains(&it);
    let number = version.strip_prefix('v').unwrap_or(version);
    number.starts_with(|it: char| it.is_ascii_digit())
        && version.len() <= 128
        && version.bytes().all(plain)
        && !number.split('.').any(|it| matches!(it, "x" | "X" | ""))
}

/// Whether `found` is newer than `known`. Numbers count as numbers; what is released counts more
/// than what came before it (`1.0.0-rc.1`).
pub fn is_newer(found: &str, known: &str) -> bool {
    parts(found).cmp(&parts(known)) == Ordering::Greater
}

/// A part of what follows the numbers of a release, in the order of versions: a word stands before
/// the release itself.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(String),
    End,
    Number(u64),
}

/// The numbers of the release, and what follows them.
fn parts(version: &str) -> (Vec<u64>, Vec<Part>) {
    let number = version.strip_prefix('v').unwrap_or(version);
    let number = number.split('+').next().unwrap_or_default();
    let (mut release, mut rest) = (Vec::new(), Vec::new());
    for piece in number.split(['.', '-', '_']).flat_map(pieces) {
        match piece.parse() {
            Ok(number) if rest.is_empty() => release.push(number),
            Ok(number) => rest.push(Part::Number(number)),
            Err(_) => rest.push(Part::Word(piece.to_owned())),
        }
    }
    // `1.0` and `1.0.0` are the same.
    while release.last() == Some(&0) {
        release.pop();
    }
    rest.push(Part::End);
    (release, rest)
}

/// Digits and letters apart: `0rc1` is `0`, `rc`, `1`.
fn pieces(run: &str) -> impl Iterator<Item = &str> {
    let is_digit = |it: &str| it.as_bytes().first().is_some_and(u8::is_ascii_digit);
    let mut rest = run;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let digits = is_digit(rest);
        let end = rest.find(|it: char| it.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_is_not_exact() {
        for version in ["1.2.3", "v0.5.0", "2026.8.31", "0.0.1a8", "1.0.0-rc.1+build", "1!2.0"] {
            assert!(is_exact(version), "{version}");
        }
        for version in ["latest", "", "^1.2", "~1", ">=1", "1.x", "*", "1.2 || 2", "v", "1..2"] {
            assert!(!is_exact(version), "{version}");
        }
    }

    #[test]
    fn newer_is_decided_by_numbers() {
        for (newer, older) in [
            ("1.10.0", "1.9.9"),
            ("2026.10.19", "2026.8.31"),
            ("1.0.0", "1.0.0-rc.1"),
            ("1.0.0-rc.2", "1.0.0-rc.1"),
            ("1.0.1", "1.0"),
            ("v2", "1.9"),
            ("1.0", "1.0a8"),
        ] {
            assert!(is_newer(newer, older) && !is_newer(older, newer), "{newer} {older}");
        }
        assert!(!is_newer("1.0", "1.0.0") && !is_newer("1.0.0", "1.0"));
    }
}
