//! OpenAI Responses.
//!
//! Nothing is stored at the provider (`store: false`), so the encrypted thoughts travel with the
//! conversation. Each must stand right before the item it led to: before text it is an opaque
//! part of its own, before a call it is attached to that call.

mod request;
mod stream;

use galaxy_model::{ModelError, Profile};
use http::HeaderMap;
use url::Url;

use crate::{
    endpoint::join,
    openai_chat::{bearer, page},
    wire::{Asked, Decoder, Framing, Page, Wire, to_json},
};

/// The protocol.
#[derive(Debug)]
pub(crate) struct OpenaiResponses;

impl Wire for OpenaiResponses {
    fn framing(&self) -> Framing {
        Framing::Sse
    }

    fn headers(&self, key: Option<&str>, headers: &mut HeaderMap) -> Result<(), ModelError> {
        bearer(key, headers)
    }

    fn answer_url(&self, base: &Url, _profile: &Profile) -> Url {
        join(base, ["responses"])
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
