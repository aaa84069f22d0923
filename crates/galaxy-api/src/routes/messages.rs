//! `/api/conversations/{id}/messages`: read, send, edit, ask again, switch branches.

use axum::{Json, extract::State, http::StatusCode};
use galaxy_app::{
    Made,
    apps::Context,
    chat::{self, Sending},
    conversations::Window,
};
use galaxy_domain::{CallId, ConversationId, MessageId, RunId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Policy, Routes, conversations::page_size};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Key, Path, Query},
    problem::Problem,
    views::conversation::{MessageView, MessagesView, StartedView},
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::SignedIn, routes!(list, send))
        .add(Policy::SignedIn, routes!(edit))
        .add(Policy::SignedIn, routes!(regenerate))
        .add(Policy::SignedIn, routes!(show))
}

/// Which messages of the branch that is shown.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Those before this one.
    #[serde(default)]
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<MessageId>,
    /// Those around this one.
    #[serde(default)]
    #[param(value_type = Option<uuid::Uuid>)]
    around: Option<MessageId>,
    /// How many at most.
    #[serde(default)]
    limit: Option<usize>,
}

/// Read messages of the branch that is shown
#[utoipa::path(get, path = "/api/conversations/{id}/messages", tag = "conversations",
    params(("id" = uuid::Uuid, Path), Listing),
    responses((status = 200, body = MessagesView), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConversationId>,
    Query(listing): Query<Listing>,
) -> Result<Json<MessagesView>, Problem> {
    let Listing { before, around, limit } = listing;
    let window = Window { before, around, limit: page_size(limit) };
    let messages = api.app.messages(&caller, id, window).await?;
    let view = |(row, progress): &(_, Option<_>)| {
        MessageView::of(row, progress.as_ref(), &messages.feedback)
    };
    let items = messages.shown.iter().map(view).collect();
    Ok(Json(MessagesView { items, has_more: messages.has_more }))
}

/// An image that is sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Image {
    /// `image/png`, `image/jpeg`, `image/webp` or `image/gif`.
    media_type: String,
    /// Its bytes in base64.
    data: String,
}

/// What a person sends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Send {
    /// What they wrote.
    #[serde(default)]
    text: String,
    /// What they show.
    #[serde(default)]
    images: Vec<Image>,
    /// The message it follows; absent means the newest that is shown.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    parent_id: Option<MessageId>,
    /// The model to answer with; absent means the conversation's.
    #[serde(default)]
    model: Option<String>,
    /// What views of the conversation want the agent to know besides; it is labelled as theirs.
    #[serde(default)]
    context: Vec<ContextBody>,
}

/// What a view wants the agent to know.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContextBody {
    /// The run whose call has the view.
    #[schema(value_type = uuid::Uuid)]
    run: RunId,
    /// That call.
    call: String,
    /// What it says.
    text: String,
}

/// Send a message; a run answers it
#[utoipa::path(post, path = "/api/conversations/{id}/messages", tag = "conversations",
    request_body = Send, params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = StartedView), (status = "4XX", body = Problem)))]
async fn send(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConversationId>,
    key: Key,
    body: Body<Send>,
) -> Result<(StatusCode, Json<StartedView>), Problem> {
    let once = key.once("POST /api/conversations/{id}/messages", &body);
    let Send { text, images, parent_id, model, context } = body.value;
    let images = images.into_iter().map(|it| (it.media_type, it.data)).collect();
    let said = |it: ContextBody| Context { run: it.run, call: CallId(it.call), text: it.text };
    let context = context.into_iter().map(said).collect();
    let sending =
        Sending { text, images, parent: parent_id, model, context, awaits: chat::Awaits::Words };
    Ok(started(api.app.send(&caller, id, sending, once.as_ref()).await?))
}

fn started(made: Made<chat::Said>) -> (StatusCode, Json<StartedView>) {
    let said = made.value;
    let view = StartedView { run_id: said.run, question_id: said.question, answer_id: said.answer };
    (StatusCode::ACCEPTED, Json(view))
}

/// Another version of a message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// What it says instead.
    text: String,
    /// Whether it is answered too.
    #[serde(default)]
    rerun: bool,
}

/// Put another version beside a message
#[utoipa::path(post, path = "/api/conversations/{id}/messages/{message}/edit",
    tag = "conversations", request_body = Edit,
    params(("id" = uuid::Uuid, Path), ("message" = uuid::Uuid, Path)),
    responses((status = 202, body = StartedView), (status = "4XX", body = Problem)))]
async fn edit(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((id, message)): Path<(ConversationId, MessageId)>,
    key: Key,
    body: Body<Edit>,
) -> Result<(StatusCode, Json<StartedView>), Problem> {
    let once = key.once("POST /api/conversations/{id}/messages/{message}/edit", &body);
    let Edit { text, rerun } = body.value;
    let edit = chat::Edit { message, text, rerun };
    Ok(started(api.app.edit(&caller, id, edit, once.as_ref()).await?))
}

/// How to ask again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Regenerate {
    /// The model to answer with; absent means the conversation's.
    #[serde(default)]
    model: Option<String>,
}

/// Have a question answered once more
#[utoipa::path(post, path = "/api/conversations/{id}/messages/{message}/regenerate",
    tag = "conversations", request_body = Regenerate,
    params(("id" = uuid::Uuid, Path), ("message" = uuid::Uuid, Path)),
    responses((status = 202, body = StartedView), (status = "4XX", body = Problem)))]
async fn regenerate(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((id, message)): Path<(ConversationId, MessageId)>,
    key: Key,
    body: Body<Regenerate>,
) -> Result<(StatusCode, Json<StartedView>), Problem> {
    let once = key.once("POST /api/conversations/{id}/messages/{message}/regenerate", &body);
    let model = body.value.model;
    Ok(started(api.app.regenerate(&caller, id, message, model, once.as_ref()).await?))
}

/// Show the branch through a message
#[utoipa::path(post, path = "/api/conversations/{id}/messages/{message}/show",
    tag = "conversations", params(("id" = uuid::Uuid, Path), ("message" = uuid::Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn show(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((id, message)): Path<(ConversationId, MessageId)>,
) -> Result<StatusCode, Problem> {
    api.app.show(&caller, id, message).await?;
    Ok(StatusCode::NO_CONTENT)
}
