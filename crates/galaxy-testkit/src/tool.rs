//! A tool made of a closure, which remembers its calls.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, ready},
};
use galaxy_domain::{Caller, Effect, Part, RemoteTask, Verdict};
use galaxy_tool::{AnyTool, Output, Schema, ToolCx, ToolError, tool::TIME_LIMIT};
use serde_json::{Value, json};

type Work = dyn Fn(Value, ToolCx) -> BoxFuture<'static, Result<Output, ToolError>> + Send + Sync;

/// A tool that does what a test says. Built step by step, such as
/// `FakeTool::new("send", Effect::Reaches, |_, _| async { Ok(vec![]) }).verdict(Verdict::Allow)`.
pub struct FakeTool {
    name: String,
    origin: String,
    effect: Effect,
    verdict: Verdict,
    limit: Duration,
    schema: Schema,
    work: Box<Work>,
    inputs: Arc<Mutex<Vec<Value>>>,
    given_up: Arc<Mutex<Vec<RemoteTask>>>,
}

impl FakeTool {
    /// A tool that takes any object, and asks or not as tools with its effect do.
    pub fn new<F>(
        name: &str,
        effect: Effect,
        work: impl Fn(Value, ToolCx) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Output, ToolError>> + Send + 'static,
    {
        Self {
            name: name.to_owned(),
            origin: "built-in".to_owned(),
            effect,
            verdict: if effect.is_repeatable() { Verdict::Allow } else { Verdict::Ask },
            limit: TIME_LIMIT,
            schema: Schema::new(json!({ "type": "object" })),
            work: Box::new(move |input, cx| work(input, cx).boxed()),
            inputs: Arc::default(),
            given_up: Arc::default(),
        }
    }

    /// A tool that always says `text`.
    pub fn says(name: &str, effect: Effect, text: &str) -> Self {
        let text = text.to_owned();
        Self::new(name, effect, move |_, _| {
            let output = vec![Part::text(text.clone())];
            async move { Ok(output) }
        })
    }

    /// Which tool server it comes from.
    #[must_use]
    pub fn of(mut self, server: &str) -> Self {
        server.clone_into(&mut self.origin);
        self
    }

    /// What happens when nobody has said anything about it.
    #[must_use]
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }

    /// How long a call may take.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The JSON Schema of its arguments.
    #[must_use]
    pub fn takes(mut self, schema: Value) -> Self {
        self.schema = Schema::new(schema);
        self
    }

    /// The arguments of all calls that began, in order; fills up while the tool is used.
    pub fn inputs(&self) -> Arc<Mutex<Vec<Value>>> {
        self.inputs.clone()
    }

    /// What its server was told that nobody wants any more; fills up while the tool is used.
    pub fn given_up(&self) -> Arc<Mutex<Vec<RemoteTask>>> {
        self.given_up.clone()
    }
}

impl AnyTool for FakeTool {
    fn name(&self) -> &str {
        &self.name
    }
    fn description(&self) -> &'static str {
        "A tool for tests."
    }
    fn origin(&self) -> &str {
        &self.origin
    }
    fn effect(&self) -> Effect {
        self.effect
    }
    fn default_verdict(&self) -> Verdict {
        self.verdict
    }
    fn time_limit(&self) -> Duration {
        self.limit
    }
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn call<'a>(
        &'a self,
        input: Value,
        cx: &'a ToolCx,
    ) -> BoxFuture<'a, Result<Output, ToolError>> {
        // Not before it is polled, like any tool.
        async move {
            self.inputs.lock().unwrap_or_else(PoisonError::into_inner).push(input.clone());
            (self.work)(input, cx.clone()).await
        }
        .boxed()
    }
    fn give_up<'a>(
        &'a self,
        _: &'a Value,
        task: &'a RemoteTask,
        _: &'a Caller,
    ) -> BoxFuture<'a, ()> {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).push(task.clone());
        ready(()).boxed()
    }
}
