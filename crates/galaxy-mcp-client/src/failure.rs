//! What rmcp calls an error, in our words.

use std::error::Error;

use galaxy_base::text::{clip, visible};
use galaxy_tool::server::ServerError;
use rmcp::{
    model::ErrorData,
    service::{ClientInitializeError, ServiceError},
    transport::streamable_http_client::{
        AuthRequiredError, InsufficientScopeError, StreamableHttpError,
    },
};

/// More of a server's words than this is cut, visibly.
const WORDS: usize = 2000;

/// A server's words, bounded and visible.
pub(crate) fn words(text: &str) -> String {
    clip(&visible(text), WORDS)
}

/// Something that is longer than it may be.
pub(crate) fn too_long(what: &str, max: usize) -> ServerError {
    let size = match (max >> 20, max >> 10) {
        (0, 0) => format!("{max} bytes"),
        (0, kilobytes) => format!("{kilobytes} kB"),
        (megabytes, _) => format!("{megabytes} MB"),
    };
    ServerError::TooLarge(format!("{what} of more than {size}"))
}

/// Why a request failed.
#[expect(clippy::wildcard_enum_match_arm, reason = "these errors may grow with rmcp")]
pub(crate) fn of_request(err: ServiceError) -> ServerError {
    match err {
        ServiceError::McpError(said) => of_answer(said),
        ServiceError::TransportSend(err) => of_transport(err.error.as_ref()),
        ServiceError::TransportClosed => ServerError::Lost("it was closed".to_owned()),
        ServiceError::Cancelled { .. } => ServerError::Cancelled,
        ServiceError::Timeout { timeout } => ServerError::TimedOut(timeout),
        other => ServerError::Garbled(words(&other.to_string())),
    }
}

/// Why there is no connection.
#[expect(clippy::wildcard_enum_match_arm, reason = "these errors may grow with rmcp")]
pub(crate) fn of_start(err: ClientInitializeError) -> ServerError {
    match err {
        ClientInitializeError::TransportError { error, .. } => of_transport(error.error.as_ref()),
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => of_start(*fallback),
        ClientInitializeError::ConnectionClosed(_) => {
            unavailable("it ended before it was ready".to_owned())
        }
        ClientInitializeError::JsonRpcError(said) => {
            unavailable(format!("it refuses to begin: {}", words(&said.message)))
        }
        ClientInitializeError::Cancelled => ServerError::Cancelled,
        other => ServerError::Garbled(words(&other.to_string())),
    }
}

fn unavailable(message: String) -> ServerError {
    ServerError::Unavailable { message, retry_after: None }
}

/// The server's own error.
fn of_answer(said: ErrorData) -> ServerError {
    let code = i64::from(said.code.0);
    ServerError::Said { code, message: words(&said.message), data: said.data }
}

/// Looks for an error of ours, or one that asks for a sign-in, among the causes.
fn of_transport(err: &(dyn Error + 'static)) -> ServerError {
    let causes = std::iter::successors(Some(err), |err| (*err).source());
    for cause in causes {
        if let Some(ours) = cause.downcast_ref::<ServerError>() {
            return ours.clone();
        }
        if let Some(StreamableHttpError::Client(ours)) =
            cause.downcast_ref::<StreamableHttpError<ServerError>>()
        {
            return ours.clone();
        }
        let challenge = cause.downcast_ref::<AuthRequiredError>();
        let challenge = challenge.map(|it| &it.www_authenticate_header).or_else(|| {
            let scope = cause.downcast_ref::<InsufficientScopeError>();
            scope.map(|it| &it.www_authenticate_header)
        });
        if let Some(challenge) = challenge {
            return ServerError::NeedsSignIn { www_authenticate: Some(challenge.clone()) };
        }
    }
    ServerError::Lost(words(&err.to_string()))
}
