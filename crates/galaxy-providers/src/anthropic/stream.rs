//! An answer of Messages.

use std::{borrow::Cow, collections::VecDeque};

use galaxy_domain::{Part, Usage, transcript::Finish};
use galaxy_model::{Event, ModelError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    calls::Calls,
    json,
    protocol::Protocol,
    wire::{Asked, Decoder, Frame, from_json},
    wire_error,
};

/// How many blocks may be open at once.
const MAX_OPEN: usize = 256;

/// How long a signature may be, in bytes.
const MAX_SIGNATURE: usize = 1 << 20;

/// Every event in one shape: the type says which fields there are.
#[derive(Debug, Deserialize)]
struct StreamEvent<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(default)]
    index: u64,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    content_block: Option<Block>,
    message: Option<Message>,
    usage: Option<WireUsage>,
}

#[derive(Debug, Deserialize)]
struct Delta<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    text: Option<String>,
    thinking: Option<String>,
    partial_json: Option<String>,
    signature: Option<String>,
    stop_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    data: Option<String>,
    id: Option<String>,
    name: Option<String>,
    input: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Message {
    usage: Option<WireUsage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

/// A block that has begun and not ended.
#[derive(Debug)]
enum Open {
    Thinking { signature: String },
    Call { number: usize, input: Option<Value> },
}

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Reader {
    calls: Calls,
    open: Vec<(u64, Open)>,
    usage: WireUsage,
    finish: Option<Finish>,
}

impl Reader {
    /// Before the first frame.
    pub(super) fn new(asked: &Asked<'_>) -> Self {
        let calls = Calls::new(asked.request);
        Self { calls, open: Vec::new(), usage: WireUsage::default(), finish: None }
    }

    fn begin(
        &mut self,
        index: u64,
        block: Block,
        out: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        if self.open.len() == MAX_OPEN {
            return Err(ModelError::truncated(format!("more than {MAX_OPEN} blocks are open")));
        }
        match block.kind.as_str() {
            "text" => push(block.text, Event::Text, out),
            "thinking" => {
                push(block.thinking, Event::Reasoning, out);
                let signature = block.signature.unwrap_or_default();
                self.open.push((index, Open::Thinking { signature }));
            }
            "redacted_thinking" => {
                let value = json!({ "type": "redacted_thinking", "data": block.data });
                out.push_back(Event::Opaque(opaque(value)));
            }
            "tool_use" => {
                let id = block.id.unwrap_or_default();
                let number = self.calls.begin(&id, &block.name.unwrap_or_default())?;
                self.open.push((index, Open::Call { number, input: block.input }));
            }
            // Blocks of tools that the provider runs itself are never asked for.
            _ => (),
        }
        Ok(())
    }

    fn delta(
        &mut self,
        index: u64,
        delta: Delta<'_>,
        out: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        match &*delta.kind {
            "text_delta" => push(delta.text, Event::Text, out),
            "thinking_delta" => push(delta.thinking, Event::Reasoning, out),
            "input_json_delta" => {
                if let Some(Open::Call { number, .. }) = self.find(index) {
                    let number = *number;
                    self.calls.add(number, &delta.partial_json.unwrap_or_default(), out)?;
                }
            }
            "signature_delta" => {
                if let Some(Open::Thinking { signature }) = self.find(index) {
                    signature.push_str(&delta.signature.unwrap_or_default());
                    if signature.len() > MAX_SIGNATURE {
                        return Err(ModelError::truncated("a signature is too long"));
                    }
                }
            }
            _ => (),
        }
        Ok(())
    }

    fn end_block(&mut self, index: u64, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let Some(at) = self.open.iter().position(|(known, _)| *known == index) else {
            return Ok(());
        };
        match self.open.swap_remove(at).1 {
            Open::Thinking { signature } if signature.is_empty() => (),
            Open::Thinking { signature } => {
                let value = json!({ "type": "thinking", "signature": signature });
                out.push_back(Event::Opaque(opaque(value)));
            }
            Open::Call { number, input } => {
                // Imitators send the whole input with the beginning.
                let whole = input.filter(|it| it.as_object().is_some_and(|it| !it.is_empty()));
                if let Some(input) = whole.filter(|_| self.calls.is_empty(number)) {
                    self.calls.add(number, &input.to_string(), out)?;
                }
                self.calls.close(number, out);
            }
        }
        Ok(())
    }

    fn find(&mut self, index: u64) -> Option<&mut Open> {
        self.open.iter_mut().find(|(known, _)| *known == index).map(|(_, open)| open)
    }

    /// Later numbers replace earlier ones; what is not repeated stays.
    fn count(&mut self, new: WireUsage, out: &mut VecDeque<Event>) {
        let old = std::mem::take(&mut self.usage);
        let merged = WireUsage {
            input_tokens: new.input_tokens.filter(|it| *it > 0).or(old.input_tokens),
            cache_creation_input_tokens: new
                .cache_creation_input_tokens
                .or(old.cache_creation_input_tokens),
            cache_read_input_tokens: new.cache_read_input_tokens.or(old.cache_read_input_tokens),
            output_tokens: new.output_tokens.or(old.output_tokens),
            output_tokens_details: new.output_tokens_details.or(old.output_tokens_details),
        };
        let cached = merged.cache_read_input_tokens.unwrap_or(0);
        let written = merged.cache_creation_input_tokens.unwrap_or(0);
        let details = merged.output_tokens_details.as_ref();
        out.push_back(Event::Usage(Usage {
            input: merged.input_tokens.unwrap_or(0) + cached + written,
            cached,
            output: merged.output_tokens.unwrap_or(0),
            reasoning: details.and_then(|it| it.thinking_tokens).unwrap_or(0),
        }));
        self.usage = merged;
    }

    fn message_delta(&mut self, event: StreamEvent<'_>, out: &mut VecDeque<Event>) {
        let reason = event.delta.and_then(|it| it.stop_reason);
        self.finish = match reason.as_deref() {
            Some("max_tokens" | "model_context_window_exceeded") => Some(Finish::Length),
            Some("refusal") => Some(Finish::Refused),
            Some("tool_use") => Some(Finish::Calls),
            Some(_) => Some(Finish::Stop),
            None => self.finish,
        };
        if let Some(usage) = event.usage {
            self.count(usage, out);
        }
    }
}

impl Decoder for Reader {
    fn frame(&mut self, frame: &Frame, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let mut event: StreamEvent<'_> = from_json(&frame.data)?;
        match &*event.kind {
            "message_start" => {
                if let Some(usage) = event.message.and_then(|it| it.usage) {
                    self.count(usage, out);
                }
            }
            "content_block_start" => {
                if let Some(block) = event.content_block {
                    self.begin(event.index, block, out)?;
                }
            }
            "content_block_delta" => {
                if let Some(delta) = event.delta.take() {
                    self.delta(event.index, delta, out)?;
                }
            }
            "content_block_stop" => self.end_block(event.index, out)?,
            "message_delta" => self.message_delta(event, out),
            "message_stop" => {
                self.calls.close_all(out);
                let finish = json::finish(self.finish, self.calls.any());
                out.push_back(Event::Finished(finish));
            }
            "error" | "" => return Err(wire_error::from_value(&from_json(&frame.data)?)),
            _ => (),
        }
        Ok(())
    }
}

fn push(text: Option<String>, event: fn(String) -> Event, out: &mut VecDeque<Event>) {
    out.extend(text.filter(|it| !it.is_empty()).map(event));
}

fn opaque(value: Value) -> Part {
    Part::Opaque { provider: Protocol::Anthropic.as_str().to_owned(), value }
}
