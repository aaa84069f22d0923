//! Who we are to an issuer: the client that is there, or a new one.

use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_tool::server::oauth::{
    Ask, Client, ClientAuth, ClientOrigin, Registration, SignInError,
    client::{client_metadata, is_same_issuer},
};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::oauth::{
    authority::Authority,
    wire::{Post, Refusal, Wire, told},
};

const WHAT: &str = "the registration endpoint";
/// A longer name or secret of a client is refused.
const TEXT_BYTES: usize = 4096;

#[derive(Deserialize)]
struct Registered {
    client_id: String,
    client_secret: Option<String>,
    client_secret_expires_at: Option<f64>,
    token_endpoint_auth_method: Option<String>,
}

/// The client to sign in with, and again if it is new: one that was entered, then one that is
/// called by its document, then one that is registered, now or before.
///
/// # Errors
/// [`SignInError::NeedsClient`] when somebody has to enter one, and others.
pub(super) async fn client(
    wire: &Wire<'_>,
    ask: &Ask,
    authority: &Authority,
    scopes: &[String],
    now: Timestamp,
) -> Result<(Client, Option<Registration>), SignInError> {
    let issuer = &authority.issuer;
    if let Some(entered) = &ask.entered {
        if !is_same_issuer(&entered.issuer, issuer) {
            return Err(SignInError::OtherIssuer {
                entered: entered.issuer.clone(),
                found: told(issuer, &[]),
            });
        }
        let mut client = entered.client.clone();
        client.auth = auth_of_entered(&client, authority);
        return Ok((client, None));
    }
    let document = ask.client_document.as_ref().filter(|it| is_document(it));
    if let (true, Some(document)) = (authority.reads_documents, document) {
        let client = Client {
            id: document.as_str().to_owned(),
            secret: None,
            auth: ClientAuth::None,
            origin: ClientOrigin::Document,
        };
        return Ok((client, None));
    }
    if let Some(kept) = ask.registered.iter().find(|it| it.fits(issuer, &ask.redirect_uri, now)) {
        return Ok((kept.client.clone(), None));
    }
    let Some(endpoint) = &authority.registration_endpoint else {
        return Err(SignInError::NeedsClient { issuer: told(issuer, &[]), why: None });
    };
    let (client, expires_at) = register(wire, endpoint, ask, authority, scopes).await?;
    let registration = Registration {
        issuer: issuer.clone(),
        client: client.clone(),
        redirect_uri: ask.redirect_uri.clone(),
        expires_at,
    };
    Ok((client, Some(registration)))
}

/// Whether an issuer may call us by `url`.
fn is_document(url: &Url) -> bool {
    url.scheme() == "https" && url.path() != "/"
}

/// How a client that was entered shows who it is: as it can, and as the issuer wants.
fn auth_of_entered(client: &Client, authority: &Authority) -> ClientAuth {
    let only_post = authority.client_auth.as_ref().is_some_and(|list| {
        let has = |auth: ClientAuth| list.iter().any(|it| it == auth.as_str());
        has(ClientAuth::Post) && !has(ClientAuth::Basic)
    });
    match client.secret {
        None => ClientAuth::None,
        Some(_) if only_post => ClientAuth::Post,
        Some(_) => client.auth,
    }
}

/// How a new client would show who it is. We can keep a secret, so one that has a secret is better.
fn auth_of_new(authority: &Authority) -> Result<ClientAuth, SignInError> {
    // What an issuer does that does not say (RFC 8414, 2).
    let Some(list) = &authority.client_auth else { return Ok(ClientAuth::Basic) };
    let best = [ClientAuth::Basic, ClientAuth::Post, ClientAuth::None];
    let found = best.into_iter().find(|auth| list.iter().any(|it| it == auth.as_str()));
    let unsupported = "it wants clients to show who they are in a way that is not known here";
    found.ok_or_else(|| SignInError::Unsupported(unsupported.to_owned()))
}

async fn register(
    wire: &Wire<'_>,
    endpoint: &Url,
    ask: &Ask,
    authority: &Authority,
    scopes: &[String],
) -> Result<(Client, Option<Timestamp>), SignInError> {
    let auth = auth_of_new(authority)?;
    let mut metadata = client_metadata(&ask.redirect_uri, auth);
    if !scopes.is_empty() {
        metadata["scope"] = json!(scopes.join(" "));
    }
    let json = HeaderValue::from_static("application/json");
    let answer = wire
        .post(Post {
            to: WHAT,
            url: endpoint,
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
            body: metadata.to_string(),
            secrets: Vec::new(),
        })
        .await?;
    match answer.refusal() {
        // Nothing here looked like OAuth at all.
        Some(_) if authority.is_guess => Err(SignInError::NoWay),
        Some(Refusal { code, words }) => Err(SignInError::NeedsClient {
            issuer: told(&authority.issuer, &[]),
            why: Some(if words.is_empty() { code } else { words }),
        }),
        None => read(answer.read(WHAT)?, auth),
    }
}

/// The client that was registered. What the issuer made of our wishes counts.
fn read(it: Registered, asked: ClientAuth) -> Result<(Client, Option<Timestamp>), SignInError> {
    let secret = it.client_secret.filter(|it| !it.is_empty());
    let longest = it.client_id.len().max(secret.as_ref().map_or(0, String::len));
    if it.client_id.is_empty() || longest > TEXT_BYTES {
        return Err(super::wire::garbled(WHAT));
    }
    let auth = match it.token_endpoint_auth_method.as_deref() {
        None => asked,
        Some(other) => ClientAuth::parse(other)
            .ok_or_else(|| SignInError::Unsupported(format!("it wants {}", told(other, &[]))))?,
    };
    let (auth, secret) = match (auth, secret) {
        (ClientAuth::None, _) | (_, None) => (ClientAuth::None, None),
        (auth, Some(secret)) => (auth, Some(secret.into())),
    };
    let expires = it.client_secret_expires_at.filter(|it| *it > 0.0 && secret.is_some());
    let expires = expires.and_then(|it| Duration::try_from_secs_f64(it).ok());
    let client = Client { id: it.client_id, secret, auth, origin: ClientOrigin::Registered };
    Ok((client, expires.map(|it| Timestamp::from_millis(0).after(it))))
}
