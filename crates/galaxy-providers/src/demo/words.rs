//! Text to words, and the few words the demo model understands.

/// A word as it stands in a message. A quotation or a block of code is one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As written, punctuation included; of a quotation, what is inside.
    pub(super) raw: String,
    /// In lower case, without punctuation around it.
    pub(super) plain: String,
    /// Whether it stood in quotation marks.
    pub(super) quoted: bool,
    /// Whether a sentence or a line ends with it.
    pub(super) ends: bool,
}

impl Word {
    fn new(raw: &str, quoted: bool) -> Self {
        let trimmed = raw.trim_matches(|it: char| !it.is_alphanumeric() && it != '#');
        let plain = trimmed.to_lowercase().replace('’', "'");
        Self { raw: raw.to_owned(), plain, quoted, ends: false }
    }

    /// The base form, for comparisons.
    pub(super) fn stem(&self) -> String {
        stem(&self.plain)
    }
}

/// What a request wants done, as far as the demo model can tell one kind from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    List,
    Find,
    Get,
    Complete,
    Delete,
    Update,
    Ask,
    Send,
    Compute,
    Run,
}

impl Verb {
    /// Whether it only looks, so that one such verb may stand for another.
    pub(super) const fn looks(self) -> bool {
        match self {
            Self::List | Self::Find | Self::Get | Self::Compute => true,
            Self::Add
            | Self::Complete
            | Self::Delete
            | Self::Update
            | Self::Ask
            | Self::Send
            | Self::Run => false,
        }
    }
}

/// The verb that `word` stands for.
pub(super) fn verb(word: &str) -> Option<Verb> {
    Some(match stem(word).as_str() {
        "add" | "create" | "make" | "new" | "insert" | "put" | "remind" | "note" | "remember"
        | "schedule" | "plan" => Verb::Add,
        "list" | "show" | "display" | "view" | "see" | "which" | "what" => Verb::List,
        "find" | "search" | "look" | "lookup" | "locate" | "query" => Verb::Find,
        "get" | "fetch" | "read" | "load" | "retrieve" | "tell" | "give" | "download" | "open" => {
            Verb::Get
        }
        "complete" | "finish" | "close" | "mark" | "tick" => Verb::Complete,
        "delete" | "remove" | "erase" | "drop" | "clear" => Verb::Delete,
        "update" | "rename" | "change" | "edit" | "modify" => Verb::Update,
        "ask" => Verb::Ask,
        "send" | "post" | "mail" | "notify" => Verb::Send,
        "calculate" | "compute" | "evaluate" | "solve" => Verb::Compute,
        "run" | "execute" => Verb::Run,
        _ => return None,
    })
}

/// The base form of a word: singular, and one of several words for the same thing.
pub(super) fn stem(word: &str) -> String {
    let word = word.to_lowercase();
    let word = word.strip_suffix("'s").unwrap_or(&word);
    let base = match word.len() {
        0..4 => word.to_owned(),
        _ => match word {
            _ if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") => {
                word.to_owned()
            }
            _ => match word.strip_suffix("ies") {
                Some(root) => format!("{root}y"),
                None => {
                    let hissing = ["ches", "shes", "xes", "sses"];
                    let cut = if hissing.iter().any(|it| word.ends_with(it)) { 2 } else { 1 };
                    let plural = word.ends_with('s');
                    if plural { word[..word.len() - cut].to_owned() } else { word.to_owned() }
                }
            },
        },
    };
    match base.as_str() {
        "todo" | "to-do" | "reminder" => "task".to_owned(),
        "people" | "user" | "colleague" => "person".to_owned(),
        "internet" | "online" | "website" => "web".to_owned(),
        "color" => "colour".to_owned(),
        _ => base,
    }
}

/// Words that carry no meaning of their own.
pub(super) fn is_filler(word: &str) -> bool {
    const FILLERS: [&str; 26] = [
        "a",
        "an",
        "the",
        "my",
        "our",
        "your",
        "me",
        "us",
        "new",
        "another",
        "some",
        "all",
        "any",
        "of",
        "current",
        "currently",
        "this",
        "these",
        "like",
        "there",
        "please",
        "i",
        "have",
        "existing",
        "now",
        "also",
    ];
    FILLERS.contains(&word)
}

