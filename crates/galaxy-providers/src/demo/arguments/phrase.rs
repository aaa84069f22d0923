//! The words of a request that say what it is about: titles, questions, places.

use super::Filler;
use crate::demo::{
    fields::{Field, Kind},
    words::{Verb, Word, is_connector, is_filler, join, stem},
};

impl<'k> Filler<'_, 'k, '_> {
    /// Required texts: quotations first, then what follows a telling word, then the object of
    /// the sentence. A reading tool's only text is filled even where it is optional.
    pub(super) fn fill_texts(&mut self) {
        let open = self.open(|it| *it == Kind::Text);
        let needs_id = self.tool.needs(&[Kind::Id]).is_some();
        let mut wanted: Vec<&Field> = open.iter().copied().filter(|it| it.required).collect();
        if wanted.is_empty() && !needs_id && self.tool.verb.is_none_or(Verb::looks) {
            wanted.extend(open.into_iter().find(|it| is_subject(it)));
        }
        for field in &wanted {
            let quoted =
                self.free().find(|it| it.1.quoted).map(|(at, word)| (at, word.raw.clone()));
            if let Some((at, raw)) = quoted {
                self.used[at] = true;
                self.set(field, raw);
            }
        }
        wanted.retain(|it| !self.input.contains_key(&it.name));
        if wanted.len() > 1 {
            self.fill_marked(&wanted);
            wanted.retain(|it| !self.input.contains_key(&it.name));
        }
        if let Some(field) = wanted.first() {
            let text = self.object(Some(field), false);
            if !text.is_empty() {
                let asks = field.name == "question";
                self.set(field, if asks { question(&text) } else { text });
            }
        }
    }

    /// Several texts in one sentence: each reaches from a word that announces it to the next.
    fn fill_marked(&mut self, wanted: &[&'k Field]) {
        let mut marks: Vec<(usize, &Field)> = Vec::new();
        for field in wanted {
            let markers = markers(field);
            let taken = |at: usize| marks.iter().any(|it| it.0 == at);
            let is_mark = |it: &(usize, &Word)| {
                !taken(it.0) && (markers.contains(&it.1.plain.as_str()) || it.1.plain == field.name)
            };
            if let Some((at, _)) = self.free().find(is_mark) {
                marks.push((at, field));
            }
        }
        marks.sort_by_key(|it| it.0);
        for (number, (at, field)) in marks.iter().enumerate() {
            let end = marks.get(number + 1).map_or(self.clause.words.len(), |it| it.0);
            let from = at + 1;
            let free = (from..end).filter(|it| !self.used[*it]).map(|it| &self.clause.words[it]);
            let value = join(free);
            if !value.is_empty() {
                self.set(field, value);
                self.used[*at..end].fill(true);
            }
        }
    }

    /// "Rename X to Y": Y goes to the argument that is named, or to the title; X stays.
    pub(super) fn fill_change(&mut self) {
        let open = self.open(|it| *it == Kind::Text);
        let named = open.iter().copied().find_map(|field| {
            let at = self.free().find(|it| field.words().contains(&it.1.stem()))?.0;
            Some((Some(at), field))
        });
        let title = || open.iter().copied().find(|it| is_title(&it.name)).or(open.first().copied());
        let Some((at, field)) = named.or_else(|| Some((None, title()?))) else { return };
        let to = self.free().filter(|it| matches!(it.1.plain.as_str(), "to" | "into")).last();
        let Some(to) = to.map(|it| it.0).filter(|it| *it > self.clause.body) else { return };
        let value = join(&self.clause.words[to + 1..]);
        if !value.is_empty() {
            self.used[to..].fill(true);
            if let Some(at) = at {
                self.used[at] = true;
            }
            self.set(field, value);
        }
    }

    /// The title of the thing whose id is wanted.
    pub(super) fn fill_title(&mut self) {
        let Some(field) = self.open(|it| *it == Kind::Id).into_iter().find(|it| it.required) else {
            return;
        };
        let quoted = self.free().find(|it| it.1.quoted).map(|it| it.1.raw.clone());
        let title = quoted.unwrap_or_else(|| self.object(None, true));
        if !title.is_empty() {
            self.by_title = Some((field.name.clone(), title));
        }
    }

    /// Whether a word says when to look, which is now in any case.
    fn is_moment(&self, word: &Word) -> bool {
        self.tool.verb.is_some_and(Verb::looks)
            && matches!(word.plain.as_str(), "now" | "today" | "tonight" | "currently")
    }

    /// The free words without those that only lead to what they are about.
    fn object(&self, field: Option<&Field>, is_target: bool) -> String {
        let words: Vec<&Word> = self.free().map(|it| it.1).collect();
        let named = |it: &Word| field.is_some_and(|field| field.words().contains(&it.stem()));
        let noun = |it: &Word| !it.quoted && (self.tool.is_about(&it.stem()) || it.plain == "list");
        let leads = |it: &Word| is_connector(&it.plain) || named(it);
        let announced = words.iter().enumerate().position(|(at, word)| {
            let next = words.get(at + 1);
            noun(word) && next.is_some_and(|it| leads(it) || word.raw.ends_with(':'))
        });
        // A noun far into the sentence belongs to the title: "add pay the task force to my list".
        let near =
            |at: usize| words[..at].iter().all(|it| !is_connector(&it.plain) || it.plain == "of");
        let mut start = announced.filter(|at| near(*at) && !closes(&words[*at + 1..], &noun));
        if let Some(at) = &mut start {
            *at += 1;
        }
        let headed = start.is_some();
        let mut start = start.unwrap_or(0);
        let mut seen_noun = headed;
        while let Some(word) = words.get(start).filter(|it| is_filler(&it.plain) || noun(it)) {
            seen_noun |= noun(word);
            start += 1;
        }
        let most = start + 3;
        while start < most && words.get(start).is_some_and(|it| leads(it)) {
            start += 1;
        }
        let mut words = &words[start.min(words.len())..];
        while let [rest @ .., last] = words
            && (matches!(last.plain.as_str(), "please" | "thanks" | "") || self.is_moment(last))
        {
            words = rest;
        }
        if !seen_noun {
            let tail = |at: &usize| closes(&words[*at..], &noun);
            let end = (1..words.len()).find(tail).unwrap_or(words.len());
            words = &words[..end];
        }
        if let [rest @ .., last] = words
            && is_target
            && !seen_noun
            && !rest.is_empty()
            && noun(last)
        {
            words = rest;
        }
        join(words.iter().copied())
    }
}

/// Whether `words` only say where something belongs, such as "to my task list".
fn closes(words: &[&Word], noun: &impl Fn(&Word) -> bool) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    matches!(first.plain.as_str(), "to" | "on" | "in" | "from" | "onto" | "into" | "as")
        && rest.iter().any(|it| noun(it))
        && rest.iter().all(|it| noun(it) || is_filler(&it.plain))
}

