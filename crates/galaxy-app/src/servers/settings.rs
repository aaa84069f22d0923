//! What somebody writes down about a server, and what is wrong with it.

mod rules;

use std::{collections::BTreeMap, path::Path};

use galaxy_base::{ExposeSecret, SecretString};
use galaxy_domain::tool_server::{Folder, Link, Origin, Outward};
use galaxy_tool::server::ServerName;

use super::{ServersConfig, values::Values, walls::hindrance};
use crate::{AppError, Mistake};
use rules::{find, is_header, is_same_place, is_variable, names_are_good};

/// A title is at most this long, in characters.
const TITLE_CHARS: usize = 100;
/// An address, a command, an argument or a value is at most this long, in bytes.
const LONG: usize = 8_192;
/// Headers, variables or arguments of one server.
const MANY: usize = 64;

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
        /// What it may use besides what it is made of and a folder of its own.
        folders: Vec<Folder>,
        /// How far it may reach.
        network: Outward,
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

    /// Whether only whoever signed in a moment ago may say this.
    pub(super) fn is_delicate(&self) -> bool {
        let is_set = |it: &Value| matches!(it, Value::Set(_));
        match self {
            Self::Http { headers, inside, .. } => *inside || headers.values().any(is_set),
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
            LinkRequest::Program { command, arguments, environment, folders, network } => {
                let command = self.program(command, config);
                let folders = self.folders(folders);
                let long = arguments.iter().any(|it| it.len() > LONG || it.contains('\0'));
                if arguments.len() > MANY || long {
                    self.add("/link/arguments", format!("at most {MANY}, and none too long"));
                }
                names_are_good(self, environment, is_variable, "/link/environment");
                let names = environment.keys().cloned().collect();
                let arguments = arguments.clone();
                let network = *network;
                let link =
                    Link::Program { command, arguments, environment: names, folders, network };
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
        if let Some(why) = hindrance(command.trim(), config) {
            self.add("/link/command", why);
        }
        if found.is_none() {
            let what = if command.contains('/') { "at that path" } else { "of that name" };
            self.add("/link/command", format!("there is no program {what} on this machine"));
        }
        found.map(|it| it.display().to_string()).unwrap_or_default()
    }

    /// Folders that are there. The root is none: there would be no walls.
    fn folders(&mut self, given: &[Folder]) -> Vec<Folder> {
        if given.len() > MANY {
            self.add("/link/folders", format!("at most {MANY}"));
        }
        for (index, folder) in given.iter().enumerate() {
            let path = Path::new(&folder.path);
            let real = path.canonicalize().ok().filter(|_| path.is_absolute());
            if real.is_none_or(|it| it.parent().is_none()) {
                let pointer = format!("/link/folders/{index}/path");
                self.add(&pointer, "an absolute path of something that is there, and not `/`");
            }
        }
        given.to_vec()
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

#[cfg(test)]
mod tests;
