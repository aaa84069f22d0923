//! OpenAI chat completions, and the many servers that imitate them.
//!
//! Imitators differ in small ways, so reading is lenient: missing indexes, repeated indexes,
//! arguments as objects, two names for thoughts. Some demand their thoughts back with the tool
//! calls they led to; an opaque part remembers under which name and for which model.

pub(crate) mod request;
mod stream;

use galaxy_model::{ModelError, Profile};
use http::HeaderMap;
use serde::Deserialize;
use url::Url;

use crate::{
    endpoint::join,
    wire::{Asked, Decoder, Framing, Page, Wire, put_secret, to_json},
};

/// The protocol.
#[derive(Debug)]
pub(crate) struct OpenaiChat;

impl Wire for OpenaiChat {
    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn headers(&self, key: Option<&str>, headers: &mut HeaderMap) -> Result<(), ModelError> {
        bearer(key, headers)
    }

    fn answer_url(&self, base: &Url, _profile: &Profile) -> Url {
        join(base, ["chat", "completions"])
    }

    fn body(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ModelError> {
        to_json(&request::body(asked))
    }

    fn decoder(&self, asked: &Asked<'_>) -> Box<dyn Decoder> {
        Box::new(stream::Reader::new(asked))
    }

    fn list_url(&self, base: &Url, _cursor: Option<&str>) -> Url {
        join(base, ["models"])
    }

    fn page(&self, body: &str) -> serde_json::Result<Page> {
        page(body)
    }
}

/// `Authorization: Bearer`.
pub(crate) fn bearer(key: Option<&str>, headers: &mut HeaderMap) -> Result<(), ModelError> {
    match key {
        Some(key) => put_secret(headers, "authorization", &format!("Bearer {key}")),
        None => Ok(()),
    }
}

/// Reads `{"data": [{"id": …}]}`: the list of models has no pages.
pub(crate) fn page(body: &str) -> serde_json::Result<Page> {
    #[derive(Deserialize)]
    struct List {
        data: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        id: String,
    }
    let list: List = serde_json::from_str(body)?;
    Ok(Page { names: list.data.into_iter().map(|it| it.id).collect(), next: None })
}
