//! What a sign-in begins with and comes back with.

use std::{fmt, time::Duration};

use galaxy_base::{SecretString, Timestamp};
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

use crate::server::oauth::{
    client::{Client, Registration},
    inside::Inside,
    secret,
};

/// A longer query is nobody's answer.
const QUERY_BYTES: usize = 16 * 1024;

/// What there is to know before a sign-in.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The address of the tool server.
    pub server: Url,
    /// Which addresses inside may be reached.
    pub inside: Inside,
    /// The server's challenge (`WWW-Authenticate`), if it is known.
    pub challenge: Option<String>,
    /// Where the person comes back to: https, or this machine.
    pub redirect_uri: Url,
    /// Where this deployment says who it is
    /// ([`crate::server::oauth::client_document`]), if the public can reach that by https.
    pub client_document: Option<Url>,
    /// The client that an administrator entered for this server.
    pub entered: Option<Registration>,
    /// The clients that were registered before, whoever's issuer they belong to.
    pub registered: Vec<Registration>,
    /// The scopes of the grant there is. What is asked for now is added to them.
    pub scopes: Vec<String>,
}

impl Ask {
    /// A sign-in at `server` of which nothing is known yet.
    pub fn new(server: Url, inside: Inside, redirect_uri: Url) -> Self {
        Self {
            server,
            inside,
            challenge: None,
            redirect_uri,
            client_document: None,
            entered: None,
            registered: Vec::new(),
            scopes: Vec::new(),
        }
    }
}

/// A sign-in that has begun.
#[derive(Clone)]
pub struct Begun {
    /// What the person has to open. Show them its host.
    pub url: Url,
    /// To be kept, encrypted and bound to the person, until they come back.
    pub pending: Pending,
    /// A client that is new: to be kept, encrypted, for the next sign-in at that issuer.
    pub registration: Option<Registration>,
}

/// The address holds the state, so only its place is shown.
impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun")
            .field("at", &(self.url.host_str(), self.url.path()))
            .field("pending", &self.pending)
            .field("registration", &self.registration)
            .finish()
    }
}

/// A sign-in between its two steps. Serialized, it holds secrets in the clear: keep it encrypted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    /// When it began.
    pub began: Timestamp,
    /// By this the person's way back is recognized.
    #[serde(with = "secret")]
    pub state: SecretString,
    /// What only the one who began knows (PKCE).
    #[serde(with = "secret")]
    pub verifier: SecretString,
    /// Who is expected to answer.
    pub issuer: String,
    /// Whether the issuer always says its name when it answers (RFC 9207).
    pub names_itself: bool,
    /// Where the code is exchanged.
    pub token_endpoint: Url,
    /// Where the grant can be given back, if anywhere.
    pub revocation_endpoint: Option<Url>,
    /// Who we are there.
    pub client: Client,
    /// Where the person comes back to.
    pub redirect_uri: Url,
    /// What it is for (RFC 8707).
    pub resource: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Which addresses inside may be reached.
    pub inside: Inside,
}

impl Pending {
    /// How long a person may take.
    pub const GOOD_FOR: Duration = Duration::from_secs(600);

    /// Whether it is too late to finish.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now > self.began.after(Self::GOOD_FOR)
    }
}

/// What the person's browser came back with. All of it is untrusted.
#[derive(Debug, Clone, Default)]
pub struct Callback {
    /// Which sign-in it belongs to.
    pub state: Option<SecretString>,
    /// What the token is had for.
    pub code: Option<SecretString>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same in words.
    pub error_description: Option<String>,
    /// Whether something was said twice, or more than anybody has to say.
    pub is_garbled: bool,
}

impl Callback {
    /// Reads the query of the address that the browser came back to.
    pub fn read(query: &str) -> Self {
        if query.len() > QUERY_BYTES {
            return Self { is_garbled: true, ..Self::default() };
        }
        let mut callback = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            let seen = match name.as_ref() {
                "state" => callback.state.replace(value.into()).is_some(),
                "code" => callback.code.replace(value.into()).is_some(),
                "iss" => callback.issuer.replace(value).is_some(),
                "error" => callback.error.replace(value).is_some(),
                "error_description" => callback.error_description.replace(value).is_some(),
                _ => false,
            };
            callback.is_garbled |= seen;
        }
        callback
    }
}

#[cfg(test)]
mod tests {
    use galaxy_base::ExposeSecret;

    use super::*;

    #[test]
    fn a_way_back_is_read_and_what_is_said_twice_is_noticed() {
        let query = "code=a%20b&state=s&iss=https%3A%2F%2Fa.example&session_state=x&x=1&x=2";
        let callback = Callback::read(query);
        assert_eq!(callback.code.as_ref().unwrap().expose_secret(), "a b");
        assert_eq!(callback.issuer.as_deref(), Some("https://a.example"));
        assert!(!callback.is_garbled);
        assert!(!format!("{callback:?}").contains("a b"));
        assert!(Callback::read("code=a&code=b&state=s").is_garbled);
        assert!(Callback::read(&"x".repeat(20_000)).is_garbled);
    }
}
