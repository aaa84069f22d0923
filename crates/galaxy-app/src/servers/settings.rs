//! What somebody writes down about a server, and what is wrong with it.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use galaxy_base::{ExposeSecret, SecretString};
use galaxy_domain::tool_server::{Link, Origin};
use galaxy_tool::server::ServerName;

use super::{ServersConfig, values::Values};
use crate::{AppError, Mistake};

/// A title is at most this long, in characters.
const TITLE_CHARS: usize = 100;
/// An address, a command, an argument or a value is at most this long, in bytes.
const LONG: usize = 8_192;
/// Headers, variables or arguments of one server.
const MANY: usize = 64;
/// What would have the loader run something else than the program.
const LOADER: [&str; 3] = ["LD_", "DYLD_", "BASH_ENV"];

/// A value that opens a server.
#[derive(Debug, Clone)]
pub enum Value {
    /// This one.
    Set(SecretString),
    /// The one that is stored, which nobody is shown.
    Keep,
}

/// How a server is to be reached.
#[derive(Debug, Clone)]
pub enum LinkRequest {
    /// By streamable HTTP.
    Http {
        /// Where.
        url: String,
        /// Headers that open it, by name.
        headers: BTreeMap<String, Value>,
        /// Whether it may be on this machine or in the networks inside; for administrators to say.
        inside: bool,
    },
    /// As a program of ours, which only administrators may add.
    Program {
        /// An absolute path, or a name that is looked for where programs are.
        command: String,
        /// Its arguments, one by one.
        arguments: Vec<String>,
        /// Its environment, by name.
        environment: BTreeMap<String, Value>,
    },
}

/// A server to write down.
#[derive(Debug, Clone)]
pub struct NewServer {
    /// The prefix of its tools.
    pub name: String,
    /// What people read; the name if not said.
    pub title: Option<String>,
    /// How it is reached.
    pub link: LinkRequest,
    /// Where it was chosen, if from a list.
    pub origin: Option<Origin>,
    /// Whether it is to be everybody's; for administrators to say.
    pub shared: bool,
    /// Whether what it says about its tools is believed; for administrators to say.
    pub trusted: bool,
    /// Whether it may ask people for input.
    pub may_ask: bool,
}

/// What to change about a server; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct ServerChange {
    /// What people read.
    pub title: Option<String>,
    /// Whether it is used.
    pub enabled: Option<bool>,
    /// How it is reached.
    pub link: Option<LinkRequest>,
    /// Where that was chosen, if from a list.
    pub origin: Option<Origin>,
    /// Whether what it says about its tools is believed.
    pub trusted: Option<bool>,
    /// Whether it may ask people.
    pub may_ask: Option<bool>,
}

/// What is known of a server already, when it is changed.
#[derive(Debug, Default)]
pub(crate) struct Known<'a> {
    /// How it is reached.
    pub(crate) link: Option<&'a Link>,
    /// What opens it.
    pub(crate) values: Values,
}

impl LinkRequest {
    /// Whether only an administrator may say this.
    pub(super) const fn is_an_administrators(&self) -> bool {
        match self {
            Self::Http { inside, .. } => *inside,
            Self::Program { .. } => true,
        }
    }
}

