//! Tool servers out of the files of other applications.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    api::Api,
    caller::Authenticated,
    extract::Body,
    problem::Problem,
    routes::{Freshness, Policy, Routes},
    views::{
        All,
        tool_server::{
            ToolServerView,
            import::{CandidateView, ImportedView},
        },
    },
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.add(Policy::SignedIn, routes!(preview)).add_for(
        Policy::SignedIn,
        Freshness::Sometimes,
        routes!(import),
    )
}

/// A file of another application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// What is in it: JSON with `mcpServers`.
    file: Value,
    /// Whether the servers are to be everybody's (for administrators).
    #[serde(default)]
    shared: bool,
}

/// Say what would become of the tool servers of a file; nothing is stored, started or sent
#[utoipa::path(post, path = "/api/tool-servers/preview", tag = "tool servers",
    request_body = File,
    responses((status = 200, body = All<CandidateView>), (status = "4XX", body = Problem)))]
async fn preview(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    body: Body<File>,
) -> Result<Json<All<CandidateView>>, Problem> {
    let File { file, shared } = body.value;
    let candidates = api.app.preview_servers(&caller, &file, shared)?;
    Ok(Json(All { items: candidates.iter().map(CandidateView::from).collect() }))
}

/// A file, and what is wanted of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Import {
    /// What is in it: JSON with `mcpServers`.
    file: Value,
    /// Whether the servers are to be everybody's (for administrators).
    #[serde(default)]
    shared: bool,
    /// Which of the servers, by what the file calls them.
    servers: Vec<String>,
}

/// Add tool servers of a file
#[utoipa::path(post, path = "/api/tool-servers/import", tag = "tool servers",
    request_body = Import,
    responses((status = 200, body = All<ImportedView>), (status = "4XX", body = Problem)))]
async fn import(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    body: Body<Import>,
) -> Result<Json<All<ImportedView>>, Problem> {
    let Import { file, shared, servers } = body.value;
    let imported = api.app.import_servers(&caller, &file, shared, &servers).await?;
    let view = |it: galaxy_app::servers::Imported| {
        let (server, message) = match &it.result {
            Ok(detail) => (Some(ToolServerView::from(&detail.summary)), None),
            Err(err) => (None, Some(err.to_string())),
        };
        ImportedView { label: it.label, server, message }
    };
    Ok(Json(All { items: imported.into_iter().map(view).collect() }))
}
