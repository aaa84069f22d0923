//! What happened since the person last spoke.

use std::collections::HashMap;

use galaxy_domain::{CallId, Part, part::plain_text};
use galaxy_model::{Message, Request};
use serde_json::Value;

/// A call that was answered in this turn.
#[derive(Debug, Clone)]
pub(super) struct Done<'a> {
    pub(super) tool: &'a str,
    pub(super) input: &'a Value,
    pub(super) output: String,
    pub(super) is_error: bool,
}

/// The part of a conversation that asks for an answer.
#[derive(Debug, Clone)]
pub(super) struct Turn<'a> {
    /// What the person said.
    pub(super) text: String,
    /// Whether the model has said something to them before.
    pub(super) has_spoken: bool,
    /// How often the model has asked for tools since.
    pub(super) rounds: usize,
    /// What came of it, in the order of the conversation.
    pub(super) done: Vec<Done<'a>>,
    /// A number for the next call that no call of the conversation has.
    pub(super) next_call: u64,
}

/// What the names of calls begin with.
pub(super) const CALL: &str = "demo-";

impl<'a> Turn<'a> {
    /// Reads the end of a conversation.
    pub(super) fn of(request: &'a Request) -> Self {
        let is_user = |it: &Message| matches!(it, Message::User { .. });
        let from = request.messages.iter().rposition(is_user).unwrap_or(0);
        let mut turn = Self {
            text: String::new(),
            has_spoken: false,
            rounds: 0,
            done: Vec::new(),
            next_call: 1,
        };
        let mut inputs: HashMap<&CallId, &Value> = HashMap::new();
        for (at, message) in request.messages.iter().enumerate() {
            match message {
                Message::User { parts } if at == from => turn.text = plain_text(parts),
                Message::User { .. } => (),
                Message::Assistant { parts, calls } => {
                    turn.has_spoken |= !plain_text(parts).trim().is_empty();
                    turn.rounds += usize::from(at > from && !calls.is_empty());
                    for call in calls {
                        inputs.insert(&call.id, &call.input);
                        let number = call.id.0.strip_prefix(CALL).and_then(|it| it.parse().ok());
                        turn.next_call = turn.next_call.max(number.unwrap_or(0_u64) + 1);
                    }
                }
                Message::Result { call, tool, output, is_error } if at > from => {
                    turn.done.push(Done {
                        tool,
                        input: inputs.get(call).copied().unwrap_or(&Value::Null),
                        output: text_of(output),
                        is_error: *is_error,
                    });
                }
                Message::Result { .. } => (),
            }
        }
        turn
    }
}

fn text_of(output: &[Part]) -> String {
    let text = plain_text(output);
    let images = output.iter().filter(|it| matches!(it, Part::Image { .. })).count();
    match (text.is_empty(), images) {
        (_, 0) => text,
        (true, _) => "It gave a picture.".to_owned(),
        (false, _) => format!("{text}\n\nIt gave a picture, too."),
    }
}
