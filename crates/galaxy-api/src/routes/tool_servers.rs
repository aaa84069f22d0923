//! `/api/tool-servers`: servers of tools, what they offer and how they are.

mod offers;
mod programs;
mod sign_in;
mod transfer;

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use galaxy_app::servers::{LinkRequest, NewServer, ServerChange, ToolDecision, Value};
use galaxy_base::SecretString;
use galaxy_domain::ToolServerId;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Freshness, Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Key, Path},
    problem::Problem,
    views::{
        All,
        tool_server::{
            LogEntryView, ToolServerDetailView, ToolServerView,
            link::{FolderBody, NetworkView},
        },
    },
};

pub(super) fn routes(routes: Routes) -> Routes {
    let routes = routes
        .add(Policy::SignedIn, routes!(list))
        .add_for(Policy::SignedIn, Freshness::Sometimes, routes!(create))
        .add(Policy::SignedIn, routes!(get))
        .add_for(Policy::SignedIn, Freshness::Sometimes, routes!(change, delete))
        .add(Policy::SignedIn, routes!(decide))
        .add(Policy::SignedIn, routes!(probe))
        .add(Policy::SignedIn, routes!(restart))
        .add(Policy::SignedIn, routes!(log));
    programs::routes(sign_in::routes(transfer::routes(offers::routes(routes))))
}

/// List the tool servers that one's agents may use
#[utoipa::path(get, path = "/api/tool-servers", tag = "tool servers",
    responses((status = 200, body = All<ToolServerView>), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<All<ToolServerView>>, Problem> {
    let servers = api.app.servers(&caller).await?;
    Ok(Json(All { items: servers.iter().map(ToolServerView::from).collect() }))
}

/// How a server is to be reached. Values are never shown again; `null` keeps the one that is
/// stored, as long as the server stays at its place.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum LinkBody {
    /// By streamable HTTP.
    Http {
        /// Where.
        url: String,
        /// Headers that open it, by name.
        #[serde(default)]
        #[schema(value_type = BTreeMap<String, Option<String>>)]
        headers: BTreeMap<String, Option<SecretString>>,
        /// Whether it may be on the server's own machine or in the networks inside (for
        /// administrators).
        #[serde(default)]
        inside: bool,
    },
    /// As a program on the server's machine (for administrators).
    Program {
        /// Its absolute path, or its name.
        command: String,
        /// Its arguments, one by one; no shell reads them.
        #[serde(default)]
        arguments: Vec<String>,
        /// Its environment, by name.
        #[serde(default)]
        #[schema(value_type = BTreeMap<String, Option<String>>)]
        environment: BTreeMap<String, Option<SecretString>>,
        /// What it may use besides what it is made of and a folder of its own.
        #[serde(default)]
        folders: Vec<FolderBody>,
        /// How far it may reach.
        #[serde(default)]
        network: NetworkView,
    },
}

impl From<LinkBody> for LinkRequest {
    fn from(body: LinkBody) -> Self {
        let values = |given: BTreeMap<String, Option<SecretString>>| {
            let value = |it: Option<SecretString>| it.map_or(Value::Keep, Value::Set);
            given.into_iter().map(|(name, it)| (name, value(it))).collect()
        };
        match body {
            LinkBody::Http { url, headers, inside } => {
                Self::Http { url, headers: values(headers), inside }
            }
            LinkBody::Program { command, arguments, environment, folders, network } => {
                Self::Program {
                    command,
                    arguments,
                    environment: values(environment),
                    folders: folders.into_iter().map(Into::into).collect(),
                    network: network.into(),
                }
            }
        }
    }
}

/// A tool server that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToolServer {
    /// The prefix of its tools: at most 32 of `a-z`, `0-9` and `-`.
    name: String,
    /// What people read; the name if not given.
    #[serde(default)]
    title: Option<String>,
    /// How it is reached.
    link: LinkBody,
    /// Whether it is everybody's (for administrators).
    #[serde(default)]
    shared: bool,
    /// Whether what it says about its tools is believed (for administrators).
    #[serde(default)]
    trusted: bool,
    /// Whether it may ask people for input.
    #[serde(default)]
    may_ask: bool,
}

