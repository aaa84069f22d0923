//! The page, from inside the binary.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::Problem;

/// What was built of `web/` when this binary was.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Files;

/// Shown where the binary was built without a page.
const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Galaxy</title><p>This server was built without its page. Build it with \
    <code>cargo xtask serve</code>, which needs Node.js, or use the API: \
    <a href=\"/api/docs/\">documentation</a>.";

/// Changes with the page.
pub(crate) fn hash() -> &'static str {
    use std::sync::OnceLock;
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let index = Files::get("index.html");
        index.map(|it| hex::encode(&it.metadata.sha256_hash()[..8])).unwrap_or_default()
    })
}

/// The path of the file in `assets/` whose name begins with `name`, then has its hash, and ends with
/// `ending`.
pub(crate) fn asset(name: &str, ending: &str) -> Option<String> {
    let is_it = |path: &str| {
        let path = path.strip_prefix("assets/").and_then(|it| it.strip_prefix(name));
        path.is_some_and(|rest| rest.starts_with('-') && rest.ends_with(ending))
    };
    Files::iter().find(|path| is_it(path)).map(|path| path.into_owned())
}

/// Whatever has no route: a file of the page, the page itself for addresses that people see, or
/// a problem.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let for_programs = ["api", "v1", "ws", "health", "metrics", "mcp", ".well-known"];
    let first = path.split('/').next().unwrap_or_default();
    if for_programs.contains(&first) || !matches!(method, Method::GET | Method::HEAD) {
        return Problem::not_found().into_response();
    }
    if let Some(response) = file(path, &headers) {
        return response;
    }
    let accepts = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or("");
    // The front door is open to whatever knocks, also to what only looks whether it is there.
    if !path.is_empty() && !accepts.contains("text/html") {
        return Problem::not_found().into_response();
    }
    let page = file("index.html", &headers);
    page.unwrap_or_else(|| {
        let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (StatusCode::OK, kind, MISSING).into_response()
    })
}

/// A file of the page, packed as small as the browser takes it.
fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = Files::get(path)?;
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    let accepted = accepted.unwrap_or("");
    let takes = |name: &str| {
        accepted.split(',').any(|it| it.split(';').next().unwrap_or_default().trim() == name)
    };
    let packed = |name: &'static str, ending: &str| {
        let packed = takes(name).then(|| Files::get(&format!("{path}.{ending}")))??;
        Some((packed, name))
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let charset = if kind.type_() == "text" { "; charset=utf-8" } else { "" };
    let mut response = match packed("br", "br").or_else(|| packed("gzip", "gz")) {
        Some((file, encoding)) => {
            let mut response = body(file);
            let value = HeaderValue::from_static(encoding);
            response.headers_mut().insert(header::CONTENT_ENCODING, value);
            response
        }
        None => body(plain),
    };
    let into = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&format!("{kind}{charset}")) {
        into.insert(header::CONTENT_TYPE, value);
    }
    into.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Names with a hash in them never change their content.
    let keep = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    into.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    Some(response)
}

fn body(file: EmbeddedFile) -> Response {
    Response::new(Body::from(file.data.into_owned()))
}
