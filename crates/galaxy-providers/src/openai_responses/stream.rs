//! An answer of Responses.

use std::{borrow::Cow, collections::VecDeque};

use galaxy_domain::{Part, Usage, transcript::Finish};
use galaxy_model::{Event, ModelError};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    calls::Calls,
    json,
    protocol::Protocol,
    wire::{Asked, Decoder, Frame, from_json},
    wire_error,
};

/// Every event in one shape: the type says which fields there are.
#[derive(Debug, Deserialize)]
struct StreamEvent<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    output_index: Option<u64>,
    summary_index: Option<u64>,
    delta: Option<String>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    response: Option<Response>,
}

#[derive(Debug, Deserialize)]
struct Item<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    call_id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
    encrypted_content: Option<String>,
}

/// Of the response itself only this is read; it repeats the whole answer, and much of the request.
#[derive(Debug, Default, Deserialize)]
struct Response {
    usage: Option<WireUsage>,
    error: Option<Value>,
    incomplete_details: Option<Incomplete>,
}

#[derive(Debug, Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    input_tokens: u64,
    input_tokens_details: Option<Details>,
    output_tokens: u64,
    output_tokens_details: Option<Details>,
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
    calls: Calls,
    /// Which output item is which call. Ids of items change under way with some gateways.
    places: Vec<(u64, usize)>,
    /// Thoughts whose successor is not known yet.
    thoughts: Vec<Value>,
    refused: bool,
}

impl Reader {
    /// Before the first frame.
    pub(super) fn new(asked: &Asked<'_>) -> Self {
        let calls = Calls::new(asked.request);
        Self { calls, places: Vec::new(), thoughts: Vec::new(), refused: false }
    }

    fn event(
        &mut self,
        event: StreamEvent<'_>,
        out: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        let text = event.delta.filter(|it| !it.is_empty());
        match (&*event.kind, text) {
            ("response.output_text.delta", Some(text)) => out.push_back(Event::Text(text)),
            ("response.refusal.delta", Some(text)) => {
                self.refused = true;
                out.push_back(Event::Text(text));
            }
            (
                "response.reasoning_summary_text.delta" | "response.reasoning_text.delta",
                Some(text),
            ) => {
                out.push_back(Event::Reasoning(text));
            }
            ("response.reasoning_summary_part.added", _) if event.summary_index > Some(0) => {
                out.push_back(Event::Reasoning("\n\n".to_owned()));
            }
            ("response.function_call_arguments.delta", Some(text)) => {
                if let Some(number) = self.place(event.output_index) {
                    self.calls.add(number, &text, out)?;
                }
            }
            ("response.output_item.added", _) => {
                if let Some(item) = event.item {
                    self.added(event.output_index, &from_json(item.get())?, out)?;
                }
            }
            ("response.output_item.done", _) => {
                if let Some(item) = event.item {
                    self.done(event.output_index, item, out)?;
                }
            }
            ("response.completed" | "response.incomplete", _) => {
                self.finished(event.response.unwrap_or_default(), out);
            }
            ("response.failed", _) => {
                let error = event.response.and_then(|it| it.error).unwrap_or_default();
                return Err(wire_error::from_value(&error));
            }
            // Everything else repeats what was said, or belongs to tools that are not used.
            _ => (),
        }
        Ok(())
    }

    fn added(
        &mut self,
        index: Option<u64>,
        item: &Item<'_>,
        out: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        match &*item.kind {
            "message" => {
                let thoughts = self.thoughts.drain(..);
                out.extend(thoughts.map(|value| Event::Opaque(opaque(value))));
            }
            "function_call" if self.place(index).is_none() => {
                let id = item.call_id.as_deref().unwrap_or_default();
                let number = self.calls.begin(id, item.name.as_deref().unwrap_or_default())?;
                if !self.thoughts.is_empty() {
                    let before = std::mem::take(&mut self.thoughts);
                    self.calls.attach(number, opaque(Value::Array(before)));
                }
                self.places.push((index.unwrap_or(0), number));
                let arguments = item.arguments.as_deref().unwrap_or_default();
                self.calls.add(number, arguments, out)?;
            }
            _ => (),
        }
        Ok(())
    }

    fn done(
        &mut self,
        index: Option<u64>,
        raw: &RawValue,
        out: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        let item: Item<'_> = from_json(raw.get())?;
        match &*item.kind {
            // Without its encrypted content the provider would look for it in its store.
            "reasoning" if item.encrypted_content.is_some() => {
                self.thoughts.push(from_json(raw.get())?);
            }
            "function_call" => {
                // Some send no event for the beginning, or none for the pieces.
                self.added(index, &item, out)?;
                if let Some(number) = self.place(index) {
                    if self.calls.is_empty(number) {
                        self.calls.add(
                            number,
                            item.arguments.as_deref().unwrap_or_default(),
                            out,
                        )?;
                    }
                    self.calls.close(number, out);
                }
            }
            _ => (),
        }
        Ok(())
    }

    fn finished(&mut self, response: Response, out: &mut VecDeque<Event>) {
        self.calls.close_all(out);
        if let Some(usage) = response.usage {
            out.push_back(Event::Usage(usage.read()));
        }
        let reason = response.incomplete_details.and_then(|it| it.reason);
        let finish = match reason.as_deref() {
            Some("content_filter") => Some(Finish::Refused),
            Some(_) => Some(Finish::Length),
            None if self.refused => Some(Finish::Refused),
            None => None,
        };
        out.push_back(Event::Finished(json::finish(finish, self.calls.any())));
    }

    fn place(&self, index: Option<u64>) -> Option<usize> {
        let index = index.unwrap_or(0);
        self.places.iter().find(|(known, _)| *known == index).map(|(_, number)| *number)
    }
}

impl Decoder for Reader {
    fn frame(&mut self, frame: &Frame, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let data = frame.data.trim();
        // Some imitators end with this in addition to the real end.
        if data == "[DONE]" {
            return Ok(());
        }
        let event: StreamEvent<'_> = from_json(data)?;
        if event.kind == "error" || frame.event == "error" || event.kind.is_empty() {
            return Err(wire_error::from_value(&from_json(data)?));
        }
        self.event(event, out)
    }
}

impl WireUsage {
    fn read(self) -> Usage {
        Usage {
            input: self.input_tokens,
            cached: self.input_tokens_details.unwrap_or_default().cached_tokens.unwrap_or(0),
            output: self.output_tokens,
            reasoning: self.output_tokens_details.unwrap_or_default().reasoning_tokens.unwrap_or(0),
        }
    }
}

fn opaque(value: Value) -> Part {
    let provider = Protocol::OpenaiResponses.as_str().to_owned();
    Part::Opaque { provider, value }
}
