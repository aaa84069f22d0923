//! A request as Gemini wants it.

use std::borrow::Cow;

use galaxy_model::{Effort, ToolSpec};
use serde::Serialize;
use serde_json::Value;

use crate::{
    json::object,
    openai_chat::request::effort,
    protocol::Protocol,
    turns::{self, Call, Piece, Reply, Turn},
    wire::Asked,
};

/// What stands for the signature of a call that another provider's model made. Since generation 3
/// the first call of a turn is rejected without one; this value is documented for that case.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// The body.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    generation_config: GenerationConfig<'a>,
}

#[derive(Debug, Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    role: &'static str,
    parts: Vec<Part<'a>>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inline_data: Option<InlineData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_response: Option<FunctionResponse<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InlineData<'a> {
    mime_type: &'a str,
    data: &'a str,
}

#[derive(Debug, Serialize)]
struct FunctionCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    args: Cow<'a, Value>,
}

#[derive(Debug, Serialize)]
struct FunctionResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    response: Outcome<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome<'a> {
    Output(Cow<'a, str>),
    Error(Cow<'a, str>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    description: &'a str,
    parameters_json_schema: &'a Value,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig {
    include_thoughts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<u32>,
}

/// Writes the request.
pub(super) fn body<'a>(asked: &Asked<'a>) -> Body<'a> {
    let Asked { profile, request, .. } = *asked;
    let is_old = profile.model.contains("gemini-1") || profile.model.contains("gemini-2");
    let mut contents = Vec::new();
    for turn in turns::turns(asked, Protocol::Gemini) {
        push(turn, is_old, &mut contents);
    }
    let system = asked.system();
    let system = (!system.is_empty()).then(|| Content { role: "", parts: vec![text(system)] });
    let tools = if profile.tools { request.tools.as_slice() } else { &[] };
    let declarations = Tools { function_declarations: tools.iter().map(declared).collect() };
    let schema = request.schema.as_ref().filter(|_| profile.structured);
    let thinking = ThinkingConfig {
        include_thoughts: true,
        thinking_level: request.effort.filter(|_| !is_old).map(effort),
        thinking_budget: request.effort.filter(|_| is_old).map(budget),
    };
    Body {
        contents,
        system_instruction: system,
        tools: if tools.is_empty() { vec![] } else { vec![declarations] },
        generation_config: GenerationConfig {
            max_output_tokens: request.max_output_tokens,
            temperature: request.temperature,
            response_mime_type: schema.map(|_| "application/json"),
            response_json_schema: schema.map(|it| &it.schema),
            thinking_config: profile.reasoning.then_some(thinking),
        },
    }
}

/// Up to generation 2.5 thinking is limited in tokens.
const fn budget(effort: Effort) -> u32 {
    match effort {
        Effort::Low => 1_024,
        Effort::Medium => 8_192,
        Effort::High => 24_576,
    }
}

/// Answers of tools and what a person says are both the user's.
fn push<'a>(turn: Turn<'a>, is_old: bool, contents: &mut Vec<Content<'a>>) {
    let (role, parts): (_, Vec<_>) = match turn {
        Turn::User(pieces) => ("user", pieces.into_iter().filter_map(said).collect()),
        Turn::Assistant { pieces, calls } => {
            let mut calls: Vec<_> = calls.into_iter().map(called).collect();
            let unsigned = calls.iter().all(|part| part.thought_signature.is_none());
            if let Some(first) = calls.first_mut().filter(|_| unsigned && !is_old) {
                first.thought_signature = Some(NO_SIGNATURE);
            }
            ("model", pieces.into_iter().filter_map(said).chain(calls).collect())
        }
        Turn::Results(replies) => ("user", results(replies)),
    };
    match contents.last_mut() {
        Some(last) if last.role == role => last.parts.extend(parts),
        Some(_) | None => contents.push(Content { role, parts }),
    }
}

fn said(piece: Piece<'_>) -> Option<Part<'_>> {
    match piece {
        Piece::Text(it) => Some(text(it)),
        Piece::Image { media_type, data } => Some(image(media_type, data)),
        Piece::Reasoning(_) => None,
        Piece::Opaque(value) => {
            let thought_signature = Some(field(value, "thoughtSignature")?);
            Some(Part { text: Some("".into()), thought_signature, ..Part::default() })
        }
    }
}

fn called(call: Call<'_>) -> Part<'_> {
    let id = call.opaque.and_then(|it| field(it, "id"));
    let function = FunctionCall { id, name: call.tool, args: object(call.input) };
    Part {
        function_call: Some(function),
        thought_signature: call.opaque.and_then(|it| field(it, "thoughtSignature")),
        ..Part::default()
    }
}

/// All answers of a round stand together; pictures follow them.
fn results(replies: Vec<Reply<'_>>) -> Vec<Part<'_>> {
    let mut images = Vec::new();
    let mut parts = Vec::with_capacity(replies.len());
    for Reply { call, pieces, is_error } in replies {
        let text = turns::joined(&pieces, "\n\n");
        let response = if is_error { Outcome::Error(text) } else { Outcome::Output(text) };
        let id = call.opaque.and_then(|it| field(it, "id"));
        let response = FunctionResponse { id, name: call.tool, response };
        parts.push(Part { function_response: Some(response), ..Part::default() });
        let is_image = |piece: &Piece<'_>| matches!(piece, Piece::Image { .. });
        images.extend(pieces.into_iter().filter(is_image).filter_map(said));
    }
    parts.into_iter().chain(images).collect()
}

fn text(text: Cow<'_, str>) -> Part<'_> {
    Part { text: Some(text), ..Part::default() }
}

fn image<'a>(mime_type: &'a str, data: &'a str) -> Part<'a> {
    Part { inline_data: Some(InlineData { mime_type, data }), ..Part::default() }
}

fn declared(tool: &ToolSpec) -> Declaration<'_> {
    let ToolSpec { name, description, input } = tool;
    Declaration { name, description, parameters_json_schema: input }
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
