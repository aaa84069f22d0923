//! Ollama.

mod request;
mod stream;

use galaxy_model::{ModelError, Profile};
use http::HeaderMap;
use serde::Deserialize;
use url::Url;

use crate::{
    endpoint::join,
    openai_chat::bearer,
    wire::{Asked, Decoder, Framing, Page, Wire, to_json},
};

/// The protocol.
#[derive(Debug)]
pub(crate) struct Ollama;

impl Wire for Ollama {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn headers(&self, key: Option<&str>, headers: &mut HeaderMap) -> Result<(), ModelError> {
        bearer(key, headers)
    }

    fn answer_url(&self, base: &Url, _profile: &Profile) -> Url {
        join(base, ["api", "chat"])
    }

    fn body(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ModelError> {
        to_json(&request::body(asked))
    }

    fn decoder(&self, asked: &Asked<'_>) -> Box<dyn Decoder> {
        Box::new(stream::Reader::new(asked))
    }

    fn list_url(&self, base: &Url, _cursor: Option<&str>) -> Url {
        join(base, ["api", "tags"])
    }

    fn page(&self, body: &str) -> serde_json::Result<Page> {
        #[derive(Deserialize)]
        struct List {
            models: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            name: String,
        }
        let list: List = serde_json::from_str(body)?;
        Ok(Page { names: list.models.into_iter().map(|it| it.name).collect(), next: None })
    }
}
