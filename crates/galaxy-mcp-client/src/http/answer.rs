//! What a server's HTTP answer means to the protocol.

use std::time::Duration;

use futures::StreamExt;
use galaxy_net::{Denied, Error, Response};
use galaxy_tool::server::ServerError;
use http::{StatusCode, header};
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest, ErrorData, ServerJsonRpcMessage},
    transport::{
        common::http_header::{EVENT_STREAM_MIME_TYPE, HEADER_SESSION_ID, JSON_MIME_TYPE},
        streamable_http_client::{
            AuthRequiredError, InsufficientScopeError, StreamableHttpError,
            StreamableHttpPostResponse,
        },
    },
};

use crate::{
    failure::{too_long, words},
    http::{Failure, Http, events},
    wire,
};

/// A longer challenge counts as none.
const CHALLENGE_BYTES: usize = 8 * 1024;
/// More of an error's body is not read.
const ERROR_BYTES: usize = 64 * 1024;

/// Why nothing came back.
pub(super) fn of_net(err: Error) -> Failure {
    StreamableHttpError::Client(match err {
        Error::Denied(Denied::Closed) => ServerError::Refused(
            "its address is not part of the public internet, and nobody allowed it".to_owned(),
        ),
        Error::Denied(denied) => ServerError::Refused(denied.to_string()),
        Error::Unreachable { message } | Error::Unusable { message } => {
            ServerError::Unavailable { message: words(&message), retry_after: None }
        }
        Error::TimedOut { message } | Error::Broken { message } => {
            ServerError::Lost(words(&message))
        }
    })
}

/// The type of the body, without its parameters.
pub(super) fn media_type(response: &Response) -> Option<String> {
    let value = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

/// What the server says that it wants, in one line however many it sent.
pub(super) fn challenge(response: &Response) -> Option<String> {
    let lines = response.headers().get_all(header::WWW_AUTHENTICATE);
    let lines: Vec<&str> = lines.iter().filter_map(|it| it.to_str().ok()).collect();
    let joined = lines.join(", ");
    // Cut in the middle it would mean something else.
    (!lines.is_empty() && joined.len() <= CHALLENGE_BYTES).then_some(joined)
}

/// Lets through what needs nobody to sign in.
pub(super) fn signed_in(response: &Response) -> Result<(), Failure> {
    match (response.status(), challenge(response)) {
        (StatusCode::UNAUTHORIZED, Some(challenge)) => {
            Err(StreamableHttpError::AuthRequired(AuthRequiredError::new(challenge)))
        }
        (StatusCode::UNAUTHORIZED, None) => {
            Err(StreamableHttpError::Client(ServerError::NeedsSignIn { www_authenticate: None }))
        }
        (StatusCode::FORBIDDEN, Some(challenge)) => {
            let err = InsufficientScopeError::new(challenge, None);
            Err(StreamableHttpError::InsufficientScope(err))
        }
        (_, _) => Ok(()),
    }
}

/// What a status other than success means. Where a gateway may have passed the request on before
/// it failed, it may have been done.
pub(super) fn of_status(response: &Response) -> ServerError {
    let status = response.status();
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|it| it.to_str().ok()?.trim().parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    match status {
        StatusCode::FORBIDDEN => ServerError::Refused(format!("it answers {status}")),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            ServerError::Unavailable { message: format!("it answers {status}"), retry_after }
        }
        _ if status.is_server_error() => ServerError::Lost(format!("it answers {status}")),
        _ => {
            ServerError::Unavailable { message: format!("it answers {status}"), retry_after: None }
        }
    }
}

/// Reads the answer to a POST of `message`.
pub(super) async fn read(
    http: &Http,
    message: &ClientJsonRpcMessage,
    has_session: bool,
    response: Response,
) -> Result<StreamableHttpPostResponse, Failure> {
    signed_in(&response)?;
    let status = response.status();
    if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
        return Ok(StreamableHttpPostResponse::Accepted);
    }
    if status == StatusCode::NOT_FOUND && has_session {
        return Err(StreamableHttpError::SessionExpired);
    }
    if !status.is_success() {
        return failed(http, message, has_session, response).await;
    }
    let session = response.headers().get(HEADER_SESSION_ID);
    let session = session.and_then(|it| it.to_str().ok()).map(str::to_owned);
    let id = match message {
        ClientJsonRpcMessage::Request(request) => Some(request.id.to_string()),
        ClientJsonRpcMessage::Response(_)
        | ClientJsonRpcMessage::Notification(_)
        | ClientJsonRpcMessage::Error(_) => None,
    };
    match (media_type(&response).as_deref(), id) {
        (Some(EVENT_STREAM_MIME_TYPE), id) => {
            Ok(StreamableHttpPostResponse::Sse(events::read(response, http, id), session))
        }
        // Nothing is to be said to a notification or a reply, whatever the server thinks.
        (_, None) => Ok(StreamableHttpPostResponse::Accepted),
        (Some(JSON_MIME_TYPE), Some(id)) => {
            let body = body(response, http.limits.message_bytes).await?;
            let message = wire::decode(&body, &http.tap, http.limits.depth)
                .unwrap_or_else(|err| wire::failed(&id, err, &http.tap));
            Ok(StreamableHttpPostResponse::Json(message, session))
        }
        (other, Some(_)) => Err(StreamableHttpError::Client(ServerError::Garbled(format!(
            "it answers with {}",
            words(other.unwrap_or("nothing that has a type"))
        )))),
    }
}

/// Reads an answer that is no success: an error of the protocol where there is one.
async fn failed(
    http: &Http,
    message: &ClientJsonRpcMessage,
    has_session: bool,
    response: Response,
) -> Result<StreamableHttpPostResponse, Failure> {
    let status = response.status();
    let meaning = of_status(&response);
    let is_json = media_type(&response).as_deref() == Some(JSON_MIME_TYPE);
    let body = body(response, ERROR_BYTES).await.unwrap_or_default();
    let said = match wire::decode(&body, &http.tap, http.limits.depth) {
        Ok(ServerJsonRpcMessage::Error(said)) => Some(said),
        Ok(_) | Err(_) => None,
    };
    if let ClientJsonRpcMessage::Request(request) = message
        && matches!(request.request, ClientRequest::DiscoverRequest(_))
        && !has_session
        && status.is_client_error()
        && status != StatusCode::FORBIDDEN
    {
        // A legacy server does not know what is asked here. Whatever id it gives its complaint,
        // the complaint answers this request.
        let refusal = || ErrorData::invalid_request(format!("it answers {status}"), None);
        let said = said.map_or_else(refusal, |it| it.error);
        let message = ServerJsonRpcMessage::error(said, Some(request.id.clone()));
        return Ok(StreamableHttpPostResponse::Json(message, None));
    }
    match said {
        Some(said) if is_json && said.id.is_some() => {
            Ok(StreamableHttpPostResponse::Json(ServerJsonRpcMessage::Error(said), None))
        }
        Some(_) | None => Err(StreamableHttpError::Client(meaning)),
    }
}

/// The whole body.
async fn body(response: Response, max: usize) -> Result<Vec<u8>, Failure> {
    let mut chunks = response.bytes();
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(of_net)?;
        if chunk.len() > max - body.len() {
            let err = too_long("an answer", max);
            return Err(StreamableHttpError::Client(err));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
