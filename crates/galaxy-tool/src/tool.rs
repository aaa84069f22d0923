//! What an author writes ([`Tool`]) and what the runtime holds ([`AnyTool`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, ready},
};
use galaxy_domain::{
    CallId, Caller, ConversationId, Effect, Part, RemoteTask, RunId, Verdict,
    access::Scope,
    elicitation::{Answer, Elicitation},
    tool::View,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{schema::Schema, server::Holds};

/// How far a call is.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The share that is done, from 0 to 1, if known.
    pub share: Option<f64>,
    /// What it is doing, in words.
    pub text: String,
}

/// Takes a call's notes on its progress. Notes that come faster than they are read are dropped:
/// progress is a courtesy.
#[derive(Debug, Clone)]
pub struct Notes(mpsc::Sender<Note>);

impl Notes {
    /// Notes, and where they come out.
    pub fn channel() -> (Self, mpsc::Receiver<Note>) {
        let (sender, receiver) = mpsc::channel(16);
        (Self(sender), receiver)
    }

    /// Tells how far the call is.
    pub fn tell(&self, share: Option<f64>, text: impl Into<String>) {
        // A full queue or a reader that has gone is no reason to fail a call.
        let _ = self.0.try_send(Note { share, text: text.into() });
    }
}

/// Takes what a server answered, as it came, for the view that a call is shown with. The default
/// keeps nothing: most calls have no view.
#[derive(Debug, Clone, Default)]
pub struct Whole(Option<Arc<Mutex<Option<Value>>>>);

impl Whole {
    /// More JSON text of one answer than this is not kept, in bytes: it is stored with the run. The
    /// view then gets what the model got.
    pub const BYTES: usize = 256 * 1024;

    /// For a call that is shown with a view.
    pub fn wanted() -> Self {
        Self(Some(Arc::default()))
    }

    /// Keeps `result`, if somebody wants it and it is not too large.
    pub fn keep(&self, result: &Value) {
        if let Some(kept) = &self.0
            && result.to_string().len() <= Self::BYTES
        {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(result.clone());
        }
    }

    /// What was kept, once.
    pub fn take(&self) -> Option<Value> {
        self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What every call gets.
#[derive(Debug, Clone)]
pub struct ToolCx {
    /// On whose behalf.
    pub caller: Caller,
    /// In which run, if in one.
    pub run: Option<RunId>,
    /// In which conversation, if in one.
    pub conversation: Option<ConversationId>,
    /// Set when the run is stopped or the time is over; long work watches it.
    pub cancel: CancellationToken,
    /// Where to tell how far the call is.
    pub notes: Notes,
    /// How to ask the person, if in a run.
    pub asks: Option<Asks>,
    /// Where a tool with a view puts what its server answered.
    pub whole: Whole,
}

/// How a call in a run asks the person: it ends with [`ToolError::Waits`], is put down for as long
/// as it takes, and is made again with what they said.
#[derive(Debug, Clone)]
pub struct Asks {
    /// The run.
    pub run: RunId,
    /// The call.
    pub call: CallId,
    /// Calls that cannot be put down otherwise than with somebody holding them.
    pub holds: Arc<Holds>,
    /// What this call goes on with, if it was put down.
    pub resumed: Option<Resumed>,
    /// What its server goes on with by itself, if it does: then the call is not made, but that is
    /// looked after.
    pub task: Option<UnderWay>,
    /// Whether a question of this call was declined before without anybody being asked.
    pub declined: bool,
}

/// What a call goes on with.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumed {
    /// What it asked.
    pub elicitation: Elicitation,
    /// What a person said to it.
    pub answers: BTreeMap<String, Answer>,
}

/// What a server goes on with by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct UnderWay {
    /// What.
    pub task: RemoteTask,
    /// Keys of the questions that were answered so far.
    pub answered: BTreeSet<String>,
}

/// What a call gives.
pub type Output = Vec<Part>;

/// Why a call did not work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The model can do better if told why.
    #[error("{0}")]
    Tell(String),
    /// The model cannot help; details go to the log, not to the model.
    #[error("the tool failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It goes on once a person has answered ([`Asks`]); only calls in runs may end like this.
    #[error("the tool waits for a person")]
    Waits(Box<Elicitation>),
    /// Its server goes on with it by itself: once that is noted, it is looked after ([`Asks::task`]);
    /// only calls in runs may end like this.
    #[error("the tool server goes on with it by itself")]
    Task(Box<RemoteTask>),
    /// It was under way and nobody can find out how it ended.
    #[error("it is unknown how the call ended")]
    Lost,
}

