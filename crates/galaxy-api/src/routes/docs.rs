//! The API's own documentation.

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use std::sync::Arc;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, OpenApi, RefOr,
    path::Operation,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_swagger_ui::Config;

use super::{Policy, Routes};
use crate::{api::Api, problem::Problem, views::notice::NoticeEvent};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add_plain(Policy::Public, "/api/openapi.json", get(document))
        .add_plain(Policy::Public, "/api/docs", get(|| async { Redirect::permanent("/api/docs/") }))
        .add_plain(Policy::Public, "/api/docs/", get(index))
        .add_plain(Policy::Public, "/api/docs/{*file}", get(file))
}

/// Adds what no single route says.
pub(super) fn finished(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in super::operations(item) {
            name_problems(operation);
        }
    }
    document.info = InfoBuilder::new()
        .title("Galaxy")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Agents, their runs, and everything around them. Errors are problem documents \
             (RFC 9457) with a stable `code`. Every POST that creates or starts takes an \
             `Idempotency-Key`.",
        ))
        .build();
    let mut components =
        document.components.take().unwrap_or_else(|| ComponentsBuilder::new().build());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("galaxy"));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    let mut schemas = Vec::new();
    <NoticeEvent as utoipa::ToSchema>::schemas(&mut schemas);
    components.schemas.extend(schemas);
    document.components = Some(components);
    document
}

/// Problems have a media type of their own (RFC 9457, 3).
fn name_problems(operation: &mut Operation) {
    let refusals = operation.responses.responses.get_mut("4XX");
    if let Some(RefOr::T(response)) = refusals
        && let Some(content) = response.content.shift_remove("application/json")
    {
        response.content.insert("application/problem+json".to_owned(), content);
    }
}

async fn document(State(_): State<Api>) -> Json<OpenApi> {
    Json(super::document())
}

async fn index() -> Result<Response, Problem> {
    asset("index.html")
}

async fn file(Path(file): Path<String>) -> Result<Response, Problem> {
    asset(&file)
}

fn asset(name: &str) -> Result<Response, Problem> {
    let config = Arc::new(Config::from("/api/openapi.json"));
    let file = utoipa_swagger_ui::serve(name, config).ok().flatten();
    let file = file.ok_or_else(Problem::not_found)?;
    Ok(([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response())
}
