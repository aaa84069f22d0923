//! Fills the arguments of a tool with the words of a request.

mod lists;
mod phrase;

use serde_json::{Map, Value, json};

use super::{
    clause::Clause,
    fields::{Field, Kind},
    matching::is_url,
    tools::Known,
    words::{Verb, Word, join, stem},
};

/// What became of the arguments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filled {
    pub(super) input: Map<String, Value>,
    /// Required arguments that the request does not give.
    pub(super) missing: Vec<String>,
    /// A thing that the request calls by its title where the tool wants its id: the argument and
    /// the title.
    pub(super) by_title: Option<(String, String)>,
}

/// Fills what `tool` takes from `clause`.
pub(super) fn fill(clause: &Clause, tool: &Known<'_>) -> Filled {
    let mut used = vec![false; clause.words.len()];
    if let Some(at) = clause.place_of(&tool.spec.name) {
        used[..=at].fill(true);
    }
    let mut filler = Filler { clause, tool, used, input: Map::new(), by_title: None };
    filler.fill_by_shape();
    filler.fill_lists();
    filler.fill_by_name();
    if tool.verb == Some(Verb::Update) {
        filler.fill_change();
    }
    filler.fill_texts();
    filler.fill_title();
    let by_title = filler.by_title.take();
    let given = |it: &Field| {
        filler.input.contains_key(&it.name) || by_title.as_ref().is_some_and(|by| by.0 == it.name)
    };
    let missing = tool.fields.iter().filter(|it| it.required && !given(it));
    let mut missing: Vec<String> = missing.map(|it| it.name.clone()).collect();
    if missing.is_empty() && changes_nothing(tool, &filler.input) {
        missing =
            tool.fields.iter().filter(|it| is_new_value(it)).map(|it| it.name.clone()).collect();
    }
    Filled { input: filler.input, missing, by_title }
}

/// Whether a change lacks what to change it to.
fn changes_nothing(tool: &Known<'_>, input: &Map<String, Value>) -> bool {
    let mut values = tool.fields.iter().filter(|it| is_new_value(it)).peekable();
    tool.verb == Some(Verb::Update)
        && values.peek().is_some()
        && !values.any(|it| input.contains_key(&it.name))
}

fn is_new_value(field: &Field) -> bool {
    !field.required && field.kind != Kind::Id
}

struct Filler<'c, 'k, 'a> {
    clause: &'c Clause,
    tool: &'k Known<'a>,
    /// Words that belong to an argument already.
    used: Vec<bool>,
    input: Map<String, Value>,
    by_title: Option<(String, String)>,
}

