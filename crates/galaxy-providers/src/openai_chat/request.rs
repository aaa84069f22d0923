//! A request as chat completions want it.

use std::borrow::Cow;

use galaxy_model::{Effort, OutputSchema, ToolSpec};
use serde::Serialize;
use serde_json::Value;

use crate::{
    json::{AsText, DataUrl, is_strict},
    protocol::Protocol,
    thoughts,
    turns::{self, Call, Piece, Turn},
    wire::Asked,
};

/// The body.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum Message<'a> {
    System {
        content: Cow<'a, str>,
    },
    User {
        content: Content<'a>,
    },
    Assistant {
        content: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<String>,
    },
    Tool {
        tool_call_id: Cow<'a, str>,
        content: Cow<'a, str>,
    },
}

/// Plain text where it suffices: not every imitator understands parts.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<ContentPart<'a>>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart<'a> {
    Text { text: Cow<'a, str> },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Debug, Serialize)]
struct ImageUrl<'a> {
    url: DataUrl<'a>,
}

#[derive(Debug, Serialize)]
struct ToolCall<'a> {
    id: Cow<'a, str>,
    r#type: &'static str,
    function: CalledFunction<'a>,
}

#[derive(Debug, Serialize)]
struct CalledFunction<'a> {
    name: &'a str,
    arguments: AsText<'a>,
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

#[derive(Debug, Serialize)]
struct ResponseFormat<'a> {
    r#type: &'static str,
    json_schema: JsonSchema<'a>,
}

#[derive(Debug, Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    schema: &'a Value,
    strict: bool,
}

/// Writes the request.
pub(super) fn body<'a>(asked: &Asked<'a>) -> Body<'a> {
    let Asked { profile, request, official } = *asked;
    let mut messages = Vec::new();
    let system = asked.system();
    if !system.is_empty() {
        messages.push(Message::System { content: system });
    }
    for turn in turns::turns(asked, Protocol::OpenaiChat) {
        push(turn, &profile.model, &mut messages);
    }
    let tools = if profile.tools { request.tools.as_slice() } else { &[] };
    // OpenAI's own reasoning models refuse the old name of the limit and any temperature;
    // imitators often know nothing else.
    let fixed_temperature = official && profile.reasoning;
    Body {
        model: &profile.model,
        messages,
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        tools: tools.iter().map(tool).collect(),
        max_tokens: request.max_output_tokens.filter(|_| !official),
        max_completion_tokens: request.max_output_tokens.filter(|_| official),
        temperature: request.temperature.filter(|_| !fixed_temperature),
        reasoning_effort: request.effort.filter(|_| profile.reasoning).map(effort),
        response_format: request.schema.as_ref().filter(|_| profile.structured).map(format),
    }
}

/// How hard to think, in the word that both OpenAI protocols use.
pub(crate) const fn effort(effort: Effort) -> &'static str {
    match effort {
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

fn push<'a>(turn: Turn<'a>, model: &str, messages: &mut Vec<Message<'a>>) {
    match turn {
        Turn::User(pieces) => messages.push(Message::User { content: content(pieces) }),
        Turn::Assistant { pieces, calls } => {
            let text = turns::joined(&pieces, "");
            let thought = thoughts::to_return(&pieces, model).filter(|_| !calls.is_empty());
            let in_field = |name| {
                thought.as_ref().filter(|(field, _)| *field == name).map(|(_, text)| text.clone())
            };
            messages.push(Message::Assistant {
                content: Some(text).filter(|text| !text.is_empty()),
                reasoning_content: in_field("reasoning_content"),
                reasoning: in_field("reasoning"),
                tool_calls: calls.into_iter().map(called).collect(),
            });
        }
        Turn::Results(replies) => messages.extend(replies.into_iter().map(|reply| Message::Tool {
            content: turns::joined(&reply.pieces, "\n\n"),
            tool_call_id: reply.call.id,
        })),
    }
}

fn content(pieces: Vec<Piece<'_>>) -> Content<'_> {
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        return Content::Text(turns::joined(&pieces, "\n\n"));
    }
    let part = |piece| match piece {
        Piece::Text(text) => Some(ContentPart::Text { text }),
        Piece::Image { media_type, data } => {
            let url = DataUrl { media_type, data };
            Some(ContentPart::ImageUrl { image_url: ImageUrl { url } })
        }
        Piece::Reasoning(_) | Piece::Opaque(_) => None,
    };
    Content::Parts(pieces.into_iter().filter_map(part).collect())
}

fn called(call: Call<'_>) -> ToolCall<'_> {
    let function = CalledFunction { name: call.tool, arguments: AsText(call.input) };
    ToolCall { id: call.id, r#type: "function", function }
}

fn tool(tool: &ToolSpec) -> Tool<'_> {
    let ToolSpec { name, description, input } = tool;
    Tool { r#type: "function", function: Function { name, description, parameters: input } }
}

fn format(schema: &OutputSchema) -> ResponseFormat<'_> {
    let OutputSchema { name, schema } = schema;
    let json_schema = JsonSchema { name, schema, strict: is_strict(schema) };
    ResponseFormat { r#type: "json_schema", json_schema }
}
