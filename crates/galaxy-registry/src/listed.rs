//! An entry as a registry lists it: what it says, and what the registry says about it.

use galaxy_base::Timestamp;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sha2::{Digest, Sha256};

use crate::entry::Entry;

/// Where the official registry says what it knows of an entry.
pub const OFFICIAL: &str = "io.modelcontextprotocol.registry/official";
/// A text to search is at most this long, in characters.
const SEARCH_CHARS: usize = 2_000;

/// What has become of an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// It can be used.
    #[default]
    Active,
    /// Its author would rather have something else used.
    Deprecated,
    /// It was taken out.
    Deleted,
}

impl Status {
    /// The name that registries have for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Deleted => "deleted",
        }
    }

    /// The status of that name; what is not known is as good as active.
    pub fn read(name: &str) -> Self {
        match name {
            "deprecated" => Self::Deprecated,
            "deleted" => Self::Deleted,
            _ => Self::Active,
        }
    }
}

/// An entry as a registry lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// What it says.
    pub entry: Entry,
    /// What has become of it.
    pub status: Status,
    /// Whether it is the newest version, as far as the registry knows.
    pub is_latest: bool,
    /// When this version came out; the beginning of time where nobody says.
    pub published_at: Timestamp,
    /// When the registry last changed anything about it.
    pub changed_at: Timestamp,
}

#[derive(Deserialize)]
struct Wire {
    server: Value,
    #[serde(default, rename = "_meta")]
    meta: Value,
}

/// The two parts of an entry as it was sent, without looking into them.
#[derive(Deserialize)]
pub struct Verbatim<'a> {
    /// The `server.json`.
    #[serde(borrow)]
    pub server: &'a RawValue,
    /// What the registry says about it.
    #[serde(borrow, default, rename = "_meta")]
    pub meta: Option<&'a RawValue>,
}

impl Listed {
    /// Reads an entry as a registry sends it: `{ "server": …, "_meta": … }`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let wire: Wire = serde_json::from_str(text).map_err(|err| err.to_string())?;
        let entry = Entry::read(&wire.server)?;
        let official = &wire.meta[OFFICIAL];
        let word = |name: &str| official[name].as_str();
        let moment = |name: &str| word(name).and_then(moment).unwrap_or_default();
        let published_at = moment("publishedAt");
        let status = word("status").or(wire.server["status"].as_str());
        Ok(Self {
            status: status.map(Status::read).unwrap_or_default(),
            is_latest: official["isLatest"].as_bool().unwrap_or(true),
            changed_at: moment("updatedAt").max(published_at),
            published_at,
            entry,
        })
    }

    /// What a search looks at, in small letters.
    pub fn words(&self) -> String {
        let Entry { name, title, description, .. } = &self.entry;
        let words = [name.as_str(), title.as_deref().unwrap_or_default(), description];
        words.join(" ").to_lowercase().chars().take(SEARCH_CHARS).collect()
    }
}

/// A moment as registries write it (RFC 3339).
pub fn moment(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(moment.as_millisecond()))
}

/// SHA-256 of a text, in hexadecimal.
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_registry_says_is_read_and_what_it_does_not_say_is_supposed() {
        let text = r#"{ "server": { "name": "a/b", "version": "1.0.0", "description": "Ähm" },
            "_meta": { "io.modelcontextprotocol.registry/official": { "status": "deprecated",
            "publishedAt": "2026-01-02T03:04:05.678901Z", "isLatest": false } } }"#;
        let listed = Listed::read(text).unwrap();
        assert_eq!((listed.status, listed.is_latest), (Status::Deprecated, false));
        assert_eq!(listed.published_at.to_string(), "2026-01-02T03:04:05.678Z");
        assert_eq!(
            (listed.changed_at, listed.words()),
            (listed.published_at, "a/b  ähm".to_owned())
        );

        let bare = Listed::read(r#"{ "server": { "name": "a/b", "version": "1" } }"#).unwrap();
        assert_eq!((bare.status, bare.is_latest), (Status::Active, true));
        assert_eq!(bare.changed_at, Timestamp::default());
        assert!(Listed::read(r#"{ "name": "a/b", "version": "1" }"#).is_err());
    }
}
