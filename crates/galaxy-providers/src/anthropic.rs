//! Anthropic Messages.
//!
//! A signed thought goes back as one block: its text is the reasoning part, its signature the
//! opaque part right after it. The text is not held twice.

mod request;
mod stream;
mod thinking;

use galaxy_model::{ModelError, Profile};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use url::Url;

use crate::{
    endpoint::join,
    wire::{Asked, Decoder, Framing, Page, Wire, put_secret, to_json},
};

/// The protocol.
#[derive(Debug)]
pub(crate) struct Anthropic;

impl Wire for Anthropic {
    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn headers(&self, key: Option<&str>, headers: &mut HeaderMap) -> Result<(), ModelError> {
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        key.map_or(Ok(()), |key| put_secret(headers, "x-api-key", key))
    }

    fn answer_url(&self, base: &Url, _profile: &Profile) -> Url {
        join(base, ["messages"])
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
            .append_pair("limit", "1000")
            .extend_pairs(cursor.map(|it| ("after_id", it)));
        url
    }

    fn page(&self, body: &str) -> serde_json::Result<Page> {
        #[derive(Deserialize)]
        struct List {
            data: Vec<Entry>,
            #[serde(default)]
            has_more: bool,
            last_id: Option<String>,
        }
        #[derive(Deserialize)]
        struct Entry {
            id: String,
        }
        let list: List = serde_json::from_str(body)?;
        let names = list.data.into_iter().map(|it| it.id).collect();
        Ok(Page { names, next: list.last_id.filter(|_| list.has_more) })
    }
}
