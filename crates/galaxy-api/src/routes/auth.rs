//! `/api/auth`: getting in, staying in, getting out.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
};
use galaxy_app::{
    AppError,
    access::{AccessError, Presented, Tokens},
};
use galaxy_base::{ExposeSecret, SecretString};
use galaxy_domain::{Caller, SessionId, access::Credential, person::Person};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::{Authenticated, Client, session_secret, set_cookie},
    extract::{Body, Path},
    gate::bearer,
    problem::Problem,
    views::{
        All,
        account::{MeView, SessionView, TokensView},
    },
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::Public, routes!(set_up))
        .add(Policy::Public, routes!(sign_in))
        .add(Policy::Public, routes!(sign_out))
        .add(Policy::Public, routes!(issue_tokens))
        .add(Policy::Public, routes!(refresh))
        .add(Policy::SignedIn, routes!(me))
        .add(Policy::InPerson, routes!(confirm))
        .add(Policy::InPerson, routes!(change_password))
        .add(Policy::InPerson, routes!(sessions, close_other_sessions))
        .add(Policy::InPerson, routes!(close_session))
}

type WithCookie<T> = ([(HeaderName, String); 1], T);

fn cookie(api: &Api, secret: Option<&SecretString>) -> [(HeaderName, String); 1] {
    let value = set_cookie(secret.map(ExposeSecret::expose_secret), api.config.secure);
    [(header::SET_COOKIE, value)]
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetUp {
    /// The one-time token that the server printed at its start.
    token: String,
    /// Their address.
    email: String,
    /// What others see.
    name: String,
    /// At least 12 characters.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Make the first administrator, and sign them in
#[utoipa::path(post, path = "/api/auth/setup", tag = "auth", request_body = SetUp,
    responses((status = 201, body = MeView), (status = "4XX", body = Problem)))]
async fn set_up(
    State(api): State<Api>,
    client: Client,
    body: Body<SetUp>,
) -> Result<(StatusCode, WithCookie<Json<MeView>>), Problem> {
    let SetUp { token, email, name, password } = body.value;
    let access = api.app.access();
    access.set_up(&token, &email, &name, &password).await.map_err(AppError::from)?;
    let signed_in = open(&api, &email, &password, &client).await?;
    Ok((StatusCode::CREATED, signed_in))
}

/// What opens an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// The address of the account.
    email: String,
    /// Its password.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Sign a browser in
#[utoipa::path(post, path = "/api/auth/sign-in", tag = "auth", request_body = SignIn,
    responses((status = 200, body = MeView), (status = "4XX", body = Problem)))]
async fn sign_in(
    State(api): State<Api>,
    client: Client,
    body: Body<SignIn>,
) -> Result<WithCookie<Json<MeView>>, Problem> {
    let SignIn { email, password } = body.value;
    open(&api, &email, &password, &client).await
}

async fn open(
    api: &Api,
    email: &str,
    password: &SecretString,
    client: &Client,
) -> Result<WithCookie<Json<MeView>>, Problem> {
    let access = api.app.access();
    let signed_in = access.sign_in(email, password, &client.name, client.address).await;
    let signed_in = signed_in.map_err(AppError::from)?;
    let view = MeView::signed_in(&signed_in.person);
    Ok((cookie(api, Some(&signed_in.secret)), Json(view)))
}

/// Sign this browser, or this API client, out
#[utoipa::path(post, path = "/api/auth/sign-out", tag = "auth", responses((status = 204)))]
async fn sign_out(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<(StatusCode, [(HeaderName, String); 1]), Problem> {
    if let Some(secret) = session_secret(&headers, api.config.secure) {
        api.app.access().sign_out(&secret).await.map_err(AppError::from)?;
    }
    if let Ok(Some(token)) = bearer(&headers) {
        end_tokens(&api, token).await?;
    }
    Ok((StatusCode::NO_CONTENT, cookie(&api, None)))
}

/// Ends the session that an access token belongs to; what opens nothing has none.
async fn end_tokens(api: &Api, token: &str) -> Result<(), Problem> {
    let access = api.app.access();
    let caller = match access.authenticate(Presented::Bearer(token)).await {
        Err(AccessError::Unauthenticated) => return Ok(()),
        caller => caller.map_err(AppError::from)?,
    };
    if let Credential::Token(session) = caller.credential {
        access.close_session(&caller, session).await.map_err(AppError::from)?;
    }
    Ok(())
}

fn tokens(tokens: &Tokens) -> TokensView {
    TokensView {
        access_token: tokens.access.expose_secret().to_owned(),
        token_type: "Bearer",
        expires_in: tokens.expires_in.as_secs(),
        refresh_token: tokens.refresh.expose_secret().to_owned(),
    }
}

/// Sign an API client in
#[utoipa::path(post, path = "/api/auth/token", tag = "auth", request_body = SignIn,
    responses((status = 200, body = TokensView), (status = "4XX", body = Problem)))]
