//! `/api/conversations`: make, find, change, fork, delete.

use axum::{Json, extract::State, http::StatusCode};
use galaxy_app::conversations::{Change, Filter};
use galaxy_domain::{ConversationId, MessageId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Key, Path, Query},
    problem::Problem,
    views::{
        All, List,
        conversation::{ConversationView, HitView, SessionCountView},
    },
};

/// Things on one page, unless asked otherwise.
const PAGE: usize = 40;
/// Things on one page at most.
const LARGEST_PAGE: usize = 200;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::SignedIn, routes!(list, create))
        .add(Policy::SignedIn, routes!(search))
        .add(Policy::SignedIn, routes!(show, change, delete))
        .add(Policy::SignedIn, routes!(fork))
        .add(Policy::SignedIn, routes!(counts))
}

/// How many things to show.
pub(super) fn page_size(asked: Option<usize>) -> usize {
    asked.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
}

/// Which conversations.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Those out of sight instead of the others.
    #[serde(default)]
    archived: bool,
    /// Where to begin: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// How many at most.
    #[serde(default)]
    limit: Option<usize>,
}

/// List conversations: pinned ones first, then by time, newest first
#[utoipa::path(get, path = "/api/conversations", tag = "conversations", params(Listing),
    responses((status = 200, body = List<ConversationView>), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(listing): Query<Listing>,
) -> Result<Json<List<ConversationView>>, Problem> {
    let Listing { archived, cursor, limit } = listing;
    let filter = Filter { archived, cursor, limit: page_size(limit) };
    let (page, total) = api.app.conversations(&caller, filter).await?;
    let items = page.items.iter().map(ConversationView::from).collect();
    Ok(Json(List { items, next: page.next, total }))
}

/// A conversation that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewConversation {
    /// What it is about; the first message tells, if this does not.
    #[serde(default)]
    title: Option<String>,
    /// The model; absent means the default.
    #[serde(default)]
    model: Option<String>,
    /// The tools; absent means all.
    #[serde(default)]
    tools: Option<Vec<String>>,
    /// Own instructions.
    #[serde(default)]
    system_prompt: Option<String>,
}

/// Make a conversation
#[utoipa::path(post, path = "/api/conversations", tag = "conversations",
    request_body = NewConversation,
    responses((status = 201, body = ConversationView), (status = "4XX", body = Problem)))]
async fn create(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    key: Key,
    body: Body<NewConversation>,
) -> Result<(StatusCode, Json<ConversationView>), Problem> {
    let once = key.once("POST /api/conversations", &body);
    let NewConversation { title, model, tools, system_prompt } = body.value;
    let change = Change {
        title,
        model: Some(model),
        tools: Some(tools),
        system_prompt: Some(system_prompt),
        ..Change::default()
    };
    let row = api.app.create_conversation(&caller, change, once.as_ref()).await?;
    Ok((StatusCode::CREATED, Json((&row).into())))
}

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Searching {
    /// The words.
    q: String,
    /// How many places at most.
    #[serde(default)]
    limit: Option<usize>,
}

/// Look for words in titles and messages
#[utoipa::path(get, path = "/api/conversations/search", tag = "conversations", params(Searching),
    responses((status = 200, body = All<HitView>), (status = "4XX", body = Problem)))]
async fn search(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(searching): Query<Searching>,
) -> Result<Json<All<HitView>>, Problem> {
    let hits = api.app.search(&caller, &searching.q, page_size(searching.limit)).await?;
    Ok(Json(All { items: hits.iter().map(HitView::from).collect() }))
}

/// Show a conversation
#[utoipa::path(get, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ConversationView), (status = "4XX", body = Problem)))]
async fn show(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConversationId>,
) -> Result<Json<ConversationView>, Problem> {
    Ok(Json((&api.app.conversation(&caller, id).await?).into()))
}

/// What is to change; what is absent stays as it is, `null` goes back to the default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeConversation {
    /// What it is called.
    #[serde(default)]
    title: Option<String>,
    /// Shown first.
    #[serde(default)]
    pinned: Option<bool>,
    /// Out of sight.
    #[serde(default)]
    archived: Option<bool>,
    /// The model.
    #[serde(default, deserialize_with = "super::given")]
    #[schema(value_type = Option<String>)]
    model: Option<Option<String>>,
    /// The tools; fixed since the first message.
    #[serde(default, deserialize_with = "super::given")]
    #[schema(value_type = Option<Vec<String>>)]
    tools: Option<Option<Vec<String>>>,
    /// Own instructions.
    #[serde(default, deserialize_with = "super::given")]
    #[schema(value_type = Option<String>)]
    system_prompt: Option<Option<String>>,
}

/// Change a conversation
#[utoipa::path(patch, path = "/api/conversations/{id}", tag = "conversations",
    request_body = ChangeConversation, params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = ConversationView), (status = "4XX", body = Problem)))]
async fn change(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConversationId>,
    body: Body<ChangeConversation>,
) -> Result<Json<ConversationView>, Problem> {
    let ChangeConversation { title, pinned, archived, model, tools, system_prompt } = body.value;
    let change = Change { title, pinned, archived, model, tools, system_prompt };
    Ok(Json((&api.app.change_conversation(&caller, id, change).await?).into()))
}

/// Delete a conversation with all that belongs to it
#[utoipa::path(delete, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn delete(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, Problem> {
    api.app.delete_conversation(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where to fork.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Fork {
    /// The last message that the new conversation has in common with this one.
    #[schema(value_type = uuid::Uuid)]
    message_id: MessageId,
}

/// Copy a branch into a new conversation
#[utoipa::path(post, path = "/api/conversations/{id}/fork", tag = "conversations",
    request_body = Fork, params(("id" = uuid::Uuid, Path)),
    responses((status = 201, body = ConversationView), (status = "4XX", body = Problem)))]
async fn fork(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConversationId>,
    key: Key,
    body: Body<Fork>,
) -> Result<(StatusCode, Json<ConversationView>), Problem> {
    let once = key.once("POST /api/conversations/{id}/fork", &body);
    let row = api.app.fork(&caller, id, body.value.message_id, once.as_ref()).await?;
    Ok((StatusCode::CREATED, Json((&row).into())))
}

/// List conversations with their counts of messages
#[utoipa::path(get, path = "/api/sessions", tag = "conversations", params(Listing),
    responses((status = 200, body = List<SessionCountView>), (status = "4XX", body = Problem)))]
async fn counts(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(listing): Query<Listing>,
) -> Result<Json<List<SessionCountView>>, Problem> {
    let Listing { archived, cursor, limit } = listing;
    let filter = Filter { archived, cursor, limit: page_size(limit) };
    let (page, total) = api.app.conversations(&caller, filter).await?;
    let items = page.items.iter().map(SessionCountView::from).collect();
    Ok(Json(List { items, next: page.next, total }))
}