impl<'k> Filler<'_, 'k, '_> {
    /// The arguments that nothing fills yet.
    fn open(&self, wanted: impl Fn(&Kind) -> bool) -> Vec<&'k Field> {
        let open = |it: &&Field| !self.input.contains_key(&it.name) && wanted(&it.kind);
        self.tool.fields.iter().filter(open).collect()
    }

    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.input.insert(field.name.clone(), value.into());
    }

    /// The words that are free, with their places.
    fn free(&self) -> impl Iterator<Item = (usize, &Word)> {
        let words = self.clause.words.iter().enumerate().skip(self.clause.body);
        words.filter(|(at, _)| !self.used[*at])
    }

    /// What can be told by its looks: expressions, addresses, code, ids, dates, choices, numbers.
    fn fill_by_shape(&mut self) {
        for field in self.tool.fields.iter() {
            match &field.kind {
                Kind::Expression => {
                    if let Some(expression) = &self.clause.expression {
                        self.set(field, expression.as_str());
                    }
                }
                Kind::Url => self.take(field, |it| is_url(&it.raw)),
                Kind::Code if field.required => self.fill_code(field),
                Kind::Id => self.take(field, |it| is_id(&it.plain)),
                Kind::Date => self.take_date(field),
                Kind::Choice(choices) => self.fill_choice(field, choices),
                Kind::Whole | Kind::Number => self.fill_number(field),
                Kind::Flag => {
                    let said = field.words().iter().any(|it| self.clause.says(&stem(it)));
                    if said || field.required {
                        self.set(field, said);
                    }
                }
                Kind::Code | Kind::Text | Kind::List | Kind::Other => (),
            }
        }
    }

    /// Gives the first free word that `fits` to `field`.
    fn take(&mut self, field: &Field, fits: impl Fn(&Word) -> bool) {
        let found = self.free().find(|it| fits(it.1)).map(|(at, word)| (at, word.raw.clone()));
        if let Some((at, raw)) = found {
            self.used[at] = true;
            let value = raw.trim_matches(|it: char| ",;!?()<>".contains(it)).trim_end_matches('.');
            self.set(field, value);
        }
    }

    fn take_date(&mut self, field: &Field) {
        let found = self.free().find(|it| is_date(&it.1.plain)).map(|(at, _)| at);
        if let Some(at) = found {
            let before = at.checked_sub(1).map(|it| self.clause.words[it].plain.as_str());
            if matches!(before, Some("on" | "by" | "due" | "until" | "before" | "at" | "for")) {
                self.used[at - 1] = true;
            }
            self.take(field, |it| is_date(&it.plain));
        }
    }

    fn fill_code(&mut self, field: &Field) {
        let quoted = self.free().find(|it| it.1.quoted).map(|it| it.1.raw.clone());
        let behind_colon = || {
            let at = self.free().find(|it| it.1.raw.ends_with(':'))?.0;
            let words: Vec<&str> =
                self.clause.words[at + 1..].iter().map(|it| it.raw.as_str()).collect();
            Some(words.join(" ")).filter(|it| !it.is_empty())
        };
        let statement = || {
            let at = self.clause.words.iter().position(|it| it.plain == "select")?;
            let words: Vec<&str> =
                self.clause.words[at..].iter().map(|it| it.raw.as_str()).collect();
            Some(words.join(" "))
        };
        if let Some(code) = quoted.or_else(statement).or_else(behind_colon) {
            self.set(field, code);
            self.used.fill(true);
        }
    }

    /// A choice is meant where its word stands; where a title is expected too, only beside the
    /// argument's name ("high priority"), since a title may say anything.
    fn fill_choice(&mut self, field: &Field, choices: &[String]) {
        let names = field.words();
        let is_name = |at: Option<usize>| {
            let word = at.and_then(|at| self.clause.words.get(at));
            word.is_some_and(|it| names.contains(&it.stem()))
        };
        let titled = self.tool.needs(&[Kind::Text, Kind::Id]).is_some();
        let mut found = None;
        for (at, word) in self.free().filter(|it| !it.1.quoted) {
            let Some(choice) = choices.iter().find(|it| means(&word.plain, it)) else { continue };
            let beside = [at.checked_sub(1), Some(at + 1)].into_iter().find(|it| is_name(*it));
            if beside.is_some() || !titled || field.required {
                found = Some((at, beside.flatten(), choice));
                break;
            }
        }
        if let Some((at, beside, choice)) = found {
            self.set(field, choice.as_str());
            self.used[at] = true;
            if let Some(beside) = beside {
                self.used[beside] = true;
                self.use_before(beside.min(at), &["with", "at", "of", "has"]);
            }
        }
    }

    fn use_before(&mut self, at: usize, words: &[&str]) {
        if let Some(before) = at.checked_sub(1)
            && before >= self.clause.body
            && words.contains(&self.clause.words[before].plain.as_str())
        {
            self.used[before] = true;
        }
    }

    fn fill_number(&mut self, field: &Field) {
        if self.clause.expression.is_some() && !field.required {
            return;
        }
        let names = field.words();
        let named = |at: Option<usize>| {
            let word = at.and_then(|at| self.clause.words.get(at));
            word.is_some_and(|it| names.contains(&it.stem()) || is_first(&names, &it.plain))
        };
        let number = |word: &Word| word.plain.replace(',', "").parse::<f64>().ok();
        let fits = |it: &(usize, &Word)| {
            let beside = named(it.0.checked_sub(1)) || named(Some(it.0 + 1));
            number(it.1).is_some() && (field.required || beside)
        };
        let found = self.free().find(fits).and_then(|(at, word)| Some((at, number(word)?)));
        let Some((at, value)) = found else { return };
        self.used[at] = true;
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and the tool checks")]
        let whole = value.trunc() as i64;
        let value = if field.kind == Kind::Whole { json!(whole) } else { json!(value) };
        self.set(field, value);
    }

    /// Optional texts that are named: "with description about the loan".
    fn fill_by_name(&mut self) {
        for field in self.open(|it| *it == Kind::Text) {
            if field.required {
                continue;
            }
            let names = field.words();
            let is_name = |it: &(usize, &Word)| {
                let marked = it.1.raw.ends_with([':', '=']) || {
                    let before = it.0.checked_sub(1).map(|it| self.clause.words[it].plain.as_str());
                    matches!(before, Some("with" | "the" | "and")) && names.len() == 1
                };
                !it.1.quoted && marked && names.last() == Some(&it.1.stem())
            };
            let Some(at) = self.free().find(is_name).map(|it| it.0) else { continue };
            // "The title of the task" names what to change, not what to.
            let next = self.clause.words.get(at + 1).map(|it| it.plain.as_str());
            if matches!(next, Some("of" | "to" | "for") | None) {
                continue;
            }
            let from = at + 1 + usize::from(matches!(next, Some("is" | "as" | "saying")));
            let value = join(&self.clause.words[from..]);
            self.used[at..].fill(true);
            self.use_before(at, &["with", "and", "the"]);
            self.set(field, value);
        }
    }
}

/// "Top 5" and "first 5" count as much as "limit 5" does.
fn is_first(names: &[String], word: &str) -> bool {
    let counts = ["limit", "count", "number", "top", "max", "n"];
    names.iter().any(|it| counts.contains(&it.as_str())) && matches!(word, "first" | "top" | "last")
}

/// Whether a person who says `word` means `choice`.
fn means(word: &str, choice: &str) -> bool {
    let same = match choice.to_lowercase().as_str() {
        "completed" | "complete" | "done" | "finished" | "closed" => {
            &["completed", "complete", "done", "finished", "closed"][..]
        }
        "pending" | "open" | "todo" | "active" | "incomplete" => {
            &["pending", "open", "unfinished", "outstanding", "undone", "active", "remaining"]
        }
        "high" | "urgent" => &["high", "urgent", "important"],
        "low" => &["low", "unimportant"],
        _ => &[],
    };
    word == choice.to_lowercase() || same.contains(&word)
}

/// A UUID, or a word of letters and digits that begins with `#`.
fn is_id(word: &str) -> bool {
    let groups: Vec<&str> = word.split('-').collect();
    let hex = |it: &&str| it.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.iter().map(|it| it.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(hex)
}

/// A day, or a moment, as RFC 3339 writes it.
fn is_date(word: &str) -> bool {
    let bytes = word.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    bytes.len() >= 10
        && [0, 1, 2, 3, 5, 6, 8, 9].into_iter().all(digit)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && (bytes.len() == 10 || bytes[10] == b't')
}
