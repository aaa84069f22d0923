//! What a view is granted, and the policy that holds it to that. Pure.

use galaxy_app::apps::Wants;

use super::hosts::{Declared, Hosts};

/// Origins that a view may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    /// To speak with.
    pub(crate) connect: Vec<String>,
    /// To load scripts, styles, pictures and fonts from.
    pub(crate) resource: Vec<String>,
    /// To show in frames of its own.
    pub(crate) frame: Vec<String>,
    /// For its relative addresses to begin with.
    pub(crate) base: Vec<String>,
}

/// Where a view is shown.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Who may show it in a frame, as a policy writes it.
    pub(super) ancestors: String,
    /// Whether it may keep things: its origin is its server's alone.
    pub(super) keeps: bool,
}

impl Granted {
    /// What of that which a view wants is allowed.
    pub(crate) fn of(wants: &Wants, hosts: &Hosts) -> Self {
        Self {
            connect: allowed(wants.connect.iter().map(String::as_str), hosts),
            resource: allowed(wants.resource.iter().map(String::as_str), hosts),
            frame: allowed(wants.frame.iter().map(String::as_str), hosts),
            base: allowed(wants.base.iter().map(String::as_str), hosts),
        }
    }

    /// Reads what [`Granted::query`] wrote, or somebody else, and keeps what is allowed of it.
    pub(super) fn read(query: &str, hosts: &Hosts) -> Self {
        let listed = |key: &str| {
            let fields = query.split('&').filter_map(|it| it.split_once('='));
            let values = fields.filter(|(name, _)| *name == key).map(|(_, value)| value);
            allowed(values.flat_map(|it| it.split(',')), hosts)
        };
        Self {
            connect: listed("connect"),
            resource: listed("resource"),
            frame: listed("frame"),
            base: listed("base"),
        }
    }

    /// As the query of an address, with `?` in front; nothing when nothing is granted. Origins have
    /// no character in them that a query could not hold.
    pub(crate) fn query(&self) -> String {
        let fields = self.fields().into_iter().filter(|(_, origins)| !origins.is_empty());
        let fields: Vec<String> =
            fields.map(|(key, origins)| format!("{key}={}", origins.join(","))).collect();
        if fields.is_empty() { String::new() } else { format!("?{}", fields.join("&")) }
    }

    fn fields(&self) -> [(&'static str, &Vec<String>); 4] {
        [
            ("connect", &self.connect),
            ("resource", &self.resource),
            ("frame", &self.frame),
            ("base", &self.base),
        ]
    }

    /// The policy. Whoever may write one script into a page may write every script, so what is
    /// inside the view is free; what it reaches is not. Nothing is ever taken from its own origin:
    /// that is ours.
    pub(super) fn policy(&self, place: &Place) -> String {
        let and = |first: &str, origins: &[String]| match (first, origins.join(" ")) {
            ("", none) if none.is_empty() => "'none'".to_owned(),
            ("", origins) => origins,
            (first, none) if none.is_empty() => first.to_owned(),
            (first, origins) => format!("{first} {origins}"),
        };
        let keeps = if place.keeps { " allow-same-origin" } else { "" };
        [
            "default-src 'none'".to_owned(),
            format!("script-src {}", and("'unsafe-inline' 'unsafe-eval' blob:", &self.resource)),
            format!("style-src {}", and("'unsafe-inline'", &self.resource)),
            format!("img-src {}", and("data: blob:", &self.resource)),
            format!("font-src {}", and("data:", &self.resource)),
            format!("media-src {}", and("data: blob:", &self.resource)),
            format!("connect-src {}", and("data: blob:", &self.connect)),
            "worker-src blob:".to_owned(),
            format!("frame-src {}", and("", &self.frame)),
            format!("base-uri {}", and("", &self.base)),
            "object-src 'none'".to_owned(),
            "form-action 'none'".to_owned(),
            format!("frame-ancestors {}", place.ancestors),
            format!("sandbox allow-scripts allow-forms{keeps}"),
        ]
        .join("; ")
    }
}

fn allowed<'a>(listed: impl Iterator<Item = &'a str>, hosts: &Hosts) -> Vec<String> {
    let known = listed.filter_map(Declared::parse).filter(|it| hosts.allow(it));
    let mut sources: Vec<String> = known.map(|it| it.source()).collect();
    sources.sort();
    sources.dedup();
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Place {
        Place { ancestors: "'self'".to_owned(), keeps: false }
    }

    #[test]
    fn a_view_that_declares_nothing_reaches_nothing() {
        assert_eq!(
            Granted::default().policy(&own()),
            "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; \
             style-src 'unsafe-inline'; img-src data: blob:; font-src data:; \
             media-src data: blob:; connect-src data: blob:; worker-src blob:; \
             frame-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; \
             frame-ancestors 'self'; sandbox allow-scripts allow-forms"
        );
    }

    #[test]
    fn what_is_declared_and_allowed_is_granted_and_comes_back_from_the_address() {
        let wants = Wants {
            connect: vec!["https://api.example.org".to_owned(), "https://evil.example".to_owned()],
            resource: vec!["https://*.cdn.example.org".to_owned(), "'self'".to_owned()],
            ..Wants::default()
        };
        let hosts = Hosts::parse("api.example.org, *.example.org").unwrap();
        let granted = Granted::of(&wants, &hosts);
        assert_eq!(granted.connect, ["https://api.example.org"]);
        let query = granted.query();
        assert_eq!(query, "?connect=https://api.example.org&resource=https://*.cdn.example.org");
        assert_eq!(Granted::read(&query[1..], &hosts), granted);
        assert_eq!(Granted::read(&query[1..], &Hosts::default()), Granted::default());
        let policy = granted.policy(&own());
        assert!(policy.contains("connect-src data: blob: https://api.example.org;"), "{policy}");
        assert!(policy.contains("img-src data: blob: https://*.cdn.example.org;"), "{policy}");
        assert!(!policy.contains("evil"), "{policy}");
    }

    #[test]
    fn an_address_that_somebody_else_wrote_grants_nothing_more() {
        let hosts = Hosts::parse("api.example.org").unwrap();
        let query = "connect=https://evil.example,https://api.example.org;+script-src+*\
                     &connect=https%3A%2F%2Fapi.example.org&sandbox=allow-same-origin";
        assert_eq!(Granted::read(query, &hosts), Granted::default());
    }

    #[test]
    fn only_an_origin_of_a_servers_own_keeps_things() {
        let place = Place { ancestors: "https://chat.example.org".to_owned(), keeps: true };
        let policy = Granted::default().policy(&place);
        assert!(policy.ends_with(
            "frame-ancestors https://chat.example.org; \
             sandbox allow-scripts allow-forms allow-same-origin"
        ));
    }
}
