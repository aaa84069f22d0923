//! The tools on offer, as the demo model understands them: a verb, a subject and arguments.

use std::collections::BTreeSet;

use galaxy_model::ToolSpec;

use super::{
    fields::{Field, Kind, fields, name_words},
    words::{Verb, is_connector, is_filler, stem, verb, words},
};

/// A tool, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Known<'a> {
    pub(super) spec: &'a ToolSpec,
    /// What it does; `None` when its name does not say.
    pub(super) verb: Option<Verb>,
    /// Stems of what it is about: the words of its name but the verb.
    pub(super) nouns: Vec<String>,
    /// Stems of the words of its description that mean something.
    about: BTreeSet<String>,
    /// Stems of all words of its name.
    pub(super) name: Vec<String>,
    pub(super) fields: Vec<Field>,
}

impl<'a> Known<'a> {
    /// Takes `spec` apart.
    pub(super) fn new(spec: &'a ToolSpec) -> Self {
        // Tools of a server may carry its name in front: `server__tool`, `server.tool`.
        let own = spec.name.rsplit("__").next().unwrap_or(&spec.name);
        let own = own.rsplit(['.', '/', ':']).next().unwrap_or(own);
        let all = name_words(own);
        let at = all.iter().position(|it| verb(it).is_some());
        let mut kind = at.and_then(|at| verb(&all[at]));
        let described = words(&spec.description);
        if kind.is_none() {
            kind = described.first().and_then(|it| verb(&it.plain));
        }
        let nouns = all.iter().enumerate().filter(|(it, _)| Some(*it) != at);
        let nouns = nouns.map(|(_, word)| stem(word)).filter(|it| !is_filler(it)).collect();
        let means = |it: &&str| it.len() > 2 && !is_filler(it) && !is_connector(it);
        let about = described.iter().map(|it| it.plain.as_str()).filter(means).map(stem).collect();
        let name = all.iter().map(|it| stem(it)).collect();
        Self { spec, verb: kind, nouns, about, name, fields: fields(&spec.input) }
    }

    /// Whether `stem` is what it is about.
    pub(super) fn is_about(&self, stem: &str) -> bool {
        self.nouns.iter().any(|it| it == stem)
    }

    /// Whether its description speaks of `stem`.
    pub(super) fn mentions(&self, stem: &str) -> bool {
        self.about.contains(stem)
    }

    /// The first argument of one of these kinds that it cannot do without.
    pub(super) fn needs(&self, kinds: &[Kind]) -> Option<&Field> {
        self.fields.iter().find(|it| it.required && kinds.contains(&it.kind))
    }

    /// The subject in words, such as `task`.
    pub(super) fn subject(&self) -> String {
        self.nouns.join(" ")
    }

    /// A request that this tool answers, if there is an obvious one.
    pub(super) fn example(&self) -> Option<String> {
        let subject = self.subject();
        if self.needs(&[Kind::Expression]).is_some() {
            return Some("what is 17*23".to_owned());
        }
        Some(match self.verb? {
            Verb::Add => format!("add a {subject} to buy groceries"),
            Verb::List if self.fields.iter().all(|it| !it.required) => {
                format!("list my {subject}s")
            }
            Verb::Complete => format!("complete the {subject} buy groceries"),
            Verb::Delete => format!("delete the {subject} buy groceries"),
            Verb::Update => format!("rename the {subject} buy groceries to buy fruit"),
            Verb::Ask => "ask me which colour I like: red, green or blue".to_owned(),
            Verb::Get if self.needs(&[Kind::Text]).is_some() => {
                format!("what is the {subject} in Paris")
            }
            Verb::Find if self.needs(&[Kind::Text]).is_some() => {
                format!("search the {subject} for Rust")
            }
            Verb::List | Verb::Get | Verb::Find | Verb::Send | Verb::Compute | Verb::Run => {
                return None;
            }
        })
    }
}
