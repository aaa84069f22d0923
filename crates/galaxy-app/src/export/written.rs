//! How the pieces of an export are written. Pure.

use std::{borrow::Cow, collections::BTreeSet, fmt::Write as _};

use galaxy_base::Timestamp;
use galaxy_domain::{
    ConversationId, Entry, Item, MessageId, Outcome, Part,
    conversation::{Body, ConversationRow, MessageRow},
    part::plain_text,
};
use serde::Serialize;

use super::Format;
use crate::AppError;

/// What stands above the messages.
pub(super) struct Head<'a> {
    pub(super) conversation: &'a ConversationRow,
    /// The tools that were called.
    pub(super) tools: BTreeSet<String>,
    /// How many messages follow.
    pub(super) messages: usize,
}

/// The beginning of the file.
pub(super) fn head(format: Format, head: &Head<'_>) -> Result<String, AppError> {
    match format {
        Format::Text => Ok(text_head(head)),
        Format::Markdown => Ok(markdown_head(head)),
        Format::Json => json_head(head.conversation),
    }
}

/// One message; `first` is the first of the file.
pub(super) fn message(
    format: Format,
    message: &MessageRow,
    first: bool,
) -> Result<String, AppError> {
    match format {
        Format::Text => Ok(text(message)),
        Format::Markdown => Ok(markdown(message)),
        Format::Json => json(message, first),
    }
}

/// The end of the file.
pub(super) const fn end(format: Format) -> &'static str {
    match format {
        Format::Text | Format::Markdown => "",
        Format::Json => "\n  ]\n}\n",
    }
}

/// The tools that were called in `message`.
pub(super) fn tools(message: &MessageRow) -> impl Iterator<Item = &str> {
    lines(message).into_iter().filter_map(|line| match line {
        Line::Call { tool, .. } => Some(tool),
        Line::Person { .. } | Line::Agent { .. } | Line::Result { .. } | Line::View { .. } => None,
    })
}

/// What one line of an export is about.
enum Line<'a> {
    Person { at: Timestamp, text: String },
    Agent { at: Timestamp, model: &'a str, text: String },
    Call { tool: &'a str, input: String },
    Result { text: String },
    View { server: &'a str },
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
        Item::Began { view: Some(view), .. } => vec![Line::View { server: &view.server }],
        Item::Stopped { .. }
        | Item::User { .. }
        | Item::Sampling { .. }
        | Item::Delta { .. }
        | Item::Asked { .. }
        | Item::Approval { .. }
        | Item::Began { view: None, .. }
        | Item::TaskCreated { .. }
        | Item::Elicited { .. }
        | Item::Answered { .. }
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

fn tools_used(tools: &BTreeSet<String>) -> String {
    if tools.is_empty() {
        return "none".to_owned();
    }
    tools.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn text_head(Head { conversation, tools, messages }: &Head<'_>) -> String {
    format!(
        "{}\nStarted: {}\nLast message: {}\nModel: {}\nTools used: {}\nMessages: {messages}\n",
        conversation.title,
        conversation.created_at,
        conversation.updated_at,
        conversation.settings.model.as_deref().unwrap_or("default"),
        tools_used(tools),
    )
}

fn text(message: &MessageRow) -> String {
    let mut out = String::new();
    for line in lines(message) {
        // Writing to a string cannot fail.
        let _ = match line {
            Line::Person { at, text } => write!(out, "\n[{at}] You:\n{text}\n"),
            Line::Agent { at, model, text } => write!(out, "\n[{at}] {model}:\n{text}\n"),
            Line::Call { tool, input } => write!(out, "\n> {tool} {input}\n"),
            Line::Result { text } => writeln!(out, "< {text}"),
            Line::View { server } => writeln!(out, "{}", placeholder(server)),
        };
    }
    out
}

fn markdown_head(Head { conversation, tools, .. }: &Head<'_>) -> String {
    format!(
        "# {}\n\nStarted {}, last message {}, tools used: {}\n",
        conversation.title,
        conversation.created_at,
        conversation.updated_at,
        tools_used(tools),
    )
}

fn markdown(message: &MessageRow) -> String {
    let mut out = String::new();
    for line in lines(message) {
        let _ = match line {
            Line::Person { at, text } => write!(out, "\n## You\n\n*{at}*\n\n{text}\n"),
            Line::Agent { at, model, text } => write!(out, "\n## {model}\n\n*{at}*\n\n{text}\n"),
            Line::Call { tool, input } => {
                write!(out, "\n**{tool}**\n\n{}\n", fenced("json", &input))
            }
            Line::Result { text } => write!(out, "\n{}\n", fenced("", &text)),
            Line::View { server } => write!(out, "\n*{}*\n", placeholder(server)),
        };
    }
    out
}

/// What stands where a view was shown: it lives in the conversation only.
fn placeholder(server: &str) -> String {
    format!("[a view of the tool server {server}]")
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
}

#[derive(Serialize)]
struct WrittenMessage<'a> {
    id: MessageId,
    parent: Option<MessageId>,
    created_at: String,
    #[serde(flatten)]
    body: &'a Body,
}

fn json_head(conversation: &ConversationRow) -> Result<String, AppError> {
    let written = pretty(&Written {
        format: "galaxy-conversation-1",
        id: conversation.id,
        title: &conversation.title,
        created_at: conversation.created_at.to_string(),
        updated_at: conversation.updated_at.to_string(),
        model: conversation.settings.model.as_deref(),
    })?;
    // The messages are one more field.
    let open = written.trim_end_matches('}').trim_end();
    Ok(format!("{open},\n  \"messages\": ["))
}

fn json(message: &MessageRow, first: bool) -> Result<String, AppError> {
    let written = pretty(&WrittenMessage {
        id: message.id,
        parent: message.parent,
        created_at: message.created_at.to_string(),
        body: &shown(&message.body),
    })?;
    // No text in JSON holds a line break, so these are all of the layout.
    let separator = if first { "" } else { "," };
    Ok(format!("{separator}\n    {}", written.replace('\n', "\n    ")))
}

/// A body without what tool servers want back with answers, or call their tasks: that is between
/// them and us.
fn shown(body: &Body) -> Cow<'_, Body> {
    let asks =
        |entry: &Entry| matches!(entry.item, Item::Elicited { .. } | Item::TaskCreated { .. });
    let mut shown = Cow::Borrowed(body);
    if let Body::Answered { entries } = body
        && entries.iter().any(asks)
        && let Body::Answered { entries } = shown.to_mut()
    {
        for entry in entries {
            if let Item::Elicited { elicitation, .. } = &mut entry.item {
                elicitation.forget_state();
            }
            if let Item::TaskCreated { task, .. } = &mut entry.item {
                task.forget_id();
            }
        }
    }
    shown
}

fn pretty(value: &impl Serialize) -> Result<String, AppError> {
    serde_json::to_string_pretty(value).map_err(|err| AppError::Internal(err.to_string()))
}

/// A file name out of a title.
pub(super) fn slug(title: &str) -> String {
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
