//! Where a redirect may lead: a pure decision.

use galaxy_net::Reach;
use galaxy_tool::server::{Network, ServerError};
use http::{HeaderMap, StatusCode, header};
use url::Url;

use crate::http::{Failure, Home};

/// What is said of a server that redirects to where nobody may go.
const ASTRAY: &str = "it sends its callers on to an address that is not part of the public \
                      internet, and nobody allowed that one";

/// Whether credentials for one address may be sent to the other.
pub(super) fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Who answers for `url`: the administrator only for the host and port that they wrote down.
pub(super) fn reach(url: &Url, home: &Home) -> Reach {
    let is_home = url.host() == home.url.host()
        && url.port_or_known_default() == home.url.port_or_known_default();
    match home.network {
        Network::Inside if is_home => Reach::Configured,
        Network::Inside | Network::Public => Reach::Public,
    }
}

/// Where to ask next, if anywhere.
///
/// # Errors
/// [`ServerError::Refused`] when it leads from https to http, or when following it would make a
/// GET of a POST.
pub(super) fn next(
    url: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, Failure> {
    let refused =
        |why: &str| Err(Failure::Client(ServerError::Refused(format!("it redirects {why}"))));
    match status {
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => (),
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
            return refused("in a way that loses the request; write down the address it leads to");
        }
        _ => return Ok(None),
    }
    let location = headers.get(header::LOCATION).and_then(|it| it.to_str().ok());
    let Some(next) = location.and_then(|it| url.join(it).ok()) else {
        return refused("to nowhere");
    };
    if url.scheme() == "https" && next.scheme() != "https" {
        return refused("from https to http");
    }
    Ok(Some(next))
}

/// What went wrong at the address of a redirect is not said of the one that somebody wrote down.
pub(super) fn of_hop(hop: usize, err: Failure) -> Failure {
    if hop > 0 && matches!(err, Failure::Client(ServerError::Refused(_))) {
        return Failure::Client(ServerError::Refused(ASTRAY.to_owned()));
    }
    err
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_to_where_nobody_may_go_is_told_from_an_address_that_was_written_down() {
        let refused = || Failure::Client(ServerError::Refused("it is inside".to_owned()));
        assert!(of_hop(0, refused()).to_string().contains("it is inside"));
        assert!(of_hop(1, refused()).to_string().contains("sends its callers on"));
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn follow(from: &str, status: u16, to: &str) -> Result<Option<String>, ()> {
        let headers = HeaderMap::from_iter([(header::LOCATION, to.parse().unwrap())]);
        let next = next(&url(from), StatusCode::from_u16(status).unwrap(), &headers);
        next.map(|it| it.map(Into::into)).map_err(drop)
    }

    #[test]
    fn only_redirects_that_keep_the_request_are_followed() {
        let far = Ok(Some("https://b.example/x".to_owned()));
        assert_eq!(follow("https://a.example/", 307, "https://b.example/x"), far);
        assert_eq!(follow("http://b.example/", 308, "https://b.example/x"), far);
        assert_eq!(follow("https://b.example/y", 307, "/x"), far);
        assert_eq!(follow("https://a.example/", 307, "http://b.example/x"), Err(()));
        assert_eq!(follow("https://a.example/", 302, "https://b.example/x"), Err(()));
        assert_eq!(follow("https://a.example/", 200, "https://b.example/x"), Ok(None));
    }

    #[test]
    fn an_inside_address_is_good_for_its_own_host_and_port_only() {
        let home = |network| Home {
            url: url("http://10.0.0.5:8080/mcp"),
            headers: HeaderMap::new(),
            network,
            credentials: None,
        };
        let inside = home(Network::Inside);
        assert_eq!(reach(&url("http://10.0.0.5:8080/other"), &inside), Reach::Configured);
        for other in ["http://10.0.0.5:9090/mcp", "http://10.0.0.6:8080/mcp", "http://10.0.0.5/"] {
            assert_eq!(reach(&url(other), &inside), Reach::Public, "{other}");
        }
        let public = home(Network::Public);
        assert_eq!(reach(&url("http://10.0.0.5:8080/mcp"), &public), Reach::Public);
    }
}
