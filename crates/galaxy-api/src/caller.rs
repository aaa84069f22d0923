//! Who is asking, for handlers: put there by the gate.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{Extensions, HeaderMap, Uri, header, request::Parts, uri::Authority},
};
use cookie::Cookie;
use galaxy_app::access::Fresh;
use galaxy_domain::Caller;

use crate::{
    api::{Api, ApiConfig},
    problem::Problem,
};

/// The caller of a request that needs one.
pub(crate) struct Authenticated(pub(crate) Caller);

impl FromRequestParts<Api> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &Api) -> Result<Self, Problem> {
        // The gate let nobody through to such a route without a caller.
        parts.extensions.get::<Caller>().cloned().map(Self).ok_or_else(Problem::unauthenticated)
    }
}

/// The caller of a request that needs one who signed in a moment ago.
pub(crate) struct Confirmed(pub(crate) Fresh);

impl FromRequestParts<Api> for Confirmed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &Api) -> Result<Self, Problem> {
        // There is none where the route is not declared to need one.
        parts.extensions.get::<Fresh>().cloned().map(Self).ok_or_else(Problem::unauthenticated)
    }
}

/// Where a request comes from.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// The address that is asking, as far as it can be believed.
    pub(crate) address: IpAddr,
    /// What the client calls itself.
    pub(crate) name: String,
}

impl FromRequestParts<Api> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Api) -> Result<Self, Problem> {
        let name = parts.headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok());
        let name: String = name.unwrap_or("unknown").chars().take(200).collect();
        Ok(Self { address: address(parts, &state.config), name })
    }
}

/// The other end of the connection.
pub(crate) fn peer(parts: &Parts) -> IpAddr {
    connected(&parts.extensions)
}

/// The other end of the connection of a whole request.
pub(crate) fn peer_of(request: &Request) -> IpAddr {
    connected(request.extensions())
}

fn connected(extensions: &Extensions) -> IpAddr {
    let info = extensions.get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |it| it.0.ip().to_canonical())
}

/// The address that is asking: the peer, or whom a trusted proxy names last.
pub(crate) fn address(parts: &Parts, config: &ApiConfig) -> IpAddr {
    believed(peer(parts), &parts.headers, config)
}

/// The same of a whole request.
pub(crate) fn address_of(request: &Request, config: &ApiConfig) -> IpAddr {
    believed(peer_of(request), request.headers(), config)
}

fn believed(peer: IpAddr, headers: &HeaderMap, config: &ApiConfig) -> IpAddr {
    if !config.trusts(peer) {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for").iter();
    let named = lines.flat_map(|it| it.to_str().unwrap_or_default().split(','));
    let named: Vec<Option<IpAddr>> = named.map(forwarded).collect();
    // Whoever is left of the last untrusted address could have written the rest, and so could
    // whoever is left of what cannot be read.
    let last = named.into_iter().rev().find(|it| it.is_none_or(|it| !config.trusts(it)));
    last.flatten().unwrap_or(peer)
}

/// An address as proxies write it, some of them with a port.
fn forwarded(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    bare.parse().ok().or_else(with_port).map(|it: IpAddr| it.to_canonical())
}

/// The name by which a request calls the server: that of its target, else its `Host` header. Over
/// HTTP/2 there is only the former.
pub(crate) fn host<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    let header = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    uri.authority().map(Authority::as_str).or(header)
}

/// The name of the session cookie.
pub(crate) const fn cookie_name(secure: bool) -> &'static str {
    // `__Host-` binds a cookie to TLS and to this very host (RFC 6265bis, 4.1.3.2).
    if secure { "__Host-galaxy" } else { "galaxy" }
}

/// The secret of the session cookie, if there is one.
pub(crate) fn session_secret(headers: &HeaderMap, secure: bool) -> Option<String> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut cookies = texts.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|it| it.name() == cookie_name(secure)).map(|it| it.value().to_owned())
}

/// The `Set-Cookie` value that keeps a session, or with no secret ends it.
pub(crate) fn set_cookie(secret: Option<&str>, secure: bool) -> String {
    let cookie = Cookie::build((cookie_name(secure), secret.unwrap_or_default()))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(cookie::SameSite::Strict);
    let age = if secret.is_some() { "; Max-Age=604800" } else { "; Max-Age=0" };
    format!("{}{age}", cookie.build())
}