/// Words that lead from a thing to what it is about.
pub(super) fn is_connector(word: &str) -> bool {
    const CONNECTORS: [&str; 22] = [
        "to", "called", "named", "titled", "that", "saying", "says", "about", "for", "in", "on",
        "at", "of", "with", "is", "from", "near", "by", "as", "whether", "if", "into",
    ];
    CONNECTORS.contains(&word)
}

/// Splits `text` into words.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        let gap = &rest[..rest.len() - trimmed.len()];
        if let Some(last) = words.last_mut()
            && (gap.contains('\n') || trimmed.is_empty())
        {
            last.ends = true;
        }
        if trimmed.is_empty() {
            return words;
        }
        let (word, behind) = quotation(trimmed).unwrap_or_else(|| {
            let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
            (Word::new(&trimmed[..end], false), &trimmed[end..])
        });
        words.push(word);
        if let Some(last) = words.last_mut() {
            last.ends = ends_sentence(&last.raw, last.quoted, behind);
        }
        rest = behind;
    }
}

/// A quotation or a block of code at the start of `text`, and what is behind it.
fn quotation(text: &str) -> Option<(Word, &str)> {
    const MARKS: [(&str, &str); 6] =
        [("```", "```"), ("\"", "\""), ("“", "”"), ("„", "“"), ("`", "`"), ("'", "'")];
    let (open, close) = MARKS.iter().find(|it| text.starts_with(it.0))?;
    let inside = &text[open.len()..];
    let end = inside.find(close)?;
    let behind = &inside[end + close.len()..];
    // An apostrophe inside a word ends no quotation.
    if behind.starts_with(char::is_alphanumeric) || inside[..end].trim().is_empty() {
        return None;
    }
    let mut content = &inside[..end];
    if *open == "```" {
        // The first line of a block names its language.
        content = content.split_once('\n').map_or(content, |it| it.1);
    }
    Some((Word::new(content.trim(), true), behind))
}

fn ends_sentence(raw: &str, quoted: bool, behind: &str) -> bool {
    if quoted {
        return behind.starts_with(['.', '!', '?', ';']);
    }
    if raw.ends_with(['!', '?', ';']) {
        // "5! / 3!" is no two sentences.
        return !raw.starts_with(|it: char| it.is_ascii_digit() || it == '(');
    }
    let capital = behind.trim_start().starts_with(char::is_uppercase);
    // "Mr. Smith" and "e.g. Bob" go on.
    raw.strip_suffix('.').is_some_and(|it| capital && it.len() > 3 && !it.contains('.'))
}

/// Joins words as they were written, without punctuation around them.
pub(super) fn join<'a>(words: impl IntoIterator<Item = &'a Word>) -> String {
    let raw: Vec<&str> = words.into_iter().map(|it| it.raw.as_str()).collect();
    let edges = |it: char| it.is_whitespace() || ".,;:!?\"'“”-".contains(it);
    raw.join(" ").trim_matches(edges).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_is_one_word() {
        let words = words("add \"Buy milk, and eggs\" to Bob's list. Then 'go home'!");
        let raw: Vec<&str> = words.iter().map(|it| it.raw.as_str()).collect();
        assert_eq!(raw[..3], ["add", "Buy milk, and eggs", "to"]);
        assert_eq!(raw[3..6], ["Bob's", "list.", "Then"]);
        assert!(words[4].ends && !words[2].ends && words[6].quoted);
    }

    #[test]
    fn abbreviations_and_factorials_end_no_sentence() {
        let sentences = |text: &str| words(text).iter().filter(|it| it.ends).count();
        assert_eq!(sentences("call Mr. Smith about 5! / 3! today"), 1);
        assert_eq!(sentences("Hello! Show my tasks. Thanks"), 3);
        assert_eq!(sentences("one\ntwo"), 2);
    }

    #[test]
    fn words_for_the_same_thing_have_one_stem() {
        for (word, base) in [
            ("tasks", "task"),
            ("todos", "task"),
            ("cities", "city"),
            ("boxes", "box"),
            ("class", "class"),
            ("Bob's", "bob"),
        ] {
            assert_eq!(stem(word), base);
        }
        assert_eq!(verb("Adds"), Some(Verb::Add));
        assert_eq!(verb("milk"), None);
    }
}
