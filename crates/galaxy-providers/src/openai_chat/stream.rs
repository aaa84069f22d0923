//! An answer of chat completions.

use std::collections::VecDeque;

use galaxy_domain::{Usage, transcript::Finish};
use galaxy_model::{Event, ModelError};
use serde::Deserialize;
use serde_json::{Number, Value, value::RawValue};

use crate::{
    calls::Calls,
    json,
    protocol::Protocol,
    thoughts,
    wire::{Asked, Decoder, Frame, from_json},
    wire_error,
};

#[derive(Debug, Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: u64,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Delta<'a> {
    content: Option<String>,
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    #[serde(borrow)]
    tool_calls: Option<Vec<CallDelta<'a>>>,
}

#[derive(Debug, Deserialize)]
struct CallDelta<'a> {
    /// A name, not a place: nothing is allocated by it.
    index: Option<Number>,
    id: Option<String>,
    #[serde(borrow)]
    function: Option<FunctionDelta<'a>>,
}

#[derive(Debug, Deserialize)]
struct FunctionDelta<'a> {
    name: Option<String>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
    completion_tokens_details: Option<Details>,
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Reader {
    model: String,
    calls: Calls,
    indexes: Vec<(Number, usize)>,
    thoughts_in: Option<&'static str>,
    finish: Option<Finish>,
}

impl Reader {
    /// Before the first frame.
    pub(super) fn new(asked: &Asked<'_>) -> Self {
        Self {
            model: asked.profile.model.clone(),
            calls: Calls::new(asked.request),
            indexes: Vec::new(),
            thoughts_in: None,
            finish: None,
        }
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        // Gateways send the same thought under both names.
        let (field, thought) = match (delta.reasoning_content, delta.reasoning) {
            (Some(text), other) if !text.is_empty() || other.is_none() => {
                ("reasoning_content", Some(text))
            }
            (_, thought) => ("reasoning", thought),
        };
        if let Some(text) = thought {
            self.thoughts_in.get_or_insert(field);
            push_text(text, Event::Reasoning, out);
        }
        push_text(delta.content.unwrap_or_default(), Event::Text, out);
        if let Some(text) = delta.refusal.filter(|it| !it.is_empty()) {
            self.finish = Some(Finish::Refused);
            out.push_back(Event::Text(text));
        }
        for call in delta.tool_calls.into_iter().flatten() {
            self.call(&call, out)?;
        }
        Ok(())
    }

    fn call(&mut self, delta: &CallDelta<'_>, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let function = delta.function.as_ref();
        let id = delta.id.as_deref().unwrap_or_default();
        let name = function.and_then(|it| it.name.as_deref()).unwrap_or_default();
        let number = match self.known(delta.index.as_ref(), id, name) {
            Some(number) => number,
            None => {
                let number = self.calls.begin(id, name)?;
                if let Some(index) = &delta.index {
                    self.indexes.retain(|(known, _)| known != index);
                    self.indexes.push((index.clone(), number));
                }
                number
            }
        };
        self.calls.name(number, name, out);
        match function.and_then(|it| it.arguments).map(RawValue::get) {
            None | Some("null") => Ok(()),
            Some(text) if text.starts_with('"') => {
                self.calls.add(number, &from_json::<String>(text)?, out)
            }
            Some(object) => self.calls.add(number, object, out),
        }
    }

    /// The call a delta belongs to; `None` when it begins one.
    fn known(&self, index: Option<&Number>, id: &str, name: &str) -> Option<usize> {
        match index {
            Some(index) => {
                let (_, number) = self.indexes.iter().find(|(known, _)| known == index)?;
                // Some number every parallel call 0: a new id with a name is a new call.
                let is_other =
                    !id.is_empty() && !name.is_empty() && self.calls.wire_id(*number) != id;
                (!is_other).then_some(*number)
            }
            None if !id.is_empty() => self.calls.find(id),
            None if !name.is_empty() => None,
            None => self.calls.last(),
        }
    }

    fn stopped(&mut self, reason: &str, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let finish = match reason {
            "length" | "max_tokens" => Finish::Length,
            "content_filter" => Finish::Refused,
            "tool_calls" | "function_call" => Finish::Calls,
            "error" | "insufficient_system_resource" => {
                let message = format!("the provider gave up: {reason}");
                return Err(ModelError::Unavailable { retry_after: None, message });
            }
            _ => Finish::Stop,
        };
        // A refusal was told in words before.
        self.finish.get_or_insert(finish);
        self.calls.close_all(out);
        Ok(())
    }

    fn done(&mut self, out: &mut VecDeque<Event>) {
        self.calls.close_all(out);
        if let Some(field) = self.thoughts_in.filter(|_| self.calls.any()) {
            let part = thoughts::wanted(Protocol::OpenaiChat, field, &self.model);
            out.push_back(Event::Opaque(part));
        }
        out.push_back(Event::Finished(json::finish(self.finish, self.calls.any())));
    }
}

impl Decoder for Reader {
    fn frame(&mut self, frame: &Frame, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let data = frame.data.trim();
        if data == "[DONE]" {
            self.done(out);
            return Ok(());
        }
        if frame.event == "error" {
            return Err(wire_error::from_value(&from_json(data)?));
        }
        let chunk: Chunk<'_> = from_json(data)?;
        if let Some(error) = chunk.error {
            return Err(wire_error::from_value(&error));
        }
        for choice in chunk.choices.into_iter().flatten().filter(|it| it.index == 0) {
            if let Some(delta) = choice.delta {
                self.delta(delta, out)?;
            }
            if let Some(reason) = choice.finish_reason.filter(|it| !it.is_empty()) {
                self.stopped(&reason, out)?;
            }
        }
        if let Some(usage) = chunk.usage {
            out.push_back(Event::Usage(usage.read()));
        }
        Ok(())
    }
}

impl WireUsage {
    fn read(self) -> Usage {
        let input = self.prompt_tokens.unwrap_or(0);
        // Some leave thoughts out of the completion; the total tells.
        let rest = self.total_tokens.unwrap_or(0).saturating_sub(input);
        let cached = self.prompt_tokens_details.unwrap_or_default().cached_tokens;
        let reasoning = self.completion_tokens_details.unwrap_or_default().reasoning_tokens;
        Usage {
            input,
            cached: cached.or(self.prompt_cache_hit_tokens).unwrap_or(0),
            output: self.completion_tokens.unwrap_or(0).max(rest),
            reasoning: reasoning.unwrap_or(0),
        }
    }
}

fn push_text(text: String, event: fn(String) -> Event, out: &mut VecDeque<Event>) {
    if !text.is_empty() {
        out.push_back(event(text));
    }
}
