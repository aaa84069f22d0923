//! Servers of tools, as they are written down and as they were last seen.

use std::collections::BTreeMap;

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{PersonId, ToolServerId, WorkspaceId};

/// How a tool server is reached. A persisted format. Keys and values that open it are kept apart,
/// sealed; here stand only their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Link {
    /// Streamable HTTP.
    Http {
        /// Where.
        url: String,
        /// Names of the headers that are sent with every request.
        headers: Vec<String>,
        /// Whether an administrator allows it to be on this machine or in the networks inside.
        inside: bool,
    },
    /// A process of our own, spoken to by its standard input and output.
    Program {
        /// The program, as an absolute path.
        command: String,
        /// Its arguments, one by one; no shell reads them.
        arguments: Vec<String>,
        /// Names of the variables of its environment.
        environment: Vec<String>,
        /// What it may use besides what it is made of and a folder of its own.
        #[serde(default)]
        folders: Vec<Folder>,
        /// How far it may reach. Programs of before this was said could reach everything.
        #[serde(default = "Outward::before_it_was_said")]
        network: Outward,
    },
}

/// A folder, or a file, that a program may use. A persisted format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Its absolute path.
    pub path: String,
    /// Whether it may be written, too.
    #[serde(default)]
    pub write: bool,
}

/// How far a program may reach by network. A persisted format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Outward {
    /// Not at all.
    #[default]
    #[serde(rename = "none")]
    Nowhere,
    /// The ports of the web (TCP 80 and 443), and names of hosts.
    #[serde(rename = "web")]
    Web,
    /// Everything that this machine reaches, and it may listen.
    #[serde(rename = "any")]
    Anywhere,
}

impl Outward {
    const fn before_it_was_said() -> Self {
        Self::Anywhere
    }
}

impl Link {
    /// Where the server is: its address, or its program. A sign-in is good at one place.
    pub fn place(&self) -> &str {
        match self {
            Self::Http { url, .. } => url,
            Self::Program { command, .. } => command,
        }
    }
}

/// Where a tool server was chosen: the entry of a list, and what was answered. A persisted format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The name of the entry.
    pub entry: String,
    /// Its version.
    pub version: String,
    /// Which of the entry's ways was taken.
    pub way: String,
    /// What was answered, as far as it may be seen, by the key of the question.
    pub inputs: BTreeMap<String, Vec<String>>,
}

/// A tool server, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolServerRow {
    /// Names it.
    pub id: ToolServerId,
    /// Where it lives.
    pub workspace: WorkspaceId,
    /// Whose it is; `None`: everybody's in the workspace.
    pub owner: Option<PersonId>,
    /// The prefix of its tools and the end of its address here.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Whether it is used at all.
    pub enabled: bool,
    /// How it is reached.
    pub link: Link,
    /// Where it was chosen, if it is reached as was chosen there.
    pub origin: Option<Origin>,
    /// Whether an administrator vouches for what it says about its own tools.
    pub trusted: bool,
    /// Whether it may ask people for input.
    pub may_ask: bool,
    /// Whether people sign in there, each with their own account: then each has their own
    /// connection.
    pub signs_in: bool,
    /// Which generation of the protocol it spoke last, if that is known.
    pub era: Option<String>,
    /// Grows with every change of how it is reached; a connection made for another number is old.
    pub revision: i64,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How it was when it was last looked at.
    pub last: Option<Check>,
}

/// How a tool server was at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// When.
    pub at: Timestamp,
    /// In what state its connection was: a name of the port of tool servers.
    pub state: String,
    /// How long it took to connect and to list the tools, in milliseconds.
    pub latency_ms: Option<i64>,
    /// What was wrong, in words for people.
    pub trouble: Option<String>,
}

/// A tool of a server, and what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerToolRow {
    /// How the server calls it.
    pub tool: String,
    /// What the server says of it now; `None` when it no longer lists it.
    pub found: Option<Pinned>,
    /// What somebody allowed; `None` when nobody has looked at it yet.
    pub approved: Option<Pinned>,
    /// Whether it is offered, as far as the switch goes.
    pub enabled: bool,
}

/// A definition of a tool, and the digest that tells it from every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// SHA-256 of it.
    pub pin: String,
    /// The definition as JSON text, as the server sent it.
    pub definition: String,
}

/// Where a tool stands between its server and whoever looks after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is what was allowed.
    Approved,
    /// Nobody has looked at it yet.
    New,
    /// It is not what was allowed.
    Changed,
    /// The server no longer lists it.
    Gone,
}

impl Standing {
    /// The name that is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone",
        }
    }
}

impl ServerToolRow {
    /// Where it stands.
    pub fn standing(&self) -> Standing {
        match (&self.found, &self.approved) {
            (None, _) => Standing::Gone,
            (Some(_), None) => Standing::New,
            (Some(found), Some(approved)) if found.pin == approved.pin => Standing::Approved,
            (Some(_), Some(_)) => Standing::Changed,
        }
    }

    /// Whether agents may be offered it.
    pub fn is_offered(&self) -> bool {
        self.enabled && self.standing() == Standing::Approved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_allowed_and_still_is_so_is_offered() {
        let pinned = |pin: &str| Some(Pinned { pin: pin.to_owned(), definition: "{}".to_owned() });
        let tool = |found, approved, enabled| ServerToolRow {
            tool: "t".to_owned(),
            found,
            approved,
            enabled,
        };
        let cases = [
            (tool(pinned("a"), pinned("a"), true), Standing::Approved, true),
            (tool(pinned("a"), pinned("a"), false), Standing::Approved, false),
            (tool(pinned("b"), pinned("a"), true), Standing::Changed, false),
            (tool(pinned("a"), None, true), Standing::New, false),
            (tool(None, pinned("a"), true), Standing::Gone, false),
        ];
        for (row, standing, offered) in cases {
            assert_eq!((row.standing(), row.is_offered()), (standing, offered), "{row:?}");
        }
    }
}
