//! Work that a tool server goes on with by itself for a call (a task of MCP). A persisted format.

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};

/// A longer id is not taken: it is stored, and sent with every request about the task.
pub const ID_BYTES: usize = 512;

/// A task of a tool server, as far as it has to be known to take it up again: after a crash, on
/// another machine, in a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteTask {
    /// The server that works on it.
    pub server: String,
    /// What the server calls it. Whoever knows it may be let in by it: no view shows it, and it is
    /// sent to that server alone.
    pub id: String,
    /// Which server, reached how, and which tool as it was defined then (SHA-256, in hexadecimal):
    /// the id is shown to no other.
    pub bound_to: String,
    /// When we were told of it.
    pub since: Timestamp,
    /// How long after that the server keeps it, in milliseconds, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// How often it wants to be asked, in milliseconds, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_ms: Option<u64>,
}

impl RemoteTask {
    /// Leaves out what the server calls it, for whoever only reads.
    pub fn forget_id(&mut self) {
        self.id.clear();
    }
}
