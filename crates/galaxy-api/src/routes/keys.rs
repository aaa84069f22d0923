//! `/api/auth/keys`: keys for programs.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use galaxy_app::{AppError, access::KeyRequest};
use galaxy_base::ExposeSecret;
use galaxy_domain::{ApiKeyId, access::Scope};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Freshness, Policy, Routes};
use crate::{
    api::Api,
    caller::{Authenticated, Confirmed},
    extract::{Body, Key, Path},
    problem::Problem,
    views::{
        All,
        account::{KeyView, NewKeyView},
        names,
    },
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::InPerson, routes!(list))
        .add_for(Policy::InPerson, Freshness::Always, routes!(create))
        .add(Policy::InPerson, routes!(delete))
}

/// List one's own keys
#[utoipa::path(get, path = "/api/auth/keys", tag = "auth",
    responses((status = 200, body = All<KeyView>), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<All<KeyView>>, Problem> {
    let keys = api.app.access().keys(&caller).await.map_err(AppError::from)?;
    Ok(Json(All { items: keys.iter().map(KeyView::from).collect() }))
}

/// A key that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// What its owner calls it.
    name: String,
    /// What it is to be good for: `read`, `chat`, `tasks`, `admin`, and with that
    /// `unattended`: what people have to have signed in for a moment ago.
    #[schema(value_type = Vec<names::ScopeName>)]
    scopes: Vec<Scope>,
    /// In days: how long it is to work; absent means until it is deleted.
    #[serde(default)]
    expires_in_days: Option<u32>,
}

/// Make a key; it is shown this once, and to the same request sent again
#[utoipa::path(post, path = "/api/auth/keys", tag = "auth", request_body = NewKey,
    responses((status = 201, body = NewKeyView), (status = "4XX", body = Problem)))]
async fn create(
    State(api): State<Api>,
    Confirmed(caller): Confirmed,
    key: Key,
    body: Body<NewKey>,
) -> Result<(StatusCode, Json<NewKeyView>), Problem> {
    let once = key.once("POST /api/auth/keys", &body);
    let NewKey { name, scopes, expires_in_days } = body.value;
    let expires_in = expires_in_days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    let request = KeyRequest { name, scopes, expires_in };
    let made = api.app.access().create_key(&caller, request, once.as_ref()).await;
    let made = made.map_err(AppError::from)?;
    let key = made.key.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(NewKeyView { info: (&made.info).into(), key })))
}

/// Delete a key; it stops working at once
#[utoipa::path(delete, path = "/api/auth/keys/{id}", tag = "auth",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn delete(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    api.app.access().delete_key(&caller, id).await.map_err(AppError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
