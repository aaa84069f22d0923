//! Hosts that views may reach.

/// An origin that a view declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    scheme: &'static str,
    /// Whether everything below the name is meant.
    below: bool,
    name: String,
    port: Option<u16>,
}

/// Hosts that an administrator allows views to reach. None is the default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// Whatever a view declares.
    Every,
    /// One host, or all below it.
    Named { below: bool, name: String, port: Option<u16> },
}

impl Hosts {
    /// Reads names, separated by commas: `api.example.org`, `*.example.org` for all below, with a
    /// port where it is not that of the web, or `*` for every host that a view declares.
    ///
    /// # Errors
    /// Which of them is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let pattern = |it: &str| match it {
            "*" => Ok(Pattern::Every),
            it => {
                let (below, name, port) = authority(it).ok_or(format!("`{it}` is no host"))?;
                Ok(Pattern::Named { below, name, port })
            }
        };
        names.map(pattern).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a view may reach `declared` as a whole.
    pub(super) fn allow(&self, declared: &Declared) -> bool {
        self.0.iter().any(|pattern| match pattern {
            Pattern::Every => true,
            Pattern::Named { below, name, port } => {
                let below_it = || declared.name.ends_with(&format!(".{name}"));
                let same = declared.name == *name && *below == declared.below;
                *port == declared.port && (same || (*below && below_it()))
            }
        })
    }
}

impl Declared {
    /// Reads an origin, such as `https://api.example.org` or `https://*.example.org`. Only those
    /// that are encrypted and have a name in the web are any: by a number a view could mean a
    /// machine beside the person who looks at it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = ["https", "wss"].into_iter().find(|it| scheme.eq_ignore_ascii_case(it))?;
        let (below, name, port) = authority(rest.strip_suffix('/').unwrap_or(rest))?;
        Some(Self { scheme, below, name, port })
    }

    /// As a policy writes it.
    pub(super) fn source(&self) -> String {
        let below = if self.below { "*." } else { "" };
        let port = self.port.map(|it| format!(":{it}")).unwrap_or_default();
        format!("{}://{below}{}{port}", self.scheme, self.name)
    }
}

/// A name of two labels or more, what is before and what is behind it.
fn authority(text: &str) -> Option<(bool, String, Option<u16>)> {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (text, None),
    };
    let (below, name) = match host.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, host),
    };
    let is_label = |label: &str| {
        let edges = label.bytes().next().zip(label.bytes().next_back());
        let plain = |it: u8| it.is_ascii_alphanumeric();
        label.len() <= 63
            && edges.is_some_and(|(first, last)| plain(first) && plain(last))
            && label.bytes().all(|it| plain(it) || it == b'-')
    };
    let is_number = |label: &str| label.bytes().all(|it| it.is_ascii_digit());
    let labels: Vec<&str> = name.split('.').collect();
    let named = labels.len() >= 2 && labels.last().is_some_and(|it| !is_number(it));
    let good = named && name.len() <= 253 && labels.into_iter().all(is_label);
    good.then(|| (below, name.to_ascii_lowercase(), port.filter(|it| *it != 443)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(hosts: &str, origin: &str) -> bool {
        Hosts::parse(hosts).unwrap().allow(&Declared::parse(origin).unwrap())
    }

    #[test]
    fn a_view_reaches_what_it_declares_and_an_administrator_allows() {
        assert!(!allow("", "https://example.org"));
        assert!(allow("*", "https://example.org"));
        assert!(allow("example.org", "https://Example.org:443/"));
        assert!(allow("example.org", "wss://example.org"));
        assert!(!allow("example.org", "https://a.example.org"));
        assert!(!allow("example.org", "https://*.example.org"));
        assert!(!allow("example.org", "https://example.org:8443"));
        assert!(allow("example.org:8443", "https://example.org:8443"));
        assert!(allow("*.example.org", "https://a.b.example.org"));
        assert!(allow("*.example.org", "https://*.example.org"));
        assert!(allow("*.example.org", "https://*.a.example.org"));
        assert!(!allow("*.example.org", "https://example.org"));
        assert!(!allow("*.example.org", "https://evilexample.org"));
    }

    #[test]
    fn what_is_no_origin_of_the_web_is_none() {
        for bad in [
            "example.org",
            "http://example.org",
            "https://localhost",
            "https://127.0.0.1",
            "https://[::1]",
            "https://*",
            "https://a.*.org",
            "https://example.org/path",
            "https://example.org; script-src *",
            "https://example.org 'unsafe-inline'",
            "https://user@example.org",
            "data:",
            "*",
            "'self'",
        ] {
            assert_eq!(Declared::parse(bad), None, "{bad}");
        }
        assert!(Hosts::parse("exa mple.org").is_err());
        assert!(Hosts::parse("https://example.org").is_err());
    }
}
