//! Turns a conversation into what the model is asked, within its budget.

use std::collections::BTreeMap;

use galaxy_domain::{
    CallId, Item, Outcome, Part, ToolCall,
    conversation::{Body, MessageRow},
    tool::Decision,
};
use galaxy_model::{Effort, Message, OutputSchema, Profile, Request, ToolSpec};
use galaxy_tool::{AnyTool, Toolbox};
use serde_json::Value;

/// Characters that make one token, on the careful side for most languages.
const CHARS_PER_TOKEN: usize = 3;
/// What one image costs at most providers, in tokens.
const IMAGE_TOKENS: usize = 1_200;
/// The share of a model's room that is left for its answer: one in this many parts.
const ANSWER_SHARE: usize = 5;

/// Everything about a request that does not come from the run itself.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Instructions above the conversation.
    pub system: String,
    /// What was said before, oldest first; the run's own question is not part of it.
    pub history: Vec<MessageRow>,
    /// How hard to think.
    pub effort: Option<Effort>,
    /// The shape of the answer, if it must have one.
    pub schema: Option<OutputSchema>,
}

impl Context {
    /// The next request of a run whose own items so far are `items`.
    pub fn request(&self, items: &[Item], toolbox: &Toolbox, profile: &Profile) -> Request {
        let offered = profile.tools.then(|| toolbox.iter());
        let offered = || offered.clone().into_iter().flatten().map(|tool| &**tool);
        let own = messages(items);
        let fixed = self.system.len() + offered().map(spec_chars).sum::<usize>();
        let room = profile.context_tokens as usize * (ANSWER_SHARE - 1) / ANSWER_SHARE;
        let spent = fixed / CHARS_PER_TOKEN + own.iter().map(tokens).sum::<usize>();
        let mut messages = within(room.saturating_sub(spent), &self.history);
        messages.extend(own);
        Request {
            system: self.system.clone(),
            messages,
            tools: offered().map(spec).collect(),
            max_output_tokens: None,
            temperature: None,
            effort: self.effort.filter(|_| profile.reasoning),
            schema: self.schema.clone(),
        }
    }
}

fn spec(tool: &dyn AnyTool) -> ToolSpec {
    ToolSpec {
        name: tool.name().to_owned(),
        description: tool.description().to_owned(),
        input: tool.schema().shared(),
    }
}

fn spec_chars(tool: &dyn AnyTool) -> usize {
    tool.name().len() + tool.description().len() + tool.schema().text_len()
}

/// As many of the newest turns of `history` as fit in `room` tokens. A turn is kept whole or
/// dropped whole, so that no tool result loses its call; what is dropped is said.
fn within(room: usize, history: &[MessageRow]) -> Vec<Message> {
    let mut kept: Vec<Vec<Message>> = Vec::new();
    let mut left = room;
    let mut dropped = 0;
    for row in history.iter().rev() {
        let turn = match &row.body {
            Body::Said { parts } => vec![Message::User { parts: parts.clone() }],
            // The person's message stands in the history by itself.
            Body::Answered { entries } => closed(messages_of(
                entries
                    .iter()
                    .map(|entry| &entry.item)
                    .filter(|item| !matches!(item, Item::User { .. })),
            )),
        };
        let cost = turn.iter().map(tokens).sum::<usize>();
        if dropped > 0 || cost > left {
            dropped += 1;
            continue;
        }
        left -= cost;
        kept.push(turn);
    }
    let mut turns: Vec<Message> = kept.into_iter().rev().flatten().collect();
    let note = match turns.first() {
        _ if dropped > 0 => {
            Some(format!("[{dropped} earlier messages are left out here for lack of room]"))
        }
        // Most providers take no conversation that the model begins.
        Some(Message::Assistant { .. } | Message::Result { .. }) => {
            Some("[what was said before is not shown here]".to_owned())
        }
        Some(Message::User { .. }) | None => None,
    };
    turns.splice(0..0, note.map(|note| Message::User { parts: vec![Part::text(note)] }));
    turns
}

/// Answers the calls of a turn that is left while a person is asked about them: a conversation
/// can branch off there, and no provider takes a call without a result.
fn closed(mut turn: Vec<Message>) -> Vec<Message> {
    let mut open: Vec<(CallId, String)> = Vec::new();
    for message in &turn {
        match message {
            Message::Assistant { calls, .. } => {
                open.extend(calls.iter().map(|call| (call.id.clone(), call.tool.clone())));
            }
            Message::Result { call, .. } => open.retain(|(id, _)| id != call),
            Message::User { .. } => (),
        }
    }
    let (output, is_error) = told(&Outcome::Aborted);
    turn.extend(open.into_iter().map(|(call, tool)| Message::Result {
        call,
        tool,
        output: output.clone(),
        is_error,
    }));
    turn
}

