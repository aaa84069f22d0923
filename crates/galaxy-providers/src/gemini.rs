//! Google Gemini.
//!
//! Signatures belong to parts: that of a call is attached to the call, with the call's own id; that
//! of a text becomes an opaque part behind it, and goes back as an empty text that carries it.

mod request;
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
pub(crate) struct Gemini;

impl Wire for Gemini {
    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn headers(&self, key: Option<&str>, headers: &mut HeaderMap) -> Result<(), ModelError> {
        key.map_or(Ok(()), |key| put_secret(headers, "x-goog-api-key", key))
    }

    fn answer_url(&self, base: &Url, profile: &Profile) -> Url {
        // The list says `models/x`, people write `x`; tuned models have a folder of their own.
        let (folder, model) = profile.model.split_once('/').unwrap_or(("models", &profile.model));
        let mut url = join(base, [folder, &format!("{model}:streamGenerateContent")]);
        url.query_pairs_mut().append_pair("alt", "sse");
        url
    }

    fn body(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ModelError> {
        to_json(&request::body(asked))
    }

    fn decoder(&self, asked: &Asked<'_>) -> Box<dyn Decoder> {
        Box::new(stream::Reader::new(asked))
    }

    fn list_url(&self, base: &Url, cursor: Option<&str>) -> Url {
        let mut url = join(base, ["models"]);
        url.query_pairs_mut()
            .append_pair("pageSize", "1000")
            .extend_pairs(cursor.map(|it| ("pageToken", it)));
        url
    }

    fn page(&self, body: &str) -> serde_json::Result<Page> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct List {
            #[serde(default)]
            models: Vec<Entry>,
            next_page_token: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Entry {
            name: String,
            supported_generation_methods: Option<Vec<String>>,
        }
        let list: List = serde_json::from_str(body)?;
        // Models that only embed or draw cannot answer.
        let answers = |entry: &Entry| {
            let methods = entry.supported_generation_methods.as_deref();
            methods.is_none_or(|it| it.iter().any(|it| it == "generateContent"))
        };
        let name = |entry: Entry| entry.name.trim_start_matches("models/").to_owned();
        let names = list.models.into_iter().filter(answers).map(name).collect();
        Ok(Page { names, next: list.next_page_token.filter(|it| !it.is_empty()) })
    }
}
