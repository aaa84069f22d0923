//! Lists in a request: choices behind a colon, tags with a `#`.

use serde_json::{Value, json};

use super::Filler;
use crate::demo::{
    fields::Kind,
    words::{Word, join},
};

impl Filler<'_, '_, '_> {
    /// Fills lists: tags from words with a `#`, others from what stands behind a colon.
    pub(super) fn fill_lists(&mut self) {
        for field in self.open(|it| *it == Kind::List) {
            let words = field.words();
            let is = |name: &str| words.iter().any(|it| it.trim_end_matches('s') == name);
            if is("tag") || is("label") {
                let is_tag = |it: &Word| it.plain.len() > 1 && it.plain.starts_with('#');
                let tags: Vec<usize> =
                    self.free().filter(|it| is_tag(it.1)).map(|it| it.0).collect();
                if !tags.is_empty() {
                    let names = tags.iter().map(|at| &self.clause.words[*at].plain[1..]);
                    let names: Vec<&str> = names.collect();
                    self.set(field, json!(names));
                    tags.into_iter().for_each(|at| self.used[at] = true);
                }
            } else if field.required || is("choice") || is("option") || is("item") {
                self.fill_items(field);
            }
        }
    }

    fn fill_items(&mut self, field: &crate::demo::fields::Field) {
        let colon = self.free().find(|it| it.1.raw.ends_with(':')).map(|it| it.0 + 1);
        let between = self.free().find(|it| it.1.plain == "between").map(|it| it.0);
        let (from, skip) = match (colon, between) {
            (Some(at), _) => (at, 0),
            (None, Some(at)) => (at, 1),
            (None, None) => return,
        };
        let items = items(&self.clause.words[from + skip..]);
        if items.len() >= 2 {
            self.set(field, items.into_iter().map(Value::from).collect::<Vec<_>>());
            self.used[from..].fill(true);
        }
    }
}

/// Splits "red, green or blue" into its items.
fn items(words: &[Word]) -> Vec<String> {
    let mut items: Vec<Vec<&Word>> = vec![Vec::new()];
    for word in words {
        if !word.quoted && matches!(word.plain.as_str(), "or" | "and") {
            items.push(Vec::new());
            continue;
        }
        if let Some(item) = items.last_mut() {
            item.push(word);
        }
        if word.raw.ends_with([',', ';', '/']) {
            items.push(Vec::new());
        }
    }
    let texts = items.into_iter().map(|it| join(it).trim_end_matches('/').to_owned());
    texts.filter(|it| !it.is_empty()).collect()
}
