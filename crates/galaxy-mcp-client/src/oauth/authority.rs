//! The metadata of an issuer (RFC 8414, OpenID Connect Discovery): what it can do, and where.

use galaxy_tool::server::oauth::{Ask, SignInError, client::is_same_issuer};
use serde::Deserialize;
use url::Url;

use crate::oauth::{
    resource::Resource,
    wire::{Wire, told},
};

const WHAT: &str = "the issuer's metadata";

/// Who signs people in.
#[derive(Debug, Clone)]
pub(super) struct Authority {
    /// What it calls itself.
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) registration_endpoint: Option<Url>,
    pub(super) revocation_endpoint: Option<Url>,
    /// Whether it always says its name when it answers (RFC 9207).
    pub(super) names_itself: bool,
    /// Whether a client may be called by the address of its document.
    pub(super) reads_documents: bool,
    /// The scopes that it knows.
    pub(super) scopes: Vec<String>,
    /// How clients may show who they are; `None` if it does not say.
    pub(super) client_auth: Option<Vec<String>>,
    /// Whether this is but a guess of how the server may work, as the first revision of the
    /// protocol wants.
    pub(super) is_guess: bool,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: Option<String>,
    authorization_endpoint: String,
    token_endpoint: String,
    registration_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    response_types_supported: Option<Vec<String>>,
    grant_types_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    scopes_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
    client_id_metadata_document_supported: Option<bool>,
}

/// Finds who signs people in for `resource`. A server that names nobody is asked itself, as the
/// revision 2025-03-26 has it.
///
/// # Errors
/// [`SignInError`].
pub(super) async fn find(
    wire: &Wire<'_>,
    ask: &Ask,
    resource: &Resource,
) -> Result<Authority, SignInError> {
    if resource.issuers.is_empty() {
        let own = ask.server.origin().ascii_serialization();
        let found = look(wire, &own).await?;
        return found.map_or_else(|| guess(&ask.server, own), Ok);
    }
    let mut trouble = SignInError::Garbled("the issuer has no metadata".to_owned());
    for issuer in preferred(ask, &resource.issuers) {
        match look(wire, issuer).await {
            Ok(Some(authority)) => return Ok(authority),
            Ok(None) => (),
            Err(err) => trouble = err,
        }
    }
    Err(trouble)
}

/// The issuers as named, but first the one for which there is a client.
fn preferred<'a>(ask: &Ask, issuers: &'a [String]) -> Vec<&'a str> {
    let entered = ask.entered.as_ref().map(|it| it.issuer.as_str());
    let is_known = |it: &&str| entered.is_some_and(|entered| is_same_issuer(entered, it));
    let (mut known, others): (Vec<&str>, Vec<&str>) =
        issuers.iter().map(String::as_str).partition(is_known);
    known.extend(others);
    known
}

/// The metadata of `issuer`, wherever they are.
async fn look(wire: &Wire<'_>, issuer: &str) -> Result<Option<Authority>, SignInError> {
    let base = wire.endpoint(issuer, "the issuer")?;
    let mut liar = None;
    for place in places(&base) {
        let Some(found) = wire.get(&place, WHAT).await? else { continue };
        let Ok(metadata) = serde_json::from_value::<Metadata>(found) else { continue };
        let own = metadata.issuer.as_deref();
        if own.is_some_and(|it| is_same_issuer(it, issuer)) {
            return check(wire, metadata).map(Some);
        }
        // Another place may have the right ones: a host can be shared. But nothing of these is
        // used.
        liar = Some(SignInError::WrongIssuer {
            expected: told(issuer, &[]),
            found: own.map(|it| told(it, &[])),
        });
    }
    liar.map_or(Ok(None), Err)
}

/// Where the metadata of an issuer may be, best first.
fn places(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: &str| {
        let mut url = issuer.clone();
        url.set_path(path);
        url.set_query(None);
        url
    };
    let mut places = vec![
        at(&format!("/.well-known/oauth-authorization-server{path}")),
        at(&format!("/.well-known/openid-configuration{path}")),
    ];
    if !path.is_empty() {
        places.push(at(&format!("{path}/.well-known/openid-configuration")));
    }
    places
}

/// Makes sure that a safe sign-in is possible.
fn check(wire: &Wire<'_>, it: Metadata) -> Result<Authority, SignInError> {
    let unsupported = |what: &str| Err(SignInError::Unsupported(what.to_owned()));
    let has = |list: &Option<Vec<String>>, what: &str| {
        list.as_ref().map(|list| list.iter().any(|it| it == what))
    };
    if has(&it.code_challenge_methods_supported, "S256") != Some(true) {
        return unsupported("it does not say that it can do PKCE with S256");
    }
    if has(&it.response_types_supported, "code") == Some(false)
        || has(&it.grant_types_supported, "authorization_code") == Some(false)
    {
        return unsupported("it gives no authorization codes");
    }
    let endpoint = |text: &str, what| wire.endpoint(text, what);
    let registration = it.registration_endpoint.as_deref();
    let registration = registration.map(|it| endpoint(it, "the registration endpoint"));
    Ok(Authority {
        issuer: it.issuer.unwrap_or_default(),
        authorization_endpoint: endpoint(&it.authorization_endpoint, "the authorization endpoint")?,
        token_endpoint: endpoint(&it.token_endpoint, "the token endpoint")?,
        registration_endpoint: registration.transpose()?,
        // Giving a grant back is a courtesy: nobody is kept from signing in by it.
        revocation_endpoint: it.revocation_endpoint.and_then(|it| endpoint(&it, "").ok()),
        names_itself: it.authorization_response_iss_parameter_supported == Some(true),
        reads_documents: it.client_id_metadata_document_supported == Some(true),
        scopes: it.scopes_supported.unwrap_or_default(),
        client_auth: it.token_endpoint_auth_methods_supported,
        is_guess: false,
    })
}

/// A server that says nothing at all may have its endpoints where the revision 2025-03-26 has
/// them. That revision demands PKCE of every issuer.
fn guess(server: &Url, issuer: String) -> Result<Authority, SignInError> {
    let at = |path: &str| server.join(path).map_err(|_| SignInError::NoWay);
    Ok(Authority {
        issuer,
        authorization_endpoint: at("/authorize")?,
        token_endpoint: at("/token")?,
        registration_endpoint: Some(at("/register")?),
        revocation_endpoint: None,
        names_itself: false,
        reads_documents: false,
        scopes: Vec::new(),
        client_auth: None,
        is_guess: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_looked_for_in_the_order_of_the_protocol() {
        let places = |issuer: &str| {
            let found = places(&Url::parse(issuer).unwrap());
            found.into_iter().map(|it| it.path().to_owned()).collect::<Vec<_>>()
        };
        let (oauth, oidc) =
            ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration");
        assert_eq!(places("https://a.example"), [oauth, oidc]);
        assert_eq!(
            places("https://a.example/t/1/"),
            [format!("{oauth}/t/1"), format!("{oidc}/t/1"), format!("/t/1{oidc}")]
        );
    }
}
