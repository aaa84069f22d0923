//! The client: built once, shared by everything that talks to the outside.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use url::Url;

use crate::{
    error::Error,
    policy::{Policy, Reach},
    resolver::Guarded,
    response::Response,
};

/// How the client behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What may be reached.
    pub policy: Policy,
    /// How long resolving, connecting and the TLS handshake may take together.
    pub connect: Duration,
    /// How long a connection may be silent before it counts as dead.
    pub silence: Duration,
    /// How long an unused connection is kept for the next request.
    pub idle: Duration,
    /// How many unused connections are kept per host.
    pub idle_per_host: usize,
    /// What the client calls itself.
    pub user_agent: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(300),
            idle: Duration::from_secs(90),
            idle_per_host: 256,
            user_agent: concat!("galaxy/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// What to ask for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
}

impl Request {
    /// A GET.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A POST of JSON text.
    pub fn post_json(url: Url, body: impl Into<Bytes>) -> Self {
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
        Self { method: Method::POST, url, headers, body: body.into() }
    }
}

/// The outbound HTTP client. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    policy: Policy,
    // Two pools: a connection that was opened to an inner machine for an administrator must not
    // be found again by a public request to the same name.
    configured: reqwest::Client,
    public: reqwest::Client,
}

impl Client {
    /// Builds the client. A rustls crypto provider must have been installed before.
    ///
    /// On a machine without certificates it is built all the same, and every https request fails:
    /// models on the local network need none.
    ///
    /// # Errors
    /// [`Error::Unusable`] without a crypto provider, or with a user agent no header can carry.
    pub fn new(config: Config) -> Result<Self, Error> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(Error::Unusable {
                message: "no TLS crypto provider is installed".to_owned(),
            });
        }
        Ok(Self {
            configured: build(&config, Reach::Configured)?,
            public: build(&config, Reach::Public)?,
            policy: config.policy,
        })
    }

    /// Sends `request` and waits for the head of the response. Redirects are not followed.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn send(&self, reach: Reach, request: Request) -> Result<Response, Error> {
        self.policy.check_url(&request.url, reach)?;
        let client = match reach {
            Reach::Configured => &self.configured,
            Reach::Public => &self.public,
        };
        let mut outgoing = client.request(request.method, request.url).headers(request.headers);
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body);
        }
        Ok(Response(outgoing.send().await?))
    }
}

fn build(config: &Config, reach: Reach) -> Result<reqwest::Client, Error> {
    let with_system_roots = builder(config, reach).build();
    with_system_roots.or_else(|err| {
        tracing::warn!(error = %Error::from(err), "no system certificates: https will not work");
        Ok(builder(config, reach).tls_certs_only([]).build()?)
    })
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that builds HTTP clients")]
fn builder(config: &Config, reach: Reach) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(&config.user_agent)
        .connect_timeout(config.connect)
        .read_timeout(config.silence)
        .pool_idle_timeout(config.idle)
        .pool_max_idle_per_host(config.idle_per_host)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .dns_resolver(Guarded(reach))
}
