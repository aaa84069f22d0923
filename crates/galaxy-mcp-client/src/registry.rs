//! A registry of tool servers on the network (`GET /v0.1/servers`).
//!
//! One bounded request a page, no redirects. What comes is handed on as it came.

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::text::clip;
use galaxy_net::{Client, Reach, Request};
use galaxy_registry::{Page, Upstream, UpstreamError, Wanted};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::timeout;
use url::Url;

/// A page takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(30);
/// A page is at most this long, in bytes.
const LONGEST_PAGE: usize = 8 * 1024 * 1024;
/// Entries of one page.
const LIMIT: &str = "100";
/// Of an error's words so many characters are told.
const WORDS: usize = 200;

/// A registry, as an administrator wrote it down.
#[derive(Debug, Clone)]
pub struct Registry {
    net: Client,
    base: Url,
    address: String,
}

impl Registry {
    /// The registry at `base`, such as `https://registry.modelcontextprotocol.io`.
    pub fn new(net: Client, base: Url) -> Self {
        let address = base.as_str().trim_end_matches('/').to_owned();
        Self { net, base, address }
    }

    fn url(&self, wanted: &Wanted) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/v0.1/servers", self.base.path().trim_end_matches('/')));
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("limit", LIMIT).append_pair("version", "latest");
            if let Some(since) = wanted.updated_since {
                query.append_pair("updated_since", &since.to_string());
            }
            if let Some(cursor) = &wanted.cursor {
                query.append_pair("cursor", cursor);
            }
        }
        url
    }

    async fn ask(&self, wanted: Wanted) -> Result<Page, UpstreamError> {
        let mut request = Request::get(self.url(&wanted));
        request.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let away = |err: galaxy_net::Error| UpstreamError::Unavailable(err.to_string());
        let response = self.net.send(Reach::Configured, request).await.map_err(away)?;
        let (status, retry_after) = (response.status(), retry_after(response.headers()));
        let body = response.text_bounded(LONGEST_PAGE).await.map_err(away)?;
        if !status.is_success() {
            return Err(refusal(status, retry_after, &body.text));
        }
        if !body.is_whole {
            let message = format!("its page is longer than {LONGEST_PAGE} bytes");
            return Err(UpstreamError::Nonsense(message));
        }
        Page::read(&body.text)
    }
}

impl Upstream for Registry {
    fn address(&self) -> &str {
        &self.address
    }

    fn page(&self, wanted: Wanted) -> BoxFuture<'_, Result<Page, UpstreamError>> {
        async move {
            let late = || UpstreamError::Unavailable("it did not answer in time".to_owned());
            timeout(PATIENCE, self.ask(wanted)).await.map_err(|_| late())?
        }
        .boxed()
    }
}

fn refusal(status: StatusCode, retry_after: Option<Duration>, words: &str) -> UpstreamError {
    let told = format!("{status} {}", clip(words.trim(), WORDS));
    if status == StatusCode::TOO_MANY_REQUESTS || retry_after.is_some() {
        UpstreamError::Busy { retry_after }
    } else if matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) {
        UpstreamError::Refused(told)
    } else {
        UpstreamError::Unavailable(told)
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