/// Add a tool server; it is looked at for at most five seconds, and the tools it lists are allowed
#[utoipa::path(post, path = "/api/tool-servers", tag = "tool servers",
    request_body = NewToolServer,
    responses((status = 201, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn create(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    key: Key,
    body: Body<NewToolServer>,
) -> Result<(StatusCode, Json<ToolServerDetailView>), Problem> {
    let once = key.once("POST /api/tool-servers", &body);
    let NewToolServer { name, title, link, shared, trusted, may_ask } = body.value;
    let link = link.into();
    let new = NewServer { name, title, link, origin: None, shared, trusted, may_ask };
    let made = api.app.add_server(&caller, new, once.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Get a tool server with its tools
#[utoipa::path(get, path = "/api/tool-servers/{id}", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn get(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    Ok(Json(api.app.server(&caller, id).await?.into()))
}

/// What is to change; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeToolServer {
    /// What people read.
    #[serde(default)]
    title: Option<String>,
    /// Whether it is used.
    #[serde(default)]
    enabled: Option<bool>,
    /// How it is reached.
    #[serde(default)]
    link: Option<LinkBody>,
    /// Whether what it says about its tools is believed (for administrators).
    #[serde(default)]
    trusted: Option<bool>,
    /// Whether it may ask people for input.
    #[serde(default)]
    may_ask: Option<bool>,
}

/// Change a tool server
#[utoipa::path(patch, path = "/api/tool-servers/{id}", tag = "tool servers",
    request_body = ChangeToolServer, params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn change(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
    body: Body<ChangeToolServer>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    let ChangeToolServer { title, enabled, link, trusted, may_ask } = body.value;
    let link = link.map(LinkRequest::from);
    let change = ServerChange { title, enabled, link, origin: None, trusted, may_ask };
    Ok(Json(api.app.change_server(&caller, id, change).await?.into()))
}

/// Delete a tool server; whatever runs of it ends
#[utoipa::path(delete, path = "/api/tool-servers/{id}", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn delete(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<StatusCode, Problem> {
    api.app.delete_server(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What somebody decides about a tool; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecideTool {
    /// How the server calls it.
    tool: String,
    /// Allows the definition with this pin.
    #[serde(default)]
    approve: Option<String>,
    /// Whether agents are offered it.
    #[serde(default)]
    enabled: Option<bool>,
}

/// What somebody decides about tools.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecideTools {
    /// About each.
    tools: Vec<DecideTool>,
}

/// Allow tools as they are now, or switch them on and off; all of it or nothing
#[utoipa::path(patch, path = "/api/tool-servers/{id}/tools", tag = "tool servers",
    request_body = DecideTools, params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn decide(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
    body: Body<DecideTools>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    let decision =
        |it: DecideTool| ToolDecision { tool: it.tool, approve: it.approve, enabled: it.enabled };
    let decisions = body.value.tools.into_iter().map(decision).collect();
    Ok(Json(api.app.decide_tools(&caller, id, decisions).await?.into()))
}

/// Look at a tool server now
#[utoipa::path(post, path = "/api/tool-servers/{id}/probe", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn probe(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    Ok(Json(api.app.probe_server(&caller, id).await?.into()))
}

/// End the connection to a tool server, and its process, and start afresh
#[utoipa::path(post, path = "/api/tool-servers/{id}/restart", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn restart(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<ToolServerDetailView>, Problem> {
    Ok(Json(api.app.restart_server(&caller, id).await?.into()))
}

/// Read the last lines of a tool server's log
#[utoipa::path(get, path = "/api/tool-servers/{id}/log", tag = "tool servers",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = All<LogEntryView>), (status = "4XX", body = Problem)))]
async fn log(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ToolServerId>,
) -> Result<Json<All<LogEntryView>>, Problem> {
    let lines = api.app.server_log(&caller, id).await?;
    Ok(Json(All { items: lines.into_iter().map(LogEntryView::from).collect() }))
}
