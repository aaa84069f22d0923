//! What handlers take from a request, with every refusal a problem.

use axum::{
    extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request},
    http::{StatusCode, header, request::Parts},
};
use bytes::Bytes;
use galaxy_app::Once;
use galaxy_base::text::clip;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{api::Api, problem::Problem};

/// No text of ours holds a NUL, and PostgreSQL cannot.
const NUL: &str = "A text holds the character NUL.";
/// A parser's complaint is told up to this length, in characters: it quotes what it was given.
const COMPLAINT: usize = 300;
/// The longest idempotency key.
const KEY_CHARS: usize = 200;

/// A JSON body, and what idempotency remembers of it.
pub(crate) struct Body<T> {
    pub(crate) value: T,
    /// SHA-256 of the bytes as they came, in hexadecimal.
    digest: String,
}

impl<T: DeserializeOwned> FromRequest<Api> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Api) -> Result<Self, Problem> {
        let is_json = is_json(&request);
        if !is_json {
            return Err(not_json());
        }
        Self::read(&all(request, state).await?)
    }
}

/// No body at all is none.
impl<T: DeserializeOwned> OptionalFromRequest<Api> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Api) -> Result<Option<Self>, Problem> {
        let is_json = is_json(&request);
        let bytes = all(request, state).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if !is_json {
            return Err(not_json());
        }
        Self::read(&bytes).map(Some)
    }
}

impl<T: DeserializeOwned> Body<T> {
    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        if holds_nul(bytes) {
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", NUL));
        }
        let value = serde_json::from_slice(bytes).map_err(|err| refused(&err, bytes))?;
        Ok(Self { value, digest: hex::encode(Sha256::digest(bytes)) })
    }
}

fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

fn not_json() -> Problem {
    let detail = "Send JSON, with the header `Content-Type: application/json`.";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail)
}

async fn all(request: Request, state: &Api) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|err| {
        if err.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let detail = "The request is too big.";
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail);
        }
        Problem::invalid("The request broke off.")
    })
}

/// Whether a text in this JSON has the escape of NUL in it. A backslash that is escaped itself
/// begins none.
fn holds_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        if rest[at..].starts_with(b"\\u0000") {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

fn refused(err: &serde_json::Error, bytes: &[u8]) -> Problem {
    let complaint = clip(&err.to_string(), COMPLAINT);
    // Some of what does not fit is reported as if it were no JSON, and the other way round.
    if serde_json::from_slice::<Value>(bytes).is_ok() {
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", complaint);
    }
    let detail = format!("No valid JSON: {complaint}.");
    Problem::new(StatusCode::BAD_REQUEST, "bad_json", detail)
}

/// A part of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Api) -> Result<Self, Problem> {
        // An id that is none names nothing.
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Problem::not_found())
    }
}

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Api) -> Result<Self, Problem> {
        // How a query writes it; a percent sign itself is written `%25`.
        if parts.uri.query().is_some_and(|it| it.contains("%00")) {
            return Err(Problem::invalid(NUL));
        }
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|err| Problem::invalid(reason(&err)))
    }
}

/// The idempotency key of a request, if it has one, and the path it was sent to.
pub(crate) struct Key {
    key: Option<String>,
    path: String,
}

impl FromRequestParts<Api> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &Api) -> Result<Self, Problem> {
        let path = parts.uri.path().to_owned();
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Self { key: None, path });
        };
        let key = value.to_str().ok().filter(|it| !it.is_empty() && it.len() <= KEY_CHARS);
        let wrong = || Problem::invalid("`Idempotency-Key` takes 1 to 200 visible characters.");
        Ok(Self { key: Some(key.ok_or_else(wrong)?.to_owned()), path })
    }
}

impl Key {
    /// The request to `route` with this body, to be done once.
    pub(crate) fn once<T>(self, route: &'static str, body: &Body<T>) -> Option<Once> {
        let Self { key, path } = self;
        // The same key for another conversation is another request.
        key.map(|key| Once { route, key, body_hash: format!("{path} {}", body.digest) })
    }

    /// The request to `route`, which takes no body, to be done once.
    pub(crate) fn once_alone(self, route: &'static str) -> Option<Once> {
        let Self { key, path } = self;
        key.map(|key| Once { route, key, body_hash: path })
    }
}

/// What the parser itself said, without the frames around it.
fn reason(err: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = err;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    clip(&innermost.to_string(), COMPLAINT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_found_and_a_text_about_it_is_not_taken_for_it() {
        for json in [r#"["\u0000"]"#, r#"["a\\\u0000"]"#] {
            assert!(holds_nul(json.as_bytes()), "{json}");
        }
        for json in
            [r#"["\\u0000"]"#, r#"["\u00001"]"#.replace("u0000", "u0001").as_str(), "\\", ""]
        {
            assert!(!holds_nul(json.as_bytes()), "{json}");
        }
    }
}
