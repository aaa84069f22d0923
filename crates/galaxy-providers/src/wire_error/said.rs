//! What an error body says, from any of the shapes in use.

use std::time::Duration;

use galaxy_base::text;
use http::StatusCode;
use serde_json::Value;

use super::retry;

/// About how much of a provider's words is kept, in characters.
const MAX_WORDS: usize = 480;

/// What an error body says.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The words for people, bounded.
    pub(super) message: String,
    /// Everything that is a code or a type, joined.
    pub(super) code: String,
    /// A status written in the body.
    pub(super) status: Option<u16>,
    /// When to come back, written in the body.
    pub(super) retry_after: Option<Duration>,
    /// Whether a whole day's allowance is used up.
    pub(super) is_daily: bool,
    /// Whether the body was an error object at all.
    pub(super) is_structured: bool,
}

impl Said {
    /// Reads a body; `None` when it is no JSON object.
    pub(super) fn from_body(body: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(body).ok()?;
        let value = value.get(0).unwrap_or(&value);
        value.is_object().then(|| Self { is_structured: true, ..Self::from_value(value) })
    }

    /// Reads an error object, or an object that holds one.
    pub(super) fn from_value(value: &Value) -> Self {
        let error = match value.get("error") {
            Some(error @ Value::Object(_)) => error,
            Some(Value::String(text)) => {
                return Self { message: bounded(text), ..Self::default() };
            }
            _ => value,
        };
        let text = |key: &str| error.get(key).and_then(Value::as_str);
        let mut said = Self::default();
        for code in ["code", "type", "status"].into_iter().filter_map(text) {
            said.code.push_str(code);
            said.code.push(' ');
        }
        said.status = error.get("code").and_then(as_status);
        let words = text("message").or_else(|| text("detail")).or_else(|| value["detail"].as_str());
        // Gateways put what their upstream said beside their own words.
        let upstream = error.pointer("/metadata/raw").and_then(Value::as_str);
        said.message = match (words, upstream) {
            (Some(words), Some(upstream)) => bounded(&format!("{words}: {upstream}")),
            (words, upstream) => bounded(words.or(upstream).unwrap_or_default()),
        };
        let details = error.get("details").and_then(Value::as_array);
        for detail in details.into_iter().flatten() {
            said.read_detail(detail);
        }
        said
    }

    /// A body that is no JSON: a proxy's page, or plain words.
    pub(super) fn unstructured(status: StatusCode, body: &str) -> Self {
        let body = body.trim();
        let message = if body.is_empty() || body.starts_with('<') {
            String::new()
        } else {
            bounded(&format!("{}: {body}", status_line(status)))
        };
        let message = match status {
            StatusCode::NOT_FOUND => {
                "HTTP 404: there is no such interface at this address; check the base URL"
                    .to_owned()
            }
            _ => message,
        };
        Self { message, ..Self::default() }
    }

    fn read_detail(&mut self, detail: &Value) {
        if let Some(delay) = detail.get("retryDelay").and_then(Value::as_str) {
            self.retry_after = retry::from_text(delay);
        }
        if let Some(reason) = detail.get("reason").and_then(Value::as_str) {
            self.code.push_str(reason);
            self.code.push(' ');
        }
        let violations = detail.get("violations").and_then(Value::as_array);
        self.is_daily |= violations.into_iter().flatten().any(|violation| {
            violation.get("quotaId").and_then(Value::as_str).is_some_and(|id| id.contains("PerDay"))
        });
    }
}

/// `HTTP 502 Bad Gateway`.
pub(super) fn status_line(status: StatusCode) -> String {
    format!("HTTP {status}")
}

/// `words` within the bound, on one line.
pub(super) fn bounded(words: &str) -> String {
    text::clip(words.trim(), MAX_WORDS).replace(['\n', '\r'], " ")
}

fn as_status(code: &Value) -> Option<u16> {
    let number = code.as_u64().or_else(|| code.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|it| (400..600).contains(it))
}
