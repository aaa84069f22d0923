//! One request of the transport: signed in, redirected as far as it may be, and repeated at most
//! once.

use bytes::Bytes;
use galaxy_base::{ExposeSecret, SecretString};
use galaxy_net::{Request, Response};
use galaxy_tool::server::ServerError;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rmcp::transport::common::http_header::HEADER_SESSION_ID;
use url::Url;

use crate::http::{Failure, Home, Http, answer, hops};

/// More redirects than this lead nowhere.
const HOPS: usize = 5;

/// What is sent.
struct Outgoing {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

impl Http {
    /// Sends a request and gives the head of the response. A token that the server refuses is
    /// replaced once, if there is another: who is refused has done nothing yet.
    pub(super) async fn send(
        &self,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, Failure> {
        let outgoing = Outgoing { method, headers, body };
        let Some(credentials) = &self.home.credentials else {
            return Ok(self.follow(&outgoing, None).await?.1);
        };
        let Some(token) = credentials.token().await.map_err(Failure::Client)? else {
            return Ok(self.follow(&outgoing, None).await?.1);
        };
        let (url, response) = self.follow(&outgoing, Some(&token)).await?;
        let was_shown = hops::is_same_origin(&url, &self.home.url);
        if response.status() != StatusCode::UNAUTHORIZED || !was_shown {
            return Ok(response);
        }
        let challenge = answer::challenge(&response);
        let other = credentials.refused(&token, challenge.as_deref()).await;
        match other.map_err(Failure::Client)? {
            Some(other) => Ok(self.follow(&outgoing, Some(&other)).await?.1),
            None => Ok(response),
        }
    }

    /// Follows redirects as far as they may be followed, and tells where that led.
    async fn follow(
        &self,
        outgoing: &Outgoing,
        token: Option<&SecretString>,
    ) -> Result<(Url, Response), Failure> {
        let bearer = token.map(|it| self.bearer(it)).transpose()?;
        let mut url = self.home.url.clone();
        for hop in 0..=HOPS {
            let headers = headers(&url, &self.home, &outgoing.headers, bearer.as_ref());
            let request = Request {
                method: outgoing.method.clone(),
                url: url.clone(),
                headers,
                body: outgoing.body.clone(),
            };
            let reach = hops::reach(&url, &self.home);
            let sent = self.net.send(reach, request).await.map_err(answer::of_net);
            let response = sent.map_err(|err| hops::of_hop(hop, err))?;
            match hops::next(&url, response.status(), response.headers())? {
                Some(next) => url = next,
                None => return Ok((url, response)),
            }
        }
        Err(Failure::Client(ServerError::Refused(format!("more than {HOPS} redirects"))))
    }

    fn bearer(&self, token: &SecretString) -> Result<HeaderValue, Failure> {
        self.log.hide(token);
        let value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
        let unusable = |_| ServerError::Garbled("its token fits into no header".to_owned());
        let mut value = value.map_err(|err| Failure::Client(unusable(err)))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// The headers of a request to `url`: what is for the server alone goes to its own origin only.
fn headers(url: &Url, home: &Home, general: &HeaderMap, bearer: Option<&HeaderValue>) -> HeaderMap {
    let mut headers = general.clone();
    if hops::is_same_origin(url, &home.url) {
        headers.extend(home.headers.clone());
        if let Some(bearer) = bearer {
            headers.insert(header::AUTHORIZATION, bearer.clone());
        }
    } else {
        headers.remove(HEADER_SESSION_ID);
    }
    headers
}

#[cfg(test)]
mod tests {
    use galaxy_tool::server::Network;

    use super::*;

    #[test]
    fn no_other_origin_is_shown_what_is_for_the_server_alone() {
        let url = |text: &str| Url::parse(text).unwrap();
        let own = [("authorization", "Basic old"), ("x-key", "sesame")];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned().into()));
        let home = Home::new(&url("https://s.example/mcp"), &own, Network::Public, None).unwrap();
        let general = [(HEADER_SESSION_ID, "7"), ("accept", "*/*")];
        let general = general.map(|(name, value)| {
            (header::HeaderName::try_from(name).unwrap(), HeaderValue::from_static(value))
        });
        let general = HeaderMap::from_iter(general);
        let token = HeaderValue::from_static("Bearer token");
        let names = |to: &str, bearer| {
            let sent = headers(&url(to), &home, &general, bearer);
            let mut names: Vec<_> = sent.keys().map(|it| it.as_str().to_owned()).collect();
            names.sort();
            (names.join(" "), sent.get_all(header::AUTHORIZATION).iter().cloned().collect())
        };
        let all = "accept authorization mcp-session-id x-key".to_owned();
        assert_eq!(names("https://s.example:443/other", Some(&token)), (all, vec![token.clone()]));
        for other in ["https://s.example:8443/mcp", "http://s.example/mcp", "https://t.example/mcp"]
        {
            assert_eq!(names(other, Some(&token)), ("accept".to_owned(), vec![]), "{other}");
        }
    }
}
