//! An entry of a registry: a tool server and the ways in which it can be had.
//!
//! Entries are written by strangers, in revisions of a schema that goes on. What is not known is
//! passed over; a way that makes no sense says so and spoils no other.

pub mod input;
pub mod package;

use serde::Deserialize;
use serde_json::Value;

use input::{KeyValue, or_default};
pub use package::{Package, PackageKind};

/// A name has at most so many characters, as the schema says.
const NAME_CHARS: usize = 200;
/// So has a version.
const VERSION_CHARS: usize = 255;
/// More ways than this of one entry are not looked at.
const MOST_WAYS: usize = 32;

/// A tool server of a registry, in one version.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Names it: a name space and a name, such as `io.github.somebody/weather`.
    pub name: String,
    /// What people read, where it says so.
    pub title: Option<String>,
    /// What it is, in a sentence.
    pub description: String,
    /// Which version of it this is.
    pub version: String,
    /// Its page.
    pub website: Option<String>,
    /// Where its source is.
    pub repository: Option<String>,
    /// How it can be had: by address first, then by package.
    pub ways: Vec<Way>,
}

/// One way to have a tool server.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// Tells it from the other ways of its entry: `remote-0`, `package-1`.
    pub key: String,
    /// What it is.
    pub how: How,
}

/// What a way is.
#[derive(Debug, Clone, PartialEq)]
pub enum How {
    /// A server that somebody runs.
    Remote(Remote),
    /// A package that is run here.
    Package(Package),
    /// Something that cannot be read.
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
}

/// A server that somebody runs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remote {
    /// `streamable-http` or `sse`.
    #[serde(rename = "type")]
    pub transport: String,
    /// Where, with names in braces.
    pub url: String,
    /// What is sent with every request.
    #[serde(default, deserialize_with = "or_default")]
    pub headers: Vec<KeyValue>,
    /// What stands for the names in the address.
    #[serde(default, deserialize_with = "or_default")]
    pub variables: std::collections::BTreeMap<String, input::Input>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEntry {
    name: String,
    version: String,
    #[serde(default, deserialize_with = "or_default")]
    description: String,
    title: Option<String>,
    website_url: Option<String>,
    repository: Option<Value>,
    packages: Option<Vec<Value>>,
    remotes: Option<Vec<Value>>,
}

impl Entry {
    /// Reads a `server.json`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(server: &Value) -> Result<Self, String> {
        let wire = WireEntry::deserialize(server).map_err(|err| err.to_string())?;
        if !is_name(&wire.name) {
            return Err("`name` is no name of an entry, such as io.github.somebody/weather".into());
        }
        let length = wire.version.chars().count();
        if length == 0 || length > VERSION_CHARS || wire.version.chars().any(char::is_control) {
            return Err(format!("`version` has 1 to {VERSION_CHARS} characters"));
        }
        let repository = wire.repository.as_ref().and_then(|it| it.get("url")?.as_str());
        let remotes = wire.remotes.unwrap_or_default();
        let packages = wire.packages.unwrap_or_default();
        let remotes = remotes.iter().enumerate().map(|(at, it)| remote(at, it));
        let packages = packages.iter().enumerate().map(|(at, it)| package(at, it));
        Ok(Self {
            title: wire.title.filter(|it| !it.trim().is_empty()),
            description: wire.description,
            website: wire.website_url.filter(|it| is_page(it)),
            repository: repository.filter(|it| is_page(it)).map(str::to_owned),
            ways: remotes.chain(packages).take(MOST_WAYS).collect(),
            name: wire.name,
            version: wire.version,
        })
    }

    /// What people read.
    pub fn label(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// The way with that key.
    pub fn way(&self, key: &str) -> Option<&Way> {
        self.ways.iter().find(|it| it.key == key)
    }

    /// A name that a server of this entry may have here: at most 32 of `a-z`, `0-9` and `-`.
    pub fn short_name(&self) -> String {
        let last = self.name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
        let words: String = last.chars().map(plain).collect();
        let meaning = |it: &&str| !it.is_empty() && !matches!(*it, "mcp" | "server");
        let mut name = words.split('-').filter(meaning).collect::<Vec<_>>().join("-");
        name.truncate(32);
        let name = name.trim_matches('-');
        if name.is_empty() { "server".to_owned() } else { name.to_owned() }
    }
}

fn remote(at: usize, wire: &Value) -> Way {
    let how = match Remote::deserialize(wire) {
        Ok(remote) => How::Remote(remote),
        Err(err) => How::Unreadable { reason: err.to_string() },
    };
    Way { key: format!("remote-{at}"), how }
}

fn package(at: usize, wire: &Value) -> Way {
    let how = match Package::read(wire) {
        Ok(package) => How::Package(package),
        Err(err) => How::Unreadable { reason: err.to_string() },
    };
    Way { key: format!("package-{at}"), how }
}

fn is_name(name: &str) -> bool {
    let plain = |it: u8, more: &[u8]| it.is_ascii_alphanumeric() || more.contains(&it);
    name.len() <= NAME_CHARS
        && name.split_once('/').is_some_and(|(space, own)| {
            !space.is_empty()
                && !own.is_empty()
                && space.bytes().all(|it| plain(it, b".-"))
                && own.bytes().all(|it| plain(it, b"._-"))
        })
}

/// Whether a link to it may be shown.
fn is_page(address: &str) -> bool {
    address.parse::<url::Url>().is_ok_and(|it| matches!(it.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_read_spoils_nothing_else() {
        let entry = Entry::read(&json!({
            "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
            "name": "io.github.somebody/weather-mcp-server", "description": null, "version": "1.2.0",
            "repository": { "url": "javascript:alert(1)", "source": "github" },
            "later": { "unknown": true },
            "remotes": [{ "type": "streamable-http", "url": "https://weather.example/mcp" }],
            "packages": [
                { "registryType": "npm", "identifier": 7 },
                { "registryType": "cargo", "identifier": "weather", "environmentVariables": null },
            ],
        }))
        .unwrap();
        let keys: Vec<&str> = entry.ways.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(keys, ["remote-0", "package-0", "package-1"]);
        assert!(matches!(entry.ways[1].how, How::Unreadable { .. }), "{:?}", entry.ways[1]);
        let How::Package(package) = &entry.ways[2].how else { panic!("{:?}", entry.ways[2]) };
        assert_eq!(package.kind, PackageKind::Other("cargo".to_owned()));
        assert_eq!((entry.repository.as_deref(), entry.short_name()), (None, "weather".to_owned()));
    }

    #[test]
    fn what_is_no_entry_says_why() {
        for (server, says) in [
            (json!({}), "name"),
            (json!({ "name": "weather", "version": "1" }), "`name`"),
            (json!({ "name": "a/b/c", "version": "1" }), "`name`"),
            (json!({ "name": "a/b", "version": "" }), "`version`"),
            (json!([]), "invalid"),
        ] {
            let err = Entry::read(&server).unwrap_err();
            assert!(err.contains(says), "{server}: {err}");
        }
    }

    #[test]
    fn a_short_name_is_one_that_a_server_may_have() {
        for (name, short) in [
            ("io.github.somebody/mcp-server-Git.Hub_x", "git-hub-x"),
            ("a/mcp", "server"),
            ("a/abcdefghijklmnopqrstuvwxyz-12345-6", "abcdefghijklmnopqrstuvwxyz-12345"),
        ] {
            let entry = Entry::read(&json!({ "name": name, "version": "1" })).unwrap();
            assert_eq!(entry.short_name(), short);
        }
    }
}
