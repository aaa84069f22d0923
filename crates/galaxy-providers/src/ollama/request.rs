//! A request as Ollama wants it.

use std::borrow::Cow;

use galaxy_model::{Effort, ToolSpec};
use serde::Serialize;
use serde_json::Value;

use crate::{
    json::object,
    openai_chat::request::effort,
    protocol::Protocol,
    thoughts,
    turns::{self, Piece, Turn},
    wire::Asked,
};

/// What the server gives a model when nobody asks for more, in tokens.
const DEFAULT_CONTEXT: u64 = 4_096;

/// About how many tokens an image takes.
const IMAGE_TOKENS: u64 = 1_000;

/// The body.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Value>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    options: Options,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Think {
    Switch(bool),
    Level(&'static str),
}

#[derive(Debug, Serialize)]
struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<Cow<'a, str>>,
}

#[derive(Debug, Serialize)]
struct ToolCall<'a> {
    id: Cow<'a, str>,
    r#type: &'static str,
    function: Called<'a>,
}

#[derive(Debug, Serialize)]
struct Called<'a> {
    index: usize,
    name: &'a str,
    arguments: Cow<'a, Value>,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

impl Options {
    fn is_empty(&self) -> bool {
        self.num_predict.is_none() && self.temperature.is_none() && self.num_ctx.is_none()
    }
}

/// Writes the request.
pub(super) fn body<'a>(asked: &Asked<'a>) -> Body<'a> {
    let Asked { profile, request, .. } = *asked;
    let mut messages = Vec::new();
    let system = asked.system();
    if !system.is_empty() {
        messages.push(message("system", system));
    }
    for turn in turns::turns(asked, Protocol::Ollama) {
        push(turn, &profile.model, &mut messages);
    }
    let tools = if profile.tools { request.tools.as_slice() } else { &[] };
    let options = Options {
        num_predict: request.max_output_tokens,
        temperature: request.temperature,
        num_ctx: context(asked, &messages, tools),
    };
    Body {
        model: &profile.model,
        messages,
        stream: true,
        tools: tools.iter().map(tool).collect(),
        think: profile.reasoning.then(|| think(&profile.model, request.effort)),
        format: request.schema.as_ref().filter(|_| profile.structured).map(|it| &it.schema),
        options,
    }
}

/// Only gpt-oss knows levels; others are told whether to think at all.
fn think(model: &str, wanted: Option<Effort>) -> Think {
    match wanted {
        Some(wanted) if model.contains("gpt-oss") => Think::Level(effort(wanted)),
        Some(_) | None => Think::Switch(true),
    }
}

/// The server silently forgets the beginning of a prompt that exceeds its default. Asking for more
/// loads the model anew, so it is asked for only when needed, and in steps.
fn context(asked: &Asked<'_>, messages: &[Message<'_>], tools: &[ToolSpec]) -> Option<u64> {
    let texts = messages.iter().map(|it| {
        let images = it.images.len() as u64 * IMAGE_TOKENS * 3;
        it.content.len() as u64 + images
    });
    let tools = tools.iter().map(|it| (it.description.len() + it.input.to_string().len()) as u64);
    let answer = u64::from(asked.request.max_output_tokens.unwrap_or(1_024));
    // About three bytes make a token, and a little more is safer than a little less.
    let needed = (texts.sum::<u64>() + tools.sum::<u64>()) / 3 + answer;
    let most = u64::from(asked.profile.context_tokens);
    (needed > DEFAULT_CONTEXT).then(|| needed.next_power_of_two().min(most.max(DEFAULT_CONTEXT)))
}

fn push<'a>(turn: Turn<'a>, model: &str, messages: &mut Vec<Message<'a>>) {
    match turn {
        Turn::User(pieces) => {
            let images = pieces.iter().filter_map(|piece| match piece {
                Piece::Image { data, .. } => Some(*data),
                Piece::Text(_) | Piece::Reasoning(_) | Piece::Opaque(_) => None,
            });
            let content = turns::joined(&pieces, "\n\n");
            messages.push(Message { images: images.collect(), ..message("user", content) });
        }
        Turn::Assistant { pieces, calls } => {
            let thought = thoughts::to_return(&pieces, model).filter(|_| !calls.is_empty());
            let calls = calls.into_iter().enumerate().map(|(index, call)| ToolCall {
                id: call.id,
                r#type: "function",
                function: Called { index, name: call.tool, arguments: object(call.input) },
            });
            messages.push(Message {
                thinking: thought.map(|(_, text)| text),
                tool_calls: calls.collect(),
                ..message("assistant", turns::joined(&pieces, ""))
            });
        }
        Turn::Results(replies) => messages.extend(replies.into_iter().map(|reply| Message {
            tool_name: Some(reply.call.tool),
            tool_call_id: Some(reply.call.id),
            ..message("tool", turns::joined(&reply.pieces, "\n\n"))
        })),
    }
}

fn message<'a>(role: &'static str, content: Cow<'a, str>) -> Message<'a> {
    Message {
        role,
        content,
        thinking: None,
        images: Vec::new(),
        tool_calls: Vec::new(),
        tool_name: None,
        tool_call_id: None,
    }
}

fn tool(tool: &ToolSpec) -> Tool<'_> {
    let ToolSpec { name, description, input } = tool;
    Tool { r#type: "function", function: Function { name, description, parameters: input } }
}
