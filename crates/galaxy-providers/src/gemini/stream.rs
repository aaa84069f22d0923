//! An answer of Gemini.
//!
//! There is no event that says "this is the end": the last chunk gives a reason for finishing, and
//! older models give it in every chunk. So the end is the end of the body, if a reason was given.

use std::collections::VecDeque;

use galaxy_domain::{Part, Usage, transcript::Finish};
use galaxy_model::{Event, ModelError};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    calls::Calls,
    json,
    protocol::Protocol,
    wire::{Asked, Decoder, Frame, from_json},
    wire_error,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk<'a> {
    #[serde(borrow)]
    candidates: Option<Vec<Candidate<'a>>>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(default)]
    index: u64,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    finish_reason: Option<String>,
    finish_message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Option<Vec<WirePart<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePart<'a> {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
    thought_signature: Option<String>,
    #[serde(borrow)]
    function_call: Option<FunctionCall<'a>>,
}

#[derive(Debug, Deserialize)]
struct FunctionCall<'a> {
    id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireUsage {
    prompt_token_count: u64,
    tool_use_prompt_token_count: u64,
    cached_content_token_count: u64,
    candidates_token_count: u64,
    thoughts_token_count: u64,
}

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Reader {
    calls: Calls,
    usage: Usage,
    finish: Option<Finish>,
}

impl Reader {
    /// Before the first frame.
    pub(super) fn new(asked: &Asked<'_>) -> Self {
        Self { calls: Calls::new(asked.request), usage: Usage::default(), finish: None }
    }

    fn part(&mut self, part: WirePart<'_>, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        if let Some(call) = part.function_call {
            return self.call(&call, part.thought_signature, out);
        }
        if let Some(text) = part.text.filter(|it| !it.is_empty()) {
            out.push_back(if part.thought { Event::Reasoning(text) } else { Event::Text(text) });
        }
        if let Some(signature) = part.thought_signature {
            out.push_back(Event::Opaque(opaque([("thoughtSignature", Some(signature))])));
        }
        Ok(())
    }

    fn call(
        &mut self,
        call: &FunctionCall<'_>,
        signature: Option<String>,
        out: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        let number = self.calls.begin(call.id.as_deref().unwrap_or_default(), &call.name)?;
        if signature.is_some() || call.id.is_some() {
            let fields = [("id", call.id.clone()), ("thoughtSignature", signature)];
            self.calls.attach(number, opaque(fields));
        }
        let args = call.args.map(RawValue::get).filter(|it| *it != "null");
        self.calls.add(number, args.unwrap_or_default(), out)?;
        self.calls.close(number, out);
        Ok(())
    }

    fn stopped(&mut self, reason: &str, message: Option<String>) -> Result<(), ModelError> {
        self.finish = Some(match reason {
            "STOP" | "FINISH_REASON_UNSPECIFIED" => Finish::Stop,
            "MAX_TOKENS" => Finish::Length,
            "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MALFORMED_RESPONSE" | "OTHER" => {
                let message = message.unwrap_or_else(|| format!("the model gave up: {reason}"));
                return Err(ModelError::Unavailable { retry_after: None, message });
            }
            // Safety, recitation, blocklists and what will be invented next.
            _ => Finish::Refused,
        });
        Ok(())
    }
}

impl Decoder for Reader {
    fn frame(&mut self, frame: &Frame, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let chunk: Chunk<'_> = from_json(&frame.data)?;
        if let Some(error) = chunk.error {
            return Err(wire_error::from_value(&error));
        }
        if chunk.prompt_feedback.is_some_and(|it| it.block_reason.is_some()) {
            self.finish = Some(Finish::Refused);
        }
        let usage = chunk.usage_metadata.map(WireUsage::read);
        // Every chunk repeats it; only news are worth an entry.
        if let Some(usage) = usage.filter(|it| *it != self.usage) {
            self.usage = usage;
            out.push_back(Event::Usage(usage));
        }
        for candidate in chunk.candidates.into_iter().flatten().filter(|it| it.index == 0) {
            let parts = candidate.content.and_then(|it| it.parts);
            for part in parts.into_iter().flatten() {
                self.part(part, out)?;
            }
            if let Some(reason) = candidate.finish_reason {
                self.stopped(&reason, candidate.finish_message)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let Some(finish) = self.finish else {
            return Err(ModelError::truncated("the stream ended without a reason for finishing"));
        };
        out.push_back(Event::Finished(json::finish(Some(finish), self.calls.any())));
        Ok(())
    }
}

impl WireUsage {
    fn read(self) -> Usage {
        Usage {
            input: self.prompt_token_count + self.tool_use_prompt_token_count,
            cached: self.cached_content_token_count,
            output: self.candidates_token_count + self.thoughts_token_count,
            reasoning: self.thoughts_token_count,
        }
    }
}

fn opaque<const N: usize>(fields: [(&str, Option<String>); N]) -> Part {
    let fields =
        fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    let value = Value::Object(fields.collect::<Map<String, Value>>());
    Part::Opaque { provider: Protocol::Gemini.as_str().to_owned(), value }
}
