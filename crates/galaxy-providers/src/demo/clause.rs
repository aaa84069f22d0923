//! One request of a message: what it wants done, and the words that say with what.

use super::{
    arithmetic,
    words::{Verb, Word, verb},
};

/// A request, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// Without words of politeness in front.
    pub(super) words: Vec<Word>,
    /// What it wants done.
    pub(super) lead: Option<Verb>,
    /// Where the words begin that say with what.
    pub(super) body: usize,
    /// Stems that it means without saying them: "remind me" is about a task.
    pub(super) implied: &'static [&'static str],
    /// Whether it tells something and wants nothing.
    pub(super) tells: bool,
    /// What is to be calculated, if anything.
    pub(super) expression: Option<String>,
}

impl Clause {
    /// Takes `words` apart.
    pub(super) fn new(words: &[Word]) -> Self {
        let words = &words[politeness(words)..];
        let (lead, body, implied) = lead(words);
        let mut words = words.to_vec();
        if lead == Some(Verb::Complete)
            && let Some(at) = as_done(&words)
        {
            words.truncate(at);
        }
        let first = words.first().map(|it| it.plain.as_str()).unwrap_or_default();
        let tells = lead.is_none()
            && matches!(first, "i" | "we" | "you" | "he" | "she" | "they" | "it" | "i'm" | "it's");
        let asks = lead.is_none_or(Verb::looks) || is_sum(first);
        let text: Vec<&str> = words.iter().map(|it| it.raw.as_str()).collect();
        let expression = if asks { arithmetic::find(&text.join(" ")) } else { None };
        Self { body: body.min(words.len()), words, lead, implied, tells, expression }
    }

    /// Whether it says what it wants in its first words, or is nothing but a calculation: only
    /// such a clause may follow an "and".
    pub(super) fn stands_alone(&self) -> bool {
        self.lead.is_some() || self.expression.is_some()
    }

    /// Where it calls a tool by its name. A name that is a plain word may just be a word.
    pub(super) fn place_of(&self, name: &str) -> Option<usize> {
        let is_plain = name.chars().all(char::is_alphanumeric);
        let is_name = |it: &Word| it.plain == name.to_lowercase() && (it.quoted || !is_plain);
        self.words.iter().position(is_name)
    }

    /// Whether one of its words, or of those it implies, has this stem.
    pub(super) fn says(&self, stem: &str) -> bool {
        self.implied.contains(&stem) || self.words.iter().any(|it| !it.quoted && it.stem() == stem)
    }
}

fn is_sum(word: &str) -> bool {
    matches!(word, "add" | "sum" | "multiply" | "divide" | "subtract")
}

/// How many words say nothing but please.
fn politeness(words: &[Word]) -> usize {
    const PHRASES: [&[&str]; 34] = [
        &["can", "you"],
        &["could", "you"],
        &["would", "you"],
        &["will", "you"],
        &["i", "want", "you", "to"],
        &["i", "want", "to"],
        &["i", "would", "like", "you", "to"],
        &["i", "would", "like", "to"],
        &["i'd", "like", "you", "to"],
        &["i'd", "like", "to"],
        &["i", "need", "you", "to"],
        &["help", "me", "to"],
        &["go", "ahead", "and"],
        &["let", "us"],
        &["let's"],
        &["please"],
        &["kindly"],
        &["hey"],
        &["hi"],
        &["hello"],
        &["ok"],
        &["okay"],
        &["well"],
        &["yes"],
        &["so"],
        &["now"],
        &["then"],
        &["next"],
        &["finally"],
        &["first,"],
        &["also"],
        &["and"],
        &["just"],
        &["quickly"],
    ];
    let mut at = 0;
    while let Some(phrase) = PHRASES.iter().find(|it| begins(&words[at..], it)) {
        at += phrase.len();
    }
    at
}

fn begins(words: &[Word], phrase: &[&str]) -> bool {
    words.len() >= phrase.len()
        && phrase.iter().zip(words).all(|(want, word)| !word.quoted && word.plain == *want)
}

/// What `words` want done, how many of them say so, and what they imply.
fn lead(words: &[Word]) -> (Option<Verb>, usize, &'static [&'static str]) {
    type Phrase = (&'static [&'static str], Verb, &'static [&'static str]);
    const PHRASES: [Phrase; 30] = [
        (&["remind", "me"], Verb::Add, &["task"]),
        (&["check", "off"], Verb::Complete, &["task"]),
        (&["tick", "off"], Verb::Complete, &["task"]),
        (&["cross", "off"], Verb::Complete, &["task"]),
        (&["look", "up"], Verb::Find, &[]),
        (&["work", "out"], Verb::Compute, &[]),
        (&["ask", "me"], Verb::Ask, &["person"]),
        (&["who", "is"], Verb::Find, &["person"]),
        (&["who's"], Verb::Find, &["person"]),
        (&["show", "me"], Verb::List, &[]),
        (&["tell", "me", "about"], Verb::Get, &[]),
        (&["tell", "me"], Verb::Get, &[]),
        (&["give", "me"], Verb::Get, &[]),
        (&["what", "is"], Verb::List, &[]),
        (&["what", "are"], Verb::List, &[]),
        (&["what's"], Verb::List, &[]),
        (&["whats"], Verb::List, &[]),
        (&["how", "much", "is"], Verb::List, &[]),
        (&["how", "many"], Verb::List, &[]),
        (&["how", "is"], Verb::List, &[]),
        (&["how's"], Verb::List, &[]),
        (&["where", "is"], Verb::Find, &[]),
        (&["is", "there"], Verb::List, &[]),
        (&["are", "there"], Verb::List, &[]),
        (&["do", "i", "have"], Verb::List, &[]),
        (&["do", "we", "have"], Verb::List, &[]),
        (&["close"], Verb::Complete, &[]),
        (&["finish"], Verb::Complete, &[]),
        (&["which"], Verb::List, &[]),
        (&["what"], Verb::List, &[]),
    ];
    if begins(words, &["mark"]) && as_done(words).is_some() {
        return (Some(Verb::Complete), 1, &["task"]);
    }
    if let Some((phrase, verb, implied)) = PHRASES.iter().find(|it| begins(words, it.0)) {
        return (Some(*verb), phrase.len(), implied);
    }
    let first = words.first().filter(|it| !it.quoted);
    // A name may be a verb by accident ("Notes:"), an order is not in the plural.
    let order = first.filter(|it| !it.plain.ends_with('s') && it.plain != "mark");
    match order.and_then(|it| verb(&it.plain)) {
        Some(verb) => (Some(verb), 1, &[]),
        None => (None, 0, &[]),
    }
}

/// Where "as done" begins.
fn as_done(words: &[Word]) -> Option<usize> {
    let done = |it: &Word| {
        matches!(it.plain.as_str(), "done" | "complete" | "completed" | "finished" | "closed")
    };
    let last = words.iter().rposition(done)?;
    let at = last.checked_sub(1)?;
    let before = words[at].plain.as_str();
    (at > 0 && matches!(before, "as" | "is" | "being")).then_some(at)
}
