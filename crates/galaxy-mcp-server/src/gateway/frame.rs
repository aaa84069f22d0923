//! What of a request has to be known before `rmcp` reads it.

use serde::Deserialize;
use serde_json::Value;

/// A request, as far as it makes sense; `rmcp` says what does not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Frame {
    /// What it asks for.
    pub(super) method: String,
    /// The parameters as they came.
    pub(super) params: Value,
}

impl Frame {
    /// Reads a message.
    pub(super) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// Whether it wants to know what the server is.
    pub(super) fn begins(&self) -> bool {
        self.shakes_hands() || self.method == "server/discover"
    }

    /// Whether it is about a task.
    pub(super) fn is_about_a_task(&self) -> bool {
        self.method.starts_with("tasks/")
    }

    /// Whether it is the handshake of an older revision.
    pub(super) fn shakes_hands(&self) -> bool {
        self.method == "initialize"
    }

    /// The tool that is called, if one is.
    pub(super) fn tool(&self) -> Option<&str> {
        let name = self.params.get("name").and_then(Value::as_str);
        name.filter(|_| self.method == "tools/call")
    }
}
