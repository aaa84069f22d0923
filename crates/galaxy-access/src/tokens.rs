//! Access tokens: short-lived, signed, and good only as long as their session lives.
//!
//! Exactly one algorithm and one key exist. Whatever a token's header says about keys (`kid`,
//! `jku`, `x5u`, `jwk`) is not looked at.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use galaxy_base::{Clock, ExposeSecret, SecretString, Timestamp};
use galaxy_domain::{PersonId, SessionId};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{self, rust_crypto},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token is good for.
pub(crate) const LIFE: Duration = Duration::from_secs(15 * 60);

/// How far two machines' clocks may be apart.
const LEEWAY: Duration = Duration::from_secs(60);

/// The type in the header (RFC 9068), so that no other token of ours is taken for one.
const KIND: &str = "at+jwt";

/// Signs and reads access tokens, and seals refresh tokens.
pub(crate) struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    issuer: String,
    audience: String,
    clock: Clock,
}

/// What else the secret is used for than tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Sealing refresh tokens.
    Refresh,
    /// Making keys for programs that a request with an idempotency key asks for.
    Key,
    /// Remembering requests that hold a password.
    Request,
}

impl Purpose {
    const fn mark(self) -> &'static [u8] {
        match self {
            Self::Refresh => b"refresh:",
            Self::Key => b"key:",
            Self::Request => b"request:",
        }
    }
}

/// Whom a token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// The person.
    pub(crate) person: PersonId,
    /// The session that must still be open.
    pub(crate) session: SessionId,
    /// When they entered their password for it, in whole seconds.
    pub(crate) authenticated_at: Timestamp,
}

/// The registered claims of RFC 7519 that are used, and the session. Times in seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: PersonId,
    sid: SessionId,
    jti: Uuid,
    iat: i64,
    /// OpenID Connect Core, 2, and RFC 9470, 6.2.
    #[serde(default)]
    auth_time: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    exp: i64,
}

impl Signer {
    /// A signer with `secret`, for tokens by `issuer` for `audience`.
    pub(crate) fn new(secret: &SecretString, issuer: &str, audience: &str, clock: Clock) -> Self {
        // Refused only when it is installed already, which is just as well.
        rust_crypto::DEFAULT_PROVIDER.install_default().ok();
        let bytes = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // Times are checked below, by our own clock.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
            validation,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            clock,
        }
    }

    /// A fresh access token.
    pub(crate) fn sign(&self, bearer: Bearer) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let now = seconds(self.clock.now());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: bearer.person,
            sid: bearer.session,
            jti: Uuid::now_v7(),
            iat: now,
            auth_time: seconds(bearer.authenticated_at),
            nbf: None,
            exp: now + LIFE.as_secs().cast_signed(),
        };
        let header = Header { typ: Some(KIND.to_owned()), ..Header::new(Algorithm::HS256) };
        Ok(jsonwebtoken::encode(&header, &claims, &self.encoding)?.into())
    }

    /// Whom `token` speaks for; `None` if anything about it is wrong.
    pub(crate) fn read(&self, token: &str) -> Option<Bearer> {
        let read = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).ok()?;
        // RFC 7515, 4.1.11: what declares itself critical must be understood or refused.
        let critical = read.header.crit.is_some();
        let claims = read.claims;
        let (now, leeway) = (seconds(self.clock.now()), LEEWAY.as_secs().cast_signed());
        let life = LIFE.as_secs().cast_signed();
        let in_time = claims.exp.saturating_add(leeway) > now
            && claims.exp <= now.saturating_add(life + leeway)
            && claims.nbf.is_none_or(|start| start <= now.saturating_add(leeway));
        let fits = read.header.typ.as_deref() == Some(KIND) && !critical && in_time;
        let authenticated_at = Timestamp::from_millis(claims.auth_time.saturating_mul(1000));
        fits.then_some(Bearer { person: claims.sub, session: claims.sid, authenticated_at })
    }

    /// A seal that only this secret makes, for refresh tokens.
    pub(crate) fn seal(&self, content: &[u8]) -> Vec<u8> {
        self.mac(Purpose::Refresh, content)
    }

    /// 256 bits that only this secret makes of `content`; those for one purpose say nothing about
    /// those for another.
    pub(crate) fn mac(&self, purpose: Purpose, content: &[u8]) -> Vec<u8> {
        // Never a valid signing input of a token, so neither can pass for the other.
        let message = [purpose.mark(), content].concat();
        let sealed = crypto::sign(&message, &self.encoding, Algorithm::HS256);
        let sealed = sealed.expect("HMAC takes keys and messages of any length");
        URL_SAFE_NO_PAD.decode(sealed).expect("a signature is written in base64url")
    }
}

fn seconds(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1000)
}

#[cfg(test)]
mod tests;
