//! Tool servers that are programs: how they run here, and what they keep.

use axum::{Json, extract::State};
use galaxy_domain::ToolServerId;
use utoipa_axum::routes;

use crate::{
    api::Api,
    caller::Authenticated,
    extract::Path,
    problem::Problem,
    routes::{Freshness, Policy, Routes},
    views::tool_server::{ToolServerDetailView, program::ToolProgramsStatusView},
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.add(Policy::Admin, routes!(status)).add_for(
        Policy::SignedIn,
        Freshness::Sometimes,
        routes!(empty),
    )
}

/// Say how programs run here, and why they do not (for administrators)
#[utoipa::path(get, path = "/api/tool-programs", tag = "tool servers",
    responses((status = 200, body = ToolProgramsStatusView), (status = "4XX", body = Problem)))]
async fn status(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<ToolProgramsStatusView>, Problem> {
    Ok(Json(api.app.programs(&caller)?.into()))
}

/// End a tool server that is a program, and remove all that it keeps in its folder (for
/// administrators)
#[utoipa::path(delete, path = "/api/tool-servers/{id}/folder", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn empty(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    Ok(Json(api.app.empty_home(&caller, id).await?.into()))
}
