//! What most tests begin with.

use std::{sync::Arc, time::Duration};

use galaxy_agent::{
    Deps, Driven, FirstPiece, Limits, RunError, RunLog, Signals, context::Context, drive,
    policy::Rules,
};
use galaxy_base::{Clock, Tasks};
use galaxy_domain::{
    CallId, Caller, ConversationId, Item, MessageId, Outcome, Part, PersonId, Role, RunId, Stop,
    WorkspaceId,
    access::{Credential, Proof},
    elicitation::{Answer, Elicitation, Inquiry, WayBack},
    part::plain_text,
    tool::{Decision, Reach, ToolRule},
    transcript::{Delta, Finish, OpenCall},
};
use galaxy_testkit::{FakeTool, Gate, Script, ScriptedModel, store::START};
use galaxy_tool::{Toolbox, server::Holds};
use serde_json::Value;

use crate::memory::MemoryLog;

/// A run that was asked something, and everything that answers it.
pub(crate) struct Scene {
    pub(crate) model: Arc<ScriptedModel>,
    pub(crate) tools: Toolbox,
    pub(crate) holds: Arc<Holds>,
    pub(crate) rules: Vec<ToolRule>,
    pub(crate) log: MemoryLog,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) run: RunId,
    pub(crate) pace: Duration,
    pub(crate) first: FirstPiece,
}

impl Scene {
    /// A run whose model plays `scripts`.
    pub(crate) fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::of(ScriptedModel::new(scripts))
    }

    pub(crate) fn of(model: ScriptedModel) -> Self {
        let clock = Clock::fixed(START);
        Self {
            model: Arc::new(model),
            tools: Toolbox::default(),
            holds: Holds::new(Tasks::default(), clock.clone()),
            rules: Vec::new(),
            log: MemoryLog::beginning_with(question(), clock.clone()),
            limits: Limits::default(),
            clock,
            run: RunId::fresh(),
            pace: Duration::from_millis(25),
            first: FirstPiece::AtOnce,
        }
    }

    pub(crate) fn with(mut self, tool: FakeTool) -> Self {
        self.tools.add(Arc::new(tool)).unwrap();
        self
    }

    pub(crate) fn deps(&self, log: Arc<dyn RunLog>) -> Deps {
        let pace = self.pace;
        Deps {
            model: self.model.clone(),
            toolbox: self.tools.clone(),
            holds: self.holds.clone(),
            policy: Arc::new(Rules::new(self.tools.clone(), &self.rules)),
            log,
            context: Context::default(),
            caller: somebody(),
            conversation: ConversationId::fresh(),
            limits: self.limits,
            clock: self.clock.clone(),
            pace: Arc::new(move || pace),
            first: self.first,
        }
    }

    /// A process that dies when `gate` is reached.
    pub(crate) async fn crash_at(&self, gate: &Gate) {
        let signals = Signals::default();
        tokio::select! {
            end = self.drive_with(&signals) => panic!("{end:?}"),
            () = gate.reached() => (),
        }
    }

    /// Claims the run and drives it until `signals` or its end.
    pub(crate) async fn drive_with(&self, signals: &Signals) -> Result<Driven, RunError> {
        let log = self.log.claimed();
        let mut transcript = log.transcript();
        drive(self.run, &mut transcript, &self.deps(Arc::new(log)), signals).await
    }

    /// Drives the run until it stops by itself.
    pub(crate) async fn drive(&self) -> Stop {
        match self.drive_with(&Signals::default()).await.unwrap() {
            Driven::Stopped(stop) => {
                // Whatever happened, the stored log is in order and says how it ended.
                self.log.transcript();
                assert_eq!(self.log.kept().state, Some(stop.state()));
                stop
            }
            Driven::HandedOver => panic!("nobody asked to hand over"),
        }
    }

    /// The stored entries without those that only tell how something is coming along.
    pub(crate) fn settled(&self) -> Vec<Item> {
        self.log.transcript().items().to_vec()
    }

    /// How every call ended, in the order of the log.
    pub(crate) fn replies(&self) -> Vec<(String, Outcome)> {
        let reply = |item| match item {
            Item::Reply { call, outcome, .. } => Some((call.0, outcome)),
            _ => None,
        };
        self.log.items().into_iter().filter_map(reply).collect()
    }

    /// The answers: text, calls, and how they ended.
    pub(crate) fn answers(&self) -> Vec<(String, Vec<String>, Finish)> {
        let answer = |item| match item {
            Item::Assistant { parts, calls, finish, .. } => {
                let calls = calls.into_iter().map(|call| call.id.0).collect();
                Some((plain_text(&parts), calls, finish))
            }
            _ => None,
        };
        self.log.items().into_iter().filter_map(answer).collect()
    }

    /// The text of all stored pieces, joined.
    pub(crate) fn streamed(&self) -> String {
        self.log.items().iter().filter_map(text_of).collect()
    }

    /// The kinds of the stored entries.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.log.items().iter().map(Item::kind).collect()
    }

    pub(crate) fn decide(&self, id: &str, decision: Decision) {
        let by = PersonId::fresh();
        self.log.write(vec![Item::Approval { call: call(id), decision, by }]);
    }
}

pub(crate) fn text_of(item: &Item) -> Option<&str> {
    match item {
        Item::Delta { delta: Delta::Text { text } } => Some(text),
        _ => None,
    }
}

pub(crate) fn question() -> Item {
    Item::User { message: MessageId::fresh(), parts: vec![Part::text("What is 2+2?")] }
}

pub(crate) fn somebody() -> Caller {
    Caller {
        person: PersonId::fresh(),
        workspace: WorkspaceId::fresh(),
        role: Role::Member,
        credential: Credential::TestMode,
        proof: Proof::Now,
        scopes: Vec::new(),
    }
}

pub(crate) fn call(id: &str) -> CallId {
    CallId(id.to_owned())
}

pub(crate) fn done(text: &str) -> Outcome {
    Outcome::Done { output: vec![Part::text(text)] }
}

pub(crate) fn failed(message: &str) -> Outcome {
    Outcome::Failed { message: message.to_owned() }
}

pub(crate) fn yes(input: Option<Value>) -> Decision {
    Decision::Allow { reach: Reach::Once, input }
}

/// The question of a tool that wants a plain yes before it goes on.
pub(crate) fn asks_to_confirm() -> Elicitation {
    let form = Inquiry::Form { message: "Sure?".to_owned(), fields: Vec::new() };
    Elicitation {
        server: "far".to_owned(),
        tool: "pay".to_owned(),
        questions: [("sure".to_owned(), form)].into(),
        declined: Vec::new(),
        back: WayBack::Again { state: Some("half way".to_owned()) },
    }
}

/// The same answer to all that the tool of `open` asks.
pub(crate) fn answers(open: &OpenCall, answer: Answer) -> Item {
    let asked = open.waits_for().unwrap().questions.keys().cloned();
    let answers = asked.map(|key| (key, answer.clone())).collect();
    Item::Answered { call: open.call.id.clone(), answers, by: PersonId::fresh() }
}

/// A tool that never answers by itself.
pub(crate) fn hangs(name: &str, effect: galaxy_domain::Effect) -> FakeTool {
    FakeTool::new(name, effect, |_, _| std::future::pending())
}
