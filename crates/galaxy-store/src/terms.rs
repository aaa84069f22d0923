//! Words of a text, as both engines index and find them.
//!
//! **Invariant:** a term holds letters, digits and marks only, is folded, is not empty and is at
//! most [`MAX_TERM_CHARS`] long; so joining terms by spaces loses nothing, no term can be taken
//! for a query operator, and neither engine's own idea of words matters.
//!
//! Folding is compatibility decomposition (UAX 15), lower case, without diacritics, recomposed.
//! Scripts that write no spaces are cut into overlapping pairs of characters; the last character
//! of a stretch is kept alone as well, so that a single character is found as a prefix.

use std::ops::Range;

use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};

/// No term is longer; what follows in an over-long word is ignored.
const MAX_TERM_CHARS: usize = 48;

/// How much of one text is indexed, counted in bytes of its terms.
const MAX_INDEXED_BYTES: usize = 64 * 1024;

/// How many words of a question count.
const MAX_ASKED: usize = 24;

/// A term and the stretch of the text that it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) text: String,
    pub(crate) at: Range<usize>,
}

/// A word that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) text: String,
    /// Whether longer terms that start with it are meant as well.
    pub(crate) prefix: bool,
}

impl Asked {
    /// Whether this is what `term` says.
    pub(crate) fn is(&self, term: &str) -> bool {
        if self.prefix { term.starts_with(&self.text) } else { term == self.text }
    }
}

/// The terms of `text` as they are stored: in order, with repetitions, joined by single spaces.
pub(crate) fn indexed(text: &str) -> String {
    let mut joined = String::new();
    for term in terms(text) {
        if joined.len() + term.text.len() >= MAX_INDEXED_BYTES {
            break;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&term.text);
    }
    joined
}

/// What a question asks for: its words without doubles and, if any are left, without those that
/// say nothing. The word that is still being typed stands for all that begin with it.
pub(crate) fn asked(question: &str) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    let mut words = words(question).peekable();
    while let Some(word) = words.next() {
        let typing =
            words.peek().is_none() && word.last().is_some_and(|it| it.end == question.len());
        let alone = word.len() == 1;
        for term in word_terms(&word, Ends::Dropped) {
            let short = term.text.chars().nth(1).is_none();
            let prefix = (typing && !short) || (alone && is_unspaced(word[0].folded));
            if !asked.iter().any(|it| it.text == term.text && it.prefix == prefix) {
                asked.push(Asked { text: term.text, prefix });
            }
        }
        if asked.len() >= MAX_ASKED {
            asked.truncate(MAX_ASKED);
            break;
        }
    }
    let telling = |it: &Asked| it.prefix || !STOP_WORDS.contains(&it.text.as_str());
    if asked.iter().any(telling) {
        asked.retain(telling);
    }
    asked
}

/// The terms of `text`, in order, each with its place.
pub(crate) fn terms(text: &str) -> impl Iterator<Item = Term> {
    words(text).flat_map(|word| word_terms(&word, Ends::Kept))
}

/// `text` folded as a whole: what case-blind sorting and filtering compare. Without NUL, which
/// PostgreSQL refuses.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = Folded::default();
    for (start, character) in text.char_indices().filter(|(_, it)| *it != '\0') {
        folded.add(character, start..start + character.len_utf8());
    }
    folded.0.into_iter().map(|it| it.folded).collect()
}

/// A character after folding, and what it was made from.
#[derive(Debug, Clone, Copy)]
struct Glyph {
    folded: char,
    start: usize,
    end: usize,
}

#[derive(Default)]
struct Folded(Vec<Glyph>);

impl Folded {
    fn add(&mut self, character: char, at: Range<usize>) {
        if character.is_ascii() {
            let folded = character.to_ascii_lowercase();
            self.0.push(Glyph { folded, start: at.start, end: at.end });
            return;
        }
        decompose_compatible(character, |piece| {
            for lower in piece.to_lowercase() {
                if is_diacritic(lower) {
                    self.extend_last(at.end);
                } else {
                    for folded in plain(lower).chars_or(lower) {
                        self.push(folded, &at);
                    }
                }
            }
        });
    }