impl ToolError {
    /// A [`ToolError::Tell`].
    pub fn tell(message: impl Into<String>) -> Self {
        Self::Tell(message.into())
    }
}

/// How long a call may take unless its tool says otherwise.
pub const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A tool, as its author writes it: one file, nothing else to change. Doc comments of the fields
/// of `Input` are shown to the model, through the schema.
pub trait Tool: Send + Sync + 'static {
    /// Arguments; unknown fields should be refused (`#[serde(deny_unknown_fields)]`).
    type Input: DeserializeOwned + JsonSchema + Send;
    /// Unique name, `snake_case`, at most 64 characters.
    const NAME: &'static str;
    /// Written for the model, in one or two sentences.
    const DESCRIPTION: &'static str;
    /// What it can do to the world.
    const EFFECT: Effect;
    /// What happens when nobody has said anything about this tool.
    const DEFAULT: Verdict =
        if Self::EFFECT.is_repeatable() { Verdict::Allow } else { Verdict::Ask };
    /// How long a call may take.
    const TIME_LIMIT: Duration = TIME_LIMIT;
    /// What a key must be good for to call it outside a run.
    const SCOPE: Scope = Scope::Chat;

    /// Does the work.
    fn run(
        &self,
        input: Self::Input,
        cx: &ToolCx,
    ) -> impl Future<Output = Result<Output, ToolError>> + Send;
}

/// A tool, as the runtime holds it. Remote tools implement this directly.
pub trait AnyTool: Send + Sync {
    /// Unique name.
    fn name(&self) -> &str;
    /// Written for the model.
    fn description(&self) -> &str;
    /// Where it comes from, for people: `built-in` or a tool server's name.
    fn origin(&self) -> &str;
    /// What it can do to the world.
    fn effect(&self) -> Effect;
    /// What happens when nobody has said anything about this tool.
    fn default_verdict(&self) -> Verdict;
    /// How long a call may take.
    fn time_limit(&self) -> Duration;
    /// What a key must be good for to call it outside a run.
    fn scope(&self) -> Scope {
        Scope::Chat
    }
    /// JSON Schema of the arguments.
    fn schema(&self) -> &Schema;
    /// The view that its calls are shown with, if there is one.
    fn view(&self) -> Option<View> {
        None
    }
    /// The tool and the arguments that a call with `input` only passes on, if it does: what is said
    /// about that tool decides, and nothing that is said about this one.
    fn stands_for(&self, _input: &Value) -> Option<(String, Value)> {
        None
    }
    /// Does the work. `input` has passed the schema.
    fn call<'a>(&'a self, input: Value, cx: &'a ToolCx)
    -> BoxFuture<'a, Result<Output, ToolError>>;
    /// How long its server may go on with a call by itself.
    fn task_limit(&self) -> Duration {
        self.time_limit()
    }
    /// Says that nobody wants what the server goes on with for a call with `input`.
    fn give_up<'a>(
        &'a self,
        _input: &'a Value,
        _task: &'a RemoteTask,
        _caller: &'a Caller,
    ) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }
}

/// A [`Tool`] with its schema made ready.
struct Typed<T> {
    tool: T,
    schema: Schema,
}

/// Makes `tool` fit the runtime.
pub fn any<T: Tool>(tool: T) -> Arc<dyn AnyTool> {
    Arc::new(Typed { tool, schema: Schema::of::<T::Input>() })
}

impl<T: Tool> AnyTool for Typed<T> {
    fn name(&self) -> &str {
        T::NAME
    }
    fn description(&self) -> &str {
        T::DESCRIPTION
    }
    fn origin(&self) -> &str {
        "built-in"
    }
    fn effect(&self) -> Effect {
        T::EFFECT
    }
    fn default_verdict(&self) -> Verdict {
        T::DEFAULT
    }
    fn time_limit(&self) -> Duration {
        T::TIME_LIMIT
    }
    fn scope(&self) -> Scope {
        T::SCOPE
    }
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn call<'a>(
        &'a self,
        input: Value,
        cx: &'a ToolCx,
    ) -> BoxFuture<'a, Result<Output, ToolError>> {
        async move {
            let input = serde_json::from_value(input)
                .map_err(|err| ToolError::Tell(format!("invalid arguments: {err}")))?;
            self.tool.run(input, cx).await
        }
        .boxed()
    }
}
