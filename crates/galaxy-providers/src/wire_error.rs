//! What providers say when they do not answer, sorted into [`ModelError`].
//!
//! Statuses are not enough: one provider's 429 is an empty account, another's 400 a wrong key.
//! So the words decide first, then the status.

mod retry;
mod said;

use galaxy_base::Timestamp;
use galaxy_model::ModelError;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use said::Said;

/// Words in codes and messages, lower case, that mean an empty account.
const QUOTA: [&str; 9] = [
    "insufficient_quota",
    "insufficient quota",
    "billing_",
    "insufficient_balance",
    "insufficient balance",
    "insufficient_credits",
    "insufficient credits",
    "credit balance is too low",
    "payment required",
];

/// An empty account to one provider, a minute's limit to another: the latter says when to retry.
const QUOTA_UNLESS_RETRY: &str = "exceeded your current quota";

/// Words that mean the conversation must shrink.
const TOO_LONG: [&str; 11] = [
    "context_length_exceeded",
    "exceed_context_size",
    "request_too_large",
    "maximum context length",
    "context length",
    "context window",
    "context limit",
    "context size",
    "prompt is too long",
    "input is too long",
    "input token count",
];

/// Words that mean a wrong key, whatever the status.
const UNAUTHORIZED: [&str; 8] = [
    "invalid_api_key",
    "authentication_error",
    "permission_error",
    "unauthenticated",
    "permission_denied",
    "api_key_invalid",
    "api key not valid",
    "invalid api key",
];

/// Words that mean there is no such model, when they stand with the word "model".
const UNKNOWN: [&str; 7] = [
    "not found",
    "not exist",
    "unknown model",
    "invalid model",
    "not a valid model",
    "no such model",
    "unsupported model",
];

/// Words that mean "slow down".
const RATE: [&str; 6] = [
    "rate_limit",
    "rate limit",
    "resource_exhausted",
    "too many requests",
    "too_many_requests",
    "throttl",
];

/// Words in codes that mean the provider's own trouble.
const TROUBLE: [&str; 7] = [
    "overloaded",
    "server_error",
    "api_error",
    "timeout_error",
    "internal",
    "unavailable",
    "bad_gateway",
];

/// Sorts a response that is no success. `now` is what a date in `Retry-After` is measured from.
pub(crate) fn from_response(
    status: StatusCode,
    headers: &HeaderMap,
    body: &str,
    now: Timestamp,
) -> ModelError {
    let mut said = Said::from_body(body).unwrap_or_else(|| Said::unstructured(status, body));
    said.retry_after = retry::from_headers(headers, now).or(said.retry_after);
    if said.message.is_empty() {
        said.message = said::status_line(status);
    }
    if status.is_redirection() {
        let to = headers.get("location").and_then(|it| it.to_str().ok()).unwrap_or("elsewhere");
        let message = format!("the address redirects to {to}; redirects are not followed");
        return ModelError::Rejected { message: said::bounded(&message) };
    }
    sort(Some(status.as_u16()), said)
}

/// Sorts an error that came inside a stream, or in the body of a success.
pub(crate) fn from_value(value: &Value) -> ModelError {
    let mut said = Said::from_value(value);
    if said.message.is_empty() {
        said.message = said::bounded(&value.to_string());
    }
    sort(said.status, said)
}

/// Sorts what the connection said.
pub(crate) fn from_net(err: galaxy_net::Error) -> ModelError {
    let message = said::bounded(&err.to_string());
    match err {
        galaxy_net::Error::Denied(_) | galaxy_net::Error::Unusable { .. } => {
            ModelError::Rejected { message }
        }
        galaxy_net::Error::TimedOut { .. } => ModelError::TimedOut { message },
        galaxy_net::Error::Unreachable { .. } | galaxy_net::Error::Broken { .. } => {
            ModelError::Unavailable { retry_after: None, message }
        }
    }
}

fn sort(status: Option<u16>, said: Said) -> ModelError {
    let code = said.code.to_lowercase();
    let words = format!("{code} {}", said.message.to_lowercase());
    let any = |list: &[&str]| list.iter().any(|it| words.contains(it));
    let Said { message, retry_after, is_daily, is_structured, .. } = said;
    let is_429 = status == Some(429);

    if status == Some(402)
        || is_daily
        || (status.is_none_or(|it| it < 500) && any(&QUOTA))
        || (words.contains(QUOTA_UNLESS_RETRY) && retry_after.is_none())
    {
        return ModelError::Quota { message };
    }
    if status == Some(413) || (!is_429 && any(&TOO_LONG)) {
        return ModelError::TooLong { message };
    }
    if matches!(status, Some(401 | 403)) || any(&UNAUTHORIZED) {
        return ModelError::Unauthorized { message };
    }
    let of_model = words.contains("model") && any(&UNKNOWN);
    let is_4xx = status.is_none_or(|it| (400..500).contains(&it));
    let not_found = status == Some(404) && is_structured && code.contains("not_found");
    if code.contains("model_not_found") || not_found || (is_4xx && !is_429 && of_model) {
        return ModelError::UnknownModel { message };
    }
    if is_429 || any(&RATE) {
        return ModelError::RateLimited { retry_after, message };
    }
    match status {
        Some(408) => ModelError::TimedOut { message },
        Some(425 | 500..) | None => ModelError::Unavailable { retry_after, message },
        Some(_) if TROUBLE.iter().any(|it| code.contains(it)) => {
            ModelError::Unavailable { retry_after, message }
        }
        Some(_) => ModelError::Rejected { message },
    }
}

#[cfg(test)]
mod tests;
