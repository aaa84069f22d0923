//! `/api/tool-servers/{id}/connect` and `…/client`: signing in at a tool server.

use axum::{Json, extract::State};
use galaxy_app::servers::Entering;
use galaxy_base::SecretString;
use galaxy_domain::ToolServerId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Freshness, Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Path},
    problem::Problem,
    views::tool_server::ToolServerDetailView,
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::InPerson, routes!(connect, disconnect))
        .add_for(Policy::SignedIn, Freshness::Sometimes, routes!(enter))
        .add(Policy::SignedIn, routes!(forget))
}

/// Where to sign in.
#[derive(Serialize, ToSchema)]
struct DepartureView {
    /// The address to open, good for ten minutes and for the caller alone.
    url: String,
    /// Who will ask: show it before it is opened.
    host: String,
}

/// Begin to sign in at a tool server; the person opens the address that comes back
#[utoipa::path(post, path = "/api/tool-servers/{id}/connect", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = DepartureView), (status = "4XX", body = Problem)))]
async fn connect(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<DepartureView>, Problem> {
    let departure = api.app.connect_server(&caller, id).await?;
    Ok(Json(DepartureView { url: departure.url.into(), host: departure.host }))
}

/// Sign out at a tool server: what was granted is given back and forgotten
#[utoipa::path(delete, path = "/api/tool-servers/{id}/connect", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn disconnect(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    Ok(Json(api.app.disconnect_server(&caller, id).await?.into()))
}

/// A client that somebody registered at the issuer of a tool server.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnterClient {
    /// The issuer, as it calls itself.
    issuer: String,
    /// The client's ID there.
    client_id: String,
    /// Its secret, if it has one. It is never shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretString>,
    /// Whether the issuer may be on the server's own machine or in the networks inside (for
    /// administrators).
    #[serde(default)]
    inside: bool,
}

/// Enter the client by which the issuer of a tool server knows this deployment
#[utoipa::path(put, path = "/api/tool-servers/{id}/client", tag = "tool servers",
    request_body = EnterClient, params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn enter(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
    body: Body<EnterClient>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    let EnterClient { issuer, client_id, client_secret, inside } = body.value;
    let entering = Entering { issuer, client: client_id, secret: client_secret, inside };
    Ok(Json(api.app.enter_client(&caller, id, Some(entering)).await?.into()))
}

/// Forget the client that was entered for a tool server
#[utoipa::path(delete, path = "/api/tool-servers/{id}/client", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn forget(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    Ok(Json(api.app.enter_client(&caller, id, None).await?.into()))
}