async fn issue_tokens(
    State(api): State<Api>,
    client: Client,
    body: Body<SignIn>,
) -> Result<Json<TokensView>, Problem> {
    let SignIn { email, password } = body.value;
    let access = api.app.access();
    let issued = access.issue_tokens(&email, &password, &client.name, client.address).await;
    Ok(Json(tokens(&issued.map_err(AppError::from)?)))
}

/// What gets the next tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// The refresh token; it is good once.
    refresh_token: String,
}

/// Exchange a refresh token for the next tokens
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", request_body = Refresh,
    responses((status = 200, body = TokensView), (status = "4XX", body = Problem)))]
async fn refresh(State(api): State<Api>, body: Body<Refresh>) -> Result<Json<TokensView>, Problem> {
    let refreshed = api.app.access().refresh(&body.value.refresh_token).await;
    Ok(Json(tokens(&refreshed.map_err(AppError::from)?)))
}

/// Who is asking
#[utoipa::path(get, path = "/api/auth/me", tag = "auth",
    responses((status = 200, body = MeView), (status = "4XX", body = Problem)))]
async fn me(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<MeView>, Problem> {
    let person = account(&api, &caller).await?;
    Ok(Json(MeView::of(&person, &caller)))
}

async fn account(api: &Api, caller: &Caller) -> Result<Person, Problem> {
    Ok(api.app.access().me(caller).await.map_err(AppError::from)?)
}

/// What shows that somebody is still who they were.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Confirm {
    /// The password of the caller's account.
    #[schema(value_type = String)]
    password: SecretString,
}

/// Confirm that it is oneself, for what needs a fresh sign-in; the session has another cookie then
#[utoipa::path(post, path = "/api/auth/confirm", tag = "auth", request_body = Confirm,
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn confirm(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
    body: Body<Confirm>,
) -> Result<(StatusCode, [(HeaderName, String); 1]), Problem> {
    let secret = session_secret(&headers, api.config.secure).unwrap_or_default();
    let renewed = api.app.access().confirm(&caller, &secret, &body.value.password).await;
    let renewed = renewed.map_err(AppError::from)?;
    Ok((StatusCode::NO_CONTENT, cookie(&api, Some(&renewed))))
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangePassword {
    /// The password as it is.
    #[schema(value_type = String)]
    current: SecretString,
    /// The password as it will be.
    #[schema(value_type = String)]
    new: SecretString,
}

/// Change one's own password; all other sessions end
#[utoipa::path(post, path = "/api/auth/password", tag = "auth", request_body = ChangePassword,
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn change_password(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
    body: Body<ChangePassword>,
) -> Result<(StatusCode, Option<[(HeaderName, String); 1]>, ()), Problem> {
    let ChangePassword { current, new } = body.value;
    let secret = session_secret(&headers, api.config.secure);
    let access = api.app.access();
    let renewed = access.change_password(&caller, secret.as_deref(), &current, &new).await;
    let renewed = renewed.map_err(AppError::from)?;
    Ok((StatusCode::NO_CONTENT, renewed.map(|it| cookie(&api, Some(&it))), ()))
}

/// List one's own sessions
#[utoipa::path(get, path = "/api/auth/sessions", tag = "auth",
    responses((status = 200, body = All<SessionView>), (status = "4XX", body = Problem)))]
async fn sessions(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<All<SessionView>>, Problem> {
    let sessions = api.app.access().sessions(&caller).await.map_err(AppError::from)?;
    Ok(Json(All { items: sessions.iter().map(|it| SessionView::of(it, &caller)).collect() }))
}

/// End all one's sessions but this one
#[utoipa::path(delete, path = "/api/auth/sessions", tag = "auth",
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn close_other_sessions(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<StatusCode, Problem> {
    api.app.access().close_other_sessions(&caller).await.map_err(AppError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of one's sessions
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "auth",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn close_session(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    api.app.access().close_session(&caller, id).await.map_err(AppError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
