//! A request as Responses want it.

use std::borrow::Cow;

use galaxy_model::{OutputSchema, ToolSpec};
use serde::Serialize;
use serde_json::Value;

use crate::{
    json::{AsText, DataUrl, is_strict},
    openai_chat::request::effort,
    protocol::Protocol,
    turns::{self, Call, Piece, Reply, Turn},
    wire::Asked,
};

/// The smallest limit the API accepts.
const SMALLEST_OUTPUT: u32 = 16;

/// The body.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    instructions: Cow<'a, str>,
    input: Vec<Item<'a>>,
    stream: bool,
    store: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    include: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextOptions<'a>>,
}

#[derive(Debug, Serialize)]
struct Reasoning {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    summary: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Message {
        r#type: &'static str,
        role: &'static str,
        content: Content<'a>,
    },
    Call {
        r#type: &'static str,
        call_id: Cow<'a, str>,
        name: &'a str,
        arguments: AsText<'a>,
    },
    Output {
        r#type: &'static str,
        call_id: Cow<'a, str>,
        output: Content<'a>,
    },
    /// An item that goes back as it came.
    Kept(&'a Value),
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<ContentPart<'a>>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart<'a> {
    InputText { text: Cow<'a, str> },
    InputImage { image_url: DataUrl<'a> },
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
    strict: bool,
}

#[derive(Debug, Serialize)]
struct TextOptions<'a> {
    format: Format<'a>,
}

#[derive(Debug, Serialize)]
struct Format<'a> {
    r#type: &'static str,
    name: &'a str,
    schema: &'a Value,
    strict: bool,
}

/// Writes the request.
pub(super) fn body<'a>(asked: &Asked<'a>) -> Body<'a> {
    let Asked { profile, request, .. } = *asked;
    let mut input = Vec::new();
    for turn in turns::turns(asked, Protocol::OpenaiResponses) {
        push(turn, &mut input);
    }
    let tools = if profile.tools { request.tools.as_slice() } else { &[] };
    let reasoning = Reasoning { effort: request.effort.map(effort), summary: "auto" };
    Body {
        model: &profile.model,
        instructions: asked.system(),
        input,
        stream: true,
        store: false,
        include: if profile.reasoning { vec!["reasoning.encrypted_content"] } else { vec![] },
        tools: tools.iter().map(tool).collect(),
        max_output_tokens: request.max_output_tokens.map(|it| it.max(SMALLEST_OUTPUT)),
        // Reasoning models refuse it.
        temperature: request.temperature.filter(|_| !profile.reasoning),
        reasoning: profile.reasoning.then_some(reasoning),
        text: request.schema.as_ref().filter(|_| profile.structured).map(format),
    }
}

fn push<'a>(turn: Turn<'a>, input: &mut Vec<Item<'a>>) {
    match turn {
        Turn::User(pieces) => {
            let content = Content::Parts(parts(pieces));
            input.push(Item::Message { r#type: "message", role: "user", content });
        }
        Turn::Assistant { pieces, calls } => {
            for piece in pieces {
                match piece {
                    Piece::Text(text) => {
                        let content = Content::Text(text);
                        input.push(Item::Message { r#type: "message", role: "assistant", content });
                    }
                    Piece::Opaque(item) => input.push(Item::Kept(item)),
                    Piece::Image { .. } | Piece::Reasoning(_) => (),
                }
            }
            for Call { id, tool, input: arguments, opaque } in calls {
                let before = opaque.and_then(Value::as_array);
                input.extend(before.into_iter().flatten().map(Item::Kept));
                let arguments = AsText(arguments);
                input.push(Item::Call {
                    r#type: "function_call",
                    call_id: id,
                    name: tool,
                    arguments,
                });
            }
        }
        Turn::Results(replies) => input.extend(replies.into_iter().map(output)),
    }
}

fn output(reply: Reply<'_>) -> Item<'_> {
    let plain = reply.pieces.iter().all(|piece| matches!(piece, Piece::Text(_)));
    let output = if plain {
        Content::Text(turns::joined(&reply.pieces, "\n\n"))
    } else {
        Content::Parts(parts(reply.pieces))
    };
    Item::Output { r#type: "function_call_output", call_id: reply.call.id, output }
}

fn parts(pieces: Vec<Piece<'_>>) -> Vec<ContentPart<'_>> {
    let part = |piece| match piece {
        Piece::Text(text) => Some(ContentPart::InputText { text }),
        Piece::Image { media_type, data } => {
            Some(ContentPart::InputImage { image_url: DataUrl { media_type, data } })
        }
        Piece::Reasoning(_) | Piece::Opaque(_) => None,
    };
    pieces.into_iter().filter_map(part).collect()
}

/// The default of `strict` is true here, and would change what the tool's author wrote.
fn tool(tool: &ToolSpec) -> Tool<'_> {
    let ToolSpec { name, description, input } = tool;
    Tool { r#type: "function", name, description, parameters: input, strict: false }
}

fn format(schema: &OutputSchema) -> TextOptions<'_> {
    let OutputSchema { name, schema } = schema;
    let format = Format { r#type: "json_schema", name, schema, strict: is_strict(schema) };
    TextOptions { format }
}
