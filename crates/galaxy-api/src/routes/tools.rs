//! `/api/tools`: which tools there are, and what the caller lets them do.

use axum::{Json, extract::State, http::StatusCode};
use galaxy_domain::Verdict;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Freshness, Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Path},
    problem::Problem,
    views::{All, model::ToolView, names, tool_server::tried::TriedView},
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::SignedIn, routes!(list))
        .add_for(Policy::InPerson, Freshness::Sometimes, routes!(rule))
        .add(Policy::InPerson, routes!(call))
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

/// What to call a tool with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CallTool {
    /// Its arguments.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    arguments: serde_json::Map<String, Value>,
}

/// Call a tool oneself, to see what it does
#[utoipa::path(post, path = "/api/tools/{name}/call", tag = "tools", request_body = CallTool,
    params(("name" = String, Path)),
    responses((status = 200, body = TriedView), (status = "4XX", body = Problem)))]
async fn call(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    body: Body<CallTool>,
) -> Result<Json<TriedView>, Problem> {
    // Whoever does not wait for the answer does not want the call.
    let cancel = CancellationToken::new();
    let _cancelled = cancel.clone().drop_guard();
    let began = Instant::now();
    let arguments = Value::Object(body.value.arguments);
    let outcome = api.app.try_tool(&caller, &name, arguments, cancel).await?;
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Json(TriedView::of(&outcome, took)))
}
