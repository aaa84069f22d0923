//! Newer versions of tool servers that were chosen from lists.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use galaxy_app::market::Choice;
use galaxy_base::SecretString;
use galaxy_domain::ToolServerId;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Path},
    problem::Problem,
    routes::{Freshness, Policy, Routes},
    views::{market::UpdateView, tool_server::ToolServerDetailView},
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.add(Policy::SignedIn, routes!(preview)).add_for(
        Policy::SignedIn,
        Freshness::Sometimes,
        routes!(apply),
    )
}

choosing! {
    /// What is chosen of the newer version. What is not answered stays as it was answered before;
    /// stored secrets stay, too.
    struct ChooseUpdate {
        /// Which of its ways; the same as before if not given.
        #[serde(default)]
        way: Option<String>,
    }
}

/// Say what a tool server would become in a newer version, exactly; nothing is changed
#[utoipa::path(post, path = "/api/tool-servers/{id}/update/preview", tag = "marketplace",
    request_body = ChooseUpdate, params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = UpdateView), (status = "4XX", body = Problem)))]
async fn preview(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
    body: Body<ChooseUpdate>,
) -> Result<Json<UpdateView>, Problem> {
    let ChooseUpdate { version, way, inputs } = body.value;
    let choice = Choice { version, way: way.unwrap_or_default(), inputs };
    Ok(Json(api.app.resolve_update(&caller, id, choice).await?.into()))
}

choosing! {
    /// What is chosen of the newer version, and consented to.
    struct ApplyUpdate {
        /// Which of its ways; the same as before if not given.
        #[serde(default)]
        way: Option<String>,
        /// The digest of what was shown: it becomes nothing else.
        digest: String,
    }
}

/// Move a tool server to a newer version, exactly as it was shown
#[utoipa::path(post, path = "/api/tool-servers/{id}/update", tag = "marketplace",
    request_body = ApplyUpdate, params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn apply(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
    body: Body<ApplyUpdate>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    let ApplyUpdate { version, way, inputs, digest } = body.value;
    let choice = Choice { version, way: way.unwrap_or_default(), inputs };
    Ok(Json(api.app.apply_update(&caller, id, choice, &digest).await?.into()))
}
