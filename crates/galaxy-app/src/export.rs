//! A conversation as a file: the branch that is shown, as plain text, Markdown or JSON.

use std::fmt::Write as _;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Caller, ConversationId, Entry, Item, MessageId, Outcome, Part,
    access::Read,
    conversation::{Body, ConversationRow, MessageRow},
    part::plain_text,
};
use galaxy_store::Window;
use serde::Serialize;

use crate::{App, AppError};

/// Messages that are read at once.
const PAGE: usize = 200;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// A name that every file system takes.
    pub file_name: String,
    /// Its type, with the character set.
    pub media_type: &'static str,
    /// What is in it.
    pub content: String,
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
        let mut messages: Vec<MessageRow> = Vec::new();
        loop {
            let before: Option<MessageId> = messages.first().map(|message| message.id);
            let page =
                self.store.messages(permit, Window { before, around: None, limit: PAGE }).await?;
            messages.splice(0..0, page.items);
            if !page.has_more {
                break;
            }
        }
        let (ending, media_type, content) = match format {
            Format::Text => ("txt", "text/plain; charset=utf-8", text(&conversation, &messages)),
            Format::Markdown => {
                ("md", "text/markdown; charset=utf-8", markdown(&conversation, &messages))
            }
            Format::Json => ("json", "application/json", json(&conversation, &messages)?),
        };
        let file_name = format!("{}.{ending}", slug(&conversation.title));
        Ok(Export { file_name, media_type, content })
    }
}

/// What one line of an export is about.
enum Line<'a> {
    Person { at: Timestamp, text: String },
    Agent { at: Timestamp, model: &'a str, text: String },
    Call { tool: &'a str, input: String },
    Result { text: String },
}

fn lines(message: &MessageRow) -> Vec<Line<'_>> {
    match &message.body {
        Body::Said { parts } => vec![Line::Person { at: message.created_at, text: said(parts) }],
        Body::Answered { entries } => entries.iter().flat_map(lines_of).collect(),
    }
}

fn lines_of(entry: &Entry) -> Vec<Line<'_>> {
    match &entry.item {
        Item::Assistant { parts, calls, model, .. } => {
            let text = said(parts);
            let spoken = Some(Line::Agent { at: entry.at, model, text: text.clone() });
            let asked = calls
                .iter()
                .map(|call| Line::Call { tool: &call.tool, input: call.input.to_string() });
            spoken.filter(|_| !text.is_empty()).into_iter().chain(asked).collect()
        }
        Item::Reply { outcome, .. } => vec![Line::Result { text: ended(outcome) }],
        Item::Stopped { .. }
        | Item::User { .. }
        | Item::Sampling { .. }
        | Item::Delta { .. }
        | Item::Asked { .. }
        | Item::Approval { .. }
        | Item::Began { .. }
        | Item::Progress { .. }
        | Item::Usage { .. }
        | Item::Resumed { .. } => Vec::new(),
    }
}

fn said(parts: &[Part]) -> String {
    let images = parts.iter().filter(|part| matches!(part, Part::Image { .. })).count();
    let text = plain_text(parts);
    match images {
        0 => text,
        1 => format!("[an image]\n{text}").trim().to_owned(),
        _ => format!("[{images} images]\n{text}").trim().to_owned(),
    }
}

fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { output } => said(output),
        Outcome::Failed { message } => format!("failed: {message}"),
        Outcome::Denied { reason } => {
            format!("denied: {}", reason.as_deref().unwrap_or("no reason given"))
        }
        Outcome::Aborted => "stopped".to_owned(),
        Outcome::Unknown => "unknown whether it took effect".to_owned(),
    }
}

fn tools_used(messages: &[MessageRow]) -> String {
    let mut names: Vec<&str> = messages
        .iter()
        .flat_map(lines)
        .filter_map(|line| match line {
            Line::Call { tool, .. } => Some(tool),
            Line::Person { .. } | Line::Agent { .. } | Line::Result { .. } => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn text(conversation: &ConversationRow, messages: &[MessageRow]) -> String {
    let mut out = format!(
        "{}\nStarted: {}\nLast message: {}\nModel: {}\nTools used: {}\nMessages: {}\n",
        conversation.title,
        conversation.created_at,
        conversation.updated_at,
        conversation.settings.model.as_deref().unwrap_or("default"),
        tools_used(messages),
        messages.len(),
    );
    for line in messages.iter().flat_map(lines) {
        // Writing to a string cannot fail.
        let _ = match line {
            Line::Person { at, text } => write!(out, "\n[{at}] You:\n{text}\n"),
            Line::Agent { at, model, text } => write!(out, "\n[{at}] {model}:\n{text}\n"),
            Line::Call { tool, input } => write!(out, "\n> {tool} {input}\n"),
            Line::Result { text } => writeln!(out, "< {text}"),
        };
    }
    out
}

fn markdown(conversation: &ConversationRow, messages: &[MessageRow]) -> String {
    let mut out = format!(
        "# {}\n\nStarted {}, last message {}, tools used: {}\n",
        conversation.title,
        conversation.created_at,
        conversation.updated_at,
        tools_used(messages),
    );
    for line in messages.iter().flat_map(lines) {
        let _ = match line {
            Line::Person { at, text } => write!(out, "\n## You\n\n*{at}*\n\n{text}\n"),
            Line::Agent { at, model, text } => write!(out, "\n## {model}\n\n*{at}*\n\n{text}\n"),
            Line::Call { tool, input } => {
                write!(out, "\n**{tool}**\n\n{}\n", fenced("json", &input))
            }
            Line::Result { text } => write!(out, "\n{}\n", fenced("", &text)),
        };
    }
    out
}

/// A code block whose fence is longer than any in `text`.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|ch| ch != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{text}\n{fence}")
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    id: ConversationId,
    title: &'a str,
    created_at: String,
    updated_at: String,
    model: Option<&'a str>,
    messages: Vec<WrittenMessage<'a>>,
}

#[derive(Serialize)]
struct WrittenMessage<'a> {
    id: MessageId,
    parent: Option<MessageId>,
    created_at: String,
    #[serde(flatten)]
    body: &'a Body,
}

fn json(conversation: &ConversationRow, messages: &[MessageRow]) -> Result<String, AppError> {
    let messages = messages.iter().map(|message| WrittenMessage {
        id: message.id,
        parent: message.parent,
        created_at: message.created_at.to_string(),
        body: &message.body,
    });
    let written = Written {
        format: "galaxy-conversation-1",
        id: conversation.id,
        title: &conversation.title,
        created_at: conversation.created_at.to_string(),
        updated_at: conversation.updated_at.to_string(),
        model: conversation.settings.model.as_deref(),
        messages: messages.collect(),
    };
    serde_json::to_string_pretty(&written).map_err(|err| AppError::Internal(err.to_string()))
}

/// A file name out of a title.
fn slug(title: &str) -> String {
    let words = title.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
    let short: String = joined.chars().take(60).collect();
    let short = short.trim_end_matches('-');
    if short.is_empty() { "conversation".to_owned() } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_file_name() {
        assert_eq!(slug("Quarterly  report (final)"), "quarterly-report-final");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("?"), "conversation");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("", "a ```` b"), "`````\na ```` b\n`````");
    }
}
