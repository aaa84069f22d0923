//! Where requests may go: a pure decision about a URL and about an address.

use std::net::IpAddr;

use url::{Host, Url};

use crate::address;

/// Who chose the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// An administrator, in the configuration: any machine but a cloud's metadata service.
    Configured,
    /// Anybody else (a person, a model, a page): the public internet only.
    Public,
}

/// Why a request may not be made. The words tell nothing about the network inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Neither http nor https.
    #[error("only http and https addresses are allowed")]
    Scheme,
    /// The address names no machine.
    #[error("the address names no host")]
    NoHost,
    /// A name or password is written in the address.
    #[error("an address with a user name in it is not allowed")]
    Userinfo,
    /// Not a port of the web.
    #[error("port {0} is not allowed")]
    Port(u16),
    /// The machine may not be reached from here.
    #[error("the address is not part of the public internet")]
    Closed,
}

/// What may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The ports open to [`Reach::Public`].
    pub public_ports: Vec<u16>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { public_ports: vec![80, 443] }
    }
}

impl Policy {
    /// Checks everything that can be said about `url` without resolving its name.
    ///
    /// A literal address is checked here, because no resolver ever sees it. Odd spellings
    /// (`2130706433`, `0x7f.1`) are literals to the URL standard and arrive here parsed.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn check_url(&self, url: &Url, reach: Reach) -> Result<(), Denied> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Denied::Scheme);
        }
        if reach == Reach::Public {
            if !url.username().is_empty() || url.password().is_some() {
                return Err(Denied::Userinfo);
            }
            let port = url.port_or_known_default().unwrap_or(0);
            if !self.public_ports.contains(&port) {
                return Err(Denied::Port(port));
            }
        }
        match url.host() {
            None => Err(Denied::NoHost),
            Some(Host::Domain("")) => Err(Denied::NoHost),
            Some(Host::Domain(_)) => Ok(()),
            Some(Host::Ipv4(ip)) => check_address(ip.into(), reach),
            Some(Host::Ipv6(ip)) => check_address(ip.into(), reach),
        }
    }
}

/// Checks an address that a name resolved to, or that stood in a URL.
///
/// # Errors
/// [`Denied::Closed`].
pub fn check_address(ip: IpAddr, reach: Reach) -> Result<(), Denied> {
    let open = match reach {
        Reach::Configured => !address::is_metadata(ip),
        Reach::Public => address::is_public(ip),
    };
    if open { Ok(()) } else { Err(Denied::Closed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, reach: Reach) -> Result<(), Denied> {
        Policy::default().check_url(&Url::parse(url).unwrap(), reach)
    }

    #[test]
    fn odd_spellings_of_inner_addresses_are_closed_to_the_public() {
        let odd = "http://127.0.0.1/ http://127.1/ http://2130706433/ http://0x7f.1/ \
            http://0x7f000001/ http://0177.0.0.1/ http://017700000001/ http://0/ http://0.0.0.0/ \
            http://127.0.0.1./ http://%31%32%37.0.0.1/ http://１２７.０.０.１/ http://①②⑦.0.0.1/ \
            http://127。0。0。1/ http://[::1]/ http://[::]/ http://[::ffff:127.0.0.1]/ \
            http://[::ffff:7f00:1]/ http://[0:0:0:0:0:ffff:7f00:0001]/ http://[64:ff9b::7f00:1]/ \
            http://[2002:7f00:1::]/ http://[fe80::1]/ http://[fd00::1]/ http://10.1/ \
            http://192.168.257/ http://169.254.169.254/ http://0xa9fea9fe/ http://2852039166/ \
            http://[::ffff:a9fe:a9fe]/ http://100.100.100.200/ https://198.18.0.1/ \
            http:\\\\127.0.0.1\\ http:127.0.0.1";
        for url in odd.split_whitespace() {
            assert_eq!(check(url, Reach::Public), Err(Denied::Closed), "{url}");
        }
    }

    #[test]
    fn public_requests_keep_to_the_web() {
        for (url, why) in [
            ("ftp://example.com/", Denied::Scheme),
            ("file:///etc/passwd", Denied::Scheme),
            ("gopher://example.com/", Denied::Scheme),
            ("http://example.com:22/", Denied::Port(22)),
            ("https://example.com:8443/", Denied::Port(8443)),
            ("http://user@example.com/", Denied::Userinfo),
            ("http://example.com@127.0.0.1/", Denied::Userinfo),
            ("http://:secret@example.com/", Denied::Userinfo),
        ] {
            assert_eq!(check(url, Reach::Public), Err(why), "{url}");
        }
        for url in ["http://example.com/", "https://8.8.8.8/", "https://[2606:4700::1111]/"] {
            assert_eq!(check(url, Reach::Public), Ok(()), "{url}");
        }
    }

    #[test]
    fn configured_requests_reach_every_machine_but_not_metadata() {
        for url in ["http://127.0.0.1:11434/", "http://[::1]:8080/", "http://10.0.0.5/v1"] {
            assert_eq!(check(url, Reach::Configured), Ok(()), "{url}");
        }
        for url in ["http://169.254.169.254/", "http://0xa9fea9fe/", "http://[fd00:ec2::254]/"] {
            assert_eq!(check(url, Reach::Configured), Err(Denied::Closed), "{url}");
        }
        assert_eq!(check("file:///etc/passwd", Reach::Configured), Err(Denied::Scheme));
    }
}
