//! What a program may do.

use std::path::PathBuf;

use galaxy_domain::tool_server::Outward;
use serde::{Deserialize, Serialize};

/// What a program may do, besides reading and running what the system offers to everybody (`/usr`,
/// certificates, names of hosts) and reading `/proc`. Folders count with all that is in them;
/// what is not there when the walls go up is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What it may read and run: itself, what it is made of.
    pub run: Vec<PathBuf>,
    /// What it may read.
    pub read: Vec<PathBuf>,
    /// What it may read, run, write and delete.
    pub write: Vec<PathBuf>,
    /// How far it may reach by network.
    pub outward: Outward,
}

impl Profile {
    /// As an argument of a command line.
    pub fn to_argument(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Profile::to_argument`] wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_argument(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}