fn messages(items: &[Item]) -> Vec<Message> {
    messages_of(items.iter())
}

/// What a model is shown of the items of one run.
fn messages_of<'a>(items: impl Iterator<Item = &'a Item> + Clone) -> Vec<Message> {
    let edited = edits(items.clone());
    let mut tools: BTreeMap<&CallId, &str> = BTreeMap::new();
    let mut turns = Vec::new();
    for item in items {
        match item {
            Item::User { parts, .. } => turns.push(Message::User { parts: parts.clone() }),
            Item::Assistant { parts, calls, .. } => {
                tools.extend(calls.iter().map(|call| (&call.id, &*call.tool)));
                if !(parts.is_empty() && calls.is_empty()) {
                    let calls = calls.iter().map(|call| as_run(call, &edited)).collect();
                    turns.push(Message::Assistant { parts: parts.clone(), calls });
                }
            }
            Item::Reply { call, outcome, .. } => {
                let tool = tools.get(call).copied().unwrap_or_default().to_owned();
                let (output, is_error) = told(outcome);
                turns.push(Message::Result { call: call.clone(), tool, output, is_error });
            }
            Item::Resumed { .. } => {
                let text = "Go on from where you stopped. Do not repeat what you already said.";
                turns.push(Message::User { parts: vec![Part::text(text)] });
            }
            Item::Sampling { .. }
            | Item::Delta { .. }
            | Item::Asked { .. }
            | Item::Approval { .. }
            | Item::Began { .. }
            | Item::TaskCreated { .. }
            | Item::Elicited { .. }
            | Item::Answered { .. }
            | Item::Progress { .. }
            | Item::Usage { .. }
            | Item::Stopped { .. } => (),
        }
    }
    turns
}

/// Arguments that a person changed before they said yes.
fn edits<'a>(items: impl Iterator<Item = &'a Item>) -> BTreeMap<&'a CallId, &'a Value> {
    let edit = |item: &'a Item| {
        let Item::Approval { call, decision, .. } = item else { return None };
        let Decision::Allow { input: Some(input), .. } = decision else { return None };
        Some((call, input))
    };
    items.filter_map(edit).collect()
}

fn as_run(call: &ToolCall, edited: &BTreeMap<&CallId, &Value>) -> ToolCall {
    let mut call = call.clone();
    if let Some(input) = edited.get(&call.id) {
        call.input = (*input).clone();
    }
    call
}

/// What a model is told of how a call ended, and whether that is an error.
fn told(outcome: &Outcome) -> (Vec<Part>, bool) {
    let text = match outcome {
        Outcome::Done { output } if output.is_empty() => {
            return (vec![Part::text("(no output)")], false);
        }
        Outcome::Done { output } => return (output.clone(), false),
        Outcome::Failed { message } => format!("Error: {message}"),
        Outcome::Denied { reason: Some(reason) } => {
            format!("The person did not allow this call: {reason}")
        }
        Outcome::Denied { reason: None } => "The person did not allow this call.".to_owned(),
        Outcome::Aborted => "The call was stopped before it was done.".to_owned(),
        Outcome::Unknown => {
            "This call was cut off while it was under way. It is unknown whether it \
                             took effect; do not repeat it without checking."
                .to_owned()
        }
    };
    (vec![Part::text(text)], true)
}

fn tokens(message: &Message) -> usize {
    let (parts, calls): (&[Part], &[ToolCall]) = match message {
        Message::User { parts } | Message::Result { output: parts, .. } => (parts, &[]),
        Message::Assistant { parts, calls } => (parts, calls),
    };
    let said: usize = parts
        .iter()
        .map(|part| match part {
            Part::Text { text } | Part::Reasoning { text } => text.len() / CHARS_PER_TOKEN,
            Part::Image { .. } => IMAGE_TOKENS,
            Part::Opaque { value, .. } => value.to_string().len() / CHARS_PER_TOKEN,
        })
        .sum();
    let asked: usize =
        calls.iter().map(|call| call.input.to_string().len() / CHARS_PER_TOKEN).sum();
    // Every message costs a few tokens of its own.
    4 + said + asked
}
