//! `/api/people`: accounts, for administrators.

use axum::{Json, extract::State, http::StatusCode};
use galaxy_app::{
    AppError,
    access::{PersonChange, PersonRequest},
};
use galaxy_base::SecretString;
use galaxy_domain::{PersonId, Role};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Freshness, Policy, Routes};
use crate::{
    api::Api,
    caller::{Authenticated, Confirmed},
    extract::{Body, Key, Path},
    problem::Problem,
    views::{All, account::PersonView, names},
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::Admin, routes!(list))
        .add_for(Policy::Admin, Freshness::Always, routes!(create))
        .add_for(Policy::Admin, Freshness::Sometimes, routes!(change))
        .add_for(Policy::Admin, Freshness::Always, routes!(reset_password))
}

/// List accounts
#[utoipa::path(get, path = "/api/people", tag = "people",
    responses((status = 200, body = All<PersonView>), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<All<PersonView>>, Problem> {
    let people = api.app.access().people(&caller).await.map_err(AppError::from)?;
    Ok(Json(All { items: people.iter().map(PersonView::from).collect() }))
}

/// An account that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    /// Their address.
    email: String,
    /// What others see.
    name: String,
    /// `viewer`, `member` or `admin`.
    #[schema(value_type = names::RoleName)]
    role: Role,
    /// Their first password.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Make an account
#[utoipa::path(post, path = "/api/people", tag = "people", request_body = NewPerson,
    responses((status = 201, body = PersonView), (status = "4XX", body = Problem)))]
async fn create(
    State(api): State<Api>,
    Confirmed(caller): Confirmed,
    key: Key,
    body: Body<NewPerson>,
) -> Result<(StatusCode, Json<PersonView>), Problem> {
    let once = key.once("POST /api/people", &body);
    let NewPerson { email, name, role, password } = body.value;
    let request = PersonRequest { email, name, role, password };
    let person = api.app.access().create_person(&caller, request, once.as_ref()).await;
    Ok((StatusCode::CREATED, Json((&person.map_err(AppError::from)?).into())))
}

/// What is to change; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangePerson {
    /// What others see.
    #[serde(default)]
    name: Option<String>,
    /// `viewer`, `member` or `admin`.
    #[serde(default)]
    #[schema(value_type = Option<names::RoleName>)]
    role: Option<Role>,
    /// Whether the account opens with nothing.
    #[serde(default)]
    disabled: Option<bool>,
}

/// Change an account
#[utoipa::path(patch, path = "/api/people/{id}", tag = "people", request_body = ChangePerson,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
async fn change(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<PersonId>,
    body: Body<ChangePerson>,
) -> Result<Json<PersonView>, Problem> {
    let ChangePerson { name, role, disabled } = body.value;
    let change = PersonChange { name, role, disabled };
    let person = api.app.access().change_person(&caller, id, change).await;
    Ok(Json((&person.map_err(AppError::from)?).into()))
}

/// A password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// The password as it will be.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Replace an account's password; its sessions end
#[utoipa::path(post, path = "/api/people/{id}/password", tag = "people",
    request_body = NewPassword, params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn reset_password(
    State(api): State<Api>,
    Confirmed(caller): Confirmed,
    Path(id): Path<PersonId>,
    body: Body<NewPassword>,
) -> Result<StatusCode, Problem> {
    let reset = api.app.access().reset_password(&caller, id, &body.value.password).await;
    reset.map_err(AppError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
