//! Conversations as resources: `galaxy://conversations/{id}`, written down as Markdown.

use futures::{StreamExt, stream::BoxStream};
use galaxy_app::{App, AppError, conversations::Filter, export::Format};
use galaxy_base::text::clip;
use galaxy_domain::{Caller, ConversationId, conversation::ConversationRow};
use rmcp::{
    ErrorData,
    model::{
        ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult, Resource,
        ResourceContents, ResourceTemplate,
    },
};

use crate::answers::refused;

/// What names a conversation begins with this.
const PREFIX: &str = "galaxy://conversations/";
/// How conversations are written down.
const MARKDOWN: &str = "text/markdown";
/// Conversations of one page.
const PAGE: usize = 50;
/// More text of one conversation than this is cut, visibly.
const CHARS: usize = 1_000_000;

/// One page of the caller's conversations.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    cursor: Option<String>,
) -> Result<ListResourcesResult, ErrorData> {
    let filter = Filter { archived: false, cursor, limit: PAGE };
    let (page, _) = app.conversations(caller, filter).await.map_err(|err| refused(&err))?;
    let mut result = ListResourcesResult::with_all_items(page.items.iter().map(resource).collect());
    result.next_cursor = page.next;
    Ok(result)
}

/// How a resource is named.
pub(crate) fn templates() -> ListResourceTemplatesResult {
    let template = ResourceTemplate::new(format!("{PREFIX}{{id}}"), "conversation")
        .with_title("A conversation")
        .with_description("One of the person's conversations, as Markdown.")
        .with_mime_type(MARKDOWN);
    ListResourceTemplatesResult::with_all_items(vec![template])
}

/// What was said in a conversation.
pub(crate) async fn read(
    app: &App,
    caller: &Caller,
    uri: &str,
) -> Result<ReadResourceResult, ErrorData> {
    let id: Option<ConversationId> = uri.strip_prefix(PREFIX).and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| ErrorData::resource_not_found("not found", None))?;
    let export = app.export(caller, id, Format::Markdown).await.map_err(|err| refused(&err))?;
    let text = gathered(export.pieces).await.map_err(|err| refused(&err))?;
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(MARKDOWN)]))
}

/// The pieces of an export, as far as there is room; what is left out is said.
async fn gathered(
    mut pieces: BoxStream<'static, Result<String, AppError>>,
) -> Result<String, AppError> {
    let (mut text, mut chars) = (String::new(), 0);
    while let Some(piece) = pieces.next().await.transpose()? {
        chars += piece.chars().count();
        if chars > CHARS && !text.is_empty() {
            text.push_str("\n… what was said after this is left out: it does not fit here.\n");
            break;
        }
        text.push_str(&clip(&piece, CHARS));
    }
    Ok(text)
}

fn resource(row: &ConversationRow) -> Resource {
    let title = if row.title.is_empty() { "Untitled" } else { &row.title };
    Resource::new(format!("{PREFIX}{}", row.id), title)
        .with_description(format!("{} messages, last changed {}", row.messages, row.updated_at))
        .with_mime_type(MARKDOWN)
}
