//! Words that mean "not finished" or "not checked" stay out of sources.

use super::is_source;
use crate::files::File;

/// Something that must not be written.
struct Banned {
    /// What to look for. Taken apart here, or this file would find itself.
    word: &'static str,
    /// Where: extensions of files.
    within: &'static [&'static str],
    /// What to do instead.
    instead: &'static str,
}

const RUST: &[&str] = &["rs"];
const PAGE: &[&str] = &["ts", "js", "mjs", "svelte"];
const ALL: &[&str] = &["rs", "ts", "js", "mjs", "svelte", "css"];

const BANNED: &[Banned] = &[
    banned(concat!("#[", "allow("), RUST, "write `#[expect(.., reason = \"..\")]`"),
    banned(concat!("#![", "allow("), RUST, "write `#![expect(.., reason = \"..\")]`"),
    banned(concat!("todo", "!("), RUST, "finish it, or leave it out"),
    banned(concat!("unimplemented", "!("), RUST, "finish it, or leave it out"),
    banned(concat!("#[", "ignore"), RUST, "a test runs, or it goes"),
    banned(concat!(".", "skip("), PAGE, "a test runs, or it goes"),
    banned(concat!(".", "only("), PAGE, "let the other tests run"),
    banned(concat!(".", "fixme("), PAGE, "mend it, or leave it out"),
    banned(concat!("{", "@html"), &["svelte"], "create elements, so that no HTML string exists"),
    banned(concat!("@ts-", "ignore"), PAGE, "mend the type"),
    banned(concat!("@ts-", "nocheck"), PAGE, "mend the types"),
    banned(concat!("FIX", "ME"), ALL, "mend it, or tell in an issue"),
    banned(concat!("TO", "DO"), ALL, "finish it, or tell in an issue"),
];

/// Lines with a banned word.
pub(super) fn complaints(texts: &[File]) -> Vec<String> {
    texts.iter().filter(|file| is_source(file)).flat_map(about).collect()
}

fn about(file: &File) -> Vec<String> {
    let rules: Vec<&Banned> =
        BANNED.iter().filter(|rule| rule.within.contains(&file.extension())).collect();
    let mut complaints = Vec::new();
    for (idx, line) in file.text.lines().enumerate() {
        let found = rules.iter().filter(|rule| has_word(line, rule.word));
        complaints.extend(found.map(|Banned { word, instead, .. }| {
            format!("{}:{}: `{word}`: {instead}", file.path, idx + 1)
        }));
    }
    complaints
}

/// Whether `word` stands in `line` and is not the middle of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '_');
    let starts_with_letter = is_letter(word.chars().next());
    let ends_with_letter = is_letter(word.chars().next_back());
    line.match_indices(word).any(|(at, _)| {
        let before = starts_with_letter && is_letter(line[..at].chars().next_back());
        let after = ends_with_letter && is_letter(line[at + word.len()..].chars().next());
        !before && !after
    })
}

const fn banned(
    word: &'static str,
    within: &'static [&'static str],
    instead: &'static str,
) -> Banned {
    Banned { word, within, instead }
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    #[test]
    fn a_banned_word_is_reported_with_its_line() {
        let text = format!("fn a() {{}}\n    {}(dead_code)]\n", concat!("#[", "allow"));
        let complaints = complaints(&[file("a.rs", &text)]);
        assert!(complaints[0].starts_with("a.rs:2: "), "{complaints:?}");
    }

    #[test]
    fn a_test_that_is_left_out_is_found_on_the_page_and_an_iterator_is_no_test() {
        let text = concat!("it", ".", "skip(1)");
        assert_eq!(complaints(&[file("a.test.ts", text)]).len(), 1);
        assert_eq!(complaints(&[file("a.rs", text)]), [""; 0]);
    }

    #[test]
    fn letters_around_it_make_another_word() {
        assert!(has_word(concat!("// TO", "DO: later"), concat!("TO", "DO")));
        assert!(!has_word(concat!("const TO", "DOS: u8"), concat!("TO", "DO")));
    }
}
