//! `mcpServers`: how desktop applications and editors write servers down.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use galaxy_domain::{Caller, tool_server::Link};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    LinkRequest, NewServer, ServerDetail, Value,
    settings::{Known, Mistakes},
    walls::{folders_of, reach_of},
};
use crate::{App, AppError, Mistake};

/// Servers of one file.
const MOST: usize = 20;
/// So many are added side by side; each is looked at for a few seconds.
const AT_ONCE: usize = 8;

/// A server of a file, and what would become of it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// What the file calls it.
    pub label: String,
    /// What it would be.
    pub server: NewServer,
    /// How it would be reached, in full; `None` when that makes no sense.
    pub link: Option<Link>,
    /// Why it cannot be added as it is.
    pub mistakes: Vec<Mistake>,
}

/// What became of a server of a file.
#[derive(Debug)]
pub struct Imported {
    /// What the file calls it.
    pub label: String,
    /// The server, or why there is none.
    pub result: Result<ServerDetail, AppError>,
}

/// One server, as the applications write it. Fields that only they know are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    command: Option<String>,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    #[serde(alias = "serverUrl", alias = "httpUrl")]
    url: Option<String>,
    headers: BTreeMap<String, String>,
    #[serde(rename = "type", alias = "transport")]
    kind: Option<String>,
}

impl App {
    /// Reads servers out of a file of another application and says what would become of each;
    /// nothing is stored, started or sent.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when it is no such file; [`AppError::Denied`] for what the caller may
    /// not add.
    pub fn preview_servers(
        &self,
        caller: &Caller,
        file: &Json,
        shared: bool,
    ) -> Result<Vec<Candidate>, AppError> {
        let mut candidates = read(file)?;
        for it in &mut candidates {
            it.server.shared = shared;
            let mut mistakes = Mistakes::default();
            mistakes.name(&it.server.name);
            let link = &it.server.link;
            let reached = mistakes.link(link, &Known::default(), &self.servers.config);
            it.link = reached.map(|(link, _)| link);
            if self.place(caller, &it.server).is_err() {
                mistakes.add("/link", "only an administrator may add this");
            }
            if let Err(AppError::Invalid(found)) = mistakes.end() {
                it.mistakes.extend(found);
            }
        }
        Ok(candidates)
    }

    /// Adds those servers of such a file that are `wanted` by their labels.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when it is no such file; [`AppError::Access`] when one of them needs a
    /// fresh sign-in.
    pub async fn import_servers(
        &self,
        caller: &Caller,
        file: &Json,
        shared: bool,
        wanted: &[String],
    ) -> Result<Vec<Imported>, AppError> {
        let candidates = self.preview_servers(caller, file, shared)?;
        let wanted: Vec<_> =
            candidates.into_iter().filter(|it| wanted.contains(&it.label)).collect();
        // Before the first, so that nobody is left with half of them.
        if wanted
            .iter()
            .any(|it| it.mistakes.is_empty() && (shared || it.server.link.is_delicate()))
        {
            self.access.fresh(caller)?;
        }
        let add = |it: Candidate| async move {
            let result = if it.mistakes.is_empty() {
                self.add_server(caller, it.server, None).await
            } else {
                Err(AppError::Invalid(it.mistakes))
            };
            Imported { label: it.label, result }
        };
        Ok(stream::iter(wanted).map(add).buffered(AT_ONCE).collect().await)
    }
}

/// The servers of a file: under `mcpServers`, under `servers`, or the whole of it.
fn read(file: &Json) -> Result<Vec<Candidate>, AppError> {
    let listed = ["mcpServers", "servers"].iter().find_map(|key| file.get(key)?.as_object());
    let listed = listed.or_else(|| file.as_object());
    let listed = listed.filter(|it| !it.is_empty() && it.values().all(Json::is_object));
    let listed = listed
        .ok_or_else(|| AppError::invalid("/file", "has no `mcpServers` with servers in it"))?;
    if listed.len() > MOST {
        return Err(AppError::invalid("/file", format!("at most {MOST} servers at a time")));
    }
    let mut names = BTreeMap::new();
    Ok(listed.iter().map(|(label, entry)| candidate(label, entry, &mut names)).collect())
}

fn candidate(label: &str, entry: &Json, names: &mut BTreeMap<String, u32>) -> Candidate {
    let mut mistakes = Vec::new();
    let mut complain = |message: &str| {
        let pointer = format!("/{}", galaxy_base::text::headline(label, 60));
        mistakes.push(Mistake { pointer, message: message.to_owned() });
    };
    let entry: Entry = serde_json::from_value(entry.clone()).unwrap_or_else(|_| {
        complain("is not written as such files are");
        Entry::default()
    });
    let set = |values: BTreeMap<String, String>| {
        values.into_iter().map(|(name, value)| (name, Value::Set(value.into()))).collect()
    };
    let link = match (entry.url, entry.command) {
        (Some(url), None) => {
            if entry.kind.as_deref() == Some("sse") {
                complain("speaks the transport of 2024 (HTTP with SSE), which is not spoken here");
            }
            let inside = is_inside(&url);
            LinkRequest::Http { url, headers: set(entry.headers), inside }
        }
        (None, command) => {
            if command.is_none() {
                complain("has neither `command` nor `url`");
            }
            let (command, environment) = (command.unwrap_or_default(), set(entry.env));
            let network = reach_of(&command);
            let folders = folders_of(&entry.args);
            LinkRequest::Program { command, arguments: entry.args, environment, folders, network }
        }
        (Some(url), Some(_)) => {
            complain("has both `command` and `url`");
            LinkRequest::Http { url, headers: BTreeMap::new(), inside: false }
        }
    };
    let server = NewServer {
        name: name(label, names),
        title: Some(galaxy_base::text::headline(label, 100)).filter(|it| !it.trim().is_empty()),
        link,
        origin: None,
        shared: false,
        trusted: false,
        may_ask: false,
    };
    Candidate { label: label.to_owned(), server, link: None, mistakes }
}

/// Whether an address can only mean this machine; who imports it has to be an administrator.
fn is_inside(url: &str) -> bool {
    let url: Option<url::Url> = url.parse().ok();
    url.and_then(|it| it.host_str().map(str::to_owned)).is_some_and(|host| {
        host == "localhost"
            || host.ends_with(".localhost")
            || host == "[::1]"
            || host.starts_with("127.")
    })
}

/// A name that can be one, unlike those before it.
fn name(label: &str, names: &mut BTreeMap<String, u32>) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
    let mut name: String = label.chars().map(plain).take(28).collect();
    while name.contains("--") {
        name = name.replace("--", "-");
    }
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "server" } else { name };
    let count = names.entry(name.to_owned()).or_default();
    *count += 1;
    if *count == 1 { name.to_owned() } else { format!("{name}-{count}") }
}

#[cfg(test)]
mod tests;
