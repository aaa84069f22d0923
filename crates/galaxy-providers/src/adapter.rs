//! One provider and its models over HTTP, whatever the protocol.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, future::BoxFuture};
use galaxy_base::{Clock, ExposeSecret};
use galaxy_model::{Answer, Model, ModelError, Profile, Provider, Request};
use galaxy_net::{Reach, Response};
use http::{HeaderMap, header};
use url::Url;

use crate::{
    endpoint::Endpoint,
    protocol::Protocol,
    scrub::Secrets,
    stream,
    wire::{self, Asked, Wire},
    wire_error,
};

/// How large one piece of a stream may be, in bytes, beyond what was sent: some providers repeat
/// parts of the request in their events.
const MAX_FRAME: usize = 1 << 20;

/// How much of an error's body is read, in bytes.
const MAX_ERROR: usize = 64 << 10;

/// How much of one page of a list of models is read, in bytes.
const MAX_PAGE: usize = 8 << 20;

/// How many pages of a list are read.
const MAX_PAGES: usize = 20;

/// How long a list of models, or the body of an error, may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The provider that speaks `protocol` at `endpoint`.
pub fn provider(protocol: Protocol, endpoint: Endpoint) -> Arc<dyn Provider> {
    let base = endpoint.base(protocol);
    let secrets = Arc::new(Secrets::new(endpoint.api_key.as_ref(), &endpoint.headers));
    let official = is_official(&base);
    Arc::new(Adapter(Arc::new(Connection { protocol, endpoint, base, secrets, official })))
}

/// The body that asks `profile` for an answer to `request`.
///
/// # Errors
/// [`ModelError::Rejected`] when the request cannot be written.
pub fn encode(
    protocol: Protocol,
    profile: &Profile,
    request: &Request,
) -> Result<Vec<u8>, ModelError> {
    wire::of(protocol).body(&Asked { profile, request, official: false })
}

/// Reads the body of an answer of `profile` to `request`.
pub fn decode<S>(protocol: Protocol, profile: &Profile, request: &Request, bytes: S) -> Answer
where
    S: Stream<Item = Result<Bytes, galaxy_net::Error>> + Send + Unpin + 'static,
{
    let wire = wire::of(protocol);
    let decoder = wire.decoder(&Asked { profile, request, official: false });
    stream::answer(bytes, wire.framing(), MAX_FRAME, decoder, Arc::default())
}

/// OpenAI's own service, there or at its other home.
fn is_official(base: &Url) -> bool {
    let host = base.host_str().unwrap_or_default();
    host == "api.openai.com" || host.ends_with(".openai.azure.com")
}

struct Adapter(Arc<Connection>);

struct Served {
    connection: Arc<Connection>,
    profile: Profile,
}

struct Connection {
    protocol: Protocol,
    endpoint: Endpoint,
    base: Url,
    secrets: Arc<Secrets>,
    official: bool,
}

impl Provider for Adapter {
    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        Box::pin(async move {
            let listing = tokio::time::timeout(PATIENCE, self.0.list()).await;
            let late = || ModelError::TimedOut { message: "the list of models".to_owned() };
            listing.unwrap_or_else(|_| Err(late())).map_err(|err| self.0.secrets.clean_error(err))
        })
    }

    fn model(&self, profile: Profile) -> Arc<dyn Model> {
        // Opaque parts name the protocol that made them, whatever the configuration says.
        let profile = Profile { protocol: self.0.protocol.as_str(), ..profile };
        Arc::new(Served { connection: Arc::clone(&self.0), profile })
    }
}

impl Model for Served {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        let connection = &self.connection;
        Box::pin(async move {
            let answer = connection.answer(&self.profile, request).await;
            answer.map_err(|err| connection.secrets.clean_error(err))
        })
    }
}

impl Connection {
    async fn answer(&self, profile: &Profile, request: Request) -> Result<Answer, ModelError> {
        let wire = self.wire();
        let asked = Asked { profile, request: &request, official: self.official };
        let body = wire.body(&asked)?;
        let decoder = wire.decoder(&asked);
        // The prompt is in the body now; an answer may take minutes.
        drop(request);
        let limit = MAX_FRAME + body.len();
        let url = wire.answer_url(&self.base, profile);
        let response = self.send(galaxy_net::Request::post_json(url, body)).await?;
        let media_type = content_type(&response);
        if media_type == "text/html" {
            let message = "the address answered with a web page; check the base URL".to_owned();
            return Err(ModelError::Rejected { message });
        }
        if media_type == "application/json" && wire.framing() == wire::Framing::Sse {
            return Err(not_a_stream(response).await);
        }
        let secrets = Arc::clone(&self.secrets);
        Ok(stream::answer(response.bytes(), wire.framing(), limit, decoder, secrets))
    }

    async fn list(&self) -> Result<Vec<String>, ModelError> {
        let wire = self.wire();
        let mut names = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let url = wire.list_url(&self.base, cursor.as_deref());
            let response = self.send(galaxy_net::Request::get(url)).await?;
            let body = response.text_bounded(MAX_PAGE).await.map_err(wire_error::from_net)?;
            let page = wire.page(&body.text).map_err(|err| ModelError::Rejected {
                message: format!("the address does not answer with a list of models: {err}"),
            })?;
            names.extend(page.names);
            if page.next.is_none() || page.next == cursor {
                break;
            }
            cursor = page.next;
        }
        Ok(names)
    }

    /// Sends `request` and sorts out everything that is no success.
    async fn send(&self, mut request: galaxy_net::Request) -> Result<Response, ModelError> {
        let key = self.endpoint.api_key.as_ref().map(|it| it.expose_secret().trim());
        let key = key.filter(|it| !it.is_empty());
        self.wire().headers(key, &mut request.headers)?;
        merge(&self.endpoint.headers, &mut request.headers);
        let sent = self.endpoint.client.send(Reach::Configured, request).await;
        let response = sent.map_err(wire_error::from_net)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let body = error_body(response).await;
        let err = wire_error::from_response(status, &headers, &body, Clock::System.now());
        tracing::debug!(provider = %self.endpoint.name, %status, code = err.code(), "refused");
        Err(err)
    }

    fn wire(&self) -> &'static dyn Wire {
        wire::of(self.protocol)
    }
}

/// An error is known by its status, so a body that does not come is no further error.
async fn error_body(response: Response) -> String {
    match tokio::time::timeout(PATIENCE, response.text_bounded(MAX_ERROR)).await {
        Ok(Ok(body)) => body.text,
        Ok(Err(_)) | Err(_) => String::new(),
    }
}

/// Some servers report an error as a success, others cannot stream.
async fn not_a_stream(response: Response) -> ModelError {
    let body = error_body(response).await;
    match serde_json::from_str::<serde_json::Value>(&body) {
        Ok(value) if value.get("error").is_some_and(|it| !it.is_null()) => {
            wire_error::from_value(&value)
        }
        Ok(_) | Err(_) => ModelError::truncated("the provider answered without a stream"),
    }
}

fn content_type(response: &Response) -> &str {
    let value = response.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

fn merge(from: &HeaderMap, into: &mut HeaderMap) {
    for name in from.keys() {
        into.remove(name);
    }
    for (name, value) in from {
        into.append(name, value.clone());
    }
}
