//! The stretch of a text that shows best why it was found.

use std::ops::Range;

use crate::terms::{self, Asked};

/// How much text is shown, in bytes, apart from what completes a word.
const SHOWN: usize = 240;
/// How much of it comes before the first match.
const BEFORE: usize = 60;
/// How many matches are looked at before the best place is chosen.
const LOOKED_AT: usize = 500;

/// Pieces of `text` in order; those marked `true` are words that were asked for. Cuts are shown
/// by an ellipsis.
pub(super) fn around(text: &str, asked: &[Asked]) -> Vec<(String, bool)> {
    let matches = matches(text, asked);
    let first = densest(&matches).map_or(0, |it| it.at.start);
    let start = break_before(text, first.saturating_sub(BEFORE));
    let end = break_after(text, start.saturating_add(SHOWN).max(first));
    let mut pieces = Vec::new();
    let mut push = |text: &str, matched: bool| {
        if !text.is_empty() {
            pieces.push((text.to_owned(), matched));
        }
    };
    if start > 0 {
        push("…", false);
    }
    let mut done = start;
    for found in matches.iter().filter(|it| it.at.start >= start && it.at.end <= end) {
        // Pairs of characters overlap; what is marked already is not marked again.
        let from = found.at.start.max(done);
        if found.at.end > from {
            push(&text[done..from], false);
            push(&text[from..found.at.end], true);
            done = found.at.end;
        }
    }
    push(&text[done..end], false);
    if end < text.len() {
        push("…", false);
    }
    joined(pieces)
}

struct Match {
    at: Range<usize>,
    word: usize,
}

fn matches(text: &str, asked: &[Asked]) -> Vec<Match> {
    let found = terms::terms(text).filter_map(|term| {
        let word = asked.iter().position(|it| it.is(&term.text))?;
        Some(Match { at: term.at, word })
    });
    found.take(LOOKED_AT).collect()
}

/// The first match of the stretch with the most different words, then with the most matches.
fn densest(matches: &[Match]) -> Option<&Match> {
    let within = |first: usize| {
        let end = matches[first].at.start + (SHOWN - BEFORE);
        matches[first..].iter().take_while(move |it| it.at.end <= end)
    };
    let worth = |first: &usize| {
        let mut words: Vec<usize> = within(*first).map(|it| it.word).collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        (words.len(), count)
    };
    // The earliest of the best: `max_by_key` would give the last.
    let best = (0..matches.len()).rev().max_by_key(worth)?;
    matches.get(best)
}

/// The start of the word that `at` lies in, or a character's start near by.
fn break_before(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    let near = text.floor_char_boundary(at.saturating_sub(BEFORE / 2));
    if at == 0 || near == 0 {
        return 0;
    }
    let gap = text[near..at].rfind(char::is_whitespace);
    gap.map_or(at, |gap| text.ceil_char_boundary(near + gap + 1))
}

/// The end of the word that `at` lies in, or a character's end near by.
fn break_after(text: &str, at: usize) -> usize {
    let at = text.ceil_char_boundary(at.min(text.len()));
    let near = text.ceil_char_boundary((at + BEFORE / 2).min(text.len()));
    if near == text.len() {
        return near;
    }
    text[at..near].find(char::is_whitespace).map_or(at, |gap| at + gap)
}

/// Joins neighbours of one kind.
fn joined(pieces: Vec<(String, bool)>) -> Vec<(String, bool)> {
    let mut joined: Vec<(String, bool)> = Vec::with_capacity(pieces.len());
    for (text, matched) in pieces {
        match joined.last_mut() {
            Some((last, kind)) if *kind == matched => last.push_str(&text),
            Some(_) | None => joined.push((text, matched)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, question: &str) -> String {
        let pieces = around(text, &terms::asked(question)).into_iter();
        pieces.map(|(text, matched)| if matched { format!("[{text}]") } else { text }).collect()
    }

    #[test]
    fn words_are_marked_as_they_were_written() {
        assert_eq!(shown("Ein Stück Käse, bitte", "kase "), "Ein Stück [Käse], bitte");
        assert_eq!(shown("Use Galaxy today", "gal"), "Use [Galaxy] today");
        assert_eq!(shown("深層学習の本", "層学習 "), "深[層学習]の本");
        assert_eq!(shown("nothing here", "absent "), "nothing here");
        assert_eq!(shown("", "absent"), "");
    }

    #[test]
    fn the_densest_place_of_a_long_text_is_shown() {
        let filler = "lorem ipsum ".repeat(60);
        let text = format!("tea {filler} a pot of green tea in the garden {filler}");
        let shown = shown(&text, "green tea ");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.contains("a pot of [green] [tea] in the garden"), "{shown}");
        assert!(shown.len() < SHOWN + BEFORE + 20, "{shown}");
    }

    #[test]
    fn cuts_never_split_a_character() {
        for filler in ["é", "学", "🦀", "e\u{301}"] {
            let text = format!("{}needle{}", filler.repeat(300), filler.repeat(300));
            let text = text.replace("needle", " needle ");
            assert!(shown(&text, "needle ").contains("[needle]"), "{filler}");
        }
    }
}
