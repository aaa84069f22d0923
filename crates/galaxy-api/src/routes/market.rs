//! `/api/marketplace`: tool servers that can be chosen from lists.

/// A body with what is chosen of an entry, besides the fields that are written. It is no struct
/// within another: with `flatten`, serde does not promise to refuse fields that nobody knows, and
/// secrets lie in a buffer first.
macro_rules! choosing {
    ($(#[$about:meta])* struct $name:ident { $($fields:tt)* }) => {
        $(#[$about])*
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        struct $name {
            /// Which version; the newest if not given.
            #[serde(default)]
            version: Option<String>,
            /// What is answered, by the key of the question.
            #[serde(default)]
            #[schema(value_type = BTreeMap<String, Vec<String>>)]
            inputs: BTreeMap<String, Vec<SecretString>>,
            $($fields)*
        }
    };
}

mod update;

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use galaxy_app::market::{Adding, Choice, MarketQuery, Source};
use galaxy_base::SecretString;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Freshness, Policy, Routes, conversations::page_size};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Key, Path, Query},
    problem::Problem,
    views::{
        market::{MarketView, OfferDetailView, ResolutionView},
        tool_server::ToolServerDetailView,
    },
};

pub(super) fn routes(routes: Routes) -> Routes {
    let routes = routes
        .add(Policy::SignedIn, routes!(list))
        .add(Policy::SignedIn, routes!(get))
        .add(Policy::SignedIn, routes!(resolve))
        .add_for(Policy::SignedIn, Freshness::Sometimes, routes!(add));
    update::routes(routes)
}

/// One of the lists.
#[derive(Deserialize, ToSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum InList {
    /// The one that comes with the program.
    Curated,
    /// The registry that is read.
    Registry,
}

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Part of name, title, description or tags.
    #[serde(default)]
    search: Option<String>,
    /// What it is about.
    #[serde(default)]
    tag: Option<String>,
    /// `curated` or `registry`.
    #[serde(default)]
    #[param(inline)]
    source: Option<InList>,
    /// Where to begin: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// How many at most.
    #[serde(default)]
    limit: Option<usize>,
}

/// List tool servers that can be chosen
#[utoipa::path(get, path = "/api/marketplace", tag = "marketplace", params(Listing),
    responses((status = 200, body = MarketView), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(Listing { search, tag, source, cursor, limit }): Query<Listing>,
) -> Result<Json<MarketView>, Problem> {
    let source = source.map(|it| match it {
        InList::Curated => Source::Curated,
        InList::Registry => Source::Registry,
    });
    let limit = u32::try_from(page_size(limit)).unwrap_or(u32::MAX);
    let query = MarketQuery { search, tag, source, cursor, limit };
    Ok(Json(api.app.market(&caller, query).await?.into()))
}

/// Which version.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct InVersion {
    /// The version; the newest if not given.
    #[serde(default)]
    version: Option<String>,
}

/// Get an entry of the marketplace, with its versions and what it asks for
#[utoipa::path(get, path = "/api/marketplace/{name}", tag = "marketplace",
    params(("name" = String, Path), InVersion),
    responses((status = 200, body = OfferDetailView), (status = "4XX", body = Problem)))]
async fn get(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    Query(InVersion { version }): Query<InVersion>,
) -> Result<Json<OfferDetailView>, Problem> {
    Ok(Json(api.app.market_entry(&caller, &name, version.as_deref()).await?.into()))
}

choosing! {
    /// What is chosen of an entry.
    struct ChooseOffer {
        /// Which of its ways.
        way: String,
    }
}

/// Say what would be run or reached, exactly; nothing is stored, started or sent
#[utoipa::path(post, path = "/api/marketplace/{name}/resolve", tag = "marketplace",
    request_body = ChooseOffer, params(("name" = String, Path)),
    responses((status = 200, body = ResolutionView), (status = "4XX", body = Problem)))]
async fn resolve(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
    body: Body<ChooseOffer>,
) -> Result<Json<ResolutionView>, Problem> {
    let ChooseOffer { version, way, inputs } = body.value;
    let choice = Choice { version, way, inputs };
    Ok(Json(api.app.resolve_offer(&caller, &name, &choice).await?.into()))
}

choosing! {
    /// What is chosen of an entry, and consented to.
    struct AddOffer {
        /// Which of its ways.
        way: String,
        /// The digest of what was shown: nothing else is added.
        digest: String,
        /// The prefix of its tools; one made of the entry's name if not given.
        #[serde(default)]
        name: Option<String>,
        /// What people read; the entry's title if not given.
        #[serde(default)]
        title: Option<String>,
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
}

/// Add a tool server from an entry, exactly as it was shown
#[utoipa::path(post, path = "/api/marketplace/{name}/add", tag = "marketplace",
    request_body = AddOffer, params(("name" = String, Path)),
    responses((status = 201, body = ToolServerDetailView), (status = "4XX", body = Problem)))]
async fn add(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(entry): Path<String>,
    key: Key,
    body: Body<AddOffer>,
) -> Result<(StatusCode, Json<ToolServerDetailView>), Problem> {
    let once = key.once("POST /api/marketplace/{name}/add", &body);
    let AddOffer { version, way, inputs, digest, name, title, shared, trusted, may_ask } =
        body.value;
    let choice = Choice { version, way, inputs };
    let adding = Adding { choice, digest, name, title, shared, trusted, may_ask };
    let made = api.app.add_offer(&caller, &entry, adding, once.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
