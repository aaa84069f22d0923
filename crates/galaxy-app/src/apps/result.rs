//! What a call gave, in the protocol's own form.

use galaxy_domain::{CallId, Item, Outcome, Part, Transcript};
use serde_json::{Value, json};

/// The result of a call that has ended.
pub(super) fn of(transcript: &Transcript, wanted: &CallId) -> Option<Value> {
    transcript.items().iter().rev().find_map(|item| {
        let Item::Reply { call, outcome, whole, .. } = item else { return None };
        (call == wanted).then(|| whole.clone().unwrap_or_else(|| told(outcome)))
    })
}

/// What the agent was told, where what the server answered was too large to be kept, or where there
/// was no answer.
fn told(outcome: &Outcome) -> Value {
    let failed =
        |words: &str| json!({ "content": [{ "type": "text", "text": words }], "isError": true });
    match outcome {
        Outcome::Done { output } => {
            let content: Vec<Value> = output.iter().filter_map(piece).collect();
            json!({ "content": content })
        }
        Outcome::Failed { message } => failed(message),
        Outcome::Denied { reason } => {
            failed(reason.as_deref().unwrap_or("The person did not allow this call."))
        }
        Outcome::Aborted => failed("The call was stopped."),
        Outcome::Unknown => failed("It is unknown how the call ended."),
    }
}

fn piece(part: &Part) -> Option<Value> {
    match part {
        Part::Text { text } => Some(json!({ "type": "text", "text": text })),
        Part::Image { media_type, data } => {
            Some(json!({ "type": "image", "mimeType": media_type, "data": data }))
        }
        Part::Reasoning { .. } | Part::Opaque { .. } => None,
    }
}
