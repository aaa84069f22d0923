//! What a model answers.

use futures::{StreamExt, stream::BoxStream};
use galaxy_domain::{CallId, Part, ToolCall, Usage, transcript::Finish};

use crate::error::ModelError;

/// One step of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// More text.
    Text(String),
    /// More thought, as far as the provider shows it.
    Reasoning(String),
    /// More of a call's arguments: raw JSON text, never accumulated.
    Arguments {
        /// Which call.
        call: CallId,
        /// Which tool.
        tool: String,
        /// What to add.
        text: String,
    },
    /// A complete tool call.
    Call(ToolCall),
    /// Content to hand back to the same provider ([`Part::Opaque`]).
    Opaque(Part),
    /// What the answer cost so far; a later one replaces an earlier one.
    Usage(Usage),
    /// A fallback steps in: everything from here on comes from another model. Sent by
    /// decorators, only before the first token.
    Switched {
        /// The model that answers.
        model: String,
        /// What was wrong with the one asked for.
        because: String,
    },
    /// The last event of every complete answer.
    Finished(Finish),
}

/// An answer in progress. Dropping it abandons the request.
pub type Answer = BoxStream<'static, Result<Event, ModelError>>;

/// A finished answer, as the transcript keeps it.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Sampled {
    /// What it said, in its order: runs of text and thought are joined.
    pub parts: Vec<Part>,
    /// What it asked for.
    pub calls: Vec<ToolCall>,
    /// What it cost.
    pub usage: Usage,
    /// Why it stopped; `None` while it has not.
    pub finish: Option<Finish>,
    /// The model that answered, when a fallback stepped in.
    pub switched: Option<String>,
}

impl Sampled {
    /// Takes one event in.
    pub fn push(&mut self, event: Event) {
        match event {
            Event::Text(more) => match self.parts.last_mut() {
                Some(Part::Text { text }) => text.push_str(&more),
                _ => self.parts.push(Part::Text { text: more }),
            },
            Event::Reasoning(more) => match self.parts.last_mut() {
                Some(Part::Reasoning { text }) => text.push_str(&more),
                _ => self.parts.push(Part::Reasoning { text: more }),
            },
            Event::Arguments { .. } => (),
            Event::Call(call) => self.calls.push(call),
            Event::Opaque(part) => self.parts.push(part),
            Event::Usage(usage) => self.usage = usage,
            Event::Switched { model, .. } => self.switched = Some(model),
            Event::Finished(finish) => self.finish = Some(finish),
        }
    }
}

/// Drains `answer`, showing each event to `watch` on the way.
///
/// # Errors
/// Whatever the answer breaks off with; [`ModelError::Truncated`] when it ends without
/// [`Event::Finished`].
pub async fn collect(
    mut answer: Answer,
    mut watch: impl FnMut(&Event),
) -> Result<Sampled, ModelError> {
    let mut sampled = Sampled::default();
    while let Some(event) = answer.next().await {
        let event = event?;
        watch(&event);
        sampled.push(event);
    }
    if sampled.finish.is_none() {
        return Err(ModelError::truncated("the stream ended without a final event"));
    }
    Ok(sampled)
}
