//! Which addresses inside a sign-in may reach.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::server::spec::Network;

/// The addresses that an administrator wrote down, and that may therefore be inside. All others
/// must be in the public internet. An address stands for its host and port.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inside(Vec<Url>);

impl Inside {
    /// What the spec of the server at `url` allows.
    pub fn of(url: &Url, network: Network) -> Self {
        match network {
            Network::Public => Self::default(),
            Network::Inside => Self(vec![url.clone()]),
        }
    }

    /// Also an address of which an administrator says so: an issuer that is another machine.
    #[must_use]
    pub fn and(mut self, url: Url) -> Self {
        self.0.push(url);
        self
    }

    /// Whether `url` is at the host and port of one of them.
    pub fn contains(&self, url: &Url) -> bool {
        let same = |it: &Url| {
            it.host() == url.host() && it.port_or_known_default() == url.port_or_known_default()
        };
        self.0.iter().any(same)
    }

    /// Whether secrets may be sent to `url`: over TLS, or to this machine if that is allowed.
    pub fn is_safe(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => true,
            "http" => is_this_machine(url) && self.contains(url),
            _ => false,
        }
    }
}

/// Whether `url` names the machine that we are on.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear_and_only_if_it_is_allowed() {
        let url = |text: &str| Url::parse(text).unwrap();
        let home = url("http://127.0.0.1:8080/mcp");
        let inside = Inside::of(&home, Network::Inside).and(url("http://10.0.0.7/"));
        for (address, safe) in [
            ("https://far.example/", true),
            ("http://127.0.0.1:8080/token", true),
            ("http://127.0.0.1:9090/token", false),
            ("http://localhost:8080/token", false),
            ("http://10.0.0.7/token", false),
            ("https://10.0.0.7/token", true),
            ("http://far.example/", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(inside.is_safe(&url(address)), safe, "{address}");
        }
        assert!(!Inside::of(&home, Network::Public).is_safe(&home));
        assert!(
            inside.contains(&url("http://10.0.0.7/x"))
                && !inside.contains(&url("https://10.0.0.7/"))
        );
        assert!(
            is_this_machine(&url("http://[::1]/"))
                && !is_this_machine(&url("http://localhost.evil/"))
        );
    }
}
