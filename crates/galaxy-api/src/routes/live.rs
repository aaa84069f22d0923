//! `/api/live` and `/ws`: topics, live.

use axum::{
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, StatusCode, Uri, header},
    response::Response,
    routing::get,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::{Authenticated, Client, host},
    extract::Query,
    gate::is_origin_of,
    live::{sse, wire, ws},
    problem::Problem,
    views::notice::NoticeEvent,
};

/// The largest frame that a page may send.
const FRAME_BYTES: usize = 64 * 1024;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.add(Policy::SignedIn, routes!(follow)).add_plain(Policy::SignedIn, "/ws", get(upgrade))
}

/// What to follow.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Following {
    /// `run:<id>`, `chat:<id>` or `user:<id>`.
    topic: String,
    /// The number of the last event that was seen; `Last-Event-ID` wins.
    #[serde(default)]
    after: u64,
}

/// Follow a topic: its events from a number on, then live
#[utoipa::path(get, path = "/api/live", tag = "live", params(Following),
    responses((status = 200, body = NoticeEvent, content_type = "text/event-stream"),
        (status = "4XX", body = Problem)))]
async fn follow(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(following): Query<Following>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let topic = wire::parse(&following.topic)?;
    sse::stream_topic(api, caller, topic, &headers, following.after, false).await
}

/// Opens the WebSocket, for our own pages and for programs.
async fn upgrade(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    if !api.config.websocket {
        return Err(Problem::not_found());
    }
    // A browser lets any page open a WebSocket, with our cookies; only the origin tells.
    let text = |name| headers.get(name).and_then(|it: &http::HeaderValue| it.to_str().ok());
    if let Some(origin) = text(header::ORIGIN) {
        let own = host(&uri, &headers).is_some_and(|host| is_origin_of(origin, host));
        if !own && !api.config.origins.iter().any(|it| it == origin) {
            let detail = "This page may not open a WebSocket here.";
            return Err(Problem::new(StatusCode::FORBIDDEN, "cross_site", detail));
        }
    }
    let upgrade = upgrade.map_err(|err| Problem::invalid(err.body_text()))?;
    let upgrade = upgrade.max_message_size(FRAME_BYTES).max_frame_size(FRAME_BYTES);
    Ok(upgrade.on_upgrade(move |socket| ws::serve(api, caller, client.address, socket)))
}
