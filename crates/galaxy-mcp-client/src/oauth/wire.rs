//! Requests of a sign-in: checked, bounded, and told apart by what came of them.

use std::time::Duration;

use galaxy_base::{
    ExposeSecret, SecretString,
    text::{headline, visible},
};
use galaxy_net::{Client as Net, Error, Reach, Request, Response};
use galaxy_tool::server::oauth::{Inside, SignInError};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use crate::{oauth::OAuthLimits, wire::depth};

/// More redirects than this lead nowhere.
const HOPS: usize = 3;
/// A longer address is nobody's.
const ADDRESS_BYTES: usize = 2048;
/// More of what somebody says is cut, visibly.
const WORDS: usize = 300;

/// The way to those who are asked.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a> {
    pub(super) net: &'a Net,
    pub(super) inside: &'a Inside,
    pub(super) limits: OAuthLimits,
}

/// What is posted.
pub(super) struct Post<'a> {
    /// Who gets it, for people.
    pub(super) to: &'static str,
    pub(super) url: &'a Url,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// What must not be found in anything that is told of the answer.
    pub(super) secrets: Vec<SecretString>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The body, if it is JSON.
    pub(super) json: Option<Value>,
    secrets: Vec<SecretString>,
}

/// What an issuer says when it refuses (RFC 6749, 5.2).
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) words: String,
}

impl Wire<'_> {
    /// Checks an address that somebody named. `what` says whose it is, for people.
    ///
    /// # Errors
    /// [`SignInError::NotEncrypted`], [`SignInError::Refused`].
    pub(super) fn check(&self, url: &Url, what: &str) -> Result<(), SignInError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SignInError::Refused(format!("{what} has an address with a user name")));
        }
        if self.inside.is_safe(url) {
            Ok(())
        } else {
            Err(SignInError::NotEncrypted(what.to_owned()))
        }
    }

    /// Reads an address that somebody named, and checks it.
    ///
    /// # Errors
    /// [`SignInError`].
    pub(super) fn endpoint(&self, text: &str, what: &str) -> Result<Url, SignInError> {
        let unusable = || SignInError::Garbled(format!("{what} has no usable address"));
        if text.len() > ADDRESS_BYTES {
            return Err(unusable());
        }
        let mut url = Url::parse(text).map_err(|_| unusable())?;
        url.set_fragment(None);
        self.check(&url, what)?;
        Ok(url)
    }

    /// The JSON at `url`; `None` when there is none. Redirects are followed, and checked as if
    /// somebody had named them.
    ///
    /// # Errors
    /// [`SignInError`].
    pub(super) async fn get(&self, url: &Url, what: &str) -> Result<Option<Value>, SignInError> {
        let mut url = url.clone();
        for _ in 0..=HOPS {
            self.check(&url, what)?;
            let headers = HeaderMap::from_iter([accept()]);
            let request = Request { headers, ..Request::get(url.clone()) };
            let (response, body) = self.send(request, what).await?;
            let status = response.status;
            if status.is_redirection() {
                let next = response.location.and_then(|it| url.join(&it).ok());
                let Some(next) = next else { return Ok(None) };
                url = next;
                continue;
            }
            if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                return Err(response.passing(what));
            }
            return if status.is_success() { self.json(&body, what) } else { Ok(None) };
        }
        Err(SignInError::Refused(format!("{what} redirects more than {HOPS} times")))
    }

    /// Posts something with a secret in it: no redirect is followed.
    ///
    /// # Errors
    /// [`SignInError`]; not for a refusal, which is an answer.
    pub(super) async fn post(&self, post: Post<'_>) -> Result<Answer, SignInError> {
        let Post { to, url, mut headers, body, secrets } = post;
        self.check(url, to)?;
        headers.extend([accept()]);
        let request =
            Request { method: Method::POST, url: url.clone(), headers, body: body.into() };
        let (response, body) = self.send(request, to).await?;
        let status = response.status;
        if status.is_redirection() {
            return Err(SignInError::Refused(format!("{to} redirects what holds secrets")));
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(response.passing(to));
        }
        Ok(Answer { status, json: self.json(&body, to)?, secrets })
    }

    async fn send(&self, request: Request, what: &str) -> Result<(Head, String), SignInError> {
        let reach = match self.inside.contains(&request.url) {
            true => Reach::Configured,
            false => Reach::Public,
        };
        let max = self.limits.answer_bytes;
        let asked = async {
            let response = self.net.send(reach, request).await?;
            let head = Head::of(&response);
            Ok((head, response.text_bounded(max).await?))
        };
        match timeout(self.limits.request, asked).await {
            Ok(Ok((head, text))) if text.is_whole => Ok((head, text.text)),
            Ok(Ok(_)) => Err(SignInError::TooLarge(format!("{what} sends more than {max} bytes"))),
            Ok(Err(err)) => Err(of_net(&err, what)),
            Err(_) => Err(unavailable(format!("{what} does not answer in time"))),
        }
    }

    fn json(&self, body: &str, what: &str) -> Result<Option<Value>, SignInError> {
        let Ok(value) = serde_json::from_str::<Value>(body) else { return Ok(None) };
        let max = self.limits.depth;
        if depth(&value, max) > max {
            return Err(SignInError::TooLarge(format!("{what} sends JSON nested too deep")));
        }
        Ok(Some(value))
    }
}

