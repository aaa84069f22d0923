//! A request as Messages want it.

use std::borrow::Cow;

use galaxy_model::ToolSpec;
use serde::Serialize;
use serde_json::{Value, json};

use super::thinking::{Thinking, settings};
use crate::{
    json::object,
    protocol::Protocol,
    turns::{self, Call, Piece, Reply, Turn},
    wire::Asked,
};

/// The body.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Debug, Serialize)]
struct Block<'a> {
    #[serde(flatten)]
    kind: BlockKind<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BlockKind<'a> {
    Text { text: Cow<'a, str> },
    Image { source: Source<'a> },
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a str },
    ToolUse { id: Cow<'a, str>, name: &'a str, input: Cow<'a, Value> },
    ToolResult(ToolResult<'a>),
}

#[derive(Debug, Serialize)]
struct ToolResult<'a> {
    tool_use_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    content: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_error: bool,
}

#[derive(Debug, Serialize)]
struct Source<'a> {
    r#type: &'static str,
    media_type: &'a str,
    data: &'a str,
}

#[derive(Debug, Serialize)]
struct CacheControl {
    r#type: &'static str,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: Cow<'a, Value>,
}

#[derive(Debug, Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

#[derive(Debug, Serialize)]
struct Format<'a> {
    r#type: &'static str,
    schema: &'a Value,
}

/// Writes the request.
pub(super) fn body<'a>(asked: &Asked<'a>) -> Body<'a> {
    let Asked { profile, request, .. } = *asked;
    let turns = turns::turns(asked, Protocol::Anthropic);
    let settings = settings(asked, &turns);
    let system = asked.system();
    let mut system: Vec<_> = (!system.is_empty()).then(|| text(system)).into_iter().collect();
    let (tools, tool_choice) = tools(asked, &turns);
    let mut messages = Vec::new();
    for turn in turns {
        push(turn, &mut messages);
    }
    // Instructions and tools stay the same for many conversations, the messages so far for this one.
    mark(system.last_mut());
    mark(messages.last_mut().and_then(|message| message.content.last_mut()));
    let format = request.schema.as_ref().filter(|_| profile.structured);
    let format = format.map(|it| Format { r#type: "json_schema", schema: &it.schema });
    let output_config = OutputConfig { effort: settings.effort, format };
    let says_something = output_config.effort.is_some() || output_config.format.is_some();
    Body {
        model: &profile.model,
        max_tokens: settings.max_tokens,
        stream: true,
        system,
        messages,
        tools,
        tool_choice,
        thinking: settings.thinking,
        output_config: says_something.then_some(output_config),
        temperature: settings.temperature,
    }
}

/// The tools; where only the history knows any, those, forbidden: a history with calls is
/// rejected without tools.
fn tools<'a>(asked: &Asked<'a>, turns: &[Turn<'a>]) -> (Vec<Tool<'a>>, Option<Value>) {
    if asked.profile.tools && !asked.request.tools.is_empty() {
        return (asked.request.tools.iter().map(tool).collect(), None);
    }
    let mut tools: Vec<Tool<'a>> = Vec::new();
    for turn in turns {
        let Turn::Assistant { calls, .. } = turn else { continue };
        for call in calls {
            if !tools.iter().any(|it| it.name == call.tool) {
                let input_schema = Cow::Owned(json!({ "type": "object" }));
                tools.push(Tool { name: call.tool, description: "", input_schema });
            }
        }
    }
    let choice = (!tools.is_empty()).then(|| json!({ "type": "none" }));
    (tools, choice)
}

fn tool(tool: &ToolSpec) -> Tool<'_> {
    let input_schema = Cow::Borrowed(&*tool.input);
    Tool { name: &tool.name, description: &tool.description, input_schema }
}

/// Answers of tools and what a person says are one message here.
fn push<'a>(turn: Turn<'a>, messages: &mut Vec<Message<'a>>) {
    let (role, content): (_, Vec<_>) = match turn {
        Turn::User(pieces) => ("user", blocks(pieces)),
        Turn::Assistant { pieces, calls } => {
            let calls = calls.into_iter().map(called);
            ("assistant", blocks(pieces).into_iter().chain(calls).collect())
        }
        Turn::Results(replies) => ("user", replies.into_iter().map(result).collect()),
    };
    match messages.last_mut() {
        Some(last) if last.role == role => last.content.extend(content),
        Some(_) | None => messages.push(Message { role, content }),
    }
}

fn blocks(pieces: Vec<Piece<'_>>) -> Vec<Block<'_>> {
    let mut blocks = Vec::with_capacity(pieces.len());
    let mut thought = None;
    for piece in pieces {
        // A thought without its signature is not accepted back.
        let before = thought.take();
        match piece {
            Piece::Text(it) => blocks.push(text(it)),
            Piece::Image { media_type, data } => {
                let source = Source { r#type: "base64", media_type, data };
                blocks.push(block(BlockKind::Image { source }));
            }
            Piece::Reasoning(text) => thought = Some(text),
            Piece::Opaque(value) => blocks.extend(signed(value, before.unwrap_or_default())),
        }
    }
    blocks
}

fn signed<'a>(value: &'a Value, thinking: &'a str) -> Option<Block<'a>> {
    let field = |name: &str| value.get(name).and_then(Value::as_str);
    Some(block(match field("type")? {
        "thinking" => BlockKind::Thinking { thinking, signature: field("signature")? },
        "redacted_thinking" => BlockKind::RedactedThinking { data: field("data")? },
        _ => return None,
    }))
}

fn called(call: Call<'_>) -> Block<'_> {
    block(BlockKind::ToolUse { id: call.id, name: call.tool, input: object(call.input) })
}

fn result(reply: Reply<'_>) -> Block<'_> {
    block(BlockKind::ToolResult(ToolResult {
        tool_use_id: reply.call.id,
        content: blocks(reply.pieces),
        is_error: reply.is_error,
    }))
}

fn text(text: Cow<'_, str>) -> Block<'_> {
    block(BlockKind::Text { text })
}

fn block(kind: BlockKind<'_>) -> Block<'_> {
    Block { kind, cache_control: None }
}

fn mark(block: Option<&mut Block<'_>>) {
    if let Some(block) = block {
        block.cache_control = Some(CacheControl { r#type: "ephemeral" });
    }
}
