//! What is written down when somebody who is signed in is refused: by the gate, by a use case, and
//! where a thing is said not to be there because it is somebody else's.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    response::Response,
};
use galaxy_app::audit::Denial;
use galaxy_domain::Caller;

use crate::{api::Api, caller::address_of, problem::Problem};

/// What has to be known of a request before a handler takes it.
pub(super) struct Asked {
    method: Method,
    route: String,
    target: Option<String>,
    address: IpAddr,
}

/// How somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// They may not.
    Forbidden,
    /// It is somebody else's, and said not to be there.
    Hidden,
}

impl Refusal {
    /// Whether `response` is one.
    pub(super) fn of(response: &Response) -> Option<Self> {
        let is_hidden = response.extensions().get::<Problem>().is_some_and(|it| it.is_hidden);
        if is_hidden {
            return Some(Self::Hidden);
        }
        (response.status() == StatusCode::FORBIDDEN).then_some(Self::Forbidden)
    }
}

impl Asked {
    /// What `request` asks of the route declared as `route`.
    pub(super) fn of(request: &Request, route: &str, api: &Api) -> Self {
        Self {
            method: request.method().clone(),
            route: route.to_owned(),
            target: target(route, request.uri().path()).map(ToOwned::to_owned),
            address: address_of(request, &api.config),
        }
    }

    /// Writes down that `caller` was refused.
    pub(super) async fn note(self, api: &Api, caller: &Caller, refusal: Refusal) {
        let is_hidden = refusal == Refusal::Hidden;
        let denial = Denial {
            method: self.method.as_str(),
            route: &self.route,
            target: self.target.as_deref(),
            is_hidden,
            address: self.address,
        };
        api.app.note_denial(caller, denial).await;
    }
}

/// The part of `path` that stands where `route` has its first name in braces.
fn target<'p>(route: &str, path: &'p str) -> Option<&'p str> {
    let mut pairs = route.split('/').zip(path.split('/'));
    pairs.find(|(declared, _)| declared.starts_with('{')).map(|(_, given)| given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_that_a_path_names_is_what_was_asked_for() {
        for (route, path, expected) in [
            ("/api/runs/{id}/calls/{call}", "/api/runs/7/calls/c", Some("7")),
            ("/api/mcp/{name}", "/api/mcp/mail", Some("mail")),
            ("/api/people", "/api/people", None),
        ] {
            assert_eq!(target(route, path), expected, "{route}");
        }
    }
}
