//! The token endpoint: a code for a grant, an old grant for a new one, and giving one back.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use galaxy_base::{ExposeSecret, SecretString, Timestamp};
use galaxy_tool::server::oauth::{
    Client, ClientAuth, Grant, Pending, SignInError, challenge::scopes,
};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::Value;
use url::{
    Url,
    form_urlencoded::{Serializer, byte_serialize},
};

use crate::oauth::wire::{Answer, Post, Refusal, Wire, garbled, unavailable};

const WHAT: &str = "the token endpoint";
/// A longer token is refused: no server takes such headers.
const TOKEN_BYTES: usize = 16 * 1024;

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    token_type: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<Value>,
    scope: Option<String>,
}

/// Exchanges a code.
///
/// # Errors
/// [`SignInError`].
pub(super) async fn exchange(
    wire: &Wire<'_>,
    pending: &Pending,
    code: &SecretString,
    now: Timestamp,
) -> Result<Grant, SignInError> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.expose_secret()),
        ("redirect_uri", pending.redirect_uri.as_str()),
        ("code_verifier", pending.verifier.expose_secret()),
        ("resource", &pending.resource),
    ];
    let secrets = vec![code.clone(), pending.verifier.clone()];
    let tokens = tokens(wire, &pending.token_endpoint, &pending.client, &fields, secrets).await?;
    let old = Grant {
        issuer: pending.issuer.clone(),
        client: pending.client.clone(),
        token_endpoint: pending.token_endpoint.clone(),
        revocation_endpoint: pending.revocation_endpoint.clone(),
        access_token: SecretString::default(),
        refresh_token: None,
        expires_at: None,
        scopes: pending.scopes.clone(),
        resource: pending.resource.clone(),
        inside: pending.inside.clone(),
    };
    grant(old, tokens, now)
}

/// Renews a grant.
///
/// # Errors
/// [`SignInError`].
pub(super) async fn renew(
    wire: &Wire<'_>,
    old: &Grant,
    now: Timestamp,
) -> Result<Grant, SignInError> {
    let Some(refresh) = &old.refresh_token else { return Err(SignInError::SignInAgain) };
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose_secret()),
        ("resource", &old.resource),
    ];
    let secrets = vec![refresh.clone(), old.access_token.clone()];
    let tokens = tokens(wire, &old.token_endpoint, &old.client, &fields, secrets).await?;
    grant(old.clone(), tokens, now)
}

/// Gives a grant back (RFC 7009): what renews it, or else what it is.
///
/// # Errors
/// [`SignInError`].
pub(super) async fn revoke(wire: &Wire<'_>, grant: &Grant) -> Result<(), SignInError> {
    let Some(endpoint) = &grant.revocation_endpoint else { return Ok(()) };
    let (token, hint) = match &grant.refresh_token {
        Some(refresh) => (refresh, "refresh_token"),
        None => (&grant.access_token, "access_token"),
    };
    let fields = [("token", token.expose_secret()), ("token_type_hint", hint)];
    let to = "the revocation endpoint";
    let post = form(to, endpoint, &grant.client, &fields, vec![token.clone()])?;
    let answer = wire.post(post).await?;
    if answer.status.is_success() { Ok(()) } else { Err(refused(&answer)) }
}

async fn tokens(
    wire: &Wire<'_>,
    endpoint: &Url,
    client: &Client,
    fields: &[(&str, &str)],
    secrets: Vec<SecretString>,
) -> Result<Tokens, SignInError> {
    let answer = wire.post(form(WHAT, endpoint, client, fields, secrets)?).await?;
    // Some issuers refuse with a 200.
    if answer.refusal().is_some() {
        return Err(refused(&answer));
    }
    answer.read(WHAT)
}

