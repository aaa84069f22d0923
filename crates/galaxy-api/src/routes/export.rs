//! `/api/conversations/{id}/export`: a conversation as a file.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderName, header},
};
use futures::TryStreamExt;
use galaxy_app::export::{Export, Format};
use galaxy_domain::ConversationId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Path, Query},
    problem::Problem,
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.add(Policy::SignedIn, routes!(export))
}

/// How to write a conversation down.
#[derive(Deserialize, ToSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum FormatName {
    /// Plain text with time, model and tools.
    Txt,
    /// Markdown.
    Md,
    /// JSON, complete.
    Json,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Exporting {
    /// `txt`, `md` or `json`.
    #[param(inline)]
    format: FormatName,
}

/// Save a conversation as a file
#[utoipa::path(get, path = "/api/conversations/{id}/export", tag = "conversations",
    params(("id" = uuid::Uuid, Path), Exporting),
    responses((status = 200, body = String), (status = "4XX", body = Problem)))]
async fn export(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Path(id): Path<ConversationId>,
    Query(exporting): Query<Exporting>,
) -> Result<([(HeaderName, String); 2], Body), Problem> {
    let format = match exporting.format {
        FormatName::Txt => Format::Text,
        FormatName::Md => Format::Markdown,
        FormatName::Json => Format::Json,
    };
    Ok(download(api.app.export(&caller, id, format).await?))
}

/// A file to save, sent as it is made.
pub(super) fn download(file: Export) -> ([(HeaderName, String); 2], Body) {
    let disposition = format!("attachment; filename*=UTF-8''{}", percent(&file.file_name));
    let headers = [
        (header::CONTENT_TYPE, file.media_type.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    // The status is sent by then: a file that breaks off must not look whole.
    let pieces = file.pieces.inspect_err(|err| tracing::warn!(error = %err, "an export broke off"));
    (headers, Body::from_stream(pieces))
}

/// Writes a file name for a header (RFC 8187).
fn percent(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let write =
        |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(write).collect()
}
