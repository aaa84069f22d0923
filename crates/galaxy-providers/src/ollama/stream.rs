//! An answer of Ollama: one JSON object per line.

use std::collections::VecDeque;

use galaxy_domain::{Usage, transcript::Finish};
use galaxy_model::{Event, ModelError};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    calls::Calls,
    json,
    protocol::Protocol,
    thoughts,
    wire::{Asked, Decoder, Frame, from_json},
    wire_error,
};

#[derive(Debug, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(default)]
    done: bool,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Message<'a> {
    content: Option<String>,
    thinking: Option<String>,
    #[serde(borrow)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Call<'a> {
    id: Option<String>,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Debug, Deserialize)]
struct Function<'a> {
    #[serde(default)]
    name: String,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Reader {
    model: String,
    calls: Calls,
    thought: bool,
}

impl Reader {
    /// Before the first line.
    pub(super) fn new(asked: &Asked<'_>) -> Self {
        let model = asked.profile.model.clone();
        Self { model, calls: Calls::new(asked.request), thought: false }
    }

    fn message(
        &mut self,
        message: Message<'_>,
        out: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        if let Some(text) = message.thinking.filter(|it| !it.is_empty()) {
            self.thought = true;
            out.push_back(Event::Reasoning(text));
        }
        out.extend(message.content.filter(|it| !it.is_empty()).map(Event::Text));
        for Call { id, function } in message.tool_calls.into_iter().flatten() {
            let number = self.calls.begin(&id.unwrap_or_default(), &function.name)?;
            let arguments = function.arguments.map(RawValue::get).filter(|it| *it != "null");
            self.calls.add(number, arguments.unwrap_or_default(), out)?;
            self.calls.close(number, out);
        }
        Ok(())
    }

    fn done(&mut self, line: &Line<'_>, out: &mut VecDeque<Event>) {
        if self.thought && self.calls.any() {
            let part = thoughts::wanted(Protocol::Ollama, "thinking", &self.model);
            out.push_back(Event::Opaque(part));
        }
        let usage = Usage {
            input: line.prompt_eval_count.unwrap_or(0),
            output: line.eval_count.unwrap_or(0),
            ..Usage::default()
        };
        out.push_back(Event::Usage(usage));
        let finish = match line.done_reason.as_deref() {
            Some("length") => Some(Finish::Length),
            Some(_) | None => None,
        };
        out.push_back(Event::Finished(json::finish(finish, self.calls.any())));
    }
}

impl Decoder for Reader {
    fn frame(&mut self, frame: &Frame, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let mut line: Line<'_> = from_json(&frame.data)?;
        if line.error.is_some() {
            return Err(wire_error::from_value(&from_json(&frame.data)?));
        }
        if let Some(message) = line.message.take() {
            self.message(message, out)?;
        }
        if line.done {
            self.done(&line, out);
        }
        Ok(())
    }
}