fn refused(answer: &Answer) -> SignInError {
    let Some(Refusal { code, words }) = answer.refusal() else { return garbled(WHAT) };
    match code.as_str() {
        "invalid_grant" => SignInError::SignInAgain,
        "invalid_client" => SignInError::ClientUnknown,
        "temporarily_unavailable" | "server_error" | "slow_down" => {
            unavailable(format!("the issuer says: {words}"))
        }
        _ => SignInError::Rejected { code, words },
    }
}

/// A form, with the client showing who it is.
fn form<'a>(
    to: &'static str,
    url: &'a Url,
    client: &Client,
    fields: &[(&str, &str)],
    mut secrets: Vec<SecretString>,
) -> Result<Post<'a>, SignInError> {
    let mut form = Serializer::new(String::new());
    form.extend_pairs(fields);
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
    secrets.extend(client.secret.clone());
    match (client.auth, &client.secret) {
        (ClientAuth::None, _) | (_, None) => _ = form.append_pair("client_id", &client.id),
        (ClientAuth::Post, Some(secret)) => {
            form.append_pair("client_id", &client.id);
            form.append_pair("client_secret", secret.expose_secret());
        }
        (ClientAuth::Basic, Some(secret)) => {
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encoded(&client.id), encoded(secret.expose_secret()));
            let pair = STANDARD.encode(pair);
            let value = HeaderValue::try_from(format!("Basic {pair}"));
            let mut value = value.map_err(|_| garbled("the client"))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
            secrets.push(pair.into());
        }
    }
    Ok(Post { to, url, headers, body: form.finish(), secrets })
}

/// `old` with what came instead of it.
fn grant(old: Grant, tokens: Tokens, now: Timestamp) -> Result<Grant, SignInError> {
    let is_bearer = |it: &str| it.eq_ignore_ascii_case("bearer");
    if !tokens.token_type.as_deref().is_none_or(is_bearer) {
        return Err(SignInError::Unsupported("its tokens are no bearer tokens".to_owned()));
    }
    let access = tokens.access_token;
    let is_plain = access.bytes().all(|it| it.is_ascii_graphic());
    let refresh = tokens.refresh_token.filter(|it| !it.is_empty());
    let longest = access.len().max(refresh.as_ref().map_or(0, String::len));
    if access.is_empty() || !is_plain || longest > TOKEN_BYTES {
        return Err(garbled(WHAT));
    }
    let lasts = tokens.expires_in.as_ref().and_then(seconds);
    Ok(Grant {
        access_token: access.into(),
        // An issuer need not change it (RFC 6749, 6).
        refresh_token: refresh.map(SecretString::from).or(old.refresh_token),
        expires_at: lasts.map(|it| now.after(it)),
        // Nothing said is all that was asked for (RFC 6749, 5.1).
        scopes: tokens.scope.as_deref().map_or(old.scopes, scopes),
        ..old
    })
}

/// A number of seconds, which some issuers send as text.
fn seconds(value: &Value) -> Option<Duration> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests {
    use galaxy_tool::server::oauth::ClientOrigin;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lifetime_is_a_number_however_it_is_written() {
        assert_eq!(seconds(&json!(3600)), Some(Duration::from_secs(3600)));
        assert_eq!(seconds(&json!("60")), Some(Duration::from_secs(60)));
        for odd in [json!(-1), json!("soon"), json!(1e300), json!(null)] {
            assert_eq!(seconds(&odd), None, "{odd}");
        }
    }

    #[test]
    fn name_and_secret_of_a_client_are_encoded_before_they_are_joined() {
        let secret = Some(SecretString::from("p+w d".to_owned()));
        let (id, auth, origin) = ("a:b".to_owned(), ClientAuth::Basic, ClientOrigin::Entered);
        let client = Client { id, secret, auth, origin };
        let url = Url::parse("https://a.example/token").unwrap();
        let post = form(WHAT, &url, &client, &[("a", "b&c")], Vec::new()).unwrap();
        let sent = post.headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
        let pair = STANDARD.decode(sent.strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!((pair.as_slice(), post.body.as_str()), (&b"a%3Ab:p%2Bw+d"[..], "a=b%26c"));
    }
}
