//! Tools of servers, as the runtime holds tools.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use galaxy_domain::{Caller, Effect, RemoteTask, Verdict, elicitation::WayBack, tool::View};
use serde_json::Value;

use crate::{
    schema::Schema,
    server::{
        ToolServer,
        definition::{Definition, ToolList},
        elicit::Elicit,
        entrusted,
        error::ServerError,
        exchange::Exchanged,
        output,
        request::{Request, RequestCx},
        rounds::rounds,
        sign_in::told_in,
        spec::{Questions, Trust},
    },
    tool::{AnyTool, Asks, Output, ToolCx, ToolError},
};

/// A tool of a server. It is bound to the definition it was made of: when the server says
/// something else about it by the time it is called, it is not called.
pub struct RemoteTool {
    server: Arc<dyn ToolServer>,
    definition: Definition,
    description: String,
    schema: Schema,
    elicit: Arc<dyn Elicit>,
}

/// The tools in `list` that `is_approved` wants, which looks at their pins. What they ask in a run
/// the person of the run is asked ([`Asks`]); anywhere else their questions go to `elicit`.
pub fn remote_tools(
    server: &Arc<dyn ToolServer>,
    list: &ToolList,
    elicit: &Arc<dyn Elicit>,
    is_approved: impl Fn(&Definition) -> bool,
) -> Vec<Arc<dyn AnyTool>> {
    let wanted = list.tools.iter().filter(|it| is_approved(it));
    let made = wanted.map(|it| RemoteTool::new(server.clone(), it.clone(), elicit.clone()));
    made.map(|it| Arc::new(it) as Arc<dyn AnyTool>).collect()
}

impl RemoteTool {
    /// The tool of `server` that `definition` describes.
    pub fn new(
        server: Arc<dyn ToolServer>,
        definition: Definition,
        elicit: Arc<dyn Elicit>,
    ) -> Self {
        let words = [Some(definition.description.as_str()), definition.title.as_deref()];
        let words = words.into_iter().flatten().find(|it| !it.trim().is_empty());
        let description = words.unwrap_or(&definition.offered).to_owned();
        let schema = Schema::new(definition.input_schema.clone());
        Self { server, definition, description, schema, elicit }
    }

    /// What it was made of.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// What a task of this tool is bound to: its server, how that is reached, and the tool as it is
    /// defined.
    pub fn bound_to(&self) -> String {
        entrusted::bound_to(self.server.spec(), &self.definition.pin)
    }

    async fn perform(&self, input: Value, cx: &ToolCx) -> Result<Output, ToolError> {
        let own = self.server.facing(cx.caller.person);
        let server = own.as_ref().unwrap_or(&self.server);
        let request = Request::call(&self.definition.name, input);
        if let Some(asks) = &cx.asks
            && let Some(task) = &asks.task
        {
            // The call was made, as the tool was then: what the server lists now is no matter.
            return entrusted::take_up(server, &request, &self.definition.pin, cx, (asks, task))
                .await;
        }
        let list = server.tools().await;
        let list = list.map_err(|err| told_in(server, &request, cx.asks.as_ref(), &err))?;
        let current = list.get(&self.definition.offered);
        if current.is_none_or(|it| it.pin != self.definition.pin) {
            return Err(ToolError::tell(
                "the tool was not called: its server describes it differently now, and somebody \
                 has to allow it again",
            ));
        }
        match (&cx.asks, server.spec().questions) {
            (Some(asks), Questions::Allowed) => {
                rounds(server, &request, &self.definition.pin, cx, asks).await
            }
            (Some(asks), Questions::Off) if has_begun(asks) => Err(ToolError::tell(
                "the tool was left: its server may not ask people any more; what it began may \
                 have taken effect all the same",
            )),
            (Some(_) | None, Questions::Off) | (None, Questions::Allowed) => {
                self.alone(server, request, cx).await
            }
        }
    }

    /// Calls the tool where its server can ask nobody.
    async fn alone(
        &self,
        server: &Arc<dyn ToolServer>,
        request: Request,
        cx: &ToolCx,
    ) -> Result<Output, ToolError> {
        let with = RequestCx {
            cancel: cx.cancel.clone(),
            progress: Arc::new(cx.notes.clone()),
            elicit: self.elicit.clone(),
            ..RequestCx::default()
        };
        let mut exchanged = server.exchange(request.clone(), &with).await;
        if let Ok(Exchanged::Task(task, result)) = exchanged {
            if let Some(asks) = &cx.asks {
                return Err(entrusted::noted(server.spec(), task, self.bound_to(), asks));
            }
            exchanged = server.attended(&request, result, &with).await.map(Exchanged::Done);
        }
        match exchanged {
            Ok(Exchanged::Done(result) | Exchanged::Task(_, result)) => {
                cx.whole.keep(&result);
                output::read(&result)
            }
            Ok(Exchanged::Waits(_)) => Err(ToolError::tell(
                "the tool was left: it needs an answer from a person who is not there",
            )),
            Err(err) => Err(told_in(server, &request, cx.asks.as_ref(), &err)),
        }
    }
}

/// Whether the server has done something for the call already, before it was put down.
pub(super) fn has_begun(asks: &Asks) -> bool {
    let resumed = asks.resumed.as_ref();
    resumed.is_some_and(|it| match it.elicitation.back {
        WayBack::Again { .. } | WayBack::Held { .. } | WayBack::Task => true,
        WayBack::Afresh => false,
    })
}

/// What the model is told of `err`, and whoever reads along.
pub(super) fn told(err: &ServerError) -> ToolError {
    // It is we who gave up: the server said nothing of how far it came.
    if matches!(err, ServerError::Cancelled) {
        return ToolError::Lost;
    }
    let doubt =
        if err.may_have_happened() { "; it may have taken effect all the same" } else { "" };
    if err.is_trouble() {
        return ToolError::tell(format!("{err}{doubt}. What a person can do: {}", err.advice()));
    }
    ToolError::tell(format!("{err}{doubt}"))
}

impl AnyTool for RemoteTool {
    fn name(&self) -> &str {
        let Definition { offered, .. } = &self.definition;
        offered
    }
    fn description(&self) -> &str {
        &self.description
    }
    fn origin(&self) -> &str {
        self.server.spec().name.as_str()
    }
    fn effect(&self) -> Effect {
        match (self.server.spec().trust, self.definition.claims_to_read_only) {
            (Trust::Trusted, true) => Effect::Reads,
            (Trust::Trusted, false) | (Trust::Untrusted, _) => Effect::Reaches,
        }
    }
    fn default_verdict(&self) -> Verdict {
        if self.effect().is_repeatable() { Verdict::Allow } else { Verdict::Ask }
    }
    fn time_limit(&self) -> Duration {
        self.server.spec().limits.ceiling
    }
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn view(&self) -> Option<View> {
        let uri = self.definition.view.uri.clone()?;
        Some(View { server: self.origin().to_owned(), uri })
    }
    fn call<'a>(
        &'a self,
        input: Value,
        cx: &'a ToolCx,
    ) -> BoxFuture<'a, Result<Output, ToolError>> {
        self.perform(input, cx).boxed()
    }
    fn task_limit(&self) -> Duration {
        self.server.spec().limits.task
    }
    fn give_up<'a>(
        &'a self,
        _: &'a Value,
        task: &'a RemoteTask,
        caller: &'a Caller,
    ) -> BoxFuture<'a, ()> {
        async move {
            let own = self.server.facing(caller.person);
            let server = own.as_ref().unwrap_or(&self.server);
            entrusted::give_up(&**server, &self.definition.pin, task).await;
        }
        .boxed()
    }
}
