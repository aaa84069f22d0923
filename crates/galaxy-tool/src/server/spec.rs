//! What there is to know to reach a tool server.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use galaxy_base::SecretString;
use galaxy_domain::{ToolServerId, tool_server::Outward};
use url::Url;

use crate::server::oauth::Credentials;

/// The longest name of a server: with `__` it leaves 30 of 64 characters to a tool's name.
const NAME_CHARS: usize = 32;

/// Names a tool server. Lower-case letters, digits and `-`, at most 32 of them, with a letter or a
/// digit at both ends. No `_`, so that `server__tool` says for certain whose tool it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerName(String);

/// What our own tools are said to come from.
const OURS: &str = "built-in";

/// Not the name of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a server's name has at most 32 lower-case letters, digits and `-`, and begins and ends with \
     a letter or digit; `built-in` is taken"
)]
pub struct NotAName;

impl ServerName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`NotAName`].
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
        let bytes = text.as_bytes();
        let ends = bytes.first().zip(bytes.last());
        let good = text != OURS
            && ends.is_some_and(|(first, last)| plain(*first) && plain(*last))
            && bytes.len() <= NAME_CHARS
            && bytes.iter().all(|it| plain(*it) || *it == b'-');
        if good { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which machines a server's address may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// The public internet.
    #[default]
    Public,
    /// Also this machine and the networks inside, at the host and port of the address only: an
    /// administrator said so.
    Inside,
}

/// How a server is reached.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Streamable HTTP.
    Http {
        /// Where.
        url: Url,
        /// Sent with every request to that host and port, and to no other.
        headers: Vec<(String, SecretString)>,
        /// Where it may be.
        network: Network,
        /// What gives the token that is shown to that server's own origin, and to no other; an
        /// `Authorization` among the headers gives way to it.
        credentials: Option<Arc<dyn Credentials>>,
    },
    /// A process of our own that is spoken to by its standard input and output.
    Stdio {
        /// The program, as an absolute path.
        command: PathBuf,
        /// Its arguments, one by one; no shell reads them.
        arguments: Vec<String>,
        /// Its whole environment.
        environment: Vec<(String, SecretString)>,
        /// Where it runs; `/` if not said.
        directory: Option<PathBuf>,
        /// What it may do; everything that the server may, if not said.
        walls: Option<Walls>,
    },
}

/// What a program may do on this machine, besides reading and running what is there for everybody.
/// Folders count with all that is in them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Walls {
    /// What it may read and run.
    pub run: Vec<PathBuf>,
    /// What it may read.
    pub read: Vec<PathBuf>,
    /// What it may read, run and write.
    pub write: Vec<PathBuf>,
    /// How far it may reach by network.
    pub outward: Outward,
}

/// Whether what a server says about its own tools is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Every tool counts as one that reaches outside.
    #[default]
    Untrusted,
    /// An administrator vouches for it: a tool that says that it only reads does.
    Trusted,
}

/// Whether a server may ask people for input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Questions {
    /// It is not told that it could, and what it asks is declined.
    #[default]
    Off,
    /// What it asks is put to [`crate::server::Elicit`].
    Allowed,
}

/// Which generation of the protocol a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28 and later: no handshake, no session.
    Modern,
    /// Up to 2025-11-25: `initialize` first.
    Legacy,
}

impl Era {
    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Legacy => "legacy",
        }
    }

    /// Parses [`Era::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Modern, Self::Legacy].into_iter().find(|it| it.as_str() == text)
    }
}

/// How long and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A probe: connecting and listing the tools together.
    pub probe: Duration,
    /// Connecting otherwise: a program may have to be fetched when it first starts.
    pub connect: Duration,
    /// A request without a sign of progress.
    pub silence: Duration,
    /// A request, whatever progress it tells.
    pub ceiling: Duration,
    /// A task that the server goes on with by itself for a run.
    pub task: Duration,
    /// How long a list is good when the server does not say.
    pub fresh: Duration,
    /// Bytes of one message.
    pub message_bytes: usize,
    /// How deep JSON may be nested.
    pub depth: usize,
    /// Tools of the server; also resources, templates and prompts, ten times as many.
    pub tools: usize,
    /// Requests under way at once; more wait, [`Limits::silence`] at most.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            probe: Duration::from_secs(5),
            connect: Duration::from_secs(30),
            silence: Duration::from_secs(60),
            ceiling: Duration::from_secs(600),
            task: Duration::from_secs(24 * 60 * 60),
            fresh: Duration::from_secs(300),
            message_bytes: 4 * 1024 * 1024,
            depth: 64,
            tools: 128,
            at_once: 16,
        }
    }
}

/// Where a server is looked after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// Names it here.
    pub server: ToolServerId,
    /// The address of its page, for people.
    pub page: String,
}

/// A tool server, as an administrator wrote it down.
#[derive(Debug, Clone)]
pub struct ServerSpec {
    /// Where it is looked after, if anywhere: there people can sign in.
    pub desk: Option<Desk>,
    /// The prefix of its tools.
    pub name: ServerName,
    /// How it is reached.
    pub transport: Transport,
    /// Whether its annotations are believed.
    pub trust: Trust,
    /// Whether it may ask people.
    pub questions: Questions,
    /// How it spoke last time, if that is known; saves up to ten seconds of finding out.
    pub era: Option<Era>,
    /// How long and how much.
    pub limits: Limits,
}

impl ServerSpec {
    /// A server that is neither trusted nor allowed to ask, with the limits of the house.
    pub fn new(name: ServerName, transport: Transport) -> Self {
        Self {
            desk: None,
            name,
            transport,
            trust: Trust::default(),
            questions: Questions::default(),
            era: None,
            limits: Limits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_runs_into_the_name_of_a_tool() {
        for good in ["a", "git", "my-server-2", "7zip"] {
            assert_eq!(ServerName::parse(good).map(|it| it.to_string()), Ok(good.to_owned()));
        }
        let long = "x".repeat(33);
        for bad in ["built-in", "", "-a", "a-", "a_b", "a__b", "Git", "ö", "a b", long.as_str()] {
            assert_eq!(ServerName::parse(bad), Err(NotAName), "{bad}");
        }
    }
}
