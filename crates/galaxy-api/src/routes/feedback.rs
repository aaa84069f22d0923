//! What people think of answers.

use axum::{Json, extract::State, http::StatusCode};
use galaxy_domain::{ConversationId, MessageId, feedback::Rating};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Path},
    problem::Problem,
    views::{All, conversation::FeedbackView, names},
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.add(Policy::SignedIn, routes!(rate, unrate)).add(Policy::Admin, routes!(list))
}

/// An opinion.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rate {
    /// `up` or `down`.
    #[schema(value_type = names::RatingName)]
    rating: Rating,
    /// Why.
    #[serde(default)]
    comment: String,
}

/// Say what one thinks of a message
#[utoipa::path(put, path = "/api/conversations/{id}/messages/{message}/feedback",
    tag = "feedback", request_body = Rate,
    params(("id" = uuid::Uuid, Path), ("message" = uuid::Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn rate(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((id, message)): Path<(ConversationId, MessageId)>,
    body: Body<Rate>,
) -> Result<StatusCode, Problem> {
    let Rate { rating, comment } = body.value;
    api.app.rate(&caller, id, message, rating, comment).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take one's opinion of a message back
#[utoipa::path(delete, path = "/api/conversations/{id}/messages/{message}/feedback",
    tag = "feedback", params(("id" = uuid::Uuid, Path), ("message" = uuid::Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn unrate(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((id, message)): Path<(ConversationId, MessageId)>,
) -> Result<StatusCode, Problem> {
    api.app.unrate(&caller, id, message).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List everybody's newest opinions
#[utoipa::path(get, path = "/api/feedback", tag = "feedback",
    responses((status = 200, body = All<FeedbackView>), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<All<FeedbackView>>, Problem> {
    let feedback = api.app.all_feedback(&caller).await?;
    Ok(Json(All { items: feedback.iter().map(FeedbackView::from).collect() }))
}
