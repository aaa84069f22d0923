//! Streamable HTTP over `galaxy-net`: rmcp decides what to send, this sends it.

mod answer;
mod beside;
pub(crate) mod events;
mod hops;
mod sending;

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use futures::stream::BoxStream;
use galaxy_base::{ExposeSecret, SecretString};
use galaxy_net::Client;
use galaxy_tool::server::{Credentials, Limits, Network, ServerError};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use rmcp::{
    model::ClientJsonRpcMessage,
    transport::{
        common::http_header::{
            EVENT_STREAM_MIME_TYPE, HEADER_LAST_EVENT_ID, HEADER_SESSION_ID, JSON_MIME_TYPE,
        },
        streamable_http_client::{
            SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
        },
    },
};
use sse_stream::Sse;
use url::Url;

use crate::{log::Log, tap::Tap};
pub(crate) use beside::Beside;

type Failure = StreamableHttpError<ServerError>;
type Headers = HashMap<HeaderName, HeaderValue>;

/// The address that an administrator wrote down.
#[derive(Debug)]
pub(crate) struct Home {
    /// Where the server is.
    pub(crate) url: Url,
    /// What is sent there, and nowhere else.
    pub(crate) headers: HeaderMap,
    /// Where it may be.
    pub(crate) network: Network,
    /// What gives the token for its origin, if there is a sign-in.
    pub(crate) credentials: Option<Arc<dyn Credentials>>,
}

/// An HTTP client for one server.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    pub(crate) net: Client,
    pub(crate) home: Arc<Home>,
    pub(crate) tap: Tap,
    pub(crate) log: Arc<Log>,
    pub(crate) limits: Limits,
    pub(crate) beside: Beside,
}

impl Home {
    /// The server at `url`, which is sent `listed` and shown what `credentials` give.
    ///
    /// # Errors
    /// [`ServerError::Refused`] for headers that cannot be set.
    pub(crate) fn new(
        url: &Url,
        listed: &[(String, SecretString)],
        network: Network,
        credentials: Option<Arc<dyn Credentials>>,
    ) -> Result<Self, ServerError> {
        Ok(Self { url: url.clone(), headers: headers(listed)?, network, credentials })
    }
}

/// Headers from names and secret values.
///
/// # Errors
/// [`ServerError::Refused`] for what no header can carry, or what the protocol sets itself.
fn headers(listed: &[(String, SecretString)]) -> Result<HeaderMap, ServerError> {
    let ours = ["accept", "content-type", "content-length", "host", "last-event-id"];
    let mut headers = HeaderMap::new();
    for (name, value) in listed {
        let refused = || ServerError::Refused(format!("`{name}` is no header that can be set"));
        let key = HeaderName::try_from(name.as_str()).map_err(|_| refused())?;
        if ours.contains(&key.as_str()) || key.as_str().starts_with("mcp-") {
            return Err(refused());
        }
        let mut value = HeaderValue::try_from(value.expose_secret()).map_err(|_| refused())?;
        value.set_sensitive(true);
        headers.append(key, value);
    }
    Ok(headers)
}

impl Http {
    async fn post(
        &self,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        custom: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let body = serde_json::to_vec(&message)?;
        self.tap.expect(&message);
        let mut headers = base(custom, session.as_deref());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON_MIME_TYPE));
        let response = self.send(Method::POST, headers, body.into()).await?;
        let answer = answer::read(self, &message, session.is_some(), response).await;
        if let Ok(
            StreamableHttpPostResponse::Json(_, Some(_))
            | StreamableHttpPostResponse::Sse(_, Some(_)),
        ) = &answer
        {
            self.beside.expect();
        }
        answer
    }

    async fn events(
        &self,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        custom: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        let mut headers = base(custom, session.as_deref());
        if let Some(id) = last_event.and_then(|it| HeaderValue::try_from(it).ok()) {
            headers.insert(header_name(HEADER_LAST_EVENT_ID), id);
        }
        let response = self.send(Method::GET, headers, Bytes::new()).await;
        self.beside.answered();
        let response = response?;
        if response.status() == http::StatusCode::METHOD_NOT_ALLOWED {
            return Err(StreamableHttpError::ServerDoesNotSupportSse);
        }
        answer::signed_in(&response)?;
        if !response.status().is_success() {
            return Err(Failure::Client(answer::of_status(&response)));
        }
        match answer::media_type(&response).as_deref() {
            Some(EVENT_STREAM_MIME_TYPE) => Ok(events::read(response, self, None)),
            Some(_) | None => Err(StreamableHttpError::ServerDoesNotSupportSse),
        }
    }
}

/// The headers of every request of the protocol.
fn base(custom: Headers, session: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::from_iter(custom);
    let accept = HeaderValue::from_static("application/json, text/event-stream");
    headers.insert(header::ACCEPT, accept);
    if let Some(session) = session.and_then(|it| HeaderValue::from_str(it).ok()) {
        headers.insert(header_name(HEADER_SESSION_ID), session);
    }
    headers
}

/// A header's name from its usual spelling.
fn header_name(name: &str) -> HeaderName {
    HeaderName::try_from(name).unwrap_or(header::WARNING)
}

impl StreamableHttpClient for Http {
    type Error = ServerError;

    async fn post_message(
        &self,
        _: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        custom: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        self.post(message, session, custom).await
    }

    async fn delete_session(
        &self,
        _: Arc<str>,
        session: Arc<str>,
        _: Option<String>,
        custom: Headers,
    ) -> Result<(), Failure> {
        let headers = base(custom, Some(&session));
        // Whether the server likes to forget is its own affair.
        self.send(Method::DELETE, headers, Bytes::new()).await.map(drop)
    }

    async fn get_stream(
        &self,
        _: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        _: Option<String>,
        custom: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        self.events(session, last_event, custom).await
    }
}
