//! Where views of tool servers (MCP Apps) are shown: a document of ours that hands messages on, with
//! the view in a frame inside it.
//!
//! **Invariant:** what limits a view is the header of the document around it, which the view
//! inherits and cannot loosen. It is made here, of what the view declares and an administrator
//! allows; where it comes from is of no matter, for nothing beyond that is ever granted.

mod hosts;
mod origin;
mod policy;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};

pub use hosts::Hosts;
pub use origin::SandboxOrigin;
pub(crate) use policy::Granted;

use crate::{api::Api, caller::host};

/// Where the document is.
pub(crate) const PATH: &str = "/sandbox/app.html";
/// The document. It is the same for every view; only its header differs.
const DOCUMENT: &str = include_str!("sandbox/app.html");

/// What a deployment fixes for views.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SandboxConfig {
    /// Where views are shown; `None` is the server's own address, in an origin without a name.
    pub origin: Option<SandboxOrigin>,
    /// Hosts that views may reach if they declare them.
    pub hosts: Hosts,
}

impl SandboxConfig {
    /// What the page may show in frames.
    pub(crate) fn frames(&self) -> String {
        self.origin.as_ref().map_or_else(|| "'self'".to_owned(), SandboxOrigin::source)
    }

    /// Whether `host` is where views are shown and nothing else.
    pub(crate) fn is_sandbox(&self, host: &str) -> bool {
        self.origin.as_ref().is_some_and(|it| it.is(host))
    }
}

/// Marks an answer that brings its own policy along.
#[derive(Clone)]
pub(crate) struct OwnPolicy;

/// The document around a view. The query says what the view is granted; nothing is that may not be.
pub(crate) async fn document(State(api): State<Api>, uri: Uri, headers: HeaderMap) -> Response {
    let config = &api.config;
    let own = host(&uri, &headers).filter(|it| config.sandbox.is_sandbox(it));
    let granted = Granted::read(uri.query().unwrap_or_default(), &config.sandbox.hosts);
    let place = match (own, &config.sandbox.origin) {
        (Some(_), Some(origin)) => {
            policy::Place { ancestors: config.page_origins(), keeps: origin.is_per_server() }
        }
        (Some(_) | None, _) => policy::Place { ancestors: "'self'".to_owned(), keeps: false },
    };
    let mut response = DOCUMENT.into_response();
    response.extensions_mut().insert(OwnPolicy);
    let into = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&granted.policy(&place)) {
        into.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    into.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    into.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // A name that is looked up tells whoever answers for it, too.
    let prefetch = HeaderName::from_static("x-dns-prefetch-control");
    into.insert(prefetch, HeaderValue::from_static("off"));
    response
}
