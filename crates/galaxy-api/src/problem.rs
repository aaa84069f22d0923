//! The one place where an error becomes a response (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use galaxy_app::{
    AppError,
    access::{AccessError, Denied, Remedy, Stale},
    error::code_of,
};
use galaxy_domain::{Kind, access::Scope};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Where: a JSON Pointer (RFC 6901) into the request.
    pub pointer: String,
    /// What, and what would be right.
    pub message: String,
}

/// The only type that a problem has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AboutBlank {
    /// It says nothing.
    #[serde(rename = "about:blank")]
    Blank,
}

/// An error as clients see it. `code` is stable and documented; `detail` is prose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` tells more than a page could.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: AboutBlank,
    /// The name of the status.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A stable name for programs.
    pub code: &'static str,
    /// What went wrong, for people.
    #[schema(value_type = String)]
    pub detail: Box<str>,
    /// What to quote when asking for help; the logs know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub request_id: Option<Box<str>>,
    /// Each thing that is wrong with the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// In seconds: when it makes sense to try again.
    #[serde(skip)]
    pub retry_after: Option<u32>,
    /// What the client is to present instead, as the header `WWW-Authenticate` says it.
    #[serde(skip)]
    #[schema(value_type = Option<String>)]
    pub challenge: Option<Box<str>>,
    /// Whether the thing is there, and somebody else's. Never told.
    #[serde(skip)]
    pub is_hidden: bool,
}

impl Problem {
    /// A problem of its own.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: AboutBlank::Blank,
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into().into(),
            request_id: None,
            errors: Vec::new(),
            retry_after: None,
            challenge: None,
            is_hidden: false,
        }
    }

    /// The caller sent something unusable.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    /// Nobody knows who is asking.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first.")
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing here.")
    }
}

/// The HTTP status of a kind of error.
pub const fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<AppError> for Problem {
    fn from(err: AppError) -> Self {
        let kind = err.kind();
        let detail = match kind {
            // These words are for people.
            _ if matches!(err, AppError::NotStarted(_)) => sentence(&err.to_string()),
            // What broke inside is for the log, not for the caller.
            Kind::Internal => {
                tracing::error!(error = ?err, "a request broke");
                "Something went wrong on our side.".to_owned()
            }
            Kind::Unavailable => {
                tracing::warn!(error = ?err, "not available");
                "This does not work at the moment. Try again soon.".to_owned()
            }
            Kind::Invalid
            | Kind::Unauthenticated
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Conflict
            | Kind::TooLarge
            | Kind::TooMany => sentence(&err.to_string()),
        };
        let code = if kind == Kind::Internal { code_of(kind) } else { err.code() };
        let mut problem = Self::new(status_of(kind), code, detail);
        problem.retry_after = err.retry_after().map(seconds);
        problem.challenge = err.stale().and_then(challenge).map(Into::into);
        problem.is_hidden = matches!(
            err,
            AppError::Denied(Denied::Hidden)
                | AppError::Access(AccessError::Denied(Denied::Hidden))
        );
        problem.errors = fields(err);
        problem
    }
}

/// What a program is to do about a sign-in that is too old: sign in again (RFC 9470, 3), or take a
/// key with another scope (RFC 6750, 3.1). Browsers are not asked this way.
fn challenge(stale: Stale) -> Option<String> {
    match stale.remedy {
        Remedy::Confirm | Remedy::Elsewhere => None,
        Remedy::NewToken => Some(format!(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"A more recent sign-in is needed\", max_age=\"{}\"",
            stale.within.as_secs()
        )),
        Remedy::OtherKey => {
            let scopes = format!("{} {}", Scope::Admin.as_str(), Scope::Unattended.as_str());
            Some(format!("Bearer error=\"insufficient_scope\", scope=\"{scopes}\""))
        }
    }
}

/// What is wrong with which field.
fn fields(err: AppError) -> Vec<FieldProblem> {
    if let AppError::Access(AccessError::Invalid(complaints)) = err {
        let field = |(name, message): (&str, String)| FieldProblem {
            pointer: format!("/{}", sent_as(name)),
            message,
        };
        return complaints.into_iter().map(field).collect();
    }
    let AppError::Invalid(mistakes) = err else { return Vec::new() };
    let field = |it: galaxy_app::Mistake| FieldProblem { pointer: it.pointer, message: it.message };
    mistakes.into_iter().map(field).collect()
}

/// The name of a field in a request, where it is not that of the account.
fn sent_as(name: &str) -> &str {
    match name {
        "current_password" => "current",
        "new_password" => "new",
        "expires_in" => "expires_in_days",
        same => same,
    }
}

fn seconds(wait: Duration) -> u32 {
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}

/// Starts with a capital and ends with a stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let mut sentence: String = first.to_uppercase().chain(chars).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let challenge = self.challenge.as_deref().and_then(|it| HeaderValue::from_str(it).ok());
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED || challenge.is_some() {
            let challenge = challenge.unwrap_or(HeaderValue::from_static("Bearer"));
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        // The request's id is filled in by the outermost layer, which knows it.
        response.extensions_mut().insert(self);
        response
    }
}
