//! The gate: no request reaches a handler before its route's policy is met.

mod denials;

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use galaxy_app::{AppError, access::Presented};
use galaxy_base::Timestamp;
use galaxy_domain::{
    Caller, Kind, Role,
    access::{Credential, Proof, Scope},
};

use crate::{
    api::Api,
    caller::{host, peer, session_secret},
    problem::Problem,
    routes::{Freshness, Policy},
};
use denials::{Asked, Refusal};

/// How big a request without images may be, in bytes.
const PLAIN_BODY: usize = 1024 * 1024;
/// The one route that takes images.
const WITH_IMAGES: &str = "/api/conversations/{id}/messages";

/// Which policy rules which route.
pub(crate) type Policies = HashMap<(Method, String), (Policy, Freshness)>;

/// What the gate knows.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) api: Api,
    pub(crate) policies: Arc<Policies>,
}

/// Lets a request through, with its caller, or refuses it.
pub(crate) async fn gate(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    // What has no route is answered by the fallback, which tells nothing.
    let path = parts.extensions.get::<MatchedPath>().cloned();
    let path = path.as_ref().map(MatchedPath::as_str);
    // Another method of a known path: axum answers 405 by itself.
    let policy = path.and_then(|path| gate.policy(&parts.method, path));
    let most = if path == Some(WITH_IMAGES) { gate.api.config.body_bytes } else { PLAIN_BODY };
    let refused = match policy {
        Some((policy, freshness)) => admit(&gate, policy, freshness, &mut parts).await.err(),
        None => None,
    };
    let caller = parts.extensions.get::<Caller>().cloned();
    let mut request = Request::from_parts(parts, body);
    let asked = Asked::of(&request, path.unwrap_or_default(), &gate.api);
    let response = match refused {
        Some(problem) => {
            let mut response = problem.into_response();
            if policy.is_some_and(|(policy, _)| policy == Policy::Bearer) {
                challenge(&gate, &request, &mut response);
            }
            response
        }
        None => {
            DefaultBodyLimit::max(most).apply(&mut request);
            next.run(request).await
        }
    };
    if let (Some(caller), Some(refusal)) = (caller, Refusal::of(&response)) {
        asked.note(&gate.api, &caller, refusal).await;
    }
    response
}

impl Gate {
    fn policy(&self, method: &Method, path: &str) -> Option<(Policy, Freshness)> {
        let method = if method == Method::HEAD { Method::GET } else { method.clone() };
        self.policies.get(&(method, path.to_owned())).copied()
    }
}

async fn admit(
    gate: &Gate,
    policy: Policy,
    freshness: Freshness,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if changes {
        refuse_foreign(gate, parts)?;
    }
    if policy == Policy::Public {
        return Ok(());
    }
    let caller = match policy {
        Policy::Bearer => with_bearer(gate, parts).await?,
        Policy::Public | Policy::SignedIn | Policy::InPerson | Policy::Admin => {
            authenticate(gate, parts).await?
        }
    };
    // Who is refused is known by then, and that they were is written down.
    parts.extensions.insert(caller.clone());
    if changes && matches!(caller.credential, Credential::Session(_)) {
        refuse_forged(&parts.headers)?;
    }
    check(policy, &caller)?;
    if freshness == Freshness::Always {
        let fresh = gate.api.app.access().fresh(&caller).map_err(AppError::from)?;
        parts.extensions.insert(fresh);
    }
    Ok(())
}

/// Whoever sends a key or a token; in test mode nobody needs one.
async fn with_bearer(gate: &Gate, parts: &Parts) -> Result<Caller, Problem> {
    match bearer(&parts.headers)? {
        Some(_) => authenticate(gate, parts).await,
        None if gate.api.config.test_mode => {
            let access = gate.api.app.access();
            Ok(access.authenticate(Presented::Nothing).await.map_err(AppError::from)?)
        }
        None => Err(Problem::unauthenticated()),
    }
}

/// Tells a program that was refused where to read what would open the resource (RFC 9728, 5.1).
fn challenge(gate: &Gate, request: &Request, response: &mut Response) {
    if response.status() != StatusCode::UNAUTHORIZED {
        return;
    }
    let scheme = if gate.api.config.secure { "https" } else { "http" };
    let host = host(request.uri(), request.headers()).unwrap_or_default();
    let path = request.uri().path();
    let error = match bearer(request.headers()) {
        Ok(None) => "",
        Ok(Some(_)) | Err(_) => "error=\"invalid_token\", ",
    };
    let text = format!(
        "Bearer {error}resource_metadata=\"{scheme}://{host}/.well-known/\
         oauth-protected-resource{path}\", scope=\"read chat tasks\""
    );
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
}

