//! Agents as tools: `run_agent` asks one and waits, `run_status` tells how far it is.

use std::{sync::Arc, time::Duration};

use galaxy_app::access::{in_scope, use_tool};
use galaxy_domain::{Caller, Effect, access::Scope};
use galaxy_tool::{Schema, tool::Note};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolResponse, Tool},
    service::RequestContext,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    McpServer,
    answers::{failed, troubled},
    offered::written,
};

mod progress;
mod report;
pub(crate) mod tasks;
mod waiting;

use progress::Progress;

/// A host hears of a call that goes on at least this often, so that it does not give up on it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// Arguments of `run_agent`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// What the agent is to do or to answer.
    message: String,
    /// The conversation to go on with, as an earlier call named it; leave it out to begin one.
    #[serde(default)]
    conversation_id: Option<String>,
    /// The name of the model to answer with; leave it out for the person's usual one.
    #[serde(default)]
    model: Option<String>,
}

/// Arguments of `run_status`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// The run, as `run_agent` named it.
    run_id: String,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Run,
    Status,
}

/// A tool of this server itself.
pub(crate) struct Own {
    kind: Kind,
    effect: Effect,
    schema: Schema,
    wire: Tool,
}

/// The tools of this server itself.
pub(crate) struct Agents(Vec<Arc<Own>>);

impl Agents {
    /// Makes them ready.
    pub(crate) fn new() -> Self {
        let run = "Asks one of the person's agents, which may use tools, and waits for its answer (a \
                   client that looks after tasks gets one). Gives the ids of the run and of the \
                   conversation.";
        let status = "Tells how far a run is that `run_agent` began, and what came of it so far.";
        Self(vec![
            own(Kind::Run, "run_agent", run, Schema::of::<Question>(), Effect::Writes),
            own(Kind::Status, "run_status", status, Schema::of::<Which>(), Effect::Reads),
        ])
    }

    /// The one of that name.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Own>> {
        self.0.iter().find(|own| own.wire.name == name)
    }

    /// Those that the caller may call.
    pub(crate) fn offered(&self, caller: &Caller) -> Vec<Tool> {
        let may = |own: &&Arc<Own>| use_tool(caller, Scope::Chat, own.changes()).is_ok();
        self.0.iter().filter(may).map(|own| own.wire.clone()).collect()
    }
}

impl Own {
    fn changes(&self) -> bool {
        !self.effect.is_repeatable()
    }

    /// The scope that what the caller came by lacks.
    pub(crate) fn lacking_scope(&self, caller: &Caller) -> Option<Scope> {
        let needed = if self.changes() { Scope::Chat } else { Scope::Read };
        (!in_scope(caller, Scope::Chat, self.changes())).then_some(needed)
    }
}

fn own(kind: Kind, name: &str, description: &str, schema: Schema, effect: Effect) -> Arc<Own> {
    let wire = written(name.to_owned(), description.to_owned(), schema.json(), effect);
    Arc::new(Own { kind, effect, schema, wire })
}

/// Calls a tool of this server itself.
///
/// # Errors
/// When neither model nor person can do anything about it.
pub(crate) async fn call(
    server: &McpServer,
    caller: &Caller,
    own: &Own,
    input: Value,
    context: RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    if let Err(wrong) = own.schema.check(&input) {
        return Ok(failed(format!("invalid arguments: {wrong}")).into());
    }
    if let Err(denied) = use_tool(caller, Scope::Chat, own.changes()) {
        return troubled(&denied.into()).map(Into::into);
    }
    let unreadable = |err: serde_json::Error| failed(format!("invalid arguments: {err}"));
    match own.kind {
        Kind::Run => match serde_json::from_value(input) {
            Ok(question) => waiting::ask(server, caller, question, &context).await,
            Err(err) => Ok(unreadable(err).into()),
        },
        Kind::Status => match serde_json::from_value(input) {
            Ok(Which { run_id }) => report::status(server, caller, &run_id).await.map(Into::into),
            Err(err) => Ok(unreadable(err).into()),
        },
    }
}

/// Waits for `work` and passes on what it tells of its progress.
pub(crate) async fn with_notes<T>(
    context: &RequestContext<RoleServer>,
    mut heard: mpsc::Receiver<Note>,
    work: impl Future<Output = T>,
) -> T {
    let Some(mut progress) = Progress::of(context) else { return work.await };
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            Some(note) = heard.recv() => progress.note(note.share, &note.text).await,
            () = tokio::time::sleep(SIGN_OF_LIFE) => progress.sign_of_life().await,
        }
    }
}
