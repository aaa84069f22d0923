//! What somebody is asked before a server of an entry can be added.

use serde::{Deserialize, Serialize};

/// An answer is at most this long, in bytes.
const LONG: usize = 8_192;

/// What kind of value something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A path on the machine that the program runs on.
    #[serde(alias = "filepath", alias = "file_path")]
    Path,
    /// Any text; what is not known counts as it.
    #[default]
    #[serde(other)]
    Text,
}

/// Something that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Names it within its way, such as `environment.API_KEY` or `header.Authorization.token`.
    pub key: String,
    /// What people read: the name of the variable, header or flag that it fills.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// Whether there must be an answer, be it the one of [`Question::default`].
    pub is_required: bool,
    /// Whether nobody may see the answer.
    pub is_secret: bool,
    /// What kind of value it is.
    pub format: Format,
    /// What can be answered, if not everything.
    pub choices: Vec<String>,
    /// What counts when nobody answers.
    pub default: Option<String>,
    /// What an answer might look like.
    pub placeholder: Option<String>,
    /// Whether there may be several answers.
    pub is_repeated: bool,
}

impl Question {
    /// What is wrong with an answer.
    pub(crate) fn complaint(&self, answer: &str) -> Option<String> {
        if answer.len() > LONG {
            return Some(format!("is longer than {LONG} bytes"));
        }
        if answer.chars().any(char::is_control) {
            return Some("holds a character that cannot be seen".to_owned());
        }
        if !self.choices.is_empty() && !self.choices.iter().any(|it| it == answer) {
            return Some(format!("must be one of: {}", self.choices.join(", ")));
        }
        match self.format {
            Format::Number if !answer.trim().parse().is_ok_and(f64::is_finite) => {
                Some("must be a number".to_owned())
            }
            Format::Boolean if !matches!(answer, "true" | "false") => {
                Some("must be true or false".to_owned())
            }
            // It runs in a folder of its own, and no shell would know what `~` is.
            Format::Path if !answer.starts_with('/') && !answer.contains(":\\") => {
                Some("must be an absolute path, such as /srv/data".to_owned())
            }
            Format::Text | Format::Number | Format::Boolean | Format::Path => None,
        }
    }
}
