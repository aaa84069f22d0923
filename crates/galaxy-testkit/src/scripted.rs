//! A model that plays back a script and refuses requests that no provider would take.

mod gate;
mod request;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use galaxy_domain::{CallId, ToolCall, Usage, transcript::Finish};
use galaxy_model::{Answer, Event, Model, ModelError, Profile, Provider, Request};
use serde_json::Value;

pub use self::{gate::Gate, request::check_request};

/// What happens next in a scripted answer.
#[derive(Debug, Clone)]
enum Beat {
    Event(Event),
    Fail(ModelError),
    Wait(Gate),
}

/// How one request goes: built step by step, such as
/// `Script::text("Let me see. ").wait(&gate).text("It is 4.")`.
#[derive(Debug, Clone, Default)]
pub struct Script {
    refusal: Option<ModelError>,
    before: Option<Gate>,
    beats: Vec<Beat>,
}

impl Script {
    /// An answer that begins with `text`, as one event.
    pub fn says(text: &str) -> Self {
        Self::default().text(text)
    }

    /// An answer that asks for one tool.
    pub fn calls(id: &str, tool: &str, input: Value) -> Self {
        Self::default().call(id, tool, input)
    }

    /// An answer of exactly these events; [`Event::Finished`] is added where it is missing.
    pub fn events(events: impl IntoIterator<Item = Event>) -> Self {
        Self { beats: events.into_iter().map(Beat::Event).collect(), ..Self::default() }
    }

    /// No answer but an error, before anything is streamed.
    pub fn refuses(err: ModelError) -> Self {
        Self { refusal: Some(err), ..Self::default() }
    }

    /// Nothing happens until `gate` opens, not even the start of the answer; then it is played.
    #[must_use]
    pub fn held_by(mut self, gate: &Gate) -> Self {
        self.before = Some(gate.clone());
        self
    }

    /// Streams `text`.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.event(Event::Text(text.to_owned()))
    }

    /// Streams `thought`.
    #[must_use]
    pub fn thinks(self, thought: &str) -> Self {
        self.event(Event::Reasoning(thought.to_owned()))
    }

    /// Asks for a tool.
    #[must_use]
    pub fn call(self, id: &str, tool: &str, input: Value) -> Self {
        let id = CallId(id.to_owned());
        self.event(Event::Call(ToolCall { id, tool: tool.to_owned(), input, opaque: None }))
    }

    /// Tells what the answer cost.
    #[must_use]
    pub fn usage(self, input: u64, output: u64) -> Self {
        self.event(Event::Usage(Usage { input, output, ..Usage::default() }))
    }

    /// Streams any event.
    #[must_use]
    pub fn event(mut self, event: Event) -> Self {
        self.beats.push(Beat::Event(event));
        self
    }

    /// Breaks off with `err`.
    #[must_use]
    pub fn fails(mut self, err: ModelError) -> Self {
        self.beats.push(Beat::Fail(err));
        self
    }

    /// Waits in the middle of the stream until `gate` opens.
    #[must_use]
    pub fn wait(mut self, gate: &Gate) -> Self {
        self.beats.push(Beat::Wait(gate.clone()));
        self
    }

    /// The beats, with the last event that every complete answer has.
    fn finished(self) -> VecDeque<Beat> {
        let wants_tools = |it: &Beat| matches!(it, Beat::Event(Event::Call(_)));
        let ends = |it: &Beat| matches!(it, Beat::Fail(_) | Beat::Event(Event::Finished(_)));
        let calls = self.beats.iter().any(wants_tools);
        let mut beats = VecDeque::from(self.beats);
        if !beats.back().is_some_and(ends) {
            let finish = if calls { Finish::Calls } else { Finish::Stop };
            beats.push_back(Beat::Event(Event::Finished(finish)));
        }
        beats
    }
}

type Improvise = dyn Fn(&Request) -> Script + Send + Sync;

/// A model that plays one script per request and keeps every request. Malformed requests
/// ([`check_request`]) are rejected and take no script.
pub struct ScriptedModel {
    profile: Profile,
    scripts: Mutex<VecDeque<Script>>,
    improvise: Option<Box<Improvise>>,
    requests: Mutex<Vec<Request>>,
    abandoned: Arc<AtomicUsize>,
}

impl ScriptedModel {
    /// Plays `scripts` in their order and rejects every request after the last.
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self {
            profile: profile(),
            scripts: Mutex::new(scripts.into_iter().collect()),
            improvise: None,
            requests: Mutex::default(),
            abandoned: Arc::default(),
        }
    }

    /// Plays what `improvise` makes of each request, without end.
    pub fn improvising(improvise: impl Fn(&Request) -> Script + Send + Sync + 'static) -> Self {
        Self { improvise: Some(Box::new(improvise)), ..Self::new([]) }
    }

    /// The same model with another profile.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Adds a script at the end.
    pub fn then(&self, script: Script) {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner).push_back(script);
    }

    /// The requests so far, malformed ones included.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many scripts were not played yet.
    pub fn unplayed(&self) -> usize {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many answers were dropped before their end, as a stopped run does.
    pub fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::SeqCst)
    }

    fn next(&self, request: &Request) -> Result<Script, ModelError> {
        check_request(request).map_err(|message| ModelError::Rejected { message })?;
        if let Some(improvise) = &self.improvise {
            return Ok(improvise(request));
        }
        let next = self.scripts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.ok_or_else(|| ModelError::Rejected { message: "the script is over".to_owned() })
    }
}

/// What a scripted model says about itself unless told otherwise.
pub fn profile() -> Profile {
    Profile {
        name: "scripted".to_owned(),
        model: "scripted-1".to_owned(),
        protocol: "scripted",
        context_tokens: 8_000,
        tools: true,
        images: true,
        reasoning: false,
        structured: true,
        demo: false,
    }
}

impl Model for ScriptedModel {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            let next = self.next(&request);
            self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
            let script = next?;
            let watch = Watch { abandoned: self.abandoned.clone(), over: false };
            if let Some(gate) = &script.before {
                gate.pass().await;
            }
            if let Some(err) = script.refusal {
                watch.end();
                return Err(err);
            }
            Ok(play(script.finished(), watch))
        }
        .boxed()
    }
}

/// A provider whose every model is the same scripted one.
pub struct ScriptedProvider(pub Arc<ScriptedModel>);

impl Provider for ScriptedProvider {
    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async { Ok(vec![self.0.profile.model.clone()]) }.boxed()
    }

    fn model(&self, _profile: Profile) -> Arc<dyn Model> {
        self.0.clone()
    }
}

/// Counts an answer as abandoned unless it was told that it is over.
struct Watch {
    abandoned: Arc<AtomicUsize>,
    over: bool,
}

impl Watch {
    fn end(mut self) {
        self.over = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.over {
            self.abandoned.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn play(beats: VecDeque<Beat>, watch: Watch) -> Answer {
    stream::unfold(Some((beats, watch)), |state| async {
        let (mut beats, watch) = state?;
        loop {
            match beats.pop_front() {
                None => {
                    watch.end();
                    return None;
                }
                Some(Beat::Wait(gate)) => gate.pass().await,
                Some(Beat::Fail(err)) => {
                    watch.end();
                    return Some((Err(err), None));
                }
                Some(Beat::Event(event)) if beats.is_empty() => {
                    watch.end();
                    return Some((Ok(event), None));
                }
                Some(Beat::Event(event)) => return Some((Ok(event), Some((beats, watch)))),
            }
        }
    })
    .boxed()
}

#[cfg(test)]
mod tests;
