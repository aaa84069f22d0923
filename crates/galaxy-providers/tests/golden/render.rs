//! Events as JSON, for files that people read.

use galaxy_domain::{Part, ToolCall};
use galaxy_model::{Event, ModelError};
use serde_json::{Value, json};

/// Everything an answer gave, in order; ids that were made up are numbered.
pub(crate) fn told(events: &[Result<Event, ModelError>]) -> Value {
    let told = events.iter().map(|event| match event {
        Ok(event) => shown(event),
        Err(err) => json!({"error": err.code(), "message": err.detail()}),
    });
    without_random_ids(&Value::Array(told.collect()))
}

/// `value` with every made-up id replaced by its number.
pub(crate) fn without_random_ids(value: &Value) -> Value {
    let mut text = value.to_string();
    let mut from = 0;
    let mut count = 0;
    while let Some(start) = text[from..].find("call_").map(|at| from + at) {
        let is_hex = |it: &str| it.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = text.get(start..start + 29).filter(|it| is_hex(&it[5..])).map(str::to_owned);
        if let Some(id) = id {
            count += 1;
            text = text.replace(&id, &format!("<made up {count}>"));
        }
        from = start + 1;
    }
    serde_json::from_str(&text).expect("only ids were replaced")
}

fn shown(event: &Event) -> Value {
    match event {
        Event::Text(text) => json!({"text": text}),
        Event::Reasoning(text) => json!({"reasoning": text}),
        Event::Arguments { call, tool, text } => {
            json!({"arguments": text, "call": call, "tool": tool})
        }
        Event::Call(ToolCall { id, tool, input, opaque }) => {
            let mut call = json!({"call": id, "tool": tool, "input": input});
            if let Some(Part::Opaque { provider, value }) = opaque {
                call["opaque"] = json!({"provider": provider, "value": value});
            }
            call
        }
        Event::Opaque(part) => json!({"opaque": part}),
        Event::Usage(usage) => json!({"usage": usage}),
        Event::Switched { model, because } => json!({"switched": model, "because": because}),
        Event::Finished(finish) => json!({"finished": finish}),
    }
}
