//! A conversation as a file: the branch that is shown, as plain text, Markdown or JSON.
//!
//! **Invariant:** however long a conversation is, and whatever pictures are in it, only a few
//! messages are in memory at once.

mod written;

use std::collections::BTreeSet;

use futures::stream::{self, BoxStream, StreamExt};
use galaxy_domain::{
    Caller, ConversationId, MessageId, Permit,
    access::Read,
    audit::{Act, Fact, Record, Thing},
    conversation::ConversationRow,
    id::Conversation,
};
use galaxy_store::{Store, Strength, Window};

use crate::{App, AppError};
use written::Head;

/// Messages that are read at once, when only their order and their tools are looked at.
const PAGE: usize = 40;

/// How a conversation is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text with time, model and tools.
    Text,
    /// Markdown.
    Markdown,
    /// JSON, complete.
    Json,
}

/// A file to save.
pub struct Export {
    /// A name that every file system takes.
    pub file_name: String,
    /// Its type, with the character set.
    pub media_type: &'static str,
    /// What is in it, a message at a time. An error breaks it off: a message may have been
    /// deleted meanwhile.
    pub pieces: BoxStream<'static, Result<String, AppError>>,
}

impl App {
    /// Writes a conversation down.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn export(
        &self,
        caller: &Caller,
        id: ConversationId,
        format: Format,
    ) -> Result<Export, AppError> {
        let permit = self.conversation_permit::<Read>(caller, id).await?;
        let conversation = self.store.conversation(permit).await?;
        let name = match format {
            Format::Text => "text",
            Format::Markdown => "markdown",
            Format::Json => "json",
        };
        let record = Record::by(&permit, Act::ConversationExported).about(Thing::Conversation, id);
        self.store.record(record.with(Fact::Format, name), Strength::Synced).await?;
        let outline = outline(&self.store, permit).await?;
        let (ending, media_type) = match format {
            Format::Text => ("txt", "text/plain; charset=utf-8"),
            Format::Markdown => ("md", "text/markdown; charset=utf-8"),
            Format::Json => ("json", "application/json"),
        };
        let file_name = format!("{}.{ending}", written::slug(&conversation.title));
        let pieces = pieces(self.store.clone(), permit, format, &conversation, outline)?;
        Ok(Export { file_name, media_type, pieces })
    }
}

/// What has to be known of all messages before the first is written.
struct Outline {
    /// Their ids, oldest first.
    order: Vec<MessageId>,
    tools: BTreeSet<String>,
}

/// Reads the shown branch from its end, a page at a time.
async fn outline(store: &Store, permit: Permit<Read, Conversation>) -> Result<Outline, AppError> {
    let (mut order, mut tools) = (Vec::new(), BTreeSet::new());
    loop {
        let before = order.last().copied();
        let page = store.messages(permit, Window { before, around: None, limit: PAGE }).await?;
        for message in page.items.iter().rev() {
            order.push(message.id);
            tools.extend(written::tools(message).map(ToOwned::to_owned));
        }
        if !page.has_more || page.items.is_empty() {
            order.reverse();
            return Ok(Outline { order, tools });
        }
    }
}

/// The file: its head, then each message, then its end.
fn pieces(
    store: Store,
    permit: Permit<Read, Conversation>,
    format: Format,
    conversation: &ConversationRow,
    Outline { order, tools }: Outline,
) -> Result<BoxStream<'static, Result<String, AppError>>, AppError> {
    let head = written::head(format, &Head { conversation, tools, messages: order.len() })?;
    let left = order.into_iter().enumerate();
    let messages = stream::try_unfold((store, left), move |(store, mut left)| async move {
        let Some((place, id)) = left.next() else { return Ok(None) };
        let message = store.message(permit, id).await?;
        let text = written::message(format, &message, place == 0)?;
        Ok(Some((text, (store, left))))
    });
    let whole = |text: String| stream::once(async { Ok(text) });
    Ok(whole(head).chain(messages).chain(whole(written::end(format).to_owned())).boxed())
}
