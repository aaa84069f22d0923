//! Who we are to an issuer.

use std::fmt;

use galaxy_base::{SecretString, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::server::oauth::{inside::is_this_machine, secret};

/// The name that a person reads when the issuer asks them.
const NAME: &str = "Galaxy";

/// How a client shows the token endpoint who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// Not at all: it is public.
    None,
    /// By its secret, in a header.
    Basic,
    /// By its secret, in the form.
    Post,
}

impl ClientAuth {
    /// The name that OAuth has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }

    /// Parses [`ClientAuth::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Basic, Self::Post].into_iter().find(|it| it.as_str() == text)
    }
}

/// How a client came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientOrigin {
    /// Somebody entered it.
    Entered,
    /// Its name is the address of a document that says who we are ([`client_document`]).
    Document,
    /// It was registered by us (RFC 7591).
    Registered,
}

/// Who we are to an issuer. Serialized, it holds its secret in the clear: keep it encrypted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Client {
    /// Its name at the issuer.
    pub id: String,
    /// Its secret, if it has one.
    #[serde(default, with = "secret::maybe")]
    pub secret: Option<SecretString>,
    /// How it shows who it is.
    pub auth: ClientAuth,
    /// How it came to be known.
    pub origin: ClientOrigin,
}

/// A client, and the only issuer it is good for. To be kept by issuer, encrypted, for all people
/// of the deployment, and dropped on [`crate::server::oauth::SignInError::ClientUnknown`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registration {
    /// Whose client it is, as the issuer calls itself.
    pub issuer: String,
    /// The client.
    pub client: Client,
    /// Where its people come back to.
    pub redirect_uri: Url,
    /// When its secret expires, if it does.
    pub expires_at: Option<Timestamp>,
}

impl Registration {
    /// A client that an administrator entered for `issuer`.
    pub fn entered(
        issuer: impl Into<String>,
        id: impl Into<String>,
        secret: Option<SecretString>,
        redirect_uri: Url,
    ) -> Self {
        let auth = if secret.is_some() { ClientAuth::Basic } else { ClientAuth::None };
        let client = Client { id: id.into(), secret, auth, origin: ClientOrigin::Entered };
        Self { issuer: issuer.into(), client, redirect_uri, expires_at: None }
    }

    /// Whether it is good at `issuer`, for people that come back to `redirect_uri`.
    pub fn fits(&self, issuer: &str, redirect_uri: &Url, now: Timestamp) -> bool {
        is_same_issuer(&self.issuer, issuer)
            && self.redirect_uri == *redirect_uri
            && self.expires_at.is_none_or(|it| it > now)
    }
}

/// Whether two texts name the same issuer. They have to be identical, except for a slash after a
/// bare host, which some software adds wherever it writes an address.
pub fn is_same_issuer(one: &str, other: &str) -> bool {
    let bare = |text: &str| {
        let host = text.strip_suffix('/')?;
        let url = Url::parse(host).ok()?;
        (url.path() == "/" && url.query().is_none() && !host.ends_with('/'))
            .then(|| host.to_owned())
    };
    let plain = |text: &str| bare(text).unwrap_or_else(|| text.to_owned());
    plain(one) == plain(other)
}

/// What the document at `address` says of us: a deployment that the public can reach by https
/// serves it there (client ID metadata document).
pub fn client_document(address: &Url, redirect_uri: &Url) -> Value {
    let mut document = client_metadata(redirect_uri, ClientAuth::None);
    document["client_id"] = json!(address.as_str());
    document
}

/// What we say of ourselves when we register.
pub fn client_metadata(redirect_uri: &Url, auth: ClientAuth) -> Value {
    // What a browser on the same machine comes back to counts as native (OpenID Connect
    // registration): a `web` client may not have such an address.
    let kind = if is_this_machine(redirect_uri) { "native" } else { "web" };
    json!({
        "client_name": NAME,
        "application_type": kind,
        "redirect_uris": [redirect_uri.as_str()],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": auth.as_str(),
    })
}

impl fmt::Display for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_identical_but_for_the_slash_after_a_bare_host() {
        for (one, other, same) in [
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://a.example/", true),
            ("https://a.example/x", "https://a.example/x/", false),
            ("https://a.example", "https://a.example//", false),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "https://A.example", false),
            ("https://a.example", "https://a.example:443", false),
        ] {
            assert_eq!(is_same_issuer(one, other), same, "{one} {other}");
        }
    }

    #[test]
    fn a_kept_client_is_good_for_its_issuer_and_its_way_back_until_it_expires() {
        let back: Url = "https://galaxy.example/back".parse().unwrap();
        let now = Timestamp::from_millis(5);
        let mut kept = Registration::entered("https://a.example", "id", None, back.clone());
        assert!(kept.fits("https://a.example/", &back, now));
        assert!(!kept.fits("https://b.example", &back, now));
        assert!(!kept.fits("https://a.example", &back.join("/other").unwrap(), now));
        kept.expires_at = Some(now);
        assert!(!kept.fits("https://a.example", &back, now));
    }

    #[test]
    fn what_we_say_of_ourselves_depends_on_where_people_come_back_to() {
        let at: Url = "https://galaxy.example/client.json".parse().unwrap();
        let document = client_document(&at, &"https://galaxy.example/back".parse().unwrap());
        assert_eq!(
            (&document["client_id"], &document["application_type"]),
            (&json!(at.as_str()), &json!("web"))
        );
        assert_eq!(document["token_endpoint_auth_method"], "none");
        let local =
            client_metadata(&"http://localhost:8080/back".parse().unwrap(), ClientAuth::Basic);
        assert_eq!(local["application_type"], "native");
    }
}