/// Everything that is wrong, so far.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub(crate) fn add(&mut self, pointer: &str, message: impl Into<String>) {
        self.0.push(Mistake { pointer: pointer.to_owned(), message: message.into() });
    }

    pub(crate) fn end(self) -> Result<(), AppError> {
        if self.0.is_empty() { Ok(()) } else { Err(AppError::Invalid(self.0)) }
    }

    /// Reads a name.
    pub(super) fn name(&mut self, name: &str) {
        if let Err(wrong) = ServerName::parse(name) {
            self.add("/name", wrong.to_string());
        }
    }

    /// Reads a title.
    pub(super) fn title(&mut self, title: &str) {
        let chars = title.trim().chars().count();
        if chars == 0 || chars > TITLE_CHARS {
            self.add("/title", format!("1 to {TITLE_CHARS} characters"));
        }
    }

    /// Reads how a server is reached; gives the stored form and what opens it.
    pub(crate) fn link(
        &mut self,
        request: &LinkRequest,
        known: &Known<'_>,
        config: &ServersConfig,
    ) -> Option<(Link, Values)> {
        let before = self.0.len();
        let (link, given, place) = match request {
            LinkRequest::Http { url, headers, inside } => {
                let url = self.url(url, *inside);
                let names = headers.keys().cloned().collect();
                names_are_good(self, headers, is_header, "/link/headers");
                (Link::Http { url, headers: names, inside: *inside }, headers, "/link/headers")
            }
            LinkRequest::Program { command, arguments, environment } => {
                let command = self.program(command, config);
                let long = arguments.iter().any(|it| it.len() > LONG || it.contains('\0'));
                if arguments.len() > MANY || long {
                    self.add("/link/arguments", format!("at most {MANY}, and none too long"));
                }
                names_are_good(self, environment, is_variable, "/link/environment");
                let names = environment.keys().cloned().collect();
                let arguments = arguments.clone();
                let link = Link::Program { command, arguments, environment: names };
                (link, environment, "/link/environment")
            }
        };
        let values = self.values(given, known, &link, place);
        (self.0.len() == before).then_some((link, values))
    }

    fn url(&mut self, text: &str, inside: bool) -> String {
        let Ok(url) = text.trim().parse::<url::Url>() else {
            self.add("/link/url", "an address such as https://example.org/mcp");
            return String::new();
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            self.add("/link/url", "begins with https:// (or http:// inside)");
        } else if url.scheme() == "http" && !inside {
            self.add("/link/url", "must be https unless the server is inside your own networks");
        }
        if !url.username().is_empty() || url.password().is_some() {
            self.add("/link/url", "holds no password: put what opens it into a header");
        }
        if text.len() > LONG || url.fragment().is_some() {
            self.add("/link/url", "is too long, or has a fragment");
        }
        url.to_string()
    }

    /// The absolute path of a program that is there.
    fn program(&mut self, command: &str, config: &ServersConfig) -> String {
        let found = find(command.trim(), &config.search);
        if found.is_none() {
            let what = if command.contains('/') { "at that path" } else { "of that name" };
            self.add("/link/command", format!("there is no program {what} on this machine"));
        }
        found.map(|it| it.display().to_string()).unwrap_or_default()
    }

    /// What was given, and what was kept. What was stored for one place is not sent to another.
    fn values(
        &mut self,
        given: &BTreeMap<String, Value>,
        known: &Known<'_>,
        link: &Link,
        place: &str,
    ) -> Values {
        let keeps = known.link.is_some_and(|it| is_same_place(it, link));
        let mut values = Values::new();
        for (name, value) in given {
            match value {
                Value::Set(value) if value.expose_secret().len() <= LONG => {
                    values.insert(name.clone(), value.clone());
                }
                Value::Set(_) => self.add(&format!("{place}/{name}"), "is too long"),
                Value::Keep => match known.values.get(name).filter(|_| keeps) {
                    Some(kept) => {
                        values.insert(name.clone(), kept.clone());
                    }
                    None => self.add(&format!("{place}/{name}"), "enter the value again"),
                },
            }
        }
        values
    }
}

/// Whether values that were entered for `old` may go to `new`.
fn is_same_place(old: &Link, new: &Link) -> bool {
    match (old, new) {
        (Link::Http { url: old, .. }, Link::Http { url: new, .. }) => {
            let origin = |it: &str| it.parse::<url::Url>().ok().map(|it| it.origin());
            origin(old).is_some() && origin(old) == origin(new)
        }
        (Link::Program { command: old, .. }, Link::Program { command: new, .. }) => old == new,
        (Link::Http { .. }, Link::Program { .. }) | (Link::Program { .. }, Link::Http { .. }) => {
            false
        }
    }
}

fn names_are_good(
    mistakes: &mut Mistakes,
    given: &BTreeMap<String, Value>,
    is_good: fn(&str) -> bool,
    place: &str,
) {
    if given.len() > MANY {
        mistakes.add(place, format!("at most {MANY}"));
    }
    for name in given.keys().filter(|name| !is_good(name)) {
        mistakes.add(&format!("{place}/{name}"), "cannot be set");
    }
}

fn is_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let token = |it: u8| it.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&it);
    let ours = ["accept", "content-type", "content-length", "host", "last-event-id", "connection"];
    !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(token)
        && !ours.contains(&&*lower)
        && !lower.starts_with("mcp-")
}

fn is_variable(name: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || it == b'_';
    !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(plain)
        && !name.as_bytes()[0].is_ascii_digit()
        && !LOADER.iter().any(|it| name.starts_with(it))
}

/// A program by its absolute path, or by its name in `search`.
fn find(command: &str, search: &[PathBuf]) -> Option<PathBuf> {
    let path = Path::new(command);
    if path.is_absolute() {
        return is_program(path).then(|| path.to_owned());
    }
    if command.is_empty() || command.contains('/') {
        return None;
    }
    search.iter().map(|it| it.join(command)).find(|it| it.is_absolute() && is_program(it))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests;
