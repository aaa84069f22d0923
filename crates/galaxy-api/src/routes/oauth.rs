//! `/api/oauth/callback` and `/oauth/client.json`: where people come back to after they signed in
//! at a tool server, and who we are to those who sign them in.
//!
//! **Invariant:** the page that people come back to is the same for everybody, and shows nothing of
//! its address. What they came back with is handed in by a request of that page, with their
//! session: a browser sends no cookie of ours along from another site.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
    routing::get,
};
use galaxy_domain::ToolServerId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{api::Api, caller::Authenticated, extract::Body, page, problem::Problem};

/// Where people come back to.
pub(crate) const CALLBACK: &str = "/api/oauth/callback";
/// That page; `{{name}}` stands for the name of this deployment.
const PAGE: &str = include_str!("oauth/callback.html");
/// How it looks: as the page does.
const STYLE: &str = concat!(
    include_str!("../../../../web/src/design/tokens.css"),
    include_str!("../../../../web/src/design/base.css"),
    include_str!("oauth/callback.css"),
);
/// Its typefaces, which are files of the page: family, weights, and how the file's name begins.
const FONTS: [(&str, &str, &str); 2] = [
    (
        "Atkinson Hyperlegible Next Variable",
        "200 800",
        "atkinson-hyperlegible-next-latin-wght-normal",
    ),
    ("Spectral", "500", "spectral-latin-500-normal"),
];

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add_plain(Policy::Public, CALLBACK, get(page))
        .add_plain(Policy::Public, "/api/oauth/callback.js", get(script))
        .add_plain(Policy::Public, "/api/oauth/callback.css", get(style))
        .add(Policy::Public, routes!(document))
        .add(Policy::InPerson, routes!(finish))
}

fn file(kind: &'static str, text: impl IntoResponse) -> Response {
    let kind: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, kind)];
    (kind, text).into_response()
}

async fn page(State(api): State<Api>) -> Response {
    let page = PAGE.replace("{{name}}", &as_text(&api.app.config().name));
    file("text/html; charset=utf-8", page)
}

/// `words` as they stand in HTML, where they are nothing but words.
fn as_text(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("oauth/callback.js"))
}

async fn style() -> Response {
    let faces: String = FONTS.iter().filter_map(|it| face(*it)).collect();
    file("text/css; charset=utf-8", faces + STYLE)
}

/// A typeface by where it is; none where the binary was built without a page.
fn face((family, weights, file): (&str, &str, &str)) -> Option<String> {
    let path = page::asset(file, ".woff2")?;
    Some(format!(
        "@font-face {{ font-family: '{family}'; font-weight: {weights}; font-display: swap; \
         src: url('/{path}') format('woff2'); }}\n"
    ))
}

/// Read who this deployment is, as issuers do that call a client by the address of this document
#[utoipa::path(get, path = "/oauth/client.json", tag = "tool servers",
    responses((status = 200, body = serde_json::Value), (status = "4XX", body = Problem)))]
async fn document(State(api): State<Api>) -> Result<Json<serde_json::Value>, Problem> {
    api.app.client_document().map(Json).ok_or_else(Problem::not_found)
}

/// What a person's browser came back with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CameBack {
    /// The query of the address, as it is there.
    query: String,
}

/// Where somebody is signed in now.
#[derive(Serialize, ToSchema)]
struct SignedInAt {
    /// The tool server.
    #[schema(value_type = uuid::Uuid)]
    server: ToolServerId,
    /// What people read.
    title: String,
}

/// Finish a sign-in at a tool server; only the person who began it can
#[utoipa::path(post, path = "/api/oauth/callback", tag = "tool servers", request_body = CameBack,
    responses((status = 200, body = SignedInAt), (status = "4XX", body = Problem)))]
async fn finish(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    body: Body<CameBack>,
) -> Result<Json<SignedInAt>, Problem> {
    let row = api.app.finish_sign_in(&caller, &body.value.query).await?.summary.row;
    Ok(Json(SignedInAt { server: row.id, title: row.title }))
}
