//! The requests behind the golden files, one per case.

use std::sync::Arc;

use galaxy_domain::{CallId, Part, ToolCall};
use galaxy_model::{Effort, Message, OutputSchema, Profile, Request, ToolSpec};
use galaxy_providers::Protocol;
use serde_json::{Value, json};

/// A model that can do everything.
pub(crate) fn profile(protocol: Protocol, case: &str) -> Profile {
    let model = match (protocol, case) {
        (Protocol::OpenaiChat, "reasoning_round_trip") => "deepseek-reasoner",
        (Protocol::OpenaiChat | Protocol::OpenaiResponses, _) => "gpt-5.2",
        (Protocol::Anthropic, "usage_with_cache") => "claude-opus-5",
        (Protocol::Anthropic, _) => "claude-sonnet-4-5",
        (Protocol::Gemini, "usage_with_cache") => "gemini-2.5-flash",
        (Protocol::Gemini, _) => "gemini-3-pro",
        (Protocol::Ollama, "usage_with_cache") => "gpt-oss:20b",
        (Protocol::Ollama, _) => "qwen3",
    };
    Profile {
        name: case.to_owned(),
        model: model.to_owned(),
        protocol: protocol.as_str(),
        context_tokens: 128_000,
        tools: true,
        images: true,
        reasoning: matches!(
            case,
            "reasoning_round_trip" | "usage_with_cache" | "switched_provider"
        ),
        structured: true,
        demo: false,
    }
}

/// What is asked in `case`.
pub(crate) fn request(case: &str) -> Request {
    match case {
        "text" => Request {
            system: "You are terse.".to_owned(),
            messages: vec![user("Say hello.")],
            max_output_tokens: Some(64),
            temperature: Some(0.5),
            ..Request::default()
        },
        "parallel_tools" => Request {
            messages: vec![user("Weather in Paris and Oslo?")],
            tools: tools(),
            ..Request::default()
        },
        "odd_deltas" => Request {
            messages: vec![
                user("Again?"),
                Message::Assistant {
                    parts: vec![],
                    calls: vec![call("call_old", "weather", json!("{oops"))],
                },
                result("call_old", "weather", vec![Part::text("what?")], true),
            ],
            tools: tools(),
            ..Request::default()
        },
        "reasoning_round_trip" => Request {
            system: "You are terse.".to_owned(),
            messages: vec![user("What time is it?")],
            tools: tools(),
            effort: Some(Effort::High),
            ..Request::default()
        },
        "image" => Request { messages: images(), tools: tools(), ..Request::default() },
        "error_mid_stream" => {
            Request { messages: vec![user("Tell a story.")], ..Request::default() }
        }
        "usage_with_cache" => Request {
            system: "Answer in JSON.".to_owned(),
            messages: vec![user("What is the answer?")],
            effort: Some(Effort::Low),
            temperature: Some(1.0),
            schema: Some(OutputSchema {
                name: "answer".to_owned(),
                schema: json!({
                    "type": "object",
                    "properties": {"answer": {"type": "integer"}},
                    "required": ["answer"],
                    "additionalProperties": false
                }),
            }),
            ..Request::default()
        },
        "switched_provider" => Request {
            messages: switched(),
            tools: tools(),
            effort: Some(Effort::Medium),
            ..Request::default()
        },
        other => panic!("no request for the case {other}"),
    }
}

fn images() -> Vec<Message> {
    let image =
        || Part::Image { media_type: "image/png".to_owned(), data: "iVBORw0KGgo=".to_owned() };
    vec![
        Message::User { parts: vec![Part::text("Compare this"), image()] },
        Message::Assistant {
            parts: vec![],
            calls: vec![call("call_look", "camera", json!({"room": 1}))],
        },
        result("call_look", "camera", vec![Part::text("The room:"), image()], false),
        user("Well?"),
    ]
}

/// A conversation that other providers' models have led: foreign opaque parts, ids that are valid
/// nowhere else, a repeated id, an interrupted call, an orphan, two messages in a row.
fn switched() -> Vec<Message> {
    let foreign = |provider: &str| Part::Opaque {
        provider: provider.to_owned(),
        value: json!({"type": "foreign"}),
    };
    let mut signed = call("functions.clock:0", "clock", json!({}));
    signed.opaque = Some(foreign("elsewhere"));
    let long = "x".repeat(80);
    vec![
        user("What time is it?"),
        Message::Assistant {
            parts: vec![
                Part::Reasoning { text: "Hm.".to_owned() },
                foreign("elsewhere"),
                Part::text("Let me see."),
            ],
            calls: vec![signed, call(&long, "weather", json!(null))],
        },
        result("functions.clock:0", "clock", vec![Part::text("12:00")], false),
        user("Never mind."),
        user("And the weather?"),
        result("nobody", "weather", vec![Part::text("orphan")], false),
        Message::Assistant { parts: vec![foreign("elsewhere")], calls: vec![] },
        Message::Assistant {
            parts: vec![],
            calls: vec![call("functions.clock:0", "clock", json!({}))],
        },
        result("functions.clock:0", "clock", vec![Part::text("12:01")], true),
    ]
}

fn tools() -> Vec<ToolSpec> {
    let city =
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let tool = |name: &str, description: &str, input| ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        input: Arc::new(input),
    };
    vec![
        tool("clock", "Tells the time.", json!({"type": "object", "properties": {}})),
        tool("weather", "Tells the weather.", city),
    ]
}

fn user(text: &str) -> Message {
    Message::User { parts: vec![Part::text(text)] }
}

fn call(id: &str, tool: &str, input: Value) -> ToolCall {
    ToolCall { id: CallId(id.to_owned()), tool: tool.to_owned(), input, opaque: None }
}

/// What a tool answered.
pub(crate) fn result(id: &str, tool: &str, output: Vec<Part>, is_error: bool) -> Message {
    Message::Result { call: CallId(id.to_owned()), tool: tool.to_owned(), output, is_error }
}