/// The head of an answer, as far as it says something here.
struct Head {
    status: StatusCode,
    location: Option<String>,
    retry_after: Option<Duration>,
}

impl Head {
    fn of(response: &Response) -> Self {
        let text = |name| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let retry_after = text(header::RETRY_AFTER).and_then(|it| it.trim().parse().ok());
        Self {
            status: response.status(),
            location: text(header::LOCATION),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    fn passing(&self, what: &str) -> SignInError {
        let message = format!("{what} answers {}", self.status);
        SignInError::Unavailable { message, retry_after: self.retry_after }
    }
}

impl Answer {
    /// The body as a `T`.
    ///
    /// # Errors
    /// [`SignInError::Garbled`].
    pub(super) fn read<T: serde::de::DeserializeOwned>(self, what: &str) -> Result<T, SignInError> {
        let value = self.json.ok_or_else(|| garbled(what))?;
        // What serde says would repeat what was sent.
        serde_json::from_value(value).map_err(|_| garbled(what))
    }

    /// What is said instead of a success, with none of the secrets in it.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let text = |name: &str| self.json.as_ref()?.get(name)?.as_str().filter(|it| !it.is_empty());
        let shown = |text: &str| told(text, &self.secrets);
        let words = text("error_description").map(shown).unwrap_or_default();
        match text("error") {
            Some(code) => Some(Refusal { code: shown(code), words }),
            None if self.status.is_success() => None,
            None => Some(Refusal { code: format!("status {}", self.status.as_u16()), words }),
        }
    }
}

/// Somebody's words, bounded, visible and without `secrets`.
pub(super) fn told(text: &str, secrets: &[SecretString]) -> String {
    let hidden = |text: String, it: &SecretString| match it.expose_secret() {
        "" => text,
        secret => text.replace(secret, "[secret]"),
    };
    headline(&visible(&secrets.iter().fold(text.to_owned(), hidden)), WORDS)
}

/// It may work another time.
pub(super) fn unavailable(message: String) -> SignInError {
    SignInError::Unavailable { message, retry_after: None }
}

/// It makes no sense.
pub(super) fn garbled(what: &str) -> SignInError {
    SignInError::Garbled(format!("{what} sends something else than what was asked for"))
}

fn of_net(err: &Error, what: &str) -> SignInError {
    match err {
        Error::Denied(denied) => SignInError::Refused(format!("{what}: {denied}")),
        Error::Unreachable { .. } => unavailable(format!("{what} cannot be reached")),
        Error::TimedOut { .. } => unavailable(format!("{what} does not answer in time")),
        Error::Broken { .. } => unavailable(format!("the connection to {what} broke")),
        Error::Unusable { message } => SignInError::Garbled(format!("{what}: {message}")),
    }
}

fn accept() -> (header::HeaderName, HeaderValue) {
    (header::ACCEPT, HeaderValue::from_static("application/json"))
}
