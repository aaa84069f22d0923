//! What goes around every request: an id, a span, a metric, limits, headers.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    api::Api,
    caller,
    problem::Problem,
    routes::oauth::CALLBACK,
    sandbox::{self, OwnPolicy, SandboxConfig},
};

/// How long a handler may take to begin its answer; streams go on for as long as they like.
const PATIENCE: Duration = Duration::from_secs(30);
/// What may wait for a whole run has longer.
const PATIENCE_WITH_RUNS: Duration = Duration::from_secs(15 * 60);
/// What asks an issuer several things has a little longer.
const PATIENCE_WITH_ISSUERS: Duration = Duration::from_secs(60);
/// Where what may wait for a run goes.
const WITH_RUNS: [&str; 4] = ["/api/chat", "/mcp", "/api/mcp/", "/api/tools/"];
/// And those of views, which stand below a run.
const WITH_APPS: &str = "/apps/";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the page may load: only what came with the binary, and the frames around views.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types svelte-trusted-html galaxy-worker";
/// What the page may load that people come back to after they signed in somewhere: its own script
/// and style, what they share with the page, and one request of ours.
const CALLBACK_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
/// What the pages of the API's documentation may load: they write styles into themselves.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' \
    'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// The policy of the page, for a deployment that shows views as `sandbox` says.
pub(crate) fn page_policy(sandbox: &SandboxConfig) -> HeaderValue {
    let policy = format!("{PAGE_POLICY}; frame-src {}", sandbox.frames());
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(PAGE_POLICY))
}

/// Gives the request an id, follows it through log and metrics, and bounds its time.
pub(crate) async fn around(State(api): State<Api>, request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let matched = request.extensions().get::<MatchedPath>().map(|it| it.as_str().to_owned());
    let span = tracing::info_span!("request", request = %id, %method, path = %path);
    let began = Instant::now();
    let known = is_known_host(&api, &request, &path);
    let answer = async {
        if !known {
            let detail = "This server does not go by that name. Its administrator can allow it \
                          with ALLOWED_HOSTS.";
            return Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", detail)
                .into_response();
        }
        tokio::time::timeout(patience(&path), next.run(request)).await.unwrap_or_else(|_| {
            let detail = "The answer took too long.";
            Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail).into_response()
        })
    };
    let mut response = answer.instrument(span.clone()).await;
    let took = began.elapsed();
    span.in_scope(|| {
        tracing::debug!(status = response.status().as_u16(), took_ms = took.as_millis(), "done");
    });
    count(matched.as_deref().unwrap_or("none"), method.as_str(), response.status(), took);
    fill_in(&mut response, &id);
    headers(&mut response, &path, &api);
    response
}

/// How long the handler of `path` may take to begin its answer.
fn patience(path: &str) -> Duration {
    if WITH_RUNS.iter().any(|it| path.starts_with(it)) || path.contains(WITH_APPS) {
        return PATIENCE_WITH_RUNS;
    }
    let signs_in = path == CALLBACK || path.ends_with("/connect");
    if signs_in { PATIENCE_WITH_ISSUERS } else { PATIENCE }
}

/// Whether the request calls the server by a name it goes by: a page of another name that points
/// here (DNS rebinding) does not.
fn is_known_host(api: &Api, request: &Request, path: &str) -> bool {
    let host = caller::host(request.uri(), request.headers());
    if host.is_some_and(|host| api.config.sandbox.is_sandbox(host)) {
        // Where views are shown there is nothing else, whatever names the server goes by.
        return path == sandbox::PATH;
    }
    // Whoever watches a server often knows its address only, and learns nothing secret here.
    path.starts_with("/health") || host.is_some_and(|host| api.config.answers_to(host))
}

fn count(route: &str, method: &str, status: StatusCode, took: Duration) {
    let labels = [
        ("route", route.to_owned()),
        ("method", known_method(method).to_owned()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("galaxy_http_requests_total", &labels).increment(1);
    metrics::histogram!("galaxy_http_request_seconds", &labels[..2]).record(took.as_secs_f64());
}

/// The method, for a label: whoever invents methods must not make the metrics grow.
fn known_method(method: &str) -> &str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    if KNOWN.contains(&method) { method } else { "other" }
}

/// Writes the request's id into header and problem.
fn fill_in(response: &mut Response, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let Some(mut problem) = response.extensions_mut().remove::<Problem>() else { return };
    problem.request_id = Some(id.into());
    if let Ok(body) = serde_json::to_vec(&problem) {
        response.headers_mut().remove(header::CONTENT_LENGTH);
        // It may have been packed on its way here; this one is not.
        response.headers_mut().remove(header::CONTENT_ENCODING);
        *response.body_mut() = Body::from(body);
    }
}

fn headers(response: &mut Response, path: &str, api: &Api) {
    let always: [(HeaderName, &'static str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=()",
        ),
    ];
    let has_policy = response.extensions().get::<OwnPolicy>().is_some();
    let headers = response.headers_mut();
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !has_policy {
        let policy = match path {
            CALLBACK => HeaderValue::from_static(CALLBACK_POLICY),
            _ if path.starts_with("/api/docs") => HeaderValue::from_static(DOCS_POLICY),
            _ => api.page_policy.clone(),
        };
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if api.config.secure {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if ["/api", "/health", "/mcp"].iter().any(|it| path.starts_with(it)) {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}
