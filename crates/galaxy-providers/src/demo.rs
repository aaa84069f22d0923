//! The built-in demo model: offline, deterministic, and no language model.
//!
//! It turns plain requests into real tool calls by matching words, so that everything can be
//! tried without a key. **Invariant:** the same request gets the same answer, and no answer
//! pretends to come from more than a demo. Parse ([`words`], [`clause`]), plan ([`plan`]), stream
//! (this file).

mod arguments;
mod arithmetic;
mod clause;
mod fields;
mod lookup;
mod matching;
mod plan;
mod report;
mod shaped;
mod talk;
#[cfg(test)]
mod tests;
mod tools;
mod turn;
mod words;

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use galaxy_domain::{CallId, Part, ToolCall, Usage, part::plain_text, transcript::Finish};
use galaxy_model::{Answer, Event, Message, Model, ModelError, Profile, Provider, Request};

/// The name of the demo model.
pub const NAME: &str = "demo";
/// The protocol in its profile.
pub const PROTOCOL: &str = "demo";

/// The demo model.
#[derive(Debug, Clone)]
pub struct Demo {
    profile: Profile,
    delay: Duration,
}

impl Demo {
    /// A demo model that answers as fast as its answer is read.
    pub fn new() -> Self {
        Self { profile: profile(), delay: Duration::ZERO }
    }

    /// A demo model that waits before each word, for looking at a page while an answer comes.
    pub fn with_delay(delay: Duration) -> Self {
        Self { delay, ..Self::new() }
    }
}

impl Default for Demo {
    fn default() -> Self {
        Self::new()
    }
}

/// What the demo model says about itself.
pub fn profile() -> Profile {
    Profile {
        name: NAME.to_owned(),
        model: NAME.to_owned(),
        protocol: PROTOCOL,
        context_tokens: 32_000,
        tools: true,
        images: false,
        reasoning: false,
        structured: true,
        demo: true,
    }
}

/// The demo model.
pub fn model() -> Arc<dyn Model> {
    Arc::new(Demo::new())
}

/// A provider of nothing but the demo model.
pub fn provider() -> Arc<dyn Provider> {
    Arc::new(Demo::new())
}

impl Model for Demo {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            let events = events(&request, plan::plan(&request));
            let delay = self.delay;
            if delay.is_zero() {
                return Ok(stream::iter(events.into_iter().map(Ok)).boxed());
            }
            let slow = stream::iter(events).then(move |event| async move {
                if matches!(event, Event::Text(_)) {
                    tokio::time::sleep(delay).await;
                }
                Ok(event)
            });
            Ok(slow.boxed())
        }
        .boxed()
    }
}

impl Provider for Demo {
    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async { Ok(vec![NAME.to_owned()]) }.boxed()
    }

    fn model(&self, profile: Profile) -> Arc<dyn Model> {
        Arc::new(Self { profile: Profile { demo: true, ..profile }, delay: self.delay })
    }
}

/// A reply as a stream tells it: word by word, and arguments before their call.
fn events(request: &Request, reply: plan::Reply) -> Vec<Event> {
    let mut words: Vec<&str> = reply.text.split_inclusive(char::is_whitespace).collect();
    let most = request.max_output_tokens.and_then(|it| usize::try_from(it).ok());
    let cut = most.is_some_and(|it| words.len() > it);
    words.truncate(most.unwrap_or(usize::MAX));
    let mut written = words.len();
    let mut events: Vec<Event> = words.into_iter().map(|it| Event::Text(it.to_owned())).collect();
    let finish = match (cut, reply.orders.is_empty()) {
        (true, _) => Finish::Length,
        (false, true) => Finish::Stop,
        (false, false) => Finish::Calls,
    };
    for (number, order) in (reply.first_call..).zip(reply.orders) {
        let id = CallId(format!("{}{number}", turn::CALL));
        let text = order.input.to_string();
        written += text.split_whitespace().count();
        let (call, tool) = (id.clone(), order.tool.clone());
        events.push(Event::Arguments { call, tool, text });
        let call = ToolCall { id, tool: order.tool, input: order.input, opaque: None };
        events.push(Event::Call(call));
    }
    let output = u64::try_from(written).unwrap_or(u64::MAX);
    events.push(Event::Usage(Usage { input: count(request), output, ..Usage::default() }));
    events.push(Event::Finished(finish));
    events
}

/// The words of a request.
fn count(request: &Request) -> u64 {
    let said = request.messages.iter().map(|message| match message {
        Message::User { parts }
        | Message::Assistant { parts, .. }
        | Message::Result { output: parts, .. } => words_in(parts),
    });
    let words = request.system.split_whitespace().count() + said.sum::<usize>();
    u64::try_from(words).unwrap_or(u64::MAX)
}

fn words_in(parts: &[Part]) -> usize {
    plain_text(parts).split_whitespace().count()
}
