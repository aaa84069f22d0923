//! A call in a run, and what servers say.

use std::{collections::BTreeMap, sync::Arc};

use galaxy_base::{Clock, Tasks, Timestamp};
use galaxy_domain::{
    CallId, Caller, Id, Role, RunId,
    access::{Credential, Proof},
    elicitation::{Answer, Elicitation},
};
use galaxy_testkit::FakeToolServer;
use galaxy_tool::{
    Asks, Notes, Output, Resumed, ToolCx, ToolError,
    server::{
        Declines, Desk, Elicit, Holds, Questions, Request, RequestCx, ServerError, ToolServer,
        remote_tools,
    },
    tool::UnderWay,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_000_000);

/// A call in a run, and the process it is made in.
pub(crate) struct Scene {
    pub(crate) server: Arc<FakeToolServer>,
    pub(crate) holds: Arc<Holds>,
    pub(crate) tasks: Tasks,
    pub(crate) run: RunId,
    pub(crate) cancel: CancellationToken,
    pub(crate) clock: Clock,
    pub(crate) notes: Notes,
}

impl Scene {
    pub(crate) fn new<F>(answers: impl Fn(Request, RequestCx) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Value, ServerError>> + Send + 'static,
    {
        Self::at(None, Questions::Allowed, answers)
    }

    /// The same with a server that is looked after at `desk`.
    pub(crate) fn at<F>(
        desk: Option<Desk>,
        questions: Questions,
        answers: impl Fn(Request, RequestCx) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Value, ServerError>> + Send + 'static,
    {
        let mut spec = FakeToolServer::spec("far");
        (spec.desk, spec.questions) = (desk, questions);
        let server = Arc::new(FakeToolServer::new(spec, answers));
        server.offer(vec![json!({ "name": "pay", "description": "Pays.", "inputSchema": {} })]);
        let tasks = Tasks::default();
        let clock = Clock::fixed(NOW);
        let holds = Holds::new(tasks.clone(), clock.clone());
        let (run, cancel, notes) = (Id::fresh(), CancellationToken::new(), Notes::channel().0);
        Self { server, holds, tasks, run, cancel, clock, notes }
    }

    /// The same call after a restart, or in another process.
    pub(crate) fn elsewhere(self) -> Self {
        let tasks = Tasks::default();
        Self { holds: Holds::new(tasks.clone(), self.clock.clone()), tasks, ..self }
    }

    pub(crate) async fn call(&self, resumed: Option<Resumed>) -> Result<Output, ToolError> {
        self.go_on(resumed, None).await
    }

    /// Makes the call, or looks after what its server goes on with.
    pub(crate) async fn go_on(
        &self,
        resumed: Option<Resumed>,
        task: Option<UnderWay>,
    ) -> Result<Output, ToolError> {
        let port: Arc<dyn ToolServer> = self.server.clone();
        let list = port.tools().await.unwrap();
        let declines: Arc<dyn Elicit> = Arc::new(Declines);
        let tool = remote_tools(&port, &list, &declines, |_| true).pop().unwrap();
        let holds = self.holds.clone();
        let call = CallId("c".to_owned());
        let cx = ToolCx {
            caller: Caller {
                person: Id::fresh(),
                workspace: Id::fresh(),
                role: Role::Member,
                credential: Credential::TestMode,
                proof: Proof::Now,
                scopes: Vec::new(),
            },
            run: Some(self.run),
            conversation: None,
            cancel: self.cancel.clone(),
            notes: self.notes.clone(),
            asks: Some(Asks { run: self.run, call, holds, resumed, task, declined: false }),
            whole: galaxy_tool::Whole::default(),
        };
        tool.call(json!({ "sum": 7 }), &cx).await
    }

    /// Makes the call and expects a question.
    pub(crate) async fn waits(&self, resumed: Option<Resumed>) -> Elicitation {
        match self.call(resumed).await {
            Err(ToolError::Waits(elicitation)) => *elicitation,
            other => panic!("{other:?}"),
        }
    }
}

/// The same answer to all of `elicitation`.
pub(crate) fn with(elicitation: Elicitation, answer: &Answer) -> Option<Resumed> {
    let keys = elicitation.questions.keys().cloned();
    let answers: BTreeMap<_, _> = keys.map(|key| (key, answer.clone())).collect();
    Some(Resumed { elicitation, answers })
}

pub(crate) fn yes() -> Answer {
    Answer::Accept { content: json!({ "colour": "red" }) }
}

pub(crate) fn said(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

/// A question for the field `name`.
pub(crate) fn form(name: &str) -> Value {
    json!({ "message": "Which?", "requestedSchema": {
        "type": "object", "properties": { name: { "type": "string" } } } })
}
