//! The metadata of a protected resource (RFC 9728): where to sign in for a tool server.

use galaxy_tool::server::oauth::{Ask, Challenge, SignInError};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::oauth::wire::{Wire, told};

const WHAT: &str = "the tool server's metadata";
/// More issuers than this are not tried.
const ISSUERS: usize = 4;
/// A longer name is nobody's.
const ID_BYTES: usize = 2048;

/// What is known of the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    /// What it calls itself (RFC 8707).
    pub(super) id: String,
    /// Who may sign people in for it; none if it does not say.
    pub(super) issuers: Vec<String>,
    /// What is needed of it in general.
    pub(super) scopes: Vec<String>,
    /// What is needed now.
    pub(super) challenge: Challenge,
}

#[derive(Deserialize)]
struct Metadata {
    resource: Option<String>,
    // Some software writes `null` for what it has not.
    authorization_servers: Option<Vec<String>>,
    scopes_supported: Option<Vec<String>>,
}

/// Finds what is known of the server that `ask` is about. A server without metadata is a resource
/// without issuers.
///
/// # Errors
/// [`SignInError`].
pub(super) async fn find(wire: &Wire<'_>, ask: &Ask) -> Result<Resource, SignInError> {
    let challenge = ask.challenge.as_deref().and_then(Challenge::parse).unwrap_or_default();
    for url in places(&ask.server, &challenge) {
        let Some(found) = wire.get(&url, WHAT).await? else { continue };
        let Some(metadata) = read(found) else { continue };
        return check(&ask.server, metadata, challenge);
    }
    let id = canonical(&ask.server);
    Ok(Resource { id, issuers: Vec::new(), scopes: Vec::new(), challenge })
}

/// Where the metadata may be, best first.
fn places(server: &Url, challenge: &Challenge) -> Vec<Url> {
    let named = challenge.resource_metadata.as_deref().and_then(|it| server.join(it).ok());
    let at = |path: &str| {
        let mut url = server.clone();
        url.set_path(&format!("/.well-known/oauth-protected-resource{path}"));
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    let mut places: Vec<Url> = Vec::new();
    let own = at(server.path().trim_end_matches('/'));
    for place in named.into_iter().chain([own, at("")]) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Metadata, if that is what it is.
fn read(value: Value) -> Option<Metadata> {
    let metadata: Metadata = serde_json::from_value(value).ok()?;
    (metadata.resource.is_some() || metadata.authorization_servers.is_some()).then_some(metadata)
}

fn check(server: &Url, metadata: Metadata, challenge: Challenge) -> Result<Resource, SignInError> {
    let id = metadata.resource.unwrap_or_default();
    if id.len() > ID_BYTES || !covers(&id, server) {
        let shown = if id.is_empty() { "it gives no name".to_owned() } else { told(&id, &[]) };
        return Err(SignInError::WrongResource(shown));
    }
    let mut issuers = metadata.authorization_servers.unwrap_or_default();
    issuers.truncate(ISSUERS);
    let scopes = metadata.scopes_supported.unwrap_or_default();
    Ok(Resource { id, issuers, scopes, challenge })
}

/// Whether what calls itself `id` is the server: the same origin, and a path that leads to it.
fn covers(id: &str, server: &Url) -> bool {
    let Ok(url) = Url::parse(id) else { return false };
    let (whole, part) = (server.path(), url.path());
    let leads = whole
        .strip_prefix(part)
        .is_some_and(|rest| rest.is_empty() || part.ends_with('/') || rest.starts_with('/'));
    let is_plain = url.fragment().is_none() && url.username().is_empty();
    is_plain && url.origin() == server.origin() && (leads || part.strip_suffix('/') == Some(whole))
}

/// What a server without metadata is called.
fn canonical(server: &Url) -> String {
    let mut url = server.clone();
    url.set_fragment(None);
    let text = String::from(url);
    text.strip_suffix('/').map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_resource_covers_what_lies_below_it_and_nothing_beside_it() {
        let server = url("https://s.example/a/mcp?x=1");
        for (id, covered) in [
            ("https://s.example/a/mcp", true),
            ("https://s.example/a/mcp/", true),
            ("https://s.example/a/", true),
            ("https://s.example/a", true),
            ("https://s.example", true),
            ("https://S.example:443/", true),
            ("https://s.example/a/mc", false),
            ("https://s.example/a/mcp/x", false),
            ("https://s.example/b", false),
            ("https://s.example:8443/a/mcp", false),
            ("http://s.example/a/mcp", false),
            ("https://evil.example/a/mcp", false),
            ("https://s.example@evil.example/", false),
            ("https://s.example/a/mcp#x", false),
            ("s.example", false),
            ("", false),
        ] {
            assert_eq!(covers(id, &server), covered, "{id}");
        }
    }

    #[test]
    fn metadata_are_looked_for_where_the_challenge_says_then_below_and_at_the_root() {
        let places = |server: &str, challenge: &str| {
            let challenge = Challenge::parse(challenge).unwrap_or_default();
            places(&url(server), &challenge).into_iter().map(String::from).collect::<Vec<_>>()
        };
        let known = "https://s.example/.well-known/oauth-protected-resource";
        assert_eq!(places("https://s.example/", ""), [known]);
        assert_eq!(
            places("https://s.example/a/mcp/?x", ""),
            [format!("{known}/a/mcp"), known.to_owned()]
        );
        let named = "Bearer resource_metadata=\"https://m.example/x\"";
        assert_eq!(places("https://s.example/", named), ["https://m.example/x", known]);
    }

    #[test]
    fn a_server_without_metadata_is_called_by_its_address() {
        assert_eq!(canonical(&url("https://S.example/#x")), "https://s.example");
        assert_eq!(canonical(&url("https://s.example/mcp")), "https://s.example/mcp");
    }
}
