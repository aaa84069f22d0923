//! What of a request has to be known before `rmcp` reads it.

use serde::Deserialize;
use serde_json::Value;

/// A request, as far as it makes sense; `rmcp` says what does not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Frame {
    method: String,
    /// The parameters as they came.
    pub(super) params: Value,
}

impl Frame {
    /// Reads a message.
    pub(super) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// Whether it begins a conversation.
    pub(super) fn begins(&self) -> bool {
        matches!(&*self.method, "initialize" | "server/discover")
    }

    /// The tool that is called, if one is.
    pub(super) fn tool(&self) -> Option<&str> {
        let name = self.params.get("name").and_then(Value::as_str);
        name.filter(|_| self.method == "tools/call")
    }
}
