//! `/api/tools`: which tools there are, and what the caller lets them do.

use axum::{Json, extract::State, http::StatusCode};
use galaxy_domain::Verdict;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Path},
    problem::Problem,
    views::{All, model::ToolView, names},
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.add(Policy::SignedIn, routes!(list)).add(Policy::InPerson, routes!(rule))
}

/// List tools
#[utoipa::path(get, path = "/api/tools", tag = "tools",
    responses((status = 200, body = All<ToolView>), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<All<ToolView>>, Problem> {
    let tools = api.app.tools(&caller).await?;
    Ok(Json(All { items: tools.iter().map(ToolView::from).collect() }))
}

/// What happens from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// `allow`, `ask` or `deny`; `null` goes back to the default.
    #[schema(value_type = Option<names::VerdictName>)]
    verdict: Option<Verdict>,
}

/// Say what happens when an agent asks for a tool
#[utoipa::path(put, path = "/api/tools/{name}/rule", tag = "tools", request_body = Rule,
    params(("name" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn rule(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    body: Body<Rule>,
) -> Result<StatusCode, Problem> {
    api.app.rule_tool(&caller, &name, body.value.verdict).await?;
    Ok(StatusCode::NO_CONTENT)
}