    /// A mark or a trailing part of a syllable becomes one with what it follows.
    fn push(&mut self, folded: char, at: &Range<usize>) {
        if let Some(last) = self.0.last_mut()
            && let Some(whole) = compose(last.folded, folded)
        {
            last.folded = whole;
            last.end = at.end;
            return;
        }
        self.0.push(Glyph { folded, start: at.start, end: at.end });
    }

    fn extend_last(&mut self, end: usize) {
        if let Some(last) = self.0.last_mut() {
            last.end = end;
        }
    }
}

/// Stretches of letters, digits and marks; one stretch is all spaced or all unspaced script.
fn words(text: &str) -> impl Iterator<Item = Vec<Glyph>> {
    let mut characters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        while let Some((start, character)) = characters.next() {
            if !is_word(character) {
                continue;
            }
            let mut word = Folded::default();
            word.add(character, start..start + character.len_utf8());
            let script = is_unspaced(character);
            while let Some((start, next)) = characters.next_if(|(_, next)| {
                is_word(*next) && (is_combining_mark(*next) || is_unspaced(*next) == script)
            }) {
                word.add(next, start..start + next.len_utf8());
            }
            // Compatibility forms may fold to signs; those are no part of a term.
            word.0.retain(|it| is_word(it.folded));
            if !word.0.is_empty() {
                return Some(word.0);
            }
        }
        None
    })
}

/// Whether the last character of an unspaced stretch becomes a term of its own.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    Kept,
    Dropped,
}

fn word_terms(word: &[Glyph], ends: Ends) -> Vec<Term> {
    if !word.first().is_some_and(|it| is_unspaced(it.folded)) {
        return vec![term(&word[..word.len().min(MAX_TERM_CHARS)])];
    }
    let mut terms: Vec<Term> = word.windows(2).map(term).collect();
    if ends == Ends::Kept || word.len() == 1 {
        terms.push(term(&word[word.len() - 1..]));
    }
    terms
}

fn term(glyphs: &[Glyph]) -> Term {
    let start = glyphs.first().map_or(0, |it| it.start);
    let end = glyphs.last().map_or(start, |it| it.end);
    Term { text: glyphs.iter().map(|it| it.folded).collect(), at: start..end }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

/// Accents and the like. Marks that carry vowels, as in Devanagari or Thai, are letters here.
const fn is_diacritic(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Scripts that put no space between words, and Hangul, which glues endings to them.
const fn is_unspaced(character: char) -> bool {
    matches!(
        character,
        '\u{e00}'..='\u{eff}' // Thai, Lao
            | '\u{1000}'..='\u{109f}' // Myanmar
            | '\u{1100}'..='\u{11ff}' // Hangul letters
            | '\u{1780}'..='\u{17ff}' // Khmer
            | '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{30ff}' // Hiragana, Katakana
            | '\u{3130}'..='\u{318f}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}' // Han
            | '\u{4e00}'..='\u{9fff}'
            | '\u{a960}'..='\u{a97f}'
            | '\u{ac00}'..='\u{d7ff}' // Hangul syllables
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ffdc}' // half-width forms
            | '\u{20000}'..='\u{3ffff}'
    )
}

/// Letters that have a plain form which Unicode does not derive.
const fn plain(lower: char) -> Plain {
    Plain(match lower {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'þ' => "th",
        'ı' => "i",
        'ς' => "σ",
        _ => "",
    })
}

struct Plain(&'static str);

impl Plain {
    fn chars_or(self, kept: char) -> impl Iterator<Item = char> {
        let alone = self.0.is_empty().then_some(kept);
        self.0.chars().chain(alone)
    }
}

/// Words that nearly every text has; they are indexed but not asked for.
const STOP_WORDS: &[&str] = &[
    "a", "about", "an", "and", "are", "as", "at", "be", "but", "by", "can", "did", "do", "does",
    "for", "from", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "me",
    "my", "no", "not", "of", "on", "or", "our", "so", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "to", "was", "we", "were", "what", "when", "where", "which",
    "who", "why", "will", "with", "you", "your",
];

#[cfg(test)]
mod tests;
