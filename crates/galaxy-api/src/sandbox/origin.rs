//! An origin of its own for views.

use galaxy_domain::ToolServerId;

/// Where views are shown that have an origin of their own: one for all, or with `*.` in front one
/// for each tool server, where views can keep things between visits without sharing them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxOrigin {
    scheme: &'static str,
    per_server: bool,
    /// Name and port.
    authority: String,
}

impl SandboxOrigin {
    /// Reads `https://apps.example.org` or `https://*.apps.example.org`. Without encryption it can
    /// only be a name below `localhost`, for those who try things out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "is no origin, such as https://*.apps.example.org".to_owned();
        let (scheme, rest) = text.trim_end_matches('/').split_once("://").ok_or_else(wrong)?;
        let (per_server, authority) = match rest.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let is_plain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-' | b':');
        if authority.is_empty() || !authority.bytes().all(is_plain) {
            return Err(wrong());
        }
        let name = authority.split(':').next().unwrap_or_default();
        let scheme = match scheme {
            "https" => "https",
            "http" if name == "localhost" || name.ends_with(".localhost") => "http",
            _ => return Err("begins with https://".to_owned()),
        };
        Ok(Self { scheme, per_server, authority: authority.to_ascii_lowercase() })
    }

    /// Whether `name`, without a port, is its name or one of its names.
    pub fn covers(&self, name: &str) -> bool {
        let own = self.authority.split(':').next().unwrap_or_default();
        let below = || name.strip_suffix(own).is_some_and(|label| label.ends_with('.'));
        if self.per_server { below() } else { name == own }
    }

    /// Whether each tool server has one of its own.
    pub(crate) fn is_per_server(&self) -> bool {
        self.per_server
    }

    /// As a policy writes it.
    pub(crate) fn source(&self) -> String {
        let below = if self.per_server { "*." } else { "" };
        format!("{}://{below}{}", self.scheme, self.authority)
    }

    /// The origin for the views of a server.
    pub(crate) fn of(&self, server: ToolServerId) -> String {
        let label =
            if self.per_server { format!("{}.", server.uuid().simple()) } else { String::new() };
        format!("{}://{label}{}", self.scheme, self.authority)
    }

    /// Whether a request to `host` is meant for it.
    pub(crate) fn is(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        if !self.per_server {
            return host == self.authority;
        }
        host.strip_suffix(&self.authority).is_some_and(|label| label.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_encrypted_or_on_this_machine() {
        for good in ["https://apps.example.org", "https://*.a.org:8443/", "http://*.localhost:8000"]
        {
            assert!(SandboxOrigin::parse(good).is_ok(), "{good}");
        }
        for bad in ["apps.example.org", "http://a.org", "https://", "https://a.org/x", "https://*"]
        {
            assert!(SandboxOrigin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_server_has_its_own_where_there_are_many() {
        let many = SandboxOrigin::parse("https://*.Apps.example.org").unwrap();
        let server = ToolServerId::fresh();
        let of = many.of(server);
        assert_ne!(of, many.of(ToolServerId::fresh()));
        assert!(many.is(of.strip_prefix("https://").unwrap()));
        assert!(!many.is("apps.example.org") && !many.is("evilapps.example.org"));
        assert_eq!(many.source(), "https://*.apps.example.org");
        let one = SandboxOrigin::parse("https://apps.example.org").unwrap();
        assert_eq!(one.of(server), "https://apps.example.org");
        assert!(one.is("apps.example.org") && !one.is("x.apps.example.org"));
        assert!(one.covers("apps.example.org") && !one.covers("x.apps.example.org"));
        assert!(many.covers("x.apps.example.org") && !many.covers("apps.example.org"));
        assert!(!many.covers("evilapps.example.org"));
    }
}
