//! Keeps keys out of what providers say.

use galaxy_base::{ExposeSecret, SecretString};
use galaxy_model::ModelError;
use http::HeaderMap;

/// What stands in a key's place.
const GONE: &str = "[key]";

/// How words begin that are keys whatever the rest of them is.
const PREFIXES: [&str; 8] = ["sk-", "sk_", "AIza", "gsk_", "xai-", "hf_", "pplx-", "ghp_"];

/// Shorter values are ordinary words: replacing them would only garble the message.
const SHORTEST: usize = 8;

/// The secrets of one endpoint.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// The key of an endpoint and the values of its own headers.
    pub(crate) fn new(key: Option<&SecretString>, headers: &HeaderMap) -> Self {
        let values = headers.values().filter_map(|value| value.to_str().ok());
        // `Bearer <key>`: the key alone counts too.
        let values = values.flat_map(str::split_whitespace).map(SecretString::from);
        let all = key.cloned().into_iter().chain(values);
        Self(all.filter(|secret| secret.expose_secret().len() >= SHORTEST).collect())
    }

    /// `text` without these secrets and without words that look like a key.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            if text.contains(secret.expose_secret()) {
                text = text.replace(secret.expose_secret(), GONE);
            }
        }
        if PREFIXES.iter().any(|prefix| text.contains(prefix)) { without_keys(&text) } else { text }
    }

    /// `err` with clean words.
    pub(crate) fn clean_error(&self, err: ModelError) -> ModelError {
        let clean = |message: String| self.clean(&message);
        match err {
            ModelError::Unauthorized { message } => {
                ModelError::Unauthorized { message: clean(message) }
            }
            ModelError::Quota { message } => ModelError::Quota { message: clean(message) },
            ModelError::UnknownModel { message } => {
                ModelError::UnknownModel { message: clean(message) }
            }
            ModelError::RateLimited { retry_after, message } => {
                ModelError::RateLimited { retry_after, message: clean(message) }
            }
            ModelError::Unavailable { retry_after, message } => {
                ModelError::Unavailable { retry_after, message: clean(message) }
            }
            ModelError::TimedOut { message } => ModelError::TimedOut { message: clean(message) },
            ModelError::TooLong { message } => ModelError::TooLong { message: clean(message) },
            ModelError::Rejected { message } => ModelError::Rejected { message: clean(message) },
            ModelError::Truncated { message } => ModelError::Truncated { message: clean(message) },
            ModelError::Resting { .. } | ModelError::Disabled | ModelError::Cancelled => err,
        }
    }
}

fn without_keys(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '.');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, tail) = rest.split_at(start);
        let end = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
        let (word, after) = tail.split_at(end);
        let is_key = word.len() >= SHORTEST && PREFIXES.iter().any(|it| word.starts_with(it));
        clean.push_str(before);
        clean.push_str(if is_key { GONE } else { word });
        rest = after;
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_pass() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer open-sesame".parse().unwrap());
        let secrets = Secrets::new(Some(&"0123456789".into()), &headers);
        for (said, kept) in [
            ("bad key 0123456789!", "bad key [key]!"),
            ("got (open-sesame)", "got ([key])"),
            (
                "Incorrect API key provided: sk-proj-abc***wxyz. See …",
                "Incorrect API key provided: [key] See …",
            ),
            ("key=AIzaSyD-x_yz01, gsk_abcdefgh", "key=[key], [key]"),
            ("a risk-free sk- task", "a risk-free sk- task"),
        ] {
            assert_eq!(secrets.clean(said), kept);
        }
    }

    #[test]
    fn a_short_header_is_no_secret() {
        let headers =
            HeaderMap::from_iter([("x-title".parse().unwrap(), "Galaxy".parse().unwrap())]);
        assert_eq!(Secrets::new(None, &headers).clean("Galaxy said no"), "Galaxy said no");
    }
}
