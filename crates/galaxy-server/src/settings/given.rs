//! What the process was given, before anybody made sense of it, and the mistakes found so far.

use std::{collections::BTreeMap, fs, path::Path};

use galaxy_base::SecretString;

use super::{
    Mistake, Setting,
    schema::{self, Described},
};

/// A name may carry this in front, where other programs use the bare one.
const PREFIX: &str = "GALAXY_";
/// What opens a server that a host's words are passed on to. With the prefix only: without it,
/// it could be anybody's.
const HOST_KEY: &str = "GALAXY_API_KEY";
/// Names of files that hold a secret end in this.
const FILE: &str = "_FILE";
/// The longest file that is taken for a secret, in bytes.
const MOST_SECRET: usize = 64 << 10;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The process's environment.
    Environment,
    /// The file `.env`.
    Dotenv,
    /// The file that `…_FILE` names.
    File(String),
    /// Nobody said anything.
    Default,
}

/// Names and values, and what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Given {
    values: BTreeMap<String, (String, Origin)>,
    mistakes: Vec<Mistake>,
}

impl Given {
    /// Adds a value. The first one of a name counts, and an empty one counts as none.
    pub(crate) fn add(&mut self, name: String, value: String, origin: Origin) {
        if !value.trim().is_empty() {
            self.values.entry(name).or_insert((value, origin));
        }
    }

    /// Adds the lines of a `.env` file.
    pub(crate) fn add_file(&mut self, path: &Path) {
        let lines = match dotenvy::from_path_iter(path) {
            Ok(lines) => lines,
            Err(err) => return self.refuse(&path.display().to_string(), err.to_string()),
        };
        for line in lines {
            match line {
                Ok((name, value)) => self.add(name, value, Origin::Dotenv),
                // The error holds the line, and the line may hold a secret.
                Err(dotenvy::Error::LineParse(line, at)) => {
                    let name = line.split('=').next().unwrap_or_default().trim();
                    let message = format!("cannot read the line of `{name}` (character {at})");
                    self.refuse(&path.display().to_string(), message);
                }
                Err(err) => return self.refuse(&path.display().to_string(), err.to_string()),
            }
        }
    }

    /// What `setting` is, or its default; `None` when it has none, or is wrong.
    pub(crate) fn optional<T>(&mut self, setting: &Setting<T>) -> Option<T> {
        let Some((text, _)) = self.text(setting) else { return setting.default_value() };
        match (setting.parse)(text.trim()) {
            Ok(value) => Some(value),
            Err(message) => {
                self.refuse(setting.name, message);
                setting.default_value()
            }
        }
    }

    /// What `setting` is, or its default.
    ///
    /// # Panics
    /// When it has none.
    pub(crate) fn value<T>(&mut self, setting: &Setting<T>) -> T {
        self.optional(setting).expect("the setting has a default")
    }

    /// Whether somebody said what `setting` is.
    pub(crate) fn is_set(&mut self, setting: &dyn Described) -> bool {
        self.text(setting).is_some()
    }

    /// What was written for `setting`, and where.
    pub(crate) fn text(&mut self, setting: &dyn Described) -> Option<(String, Origin)> {
        let name = setting.name();
        let written = self.plain(name);
        if !setting.is_secret() {
            return written;
        }
        let file_name = format!("{name}{FILE}");
        let Some((path, _)) = self.plain(&file_name) else { return written };
        if written.is_some() {
            self.refuse(name, format!("{file_name} is set as well: give one of the two"));
            return written;
        }
        match read_secret(&path) {
            Ok(text) => Some((text, Origin::File(path))),
            Err(message) => {
                self.refuse(&file_name, message);
                None
            }
        }
    }

    /// A variable that a file refers to, be it a setting or not.
    pub(crate) fn variable(&mut self, name: &str) -> Option<String> {
        let text = match schema::find(name) {
            Some(setting) => self.text(setting),
            None => self.plain(name),
        };
        text.map(|(text, _)| text.trim().to_owned())
    }

    /// Notes a mistake. The same one twice is one.
    pub(crate) fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let mistake = Mistake { key: key.to_owned(), message: message.into() };
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// The names that look like settings of this program and are none.
    pub(crate) fn refuse_unknown(&mut self) {
        let names: Vec<String> = self.values.keys().cloned().collect();
        for name in names {
            let Some(bare) = name.strip_prefix(PREFIX) else { continue };
            if name == HOST_KEY {
                continue;
            }
            let secret = bare.strip_suffix(FILE).and_then(schema::find);
            if schema::find(bare).is_some() || secret.is_some_and(Described::is_secret) {
                continue;
            }
            let hint = match schema::nearest(bare) {
                Some(near) => format!("there is no such setting; did you mean {near}?"),
                None => "there is no such setting".to_owned(),
            };
            self.refuse(&name, hint);
        }
    }

    /// What opens a server that a host's words are passed on to. No setting of a server.
    pub(crate) fn host_key(&self) -> Option<SecretString> {
        let (key, _) = self.values.get(HOST_KEY)?;
        Some(key.trim().to_owned().into())
    }

    /// Everything that is wrong so far.
    pub(crate) fn mistakes(&self) -> Vec<Mistake> {
        self.mistakes.clone()
    }

    /// What is written for a name, with the prefix or without.
    fn plain(&self, name: &str) -> Option<(String, Origin)> {
        let prefixed = self.values.get(&format!("{PREFIX}{name}"));
        prefixed.or_else(|| self.values.get(name)).cloned()
    }
}

fn read_secret(path: &str) -> Result<String, String> {
    let text = fs::read_to_string(path).map_err(|err| format!("cannot read {path}: {err}"))?;
    if text.len() > MOST_SECRET {
        return Err(format!("{path} is longer than {MOST_SECRET} bytes"));
    }
    let text = text.trim();
    if text.is_empty() { Err(format!("{path} is empty")) } else { Ok(text.to_owned()) }
}