fn is_title(name: &str) -> bool {
    matches!(name, "title" | "name" | "text" | "label" | "subject")
}

/// Whether a text is what a reading tool looks for.
fn is_subject(field: &Field) -> bool {
    const SUBJECTS: [&str; 10] =
        ["query", "q", "search", "city", "location", "place", "name", "topic", "keyword", "term"];
    SUBJECTS.contains(&field.name.as_str())
}

/// Words that announce an argument of that name.
fn markers(field: &Field) -> &'static [&'static str] {
    match field.words().last().map(String::as_str).unwrap_or_default() {
        "recipient" | "to" | "destination" | "target" | "email" => &["to", "into"],
        "from" | "source" | "origin" => &["from"],
        "subject" | "topic" | "about" | "query" => &["about", "on", "for"],
        "body" | "message" | "content" | "text" => &["saying", "says", "that", "with"],
        "city" | "location" | "place" | "country" => &["in", "at", "near", "for"],
        "language" | "format" | "unit" => &["to", "into", "in"],
        "name" | "title" => &["called", "named", "titled"],
        _ => &[],
    }
}

/// Turns "which colour I like" into a question to the person who said it.
fn question(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let first = words.first().map(|it| it.to_lowercase()).unwrap_or_default();
    let mut turned: Vec<String> = Vec::new();
    let asks = matches!(
        stem(&first).as_str(),
        "what" | "which" | "who" | "whom" | "when" | "where" | "how" | "why"
    );
    let mut speaker = asks.then_some("do you");
    for word in &words {
        turned.push(match word.to_lowercase().as_str() {
            "i" => speaker.take().unwrap_or("you").to_owned(),
            "my" => "your".to_owned(),
            "me" => "you".to_owned(),
            _ => (*word).to_owned(),
        });
    }
    let mut sentence = turned.join(" ");
    if first == "i" && words.len() > 1 {
        sentence = format!("Do {sentence}");
    }
    let mut letters = sentence.chars();
    let start: String = letters.next().map(|it| it.to_uppercase().collect()).unwrap_or_default();
    let sentence = format!("{start}{}", letters.as_str());
    if sentence.ends_with('?') { sentence } else { format!("{sentence}?") }
}
