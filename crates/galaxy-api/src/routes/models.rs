//! `/api/models`: which models there are, and how they are.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Query},
    problem::Problem,
    views::{
        All,
        model::{ModelView, ModelsView},
    },
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::SignedIn, routes!(list))
        .add(Policy::SignedIn, routes!(check))
        .add(Policy::SignedIn, routes!(remote))
}

fn view(api: &Api) -> Json<ModelsView> {
    let (models, default) = api.app.models();
    let items: Vec<ModelView> = models.iter().map(ModelView::from).collect();
    Json(ModelsView { default, disabled: api.app.models_disabled(), items })
}

/// List models
#[utoipa::path(get, path = "/api/models", tag = "models",
    responses((status = 200, body = ModelsView), (status = "4XX", body = Problem)))]
async fn list(State(api): State<Api>, Authenticated(_): Authenticated) -> Json<ModelsView> {
    view(&api)
}

/// Which models to check.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Check {
    /// One; absent means all.
    #[serde(default)]
    name: Option<String>,
}

/// Check whether models answer: each is said "hi" and may answer three tokens
#[utoipa::path(post, path = "/api/models/check", tag = "models", request_body = Check,
    responses((status = 200, body = ModelsView), (status = "4XX", body = Problem)))]
async fn check(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    body: Body<Check>,
) -> Result<Json<ModelsView>, Problem> {
    api.app.check_models(&caller, body.value.name.as_deref()).await?;
    Ok(view(&api))
}

/// Whose models.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Remote {
    /// The provider.
    provider: String,
    /// Whether to ask it anew.
    #[serde(default)]
    refresh: bool,
}

/// List the models that a provider offers, by its own names
#[utoipa::path(get, path = "/api/models/remote", tag = "models", params(Remote),
    responses((status = 200, body = All<String>), (status = "4XX", body = Problem)))]
async fn remote(
    State(api): State<Api>,
    Authenticated(_): Authenticated,
    Query(remote): Query<Remote>,
) -> Result<Json<All<String>>, Problem> {
    let items = api.app.remote_models(&remote.provider, remote.refresh).await?;
    Ok(Json(All { items }))
}
