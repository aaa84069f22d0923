//! What every handler can reach.

use std::{net::IpAddr, ops::Deref, sync::Arc};

use galaxy_app::App;
use http::HeaderValue;
use ipnet::IpNet;

use crate::{layers, sandbox::SandboxConfig};

/// What a deployment fixes for HTTP.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// The version of the program.
    pub version: String,
    /// `development`, `staging` or `production`.
    pub environment: String,
    /// Names by which the server may be called (`Host`), lower case, without ports; one that
    /// starts with a dot stands for all below it, `*` for all.
    pub hosts: Vec<String>,
    /// Origins of other pages that may call the API with credentials, such as
    /// `https://chat.example.org`.
    pub origins: Vec<String>,
    /// Whether people reach the server by TLS, here or at a proxy in front: cookies are then
    /// bound to it.
    pub secure: bool,
    /// Proxies whose word on addresses and people is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which a trusted proxy names the person, lower case.
    pub person_header: Option<String>,
    /// The header in which it says when they signed in, in seconds since 1970, lower case.
    pub auth_time_header: Option<String>,
    /// Whether everybody is the test person.
    pub test_mode: bool,
    /// Whether `/ws` is open.
    pub websocket: bool,
    /// How big a request with images may be, in bytes; others have a bound of their own.
    pub body_bytes: usize,
    /// Where views of tool servers are shown, and what they may reach.
    pub sandbox: SandboxConfig,
}

/// What only the process itself knows.
pub trait Backstage: Send + Sync + 'static {
    /// All metrics in Prometheus' text format.
    fn metrics(&self) -> String;
    /// Whether the process is about to stop.
    fn is_stopping(&self) -> bool;
    /// Fires when the process is about to stop.
    fn stopping(&self) -> futures::future::BoxFuture<'static, ()>;
}

/// The state of the router. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

/// See [`Api`].
pub struct Inner {
    /// The use cases.
    pub app: Arc<App>,
    /// What the deployment fixes.
    pub config: ApiConfig,
    /// The process.
    pub backstage: Arc<dyn Backstage>,
    /// What the page may load.
    pub(crate) page_policy: HeaderValue,
}

impl Api {
    /// Puts the state together.
    pub fn new(app: Arc<App>, config: ApiConfig, backstage: Arc<dyn Backstage>) -> Self {
        let page_policy = layers::page_policy(&config.sandbox);
        Self(Arc::new(Inner { app, config, backstage, page_policy }))
    }
}

impl Deref for Api {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl ApiConfig {
    /// Whether `address` is a proxy whose word is believed.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// Whether the server may be called `host`.
    pub fn answers_to(&self, host: &str) -> bool {
        let name = host_name(host).to_ascii_lowercase();
        self.hosts.iter().any(|allowed| {
            allowed == "*"
                || *allowed == name
                || (allowed.starts_with('.') && name.ends_with(allowed.as_str()))
        })
    }
}

impl ApiConfig {
    /// Origins that the page may have, as a policy writes them, which has no way to write numbers in
    /// brackets.
    pub(crate) fn page_origins(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let origin = |host: &String| match (host.as_str(), host.strip_prefix('.')) {
            ("*", _) => "*".to_owned(),
            (_, Some(name)) => format!("{scheme}://*.{name}:*"),
            (name, None) => format!("{scheme}://{name}:*"),
        };
        self.hosts
            .iter()
            .filter(|it| !it.starts_with('['))
            .map(origin)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The name in a `Host` header, without its port.
fn host_name(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_name_without_port() {
        assert_eq!(host_name("localhost:8000"), "localhost");
        assert_eq!(host_name("[::1]:8000"), "[::1]");
        assert_eq!(host_name("example.org"), "example.org");
    }
}
