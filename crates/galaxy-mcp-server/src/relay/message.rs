//! What has to be known of a message to pass it on.

use http::HeaderValue;
use serde_json::Value;

/// Requests of this revision and later say in headers what they are about.
const WITH_HEADERS: &str = "2026-07-28";
/// Where a request says of which revision it is, if there was no handshake.
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// What a message is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Wants an answer.
    Asks {
        /// Names it.
        id: Value,
        /// What it wants.
        method: String,
    },
    /// Wants none.
    Tells {
        /// What it is about.
        method: String,
    },
    /// The host gives up on the request of that name.
    Cancels(String),
}

/// One line of a host.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    /// As it came.
    pub(super) text: String,
    /// What it is.
    pub(super) kind: Kind,
    version: Option<String>,
    name: Option<String>,
}

impl Message {
    /// Reads a line; none when it is no message that a server takes. (A server without sessions
    /// asks nothing, so an answer to it has nowhere to go.)
    pub(super) fn read(text: String) -> Option<Self> {
        let value: Value = serde_json::from_str(&text).ok()?;
        let method = value["method"].as_str()?.to_owned();
        let params = &value["params"];
        let version = params["_meta"][VERSION].as_str().map(str::to_owned);
        let name = params["name"].as_str().or_else(|| params["uri"].as_str()).map(str::to_owned);
        let kind = match value.get("id") {
            Some(id) => Kind::Asks { id: id.clone(), method },
            None if method == "notifications/cancelled" => {
                Kind::Cancels(params["requestId"].to_string())
            }
            None => Kind::Tells { method },
        };
        Some(Self { text, kind, version, name })
    }

    /// What names the request.
    pub(super) fn id(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Asks { id, .. } => Some(id),
            Kind::Tells { .. } | Kind::Cancels(_) => None,
        }
    }

    /// What it is about.
    pub(super) fn method(&self) -> Option<&str> {
        match &self.kind {
            Kind::Asks { method, .. } | Kind::Tells { method } => Some(method),
            Kind::Cancels(_) => None,
        }
    }

    /// The headers that its revision wants; `agreed` is what a handshake agreed on.
    pub(super) fn headers(&self, agreed: Option<HeaderValue>) -> Vec<(&'static str, HeaderValue)> {
        let text = |text: &str| HeaderValue::from_str(text).ok();
        let mut headers = Vec::new();
        let mut add = |name, value: Option<HeaderValue>| {
            headers.extend(value.map(|value| (name, value)));
        };
        if self.method() == Some("initialize") {
            return headers;
        }
        let Some(version) = &self.version else {
            add("mcp-protocol-version", agreed);
            return headers;
        };
        add("mcp-protocol-version", text(version));
        if &**version >= WITH_HEADERS {
            add("mcp-method", self.method().and_then(text));
            add("mcp-name", self.name.as_deref().and_then(text));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(line: &str) -> Vec<(&'static str, String)> {
        let agreed = HeaderValue::from_static("2025-06-18");
        let message = Message::read(line.to_owned()).unwrap();
        let headers = message.headers(Some(agreed));
        headers.into_iter().map(|(name, value)| (name, value.to_str().unwrap().into())).collect()
    }

    #[test]
    fn a_message_is_passed_on_as_its_revision_wants() {
        let handshake = r#"{"id":1,"method":"initialize","params":{"protocolVersion":"x"}}"#;
        assert_eq!(headers(handshake), []);
        let old = r#"{"id":1,"method":"tools/call","params":{"name":"math"}}"#;
        assert_eq!(headers(old), [("mcp-protocol-version", "2025-06-18".to_owned())]);
        let new = r#"{"id":1,"method":"tools/call","params":{"name":"math","_meta":
            {"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        let wanted = [
            ("mcp-protocol-version", "2026-07-28".to_owned()),
            ("mcp-method", "tools/call".to_owned()),
            ("mcp-name", "math".to_owned()),
        ];
        assert_eq!(headers(new), wanted);
    }

    #[test]
    fn what_is_no_message_is_none() {
        for line in ["", "{", "[]", "7", r#"{"id":1,"result":{}}"#] {
            assert_eq!(Message::read(line.to_owned()), None, "{line}");
        }
        let gives_up = r#"{"method":"notifications/cancelled","params":{"requestId":"a"}}"#;
        let kind = Message::read(gives_up.to_owned()).unwrap().kind;
        assert_eq!(kind, Kind::Cancels("\"a\"".to_owned()));
    }
}
