//! `/api/tasks`: to-dos.

use axum::{Json, extract::State, http::StatusCode};
use galaxy_app::{
    AppError,
    tasks::{NewTask, TaskChange},
};
use galaxy_base::Timestamp;
use galaxy_domain::{PersonId, TaskId, task::Priority};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Key, Path, Query},
    problem::Problem,
    views::{List, names, task::TaskView},
};

mod listing;

use listing::Listing;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::SignedIn, routes!(list, create))
        .add(Policy::SignedIn, routes!(show, change, delete))
        .add(Policy::SignedIn, routes!(complete))
}

/// Reads a moment (RFC 3339).
pub(super) fn moment(pointer: &str, text: &str) -> Result<Timestamp, Problem> {
    let wrong = |_| AppError::invalid(pointer, "a moment such as 2030-01-31T12:00:00Z");
    let parsed: jiff::Timestamp = text.parse().map_err(wrong)?;
    Ok(Timestamp::from_millis(parsed.as_millisecond()))
}

/// List tasks
#[utoipa::path(get, path = "/api/tasks", tag = "tasks", params(Listing),
    responses((status = 200, body = List<TaskView>), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(listing): Query<Listing>,
) -> Result<Json<List<TaskView>>, Problem> {
    let page = api.app.tasks().list(&caller, listing.filter()?).await?;
    let items = page.items.iter().map(TaskView::from).collect();
    Ok(Json(List { items, next: page.next, total: page.total }))
}

/// A task that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// What to do.
    title: String,
    /// More about it.
    #[serde(default)]
    description: String,
    /// `low`, `normal` or `high`.
    #[serde(default)]
    #[schema(value_type = Option<names::PriorityName>)]
    priority: Priority,
    /// Labels.
    #[serde(default)]
    tags: Vec<String>,
    /// When it should be done (RFC 3339).
    #[serde(default)]
    due_at: Option<String>,
    /// Who does it, if not the owner.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    assignee: Option<PersonId>,
    /// Tasks that come first.
    #[serde(default)]
    #[schema(value_type = Vec<uuid::Uuid>)]
    depends_on: Vec<TaskId>,
}

/// Make a task
#[utoipa::path(post, path = "/api/tasks", tag = "tasks", request_body = Wanted,
    responses((status = 201, body = TaskView), (status = "4XX", body = Problem)))]
async fn create(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    key: Key,
    body: Body<Wanted>,
) -> Result<(StatusCode, Json<TaskView>), Problem> {
    let once = key.once("POST /api/tasks", &body);
    let Wanted { title, description, priority, tags, due_at, assignee, depends_on } = body.value;
    let due_at = due_at.map(|it| moment("/due_at", &it)).transpose()?;
    let task = NewTask { title, description, priority, tags, due_at, assignee, depends_on };
    let row = api.app.tasks().create(&caller, task, once.as_ref()).await?;
    Ok((StatusCode::CREATED, Json((&row).into())))
}

/// Show a task
#[utoipa::path(get, path = "/api/tasks/{id}", tag = "tasks", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = TaskView), (status = "4XX", body = Problem)))]
async fn show(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<TaskId>,
) -> Result<Json<TaskView>, Problem> {
    Ok(Json((&api.app.tasks().get(&caller, id).await?).into()))
}

/// What is to change; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Changed {
    /// What to do.
    #[serde(default)]
    title: Option<String>,
    /// More about it.
    #[serde(default)]
    description: Option<String>,
    /// Whether it is done.
    #[serde(default)]
    completed: Option<bool>,
    /// `low`, `normal` or `high`.
    #[serde(default)]
    #[schema(value_type = Option<names::PriorityName>)]
    priority: Option<Priority>,
    /// All its labels.
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// When it should be done (RFC 3339); `null` means whenever.
    #[serde(default, deserialize_with = "super::given")]
    #[schema(value_type = Option<String>)]
    due_at: Option<Option<String>>,
    /// Who does it; `null` means the owner.
    #[serde(default, deserialize_with = "super::given")]
    #[schema(value_type = Option<uuid::Uuid>)]
    assignee: Option<Option<PersonId>>,
    /// All tasks that come first.
    #[serde(default)]
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    depends_on: Option<Vec<TaskId>>,
}

/// Change a task
#[utoipa::path(put, path = "/api/tasks/{id}", tag = "tasks", request_body = Changed,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = TaskView), (status = "4XX", body = Problem)))]
async fn change(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<TaskId>,
    body: Body<Changed>,
) -> Result<Json<TaskView>, Problem> {
    let it = body.value;
    let due_at = match it.due_at {
        Some(Some(text)) => Some(Some(moment("/due_at", &text)?)),
        Some(None) => Some(None),
        None => None,
    };
    let change = TaskChange {
        title: it.title,
        description: it.description,
        completed: it.completed,
        priority: it.priority,
        tags: it.tags,
        due_at,
        assignee: it.assignee,
        depends_on: it.depends_on,
    };
    Ok(Json((&api.app.tasks().change(&caller, id, change).await?).into()))
}

/// Delete a task
#[utoipa::path(delete, path = "/api/tasks/{id}", tag = "tasks",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn delete(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<TaskId>,
) -> Result<StatusCode, Problem> {
    api.app.tasks().delete(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Done, or not after all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Completing {
    /// Whether it is done.
    #[serde(default = "yes")]
    completed: bool,
}

const fn yes() -> bool {
    true
}

/// Tick a task off
#[utoipa::path(patch, path = "/api/tasks/{id}/complete", tag = "tasks",
    request_body = Option<Completing>, params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = TaskView), (status = "4XX", body = Problem)))]
async fn complete(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<TaskId>,
    body: Option<Body<Completing>>,
) -> Result<Json<TaskView>, Problem> {
    let completed = body.is_none_or(|body| body.value.completed);
    let change = TaskChange { completed: Some(completed), ..TaskChange::default() };
    Ok(Json((&api.app.tasks().change(&caller, id, change).await?).into()))
}