async fn authenticate(gate: &Gate, parts: &Parts) -> Result<Caller, Problem> {
    let config = &gate.api.config;
    let access = gate.api.app.access();
    let cookie = session_secret(&parts.headers, config.secure);
    let bearer = bearer(&parts.headers)?;
    let named: Vec<&str> = match &config.person_header {
        Some(name) => {
            let values = parts.headers.get_all(name).iter();
            values.map(|it| it.to_str().unwrap_or_default()).collect()
        }
        None => Vec::new(),
    };
    let vouched = Presented::ProxyHeader { peer: peer(parts), values: &named };
    let caller = if let Some(bearer) = bearer {
        let caller =
            access.authenticate(Presented::Bearer(bearer)).await.map_err(AppError::from)?;
        if !named.is_empty() {
            let vouched = access.authenticate(vouched).await.map_err(AppError::from)?;
            // Two people in one request.
            if vouched.person != caller.person {
                return Err(Problem::unauthenticated());
            }
        }
        return Ok(caller);
    } else if !named.is_empty() {
        let mut caller = access.authenticate(vouched).await;
        if let (Ok(caller), Some(name)) = (&mut caller, &config.auth_time_header) {
            caller.proof = proof(&parts.headers, name);
        }
        if let (Ok(caller), Some(cookie)) = (&caller, &cookie) {
            access.reconcile(caller, cookie).await.map_err(AppError::from)?;
        }
        caller
    } else if let Some(cookie) = &cookie {
        match access.authenticate(Presented::Cookie(cookie)).await {
            // A stale cookie is no reason to keep the test person out.
            Err(err) if config.test_mode && err.kind() == Kind::Unauthenticated => {
                access.authenticate(Presented::Nothing).await
            }
            result => result,
        }
    } else {
        access.authenticate(Presented::Nothing).await
    };
    Ok(caller.map_err(AppError::from)?)
}

/// When a person signed in, as their proxy says in the header `name`.
fn proof(headers: &HeaderMap, name: &str) -> Proof {
    let mut values = headers.get_all(name).iter();
    let said = values.next().and_then(|it| it.to_str().ok()?.trim().parse::<u32>().ok());
    match (said, values.next()) {
        (Some(seconds), None) => Proof::At(Timestamp::from_millis(i64::from(seconds) * 1000)),
        (Some(_) | None, _) => Proof::Never,
    }
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let token = value.to_str().ok().and_then(|it| {
        let (scheme, token) = it.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    match (token, values.next()) {
        (Some(token), None) => Ok(Some(token)),
        (Some(_) | None, _) => Err(Problem::unauthenticated()),
    }
}

fn check(policy: Policy, caller: &Caller) -> Result<(), Problem> {
    let in_person = match caller.credential {
        Credential::Session(_)
        | Credential::Token(_)
        | Credential::Proxy
        | Credential::TestMode => true,
        Credential::ApiKey(_) | Credential::Local | Credential::Run(_) => false,
    };
    let met = match policy {
        Policy::Public | Policy::SignedIn | Policy::Bearer => true,
        Policy::InPerson => in_person,
        Policy::Admin => caller.role == Role::Admin && caller.scopes.contains(&Scope::Admin),
    };
    if met {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "You may not do this."))
}

/// Refuses a change that another site's page has the browser ask for.
fn refuse_foreign(gate: &Gate, parts: &Parts) -> Result<(), Problem> {
    let text = |name| parts.headers.get(name).and_then(|it: &http::HeaderValue| it.to_str().ok());
    if let Some(origin) = text("origin") {
        let own = host(&parts.uri, &parts.headers).is_some_and(|host| is_origin_of(origin, host));
        if own || gate.api.config.origins.iter().any(|it| it == origin) {
            return Ok(());
        }
        return Err(foreign());
    }
    match text("sec-fetch-site") {
        Some("cross-site" | "same-site") => Err(foreign()),
        Some(_) | None => Ok(()),
    }
}

/// Refuses a change by cookie that a browser cannot be shown to have been asked for by our page.
fn refuse_forged(headers: &HeaderMap) -> Result<(), Problem> {
    let ours = headers.contains_key("origin") || headers.contains_key("sec-fetch-site");
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.starts_with("application/json"));
    // Neither can be sent across sites without a preflight, which we do not answer.
    if ours && (json || headers.contains_key("x-requested-with")) { Ok(()) } else { Err(foreign()) }
}

fn foreign() -> Problem {
    let detail = "This change was not asked for by a page of this server.";
    Problem::new(StatusCode::FORBIDDEN, "cross_site", detail)
}

/// Whether a page from `origin` was served under the name `host`.
pub(crate) fn is_origin_of(origin: &str, host: &str) -> bool {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_host_and_port_is_the_same_origin() {
        assert!(is_origin_of("http://localhost:8000", "localhost:8000"));
        assert!(!is_origin_of("http://localhost:8001", "localhost:8000"));
        assert!(!is_origin_of("https://evil.example", "localhost:8000"));
        assert!(!is_origin_of("null", "localhost:8000"));
        assert!(!is_origin_of("https://localhost:8000.evil.example", "localhost:8000"));
    }
}
