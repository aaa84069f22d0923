//! From text to values. Each function says what it wanted instead.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
};

use galaxy_api::{Hosts, SandboxOrigin};
use galaxy_base::SecretString;
use galaxy_store::Fault;
use http::HeaderName;
use ipnet::IpNet;
use url::Url;

/// What a deployment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    /// Somebody tries something.
    Development,
    /// As in production, before it.
    Staging,
    /// People rely on it.
    Production,
}

impl Environment {
    /// The name that is shown.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

pub(super) fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

pub(super) fn name(text: &str) -> Result<String, String> {
    if text.chars().count() > 80 || text.chars().any(char::is_control) {
        return Err("must be one line of at most 80 characters".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn secret(text: &str) -> Result<SecretString, String> {
    Ok(text.into())
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    Ok(text.into())
}

pub(super) fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("`{text}` is neither true nor false")),
    }
}

pub(super) fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no whole number"))
}

pub(super) fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| format!("`{text}` is no whole number above zero"))
}

pub(super) fn short_count(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| format!("`{text}` is no whole number above zero"))
}

pub(super) fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("`{text}` is no port: 0 to 65535"))
}

pub(super) fn host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| format!("`{text}` is no address of a network card, such as 127.0.0.1"))
}

pub(super) fn environment(text: &str) -> Result<Environment, String> {
    match text.to_ascii_lowercase().as_str() {
        "development" | "dev" => Ok(Environment::Development),
        "staging" => Ok(Environment::Staging),
        "production" | "prod" => Ok(Environment::Production),
        _ => Err(format!("`{text}` is none of development, staging, production")),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text.to_ascii_lowercase().as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("`{text}` is neither text nor json")),
    }
}

pub(super) fn log_level(text: &str) -> Result<tracing::Level, String> {
    match text.to_ascii_lowercase().as_str() {
        "error" | "critical" => Ok(tracing::Level::ERROR),
        "warn" | "warning" => Ok(tracing::Level::WARN),
        "info" => Ok(tracing::Level::INFO),
        "debug" => Ok(tracing::Level::DEBUG),
        "trace" => Ok(tracing::Level::TRACE),
        _ => Err(format!("`{text}` is none of error, warn, info, debug, trace")),
    }
}

/// The official registry of tool servers.
const OFFICIAL_REGISTRY: &str = "https://registry.modelcontextprotocol.io";

/// A registry of tool servers; `None` for `off`.
pub(super) fn registry(text: &str) -> Result<Option<Url>, String> {
    match flag(text) {
        Ok(false) => Ok(None),
        Ok(true) => address(OFFICIAL_REGISTRY).map(Some),
        Err(_) => {
            let named = |_| format!("`{text}` is none of on, off, or an address of a registry");
            address(text).map(Some).map_err(named)
        }
    }
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    each(text, |item| {
        let network: Option<IpNet> =
            item.parse().ok().or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from));
        match network {
            Some(network) if network.prefix_len() == 0 => {
                Err(format!("`{item}` is everybody; name the proxies"))
            }
            Some(network) => Ok(network),
            None => Err(format!("`{item}` is no network, such as 10.0.0.0/8")),
        }
    })
}

/// A header's name in lower case; `None` for `off`.
pub(super) fn header(text: &str) -> Result<Option<String>, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let name = HeaderName::from_bytes(text.as_bytes());
    let name = name.map_err(|_| format!("`{text}` is no name of a header"))?;
    if matches!(name.as_str(), "authorization" | "cookie" | "host" | "origin") {
        return Err(format!("`{text}` has another meaning; take a header of its own"));
    }
    Ok(Some(name.as_str().to_owned()))
}

/// Names of hosts in lower case; a leading dot, or `*.`, stands for all below.
pub(super) fn hosts(text: &str) -> Result<Vec<String>, String> {
    each(text, |item| {
        let item = item.to_ascii_lowercase();
        let name = item.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(&item);
        let ends_in_port = !name.starts_with('[') && name.contains(':') || name.contains("]:");
        if name.contains('/') || ends_in_port {
            return Err(format!("`{item}` must be a bare name, without scheme, port or path"));
        }
        Ok(name.to_owned())
    })
}

pub(super) fn sandbox_origin(text: &str) -> Result<SandboxOrigin, String> {
    SandboxOrigin::parse(text)
}

pub(super) fn hosts_of_views(text: &str) -> Result<Hosts, String> {
    Hosts::parse(text)
}

/// Origins as browsers write them.
pub(super) fn origins(text: &str) -> Result<Vec<String>, String> {
    each(text, |item| {
        if item == "*" {
            return Err("`*` would let every page act for whoever is signed in; name them".into());
        }
        let url = Url::parse(item).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let plain = url.as_ref().filter(|url| url.path() == "/" && url.query().is_none());
        match plain {
            Some(url) => Ok(url.origin().ascii_serialization()),
            None => Err(format!("`{item}` is no origin, such as https://chat.example.org")),
        }
    })
}

/// `before:7` or `after:7`: the seventh commit since the start.
pub(super) fn fault(text: &str) -> Result<Fault, String> {
    let (moment, commit) = text.split_once(':').unwrap_or((text, ""));
    match (moment, commit.parse()) {
        ("before", Ok(commit)) => Ok(Fault::BeforeCommit(commit)),
        ("after", Ok(commit)) => Ok(Fault::AfterCommit(commit)),
        _ => Err(format!("`{text}` is neither before:N nor after:N")),
    }
}

pub(super) fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.filter(Url::has_host).ok_or_else(|| "is no http or https address".to_owned())
}

/// The items of a list with commas, with everything that is wrong with any of them.
fn each<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for item in items {
        match parse(item) {
            Ok(value) => good.push(value),
            Err(message) => bad.push(message),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad.join("; ")) }
}
