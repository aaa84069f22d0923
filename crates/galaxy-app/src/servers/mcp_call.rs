//! `mcp_call`: a tool that passes a call on to a tool of a server, by the server's own names.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_domain::{Caller, Effect, RemoteTask, Verdict};
use galaxy_tool::{
    AnyTool, Output, Schema, ToolCx, ToolError,
    server::{Limits, ServerName, names},
    tool::TIME_LIMIT,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Servers;

/// What the model knows it as.
const NAME: &str = "mcp_call";

/// Which tool of which server to call, and with what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The name of the tool server.
    server: String,
    /// The tool, as the server calls it.
    tool: String,
    /// The arguments of that tool.
    #[serde(default)]
    params: Map<String, Value>,
}

/// The tool.
pub(super) struct McpCall {
    servers: Weak<Servers>,
    schema: Schema,
}

impl McpCall {
    /// The tool over `servers`.
    pub(super) fn new(servers: &Arc<Servers>) -> Self {
        Self { servers: Arc::downgrade(servers), schema: Schema::of::<Input>() }
    }

    async fn perform(&self, input: Value, cx: &ToolCx) -> Result<Output, ToolError> {
        let (tool, params) = self.meant(&input, &cx.caller).await?;
        tool.call(params, cx).await
    }

    /// The tool that `input` names, and what it is called with.
    async fn meant(
        &self,
        input: &Value,
        caller: &Caller,
    ) -> Result<(Arc<dyn AnyTool>, Value), ToolError> {
        let (name, params) =
            self.stands_for(input).ok_or_else(|| ToolError::tell("invalid arguments"))?;
        let stopping = || ToolError::tell("the server is stopping");
        let servers = self.servers.upgrade().ok_or_else(stopping)?;
        let shelf = servers.shelf(caller.person, caller.workspace).await;
        let shelf = shelf.map_err(|err| ToolError::Internal(Box::new(err)))?;
        let tool = shelf.toolbox.get(&name).filter(|it| it.name() != NAME);
        let tool = tool.ok_or_else(|| ToolError::tell(format!("there is no tool `{name}`")))?;
        Ok((tool.clone(), params))
    }
}

impl AnyTool for McpCall {
    fn name(&self) -> &str {
        NAME
    }
    fn description(&self) -> &str {
        "Calls a tool of a tool server by the server's name and its own name for the tool, where \
         `server__tool` is not offered by itself. What the person said about that tool holds."
    }
    fn origin(&self) -> &str {
        "built-in"
    }
    fn effect(&self) -> Effect {
        Effect::Reaches
    }
    fn default_verdict(&self) -> Verdict {
        Verdict::Ask
    }
    fn time_limit(&self) -> Duration {
        TIME_LIMIT * 10
    }
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn stands_for(&self, input: &Value) -> Option<(String, Value)> {
        let Input { server, tool, params } = Input::deserialize(input).ok()?;
        let server = ServerName::parse(&server).ok()?;
        Some((names::offered(&server, &tool), Value::Object(params)))
    }
    fn call<'a>(
        &'a self,
        input: Value,
        cx: &'a ToolCx,
    ) -> BoxFuture<'a, Result<Output, ToolError>> {
        self.perform(input, cx).boxed()
    }
    fn task_limit(&self) -> Duration {
        Limits::default().task
    }
    fn give_up<'a>(
        &'a self,
        input: &'a Value,
        task: &'a RemoteTask,
        caller: &'a Caller,
    ) -> BoxFuture<'a, ()> {
        async move {
            if let Ok((tool, params)) = self.meant(input, caller).await {
                tool.give_up(&params, task, caller).await;
            }
        }
        .boxed()
    }
}
