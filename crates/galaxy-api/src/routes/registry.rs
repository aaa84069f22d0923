//! `/v0.1/servers`: both lists with the API of the official registry, for programs that read such
//! registries. Entries are handed on as they came; what is known here besides is added to `_meta`.

use axum::{Json, extract::State};
use galaxy_app::market::{
    RegistryItem, RegistryPage, RegistryQuery,
    registry::{
        curated,
        listed::{Verbatim, moment},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Policy, Routes, conversations::page_size};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Path, Query},
    problem::Problem,
    views::event::time,
};

/// The key under which it is told in `_meta` where an entry was read.
const MIRROR: &str = "galaxy/mirror";
/// Stands for the newest version.
const LATEST: &str = "latest";

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::SignedIn, routes!(list))
        .add(Policy::SignedIn, routes!(versions))
        .add(Policy::SignedIn, routes!(version))
}

/// An entry of a registry.
#[derive(Serialize, ToSchema)]
struct RegistryServerView {
    /// What it says (`server.json`), to the letter.
    #[schema(value_type = Object)]
    server: Box<RawValue>,
    /// What registries say about it.
    #[serde(rename = "_meta")]
    #[schema(value_type = Object)]
    meta: Map<String, Value>,
}

/// Where a page of a registry ends.
#[derive(Serialize, ToSchema)]
struct RegistryMetadataView {
    /// What to pass as `cursor` to get the next ones; absent at the end.
    #[serde(rename = "nextCursor", skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many entries are on the page.
    count: usize,
}

/// One page of a registry.
#[derive(Serialize, ToSchema)]
struct RegistryListView {
    /// The entries.
    servers: Vec<RegistryServerView>,
    /// Where it ends.
    metadata: RegistryMetadataView,
}

impl From<RegistryPage> for RegistryListView {
    fn from(page: RegistryPage) -> Self {
        let servers: Vec<RegistryServerView> = page.items.iter().filter_map(view).collect();
        let metadata = RegistryMetadataView { next_cursor: page.next, count: servers.len() };
        Self { servers, metadata }
    }
}

/// `None` for what cannot be read any more.
fn view(item: &RegistryItem) -> Option<RegistryServerView> {
    match item {
        RegistryItem::Curated(entry) => {
            let touches: Vec<&str> = entry.touches.iter().map(|it| it.as_str()).collect();
            let told = json!({ "tags": entry.tags, "touches": touches });
            let server = RawValue::from_string(entry.text.clone()).ok()?;
            let meta = Map::from_iter([(curated::META.to_owned(), told)]);
            Some(RegistryServerView { server, meta })
        }
        RegistryItem::Mirrored(entry) => {
            let Verbatim { server, meta } = serde_json::from_str(&entry.body).ok()?;
            let meta = meta.and_then(|it| serde_json::from_str(it.get()).ok());
            let mut meta: Map<String, Value> = meta.unwrap_or_default();
            let told = json!({
                "source": entry.source,
                "fetchedAt": time(entry.fetched_at),
                "sha256": entry.sha256,
            });
            meta.insert(MIRROR.to_owned(), told);
            Some(RegistryServerView { server: server.to_owned(), meta })
        }
    }
}

/// Which entries. Fields that only other registries know are ignored.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Listing {
    /// Part of name, title or description.
    #[serde(default)]
    search: Option<String>,
    /// Only what changed since (RFC 3339), what was taken out included.
    #[serde(default)]
    updated_since: Option<String>,
    /// Only this version, or `latest`.
    #[serde(default)]
    version: Option<String>,
    /// Where to begin: `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// How many at most.
    #[serde(default)]
    limit: Option<usize>,
}

/// List entries as the official registry of tool servers does
#[utoipa::path(get, path = "/v0.1/servers", tag = "registry", params(Listing),
    responses((status = 200, body = RegistryListView), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(Listing { search, updated_since, version, cursor, limit }): Query<Listing>,
) -> Result<Json<RegistryListView>, Problem> {
    let wrong = || Problem::invalid("`updated_since` is no moment (RFC 3339).");
    let updated_since = updated_since.map(|it| moment(&it).ok_or_else(wrong)).transpose()?;
    let limit = u32::try_from(page_size(limit)).unwrap_or(u32::MAX);
    let query = RegistryQuery {
        search,
        updated_since,
        version,
        cursor: cursor.filter(|it| !it.is_empty()),
        limit,
    };
    Ok(Json(api.app.registry(&caller, query).await?.into()))
}

/// List all versions of an entry
#[utoipa::path(get, path = "/v0.1/servers/{name}/versions", tag = "registry",
    params(("name" = String, Path)),
    responses((status = 200, body = RegistryListView), (status = "4XX", body = Problem)))]
async fn versions(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(name): Path<String>,
) -> Result<Json<RegistryListView>, Problem> {
    let items = api.app.registry_versions(&caller, &name).await?;
    Ok(Json(RegistryPage { items, next: None }.into()))
}

/// Get one version of an entry, or the `latest`
#[utoipa::path(get, path = "/v0.1/servers/{name}/versions/{version}", tag = "registry",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = RegistryServerView), (status = "4XX", body = Problem)))]
async fn version(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<RegistryServerView>, Problem> {
    let version = Some(version.as_str()).filter(|it| *it != LATEST);
    let item = api.app.registry_version(&caller, &name, version).await?;
    view(&item).map(Json).ok_or_else(Problem::not_found)
}
