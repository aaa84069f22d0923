//! What tool servers offer besides tools, as they send it.

use axum::{Json, extract::State};
use galaxy_app::servers::Offered;
use galaxy_domain::ToolServerId;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Path},
    problem::Problem,
    routes::{Policy, Routes},
    views::All,
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::SignedIn, routes!(resources))
        .add(Policy::SignedIn, routes!(templates))
        .add(Policy::SignedIn, routes!(prompts))
        .add(Policy::SignedIn, routes!(read))
        .add(Policy::SignedIn, routes!(fill))
}

/// List the resources of a tool server
#[utoipa::path(get, path = "/api/tool-servers/{id}/resources", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = All<Value>), (status = "4XX", body = Problem)))]
async fn resources(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<All<Value>>, Problem> {
    let items = api.app.server_offers(&caller, id, Offered::Resources).await?;
    Ok(Json(All { items }))
}

/// List the templates of resources of a tool server
#[utoipa::path(get, path = "/api/tool-servers/{id}/templates", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = All<Value>), (status = "4XX", body = Problem)))]
async fn templates(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<All<Value>>, Problem> {
    let items = api.app.server_offers(&caller, id, Offered::Templates).await?;
    Ok(Json(All { items }))
}

/// List the prompts of a tool server
#[utoipa::path(get, path = "/api/tool-servers/{id}/prompts", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = All<Value>), (status = "4XX", body = Problem)))]
async fn prompts(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<All<Value>>, Problem> {
    let items = api.app.server_offers(&caller, id, Offered::Prompts).await?;
    Ok(Json(All { items }))
}

/// A resource that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadResource {
    /// Which.
    uri: String,
}

/// Read a resource of a tool server
#[utoipa::path(post, path = "/api/tool-servers/{id}/resources/read", tag = "tool servers",
    request_body = ReadResource, params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Value), (status = "4XX", body = Problem)))]
async fn read(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
    body: Body<ReadResource>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(api.app.read_server_resource(&caller, id, &body.value.uri).await?))
}

/// A prompt that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FillPrompt {
    /// Which.
    name: String,
    /// What goes into it.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    arguments: serde_json::Map<String, Value>,
}

/// Fill a prompt of a tool server in
#[utoipa::path(post, path = "/api/tool-servers/{id}/prompts/get", tag = "tool servers",
    request_body = FillPrompt, params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Value), (status = "4XX", body = Problem)))]
async fn fill(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
    body: Body<FillPrompt>,
) -> Result<Json<Value>, Problem> {
    let FillPrompt { name, arguments } = body.value;
    let filled = api.app.fill_server_prompt(&caller, id, &name, Value::Object(arguments)).await?;
    Ok(Json(filled))
}
