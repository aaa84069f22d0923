//! `/api/runs`: look, follow, stop, decide, continue.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use galaxy_app::{
    decisions::{Response, Ruling},
    follow::Topic,
};
use galaxy_domain::{
    CallId, RunId, RunState, elicitation,
    tool::{Decision, Reach},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Freshness, Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Key, Path, Query},
    live::sse,
    problem::Problem,
    views::{
        All,
        event::RunEvent,
        names,
        run::{RunSummaryView, RunView, StateView},
    },
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::SignedIn, routes!(list))
        .add(Policy::SignedIn, routes!(show))
        .add(Policy::SignedIn, routes!(events))
        .add(Policy::SignedIn, routes!(stop))
        .add_for(Policy::InPerson, Freshness::Sometimes, routes!(approve))
        .add(Policy::InPerson, routes!(answer))
        .add(Policy::InPerson, routes!(respond))
        .add(Policy::SignedIn, routes!(go_on))
}

/// List the runs that are queued, running or waiting for a person
#[utoipa::path(get, path = "/api/runs", tag = "runs",
    responses((status = 200, body = All<RunSummaryView>), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<All<RunSummaryView>>, Problem> {
    let runs = api.app.active_runs(&caller).await?;
    Ok(Json(All { items: runs.iter().map(RunSummaryView::from).collect() }))
}

/// Show a run
#[utoipa::path(get, path = "/api/runs/{id}", tag = "runs", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = RunView), (status = "4XX", body = Problem)))]
async fn show(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<RunId>,
) -> Result<Json<RunView>, Problem> {
    Ok(Json((&api.app.run(&caller, id).await?).into()))
}

/// Where to begin.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Following {
    /// The number of the last event that was seen; `Last-Event-ID` wins.
    #[serde(default)]
    after: u64,
}

/// Follow a run: its events so far, then live, until it comes to rest
#[utoipa::path(get, path = "/api/runs/{id}/events", tag = "runs",
    params(("id" = uuid::Uuid, Path), Following),
    responses((status = 200, body = RunEvent, content_type = "text/event-stream"),
        (status = "4XX", body = Problem)))]
async fn events(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<RunId>,
    Query(following): Query<Following>,
    headers: HeaderMap,
) -> Result<axum::response::Response, Problem> {
    sse::stream_topic(api, caller, Topic::Run(id), &headers, following.after, true).await
}

fn accepted(state: RunState) -> (StatusCode, Json<StateView>) {
    (StatusCode::ACCEPTED, Json(StateView { state: state.into() }))
}

/// Stop a run; what there is of its answer is kept
#[utoipa::path(post, path = "/api/runs/{id}/stop", tag = "runs",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = StateView), (status = "4XX", body = Problem)))]
async fn stop(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<RunId>,
) -> Result<(StatusCode, Json<StateView>), Problem> {
    Ok(accepted(api.app.stop(&caller, id).await?))
}

/// Yes or no.
#[derive(Deserialize, ToSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum YesNo {
    /// The call may run.
    Allow,
    /// It may not.
    Deny,
}

/// A decision about a call.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Approve {
    /// Which call.
    call: String,
    /// The digest that came with the question: what the decision is bound to.
    digest: String,
    /// `allow` or `deny`.
    decision: YesNo,
    /// How far a yes reaches: `once`, `conversation` or `always`.
    #[serde(default)]
    #[schema(value_type = Option<names::ReachName>)]
    reach: Option<Reach>,
    /// Arguments to use instead of the model's.
    #[serde(default)]
    input: Option<Value>,
    /// Why not, told to the model.
    #[serde(default)]
    reason: Option<String>,
}

/// Decide about a call that waits for a yes or a no
#[utoipa::path(post, path = "/api/runs/{id}/approve", tag = "runs", request_body = Approve,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = StateView), (status = "4XX", body = Problem)))]
async fn approve(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<RunId>,
    key: Key,
    body: Body<Approve>,
) -> Result<(StatusCode, Json<StateView>), Problem> {
    let once = key.once("POST /api/runs/{id}/approve", &body);
    let Approve { call, digest, decision, reach, input, reason } = body.value;
    let decision = match decision {
        YesNo::Allow => Decision::Allow { reach: reach.unwrap_or(Reach::Once), input },
        YesNo::Deny => Decision::Deny { reason },
    };
    let ruling = Ruling { call: CallId(call), digest, decision };
    Ok(accepted(api.app.approve(&caller, id, ruling, once.as_ref()).await?))
}

/// One answer, or several choices.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
enum Answer {
    /// In words.
    One(String),
    /// The choices that were taken.
    Many(Vec<String>),
}

/// An answer to a call that is a question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Answering {
    /// Which call.
    call: String,
    /// The answer.
    answer: Answer,
}

/// Answer a call that is a question to the person
#[utoipa::path(post, path = "/api/runs/{id}/answer", tag = "runs", request_body = Answering,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = StateView), (status = "4XX", body = Problem)))]
async fn answer(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<RunId>,
    key: Key,
    body: Body<Answering>,
) -> Result<(StatusCode, Json<StateView>), Problem> {
    let once = key.once("POST /api/runs/{id}/answer", &body);
    let Answering { call, answer } = body.value;
    let text = match answer {
        Answer::One(text) => text,
        Answer::Many(choices) => choices.join(", "),
    };
    Ok(accepted(api.app.answer(&caller, id, CallId(call), text, once.as_ref()).await?))
}

/// What a person does with a question.
#[derive(Deserialize, ToSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Action {
    /// Send what was filled in, or say that the page was opened.
    Accept,
    /// Say no.
    Decline,
    /// Say nothing.
    Cancel,
}

/// What a person says to one question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reaction {
    /// `accept`, `decline` or `cancel`.
    action: Action,
    /// Values by the names of the fields, for `accept`.
    #[serde(default)]
    content: Option<Map<String, Value>>,
}

impl From<Reaction> for elicitation::Answer {
    fn from(Reaction { action, content }: Reaction) -> Self {
        match action {
            Action::Accept => Self::Accept { content: content.unwrap_or_default().into() },
            Action::Decline => Self::Decline,
            Action::Cancel => Self::Cancel,
        }
    }
}

/// An answer to what the tool of a call wants to know.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Responding {
    /// Which call.
    call: String,
    /// Which round of its questions, as it came with them.
    round: u32,
    /// What to say to each question, by its key.
    answers: BTreeMap<String, Reaction>,
}

/// Answer what the tool of a call wants to know before it goes on
#[utoipa::path(post, path = "/api/runs/{id}/respond", tag = "runs", request_body = Responding,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = StateView), (status = "4XX", body = Problem)))]
async fn respond(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<RunId>,
    key: Key,
    body: Body<Responding>,
) -> Result<(StatusCode, Json<StateView>), Problem> {
    let once = key.once("POST /api/runs/{id}/respond", &body);
    let Responding { call, round, answers } = body.value;
    let answers = answers.into_iter().map(|(key, it)| (key, it.into())).collect();
    let response = Response { call: CallId(call), round, answers };
    Ok(accepted(api.app.respond(&caller, id, response, once.as_ref()).await?))
}

/// Have a run go on that was stopped, broke off or ran into a limit
#[utoipa::path(post, path = "/api/runs/{id}/continue", tag = "runs",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 202, body = StateView), (status = "4XX", body = Problem)))]
async fn go_on(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<RunId>,
    key: Key,
) -> Result<(StatusCode, Json<StateView>), Problem> {
    let once = key.once_alone("POST /api/runs/{id}/continue");
    Ok(accepted(api.app.continue_run(&caller, id, once.as_ref()).await?))
}
