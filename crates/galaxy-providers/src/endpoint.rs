//! One configured endpoint: where it is and how it is opened.

use std::fmt;

use galaxy_base::SecretString;
use galaxy_net::Client;
use http::HeaderMap;
use url::Url;

use crate::protocol::Protocol;

/// One configured endpoint of a provider.
#[derive(Clone)]
pub struct Endpoint {
    /// Names it in messages and logs.
    pub name: String,
    /// Where it is, as people write it; `None` for the protocol's own provider.
    pub base_url: Option<Url>,
    /// The key, for providers that want one.
    pub api_key: Option<SecretString>,
    /// Sent with every request; they win over what the protocol would send.
    pub headers: HeaderMap,
    /// What sends the requests.
    pub client: Client,
}

/// The name only: the address and the headers may hold secrets too.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// The address that paths of `protocol` are added to.
    pub(crate) fn base(&self, protocol: Protocol) -> Url {
        let given = self.base_url.clone();
        let default = || Url::parse(protocol.default_base_url()).expect("the defaults are URLs");
        normal(protocol, given.unwrap_or_else(default))
    }
}

/// People write base addresses with and without the version, and paste whole request addresses.
fn normal(protocol: Protocol, mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/');
    let path = match protocol {
        Protocol::OpenaiChat => path.trim_end_matches("/chat/completions").to_owned(),
        Protocol::OpenaiResponses => path.trim_end_matches("/responses").to_owned(),
        Protocol::Anthropic => {
            let path = path.trim_end_matches("/messages");
            if path.ends_with("/v1") { path.to_owned() } else { format!("{path}/v1") }
        }
        Protocol::Gemini => {
            let last = path.rsplit('/').next().unwrap_or_default();
            if last.starts_with("v1") { path.to_owned() } else { format!("{path}/v1beta") }
        }
        Protocol::Ollama => path
            .trim_end_matches("/chat")
            .trim_end_matches("/api")
            .trim_end_matches("/v1")
            .to_owned(),
    };
    url.set_path(&path);
    url
}

/// `base` with `segments` added to its path; each is escaped, and a query stays.
pub(crate) fn join<'a>(base: &Url, segments: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_as_people_write_them() {
        for (protocol, written, meant) in [
            (Protocol::OpenaiChat, "https://a.example/v1/", "https://a.example/v1"),
            (Protocol::OpenaiChat, "https://a.example/v1/chat/completions", "https://a.example/v1"),
            (
                Protocol::OpenaiChat,
                "https://a.example/v1?api-version=2",
                "https://a.example/v1?api-version=2",
            ),
            (Protocol::OpenaiResponses, "https://a.example/v1/responses", "https://a.example/v1"),
            (Protocol::Anthropic, "https://a.example", "https://a.example/v1"),
            (Protocol::Anthropic, "https://a.example/anthropic", "https://a.example/anthropic/v1"),
            (Protocol::Anthropic, "https://a.example/v1/messages", "https://a.example/v1"),
            (Protocol::Gemini, "https://a.example/", "https://a.example/v1beta"),
            (Protocol::Gemini, "https://a.example/v1", "https://a.example/v1"),
            (Protocol::Ollama, "http://localhost:11434/v1", "http://localhost:11434/"),
            (Protocol::Ollama, "http://localhost:11434/api/chat", "http://localhost:11434/"),
        ] {
            let url = normal(protocol, Url::parse(written).unwrap());
            assert_eq!(url.as_str(), meant, "{written}");
        }
    }

    #[test]
    fn a_path_is_added_before_the_query_and_escaped() {
        let base = Url::parse("https://a.example/v1?k=v").unwrap();
        let url = join(&base, ["models", "a/b:generate"]);
        assert_eq!(url.as_str(), "https://a.example/v1/models/a%2Fb:generate?k=v");
        let bare = Url::parse("http://a.example/").unwrap();
        assert_eq!(join(&bare, ["api", "chat"]).as_str(), "http://a.example/api/chat");
    }
}
