//! What a protocol has to know; everything else is shared.

use std::{borrow::Cow, collections::VecDeque};

use galaxy_model::{Event, ModelError, Profile, Request};
use http::HeaderMap;
use url::Url;

use crate::{anthropic, gemini, ollama, openai_chat, openai_responses, protocol::Protocol};

/// A request, and what is known about the model it is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The model.
    pub(crate) profile: &'a Profile,
    /// The request.
    pub(crate) request: &'a Request,
    /// Whether the endpoint is OpenAI's own, which is stricter than those that imitate it.
    pub(crate) official: bool,
}

impl<'a> Asked<'a> {
    /// The instructions, with the shape of the answer when only words can ask for it.
    pub(crate) fn system(&self) -> Cow<'a, str> {
        let system = self.request.system.as_str();
        match &self.request.schema {
            Some(schema) if !self.profile.structured => {
                let gap = if system.is_empty() { "" } else { "\n\n" };
                Cow::Owned(format!(
                    "{system}{gap}Answer with one JSON value and nothing else. It must conform to \
                     this JSON Schema:\n{}",
                    schema.schema
                ))
            }
            Some(_) | None => Cow::Borrowed(system),
        }
    }
}

/// How a body is cut into frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events.
    Sse,
    /// One JSON value per line.
    Lines,
}

/// One unit of a streamed answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The event's name; empty where there is none.
    pub(crate) event: String,
    /// What it carries: JSON in every protocol.
    pub(crate) data: String,
}

/// Reads one answer, frame by frame.
///
/// **Invariant:** the last event of a complete answer is [`Event::Finished`], and there is none
/// in an incomplete one.
pub(crate) trait Decoder: Send {
    /// Takes one frame; what it means goes to `out`, also when an error follows.
    fn frame(&mut self, frame: &Frame, out: &mut VecDeque<Event>) -> Result<(), ModelError>;

    /// The body has ended.
    fn end(&mut self, _out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        Err(ModelError::truncated("the stream ended without a final event"))
    }
}

/// A page of a list of models.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The provider's names.
    pub(crate) names: Vec<String>,
    /// What to ask the next page with; `None` on the last.
    pub(crate) next: Option<String>,
}

/// A wire protocol.
pub(crate) trait Wire: Send + Sync {
    /// How answers are framed.
    fn framing(&self) -> Framing;

    /// Adds what the protocol wants in every request.
    fn headers(&self, key: Option<&str>, headers: &mut HeaderMap) -> Result<(), ModelError>;

    /// Where answers are asked for.
    fn answer_url(&self, base: &Url, profile: &Profile) -> Url;

    /// The body that asks.
    fn body(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ModelError>;

    /// What reads the answer.
    fn decoder(&self, asked: &Asked<'_>) -> Box<dyn Decoder>;

    /// Where a page of the list of models is.
    fn list_url(&self, base: &Url, cursor: Option<&str>) -> Url;

    /// Reads such a page.
    fn page(&self, body: &str) -> serde_json::Result<Page>;
}

/// The implementation of `protocol`.
pub(crate) fn of(protocol: Protocol) -> &'static dyn Wire {
    match protocol {
        Protocol::OpenaiChat => &openai_chat::OpenaiChat,
        Protocol::OpenaiResponses => &openai_responses::OpenaiResponses,
        Protocol::Anthropic => &anthropic::Anthropic,
        Protocol::Gemini => &gemini::Gemini,
        Protocol::Ollama => &ollama::Ollama,
    }
}

/// Writes `body` as JSON.
pub(crate) fn to_json(body: &impl serde::Serialize) -> Result<Vec<u8>, ModelError> {
    serde_json::to_vec(body).map_err(|err| ModelError::Rejected { message: err.to_string() })
}

/// Reads a frame's JSON.
pub(crate) fn from_json<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, ModelError> {
    serde_json::from_str(text)
        .map_err(|err| ModelError::truncated(format!("the stream is not of this protocol: {err}")))
}

/// Puts `value` into `headers`; marked, so that nothing prints it.
pub(crate) fn put_secret(
    headers: &mut HeaderMap,
    name: &'static str,
    value: &str,
) -> Result<(), ModelError> {
    let mut value = http::HeaderValue::from_str(value).map_err(|_| ModelError::Unauthorized {
        message: "the key holds characters that no header can carry".to_owned(),
    })?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
