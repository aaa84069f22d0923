//! The curated list: tool servers that somebody looked at, in the repository.
//!
//! What a newcomer sees, and what is there when no registry can be reached. Its entries have the
//! shape of every other entry, so that they are resolved, served and updated in the same way.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::entry::Entry;

/// The key under which it is told in `_meta` what the list says of an entry.
pub const META: &str = "galaxy/curated";

/// What a server may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Touch {
    /// Files of the machine that it runs on.
    Files,
    /// The network: it fetches what it is told to, or sends what it is given.
    Network,
    /// An account that somebody has somewhere.
    Account,
    /// A database.
    Database,
    /// The machine that it runs on, beyond files: it starts programs.
    Machine,
    /// Nothing but what it is told in the call.
    Nothing,
}

impl Touch {
    /// The name that is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Network => "network",
            Self::Account => "account",
            Self::Database => "database",
            Self::Machine => "machine",
            Self::Nothing => "nothing",
        }
    }
}

/// An entry of the list.
#[derive(Debug, Clone)]
pub struct Curated {
    /// What it says.
    pub entry: Entry,
    /// Its `server.json`, as it stands in the list.
    pub text: String,
    /// What it is about.
    pub tags: Vec<String>,
    /// What it may touch.
    pub touches: Vec<Touch>,
}

#[derive(Deserialize)]
struct Wire {
    tags: Vec<String>,
    touches: Vec<Touch>,
    server: Box<RawValue>,
}

/// The list, by name.
pub fn curated() -> &'static [Curated] {
    static LIST: LazyLock<Vec<Curated>> =
        LazyLock::new(|| read(include_str!("curated.json")).unwrap_or_default());
    &LIST
}

/// The entry of that name.
pub fn find(name: &str) -> Option<&'static Curated> {
    curated().iter().find(|it| it.entry.name == name)
}

/// Everything that the entries are about, by name.
pub fn tags() -> Vec<&'static str> {
    let mut tags: Vec<&str> =
        curated().iter().flat_map(|it| &it.tags).map(String::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

fn read(text: &str) -> Result<Vec<Curated>, String> {
    let wire: Vec<Wire> = serde_json::from_str(text).map_err(|err| err.to_string())?;
    let curated = |it: Wire| {
        let server = serde_json::from_str(it.server.get()).map_err(|err| err.to_string())?;
        let entry = Entry::read(&server)?;
        Ok(Curated { entry, text: it.server.get().to_owned(), tags: it.tags, touches: it.touches })
    };
    let mut list: Vec<Curated> = wire.into_iter().map(curated).collect::<Result<_, String>>()?;
    list.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
    Ok(list)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        question::Format,
        resolve::{Inputs, Reached, resolve},
    };

    /// An answer to everything that has to be answered.
    fn answers(way: &crate::Way) -> Inputs {
        let needed =
            way.questions().into_iter().filter(|it| it.is_required && it.default.is_none());
        let answer = |it: crate::Question| {
            let answer = match it.format {
                Format::Path => "/srv/data".to_owned(),
                Format::Number => "7".to_owned(),
                Format::Boolean => "true".to_owned(),
                Format::Text => it.choices.first().cloned().unwrap_or_else(|| "value".to_owned()),
            };
            (it.key, vec![answer.into()])
        };
        needed.map(answer).collect()
    }

    #[test]
    fn the_list_is_read_as_a_whole_and_names_nothing_twice() {
        let list = read(include_str!("curated.json")).unwrap();
        assert!((25..=40).contains(&list.len()), "{}", list.len());
        let names: BTreeSet<&str> = list.iter().map(|it| it.entry.name.as_str()).collect();
        assert_eq!(names.len(), list.len());
        let short: BTreeSet<String> = list.iter().map(|it| it.entry.short_name()).collect();
        assert_eq!(short.len(), list.len(), "each has a name of its own here");
    }

    #[test]
    fn every_entry_resolves_once_its_questions_are_answered() {
        for Curated { entry, tags, touches, .. } in curated() {
            let name = &entry.name;
            assert!(!entry.ways.is_empty() && entry.title.is_some(), "{name}");
            assert!(!tags.is_empty() && !touches.is_empty(), "{name}");
            // As the schema says.
            assert!((1..=100).contains(&entry.description.chars().count()), "{name}");
            for way in &entry.ways {
                let reached = resolve(way, &answers(way), &BTreeSet::new());
                let reached = reached.unwrap_or_else(|err| panic!("{name} {}: {err:?}", way.key));
                if let Reached::Http { url, .. } = reached {
                    assert!(url.starts_with("https://"), "{name}: {url}");
                    assert!(touches.contains(&Touch::Network), "{name}");
                }
            }
        }
    }

    #[test]
    fn a_package_of_the_list_has_the_version_of_its_entry() {
        for Curated { entry, .. } in curated() {
            for way in &entry.ways {
                if let crate::How::Package(package) = &way.how {
                    assert_eq!(package.version.as_ref(), Some(&entry.version), "{}", entry.name);
                }
            }
        }
    }
}
