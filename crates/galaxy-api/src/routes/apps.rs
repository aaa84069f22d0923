//! `/api/runs/{id}/apps/{call}`: the view of a call (an MCP App), and what it asks for. People look
//! at views, and the page speaks for them; programs with keys do not.

use axum::{Json, extract::State, routing::get};
use galaxy_app::apps::{AppCall, Yes};
use galaxy_domain::{CallId, RunId, tool::Reach};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Freshness, Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Path},
    problem::Problem,
    sandbox,
    views::{
        app::{AppCalledView, AppView},
        names,
    },
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::InPerson, routes!(show))
        .add(Policy::InPerson, routes!(result))
        .add_for(Policy::InPerson, Freshness::Sometimes, routes!(call))
        .add(Policy::InPerson, routes!(read))
        .add_plain(Policy::Public, sandbox::PATH, get(sandbox::document))
}

/// Fetch the view of a call from its tool server
#[utoipa::path(get, path = "/api/runs/{id}/apps/{call}", tag = "views",
    params(("id" = uuid::Uuid, Path), ("call" = String, Path)),
    responses((status = 200, body = AppView), (status = "4XX", body = Problem)))]
async fn show(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((id, call)): Path<(RunId, String)>,
) -> Result<Json<AppView>, Problem> {
    let shown = api.app.app_view(&caller, id, &CallId(call)).await?;
    Ok(Json(AppView::of(shown, &api.config.sandbox)))
}

/// Read what a call gave, as its view gets it
#[utoipa::path(get, path = "/api/runs/{id}/apps/{call}/result", tag = "views",
    params(("id" = uuid::Uuid, Path), ("call" = String, Path)),
    responses((status = 200, body = Value), (status = "4XX", body = Problem)))]
async fn result(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((id, call)): Path<(RunId, String)>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(api.app.app_result(&caller, id, &CallId(call)).await?))
}

/// The yes of a person to a call of a view.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct YesBody {
    /// The digest that came with the question: what the yes is bound to.
    digest: String,
    /// How far it reaches: `once`, `conversation` or `always`.
    #[schema(value_type = names::ReachName)]
    reach: Reach,
}

/// A call that a view wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Calling {
    /// The tool, as its server calls it.
    tool: String,
    /// Its arguments.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    arguments: Map<String, Value>,
    /// The yes, when the person was asked.
    #[serde(default)]
    yes: Option<YesBody>,
}

/// Call a tool of the view's own server, if the person's rules allow it
#[utoipa::path(post, path = "/api/runs/{id}/apps/{call}/call", tag = "views",
    request_body = Calling, params(("id" = uuid::Uuid, Path), ("call" = String, Path)),
    responses((status = 200, body = AppCalledView), (status = "4XX", body = Problem)))]
async fn call(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((id, call)): Path<(RunId, String)>,
    body: Body<Calling>,
) -> Result<Json<AppCalledView>, Problem> {
    let Calling { tool, arguments, yes } = body.value;
    let yes = yes.map(|it| Yes { digest: it.digest, reach: it.reach });
    let wanted = AppCall { tool, arguments: Value::Object(arguments), yes };
    let called = api.app.call_for_app(&caller, id, &CallId(call), wanted).await?;
    Ok(Json(called.into()))
}

/// A resource that a view wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reading {
    /// Which.
    uri: String,
}

/// Read a resource of the view's own server
#[utoipa::path(post, path = "/api/runs/{id}/apps/{call}/read", tag = "views",
    request_body = Reading, params(("id" = uuid::Uuid, Path), ("call" = String, Path)),
    responses((status = 200, body = Value), (status = "4XX", body = Problem)))]
async fn read(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((id, call)): Path<(RunId, String)>,
    body: Body<Reading>,
) -> Result<Json<Value>, Problem> {
    let call = CallId(call);
    Ok(Json(api.app.read_for_app(&caller, id, &call, &body.value.uri).await?))
}
