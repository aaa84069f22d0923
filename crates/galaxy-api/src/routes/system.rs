//! The deployment itself: how it is, and what a page needs to know of it.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use galaxy_app::AppError;
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::peer_of,
    page,
    problem::Problem,
    views::system::{
        AuthView, CheckView, FeaturesView, HealthReportView, LimitsView, RuntimeConfigView,
        ToolProgramsView,
    },
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::Public, routes!(runtime_config))
        .add(Policy::Public, routes!(health))
        .add(Policy::Public, routes!(live))
        .add(Policy::Public, routes!(ready))
        .add_plain(Policy::Public, "/metrics", get(metrics))
}

/// What a page needs to know before anybody signs in
#[utoipa::path(get, path = "/api/runtime-config", tag = "system",
    responses((status = 200, body = RuntimeConfigView)))]
async fn runtime_config(State(api): State<Api>) -> Result<Json<RuntimeConfigView>, Problem> {
    let set_up = api.app.access().is_set_up().await.map_err(AppError::from)?;
    let (config, app) = (&api.config, api.app.config());
    Ok(Json(RuntimeConfigView {
        name: app.name.clone(),
        version: config.version.clone(),
        set_up,
        auth: AuthView {
            password: true,
            proxy: config.person_header.is_some(),
            test_mode: config.test_mode,
        },
        features: FeaturesView {
            websocket: config.websocket,
            personal_tool_servers: app.servers.personal,
            tool_programs: ToolProgramsView::of(
                app.servers.programs,
                &app.servers.sandbox.borrow(),
            ),
        },
        limits: LimitsView {
            message_chars: app.message_chars,
            image_bytes: app.image_bytes,
            max_active_runs: app.active_runs,
        },
        environment: config.environment.clone(),
        page_hash: page::hash().to_owned(),
    }))
}

/// Whether the process is there
#[utoipa::path(get, path = "/health/live", tag = "system",
    responses((status = 200, body = HealthReportView)))]
async fn live(State(api): State<Api>) -> Json<HealthReportView> {
    let version = api.config.version.clone();
    Json(HealthReportView { status: "ok", version, checks: Vec::new() })
}

/// Whether the server can take requests
#[utoipa::path(get, path = "/health/ready", tag = "system",
    responses((status = 200, body = HealthReportView), (status = 503, body = HealthReportView)))]
async fn ready(State(api): State<Api>) -> (StatusCode, Json<HealthReportView>) {
    report(&api).await
}

/// How the server is
#[utoipa::path(get, path = "/health", tag = "system",
    responses((status = 200, body = HealthReportView), (status = 503, body = HealthReportView)))]
async fn health(State(api): State<Api>) -> (StatusCode, Json<HealthReportView>) {
    report(&api).await
}

async fn report(api: &Api) -> (StatusCode, Json<HealthReportView>) {
    let mut checks = Vec::new();
    let stopping = api.backstage.is_stopping();
    let detail = stopping.then(|| "the server is stopping".to_owned());
    checks.push(CheckView { name: "running", ok: !stopping, detail });
    // What exactly is wrong with the store is for the log.
    let store = api.app.store_health().await;
    if let Err(err) = &store {
        tracing::warn!(error = %err, "the store is not well");
    }
    let detail = store.is_err().then(|| "the database does not take changes".to_owned());
    checks.push(CheckView { name: "store", ok: store.is_ok(), detail });
    let ok = checks.iter().all(|check| check.ok);
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let version = api.config.version.clone();
    let word = if ok { "ok" } else { "unavailable" };
    (status, Json(HealthReportView { status: word, version, checks }))
}

/// What proxies add to a request that they pass on.
const PASSED_ON: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// Metrics in Prometheus' text format, for scrapers on this machine or on that of a trusted proxy,
/// and not for whoever a proxy there lets through.
async fn metrics(State(api): State<Api>, request: axum::extract::Request) -> Response {
    let peer = peer_of(&request);
    let near = peer.is_loopback() || api.config.trusts(peer);
    if !near || PASSED_ON.iter().any(|name| request.headers().contains_key(*name)) {
        return Problem::not_found().into_response();
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], api.backstage.metrics()).into_response()
}
