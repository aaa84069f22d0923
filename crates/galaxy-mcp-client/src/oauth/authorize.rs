//! The way of the person: what they open, and what they come back with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use galaxy_base::{ExposeSecret, SecretString, Timestamp, random};
use galaxy_tool::server::oauth::{
    Ask, Callback, Client, Inside, Pending, SignInError, challenge::union,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use crate::oauth::{authority::Authority, resource::Resource, wire::told};

/// With this scope an issuer of OpenID Connect gives something to renew the token with.
const OFFLINE: &str = "offline_access";

/// Makes sure that the code comes back encrypted, or stays on this machine.
pub(super) fn check_way_back(url: &Url) -> Result<(), SignInError> {
    let here = Inside::default().and(url.clone());
    if here.is_safe(url) && url.fragment().is_none() {
        Ok(())
    } else {
        Err(SignInError::NotEncrypted("this application's own callback".to_owned()))
    }
}

/// What to ask for: what was asked before, and what is needed now; or else what the server needs
/// in general.
pub(super) fn scopes(ask: &Ask, resource: &Resource, authority: &Authority) -> Vec<String> {
    let now = match (&ask.scopes[..], &resource.challenge.scopes[..]) {
        ([], []) => &resource.scopes,
        (_, wanted) => wanted,
    };
    let scopes = union(texts(&ask.scopes), texts(now));
    let can_renew = authority.scopes.iter().any(|it| it == OFFLINE);
    // An issuer that is asked for nothing in particular gives what it thinks right.
    let offline = if can_renew && !scopes.is_empty() { Some(OFFLINE) } else { None };
    union(texts(&scopes), offline)
}

fn texts(list: &[String]) -> impl Iterator<Item = &str> {
    list.iter().map(String::as_str)
}

/// What the person opens, and what is kept until they come back.
pub(super) fn pending(
    ask: &Ask,
    resource: Resource,
    authority: Authority,
    client: Client,
    scopes: Vec<String>,
    now: Timestamp,
) -> (Url, Pending) {
    let pending = Pending {
        began: now,
        state: random::token().into(),
        verifier: random::token().into(),
        issuer: authority.issuer,
        names_itself: authority.names_itself,
        token_endpoint: authority.token_endpoint,
        revocation_endpoint: authority.revocation_endpoint,
        client,
        redirect_uri: ask.redirect_uri.clone(),
        resource: resource.id,
        scopes,
        inside: ask.inside.clone(),
    };
    (address(authority.authorization_endpoint, &pending), pending)
}

/// `endpoint` with our questions; what it says itself is kept, unless it says it for us.
fn address(endpoint: Url, pending: &Pending) -> Url {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(pending.verifier.expose_secret()));
    let scopes = pending.scopes.join(" ");
    let mut ours = vec![
        ("response_type", "code"),
        ("client_id", &pending.client.id),
        ("redirect_uri", pending.redirect_uri.as_str()),
        ("state", pending.state.expose_secret()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("resource", &pending.resource),
    ];
    if !scopes.is_empty() {
        ours.push(("scope", &scopes));
    }
    if pending.scopes.iter().any(|it| it == OFFLINE) {
        // OpenID Connect gives offline access only to who was asked for it.
        ours.push(("prompt", "consent"));
    }
    let mut url = endpoint.clone();
    url.set_query(None);
    let theirs = endpoint.query_pairs();
    let theirs = theirs.filter(|(name, _)| !ours.iter().any(|(it, _)| it == name));
    url.query_pairs_mut().extend_pairs(theirs).extend_pairs(&ours);
    url
}

/// The code, if the answer is the one that was waited for. Nothing of an answer is believed, or
/// shown, before it is known whose it is (RFC 9207, 2.4).
///
/// # Errors
/// [`SignInError`].
pub(super) fn code(
    pending: &Pending,
    callback: Callback,
    now: Timestamp,
) -> Result<SecretString, SignInError> {
    if callback.is_garbled || !is_same(callback.state.as_ref(), &pending.state) {
        return Err(SignInError::WrongState);
    }
    if pending.is_over(now) {
        return Err(SignInError::Expired);
    }
    match &callback.issuer {
        Some(issuer) if *issuer == pending.issuer => (),
        None if !pending.names_itself => (),
        other => {
            return Err(SignInError::WrongIssuer {
                expected: told(&pending.issuer, &[]),
                found: other.as_deref().map(|it| told(it, &[])),
            });
        }
    }
    let secrets: Vec<SecretString> = callback.code.clone().into_iter().collect();
    let words = callback.error_description.unwrap_or_default();
    match (callback.error.as_deref(), callback.code) {
        (Some("access_denied"), _) => Err(SignInError::Declined(told(&words, &secrets))),
        (Some("temporarily_unavailable" | "server_error"), _) => {
            Err(super::wire::unavailable(format!("the issuer says: {}", told(&words, &secrets))))
        }
        (Some(code), _) => {
            Err(SignInError::Rejected { code: told(code, &secrets), words: told(&words, &secrets) })
        }
        (None, Some(code)) => Ok(code),
        (None, None) => Err(SignInError::Garbled("the issuer sends no code".to_owned())),
    }
}

fn is_same(one: Option<&SecretString>, other: &SecretString) -> bool {
    let other = other.expose_secret().as_bytes();
    one.is_some_and(|it| it.expose_secret().as_bytes().ct_eq(other).into())
}
