//! The handler: what the suite asks for, in every revision.

#![expect(deprecated, reason = "the suite asks for what older revisions had")]

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use galaxy_base::random;
use galaxy_mcp_server::{Slots, Standing};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::*,
    service::{NotificationContext, Peer, RequestContext, SubscriptionContext, SubscriptionSink},
};
use serde_json::{Map, Value, json};

use super::{catalogue, plain, questions};

/// Between two signs of life.
const BEAT: Duration = Duration::from_millis(50);

/// Which revisions it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// All.
    Both,
    /// Those with a handshake.
    Old,
}

/// The server of the suite, as one client sees it.
#[derive(Clone)]
pub(crate) struct Suite {
    generation: Generation,
    shared: Arc<Mutex<Shared>>,
    slots: Slots,
    standing: Standing,
}

/// What all clients share.
#[derive(Default)]
struct Shared {
    sinks: Vec<SubscriptionSink>,
    peers: Vec<Peer<RoleServer>>,
    /// States that were given away, and the round that each belongs to.
    states: HashMap<String, usize>,
}

impl Suite {
    pub(crate) fn new(generation: Generation) -> Self {
        let (shared, slots) = (Arc::default(), Slots::default());
        Self { generation, shared, slots, standing: Standing::Alone }
    }

    pub(crate) fn with(self, slots: Slots, standing: Standing) -> Self {
        Self { slots, standing, ..self }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, context: &RequestContext<RoleServer>, result: Value) {
        self.slots.put(&context.id, result);
    }

    /// Asks what `name` asks, in the client's way, and gives the result.
    async fn asking(
        &self,
        name: &str,
        arguments: &Value,
        responses: Option<&InputResponses>,
        state: Option<&str>,
        context: &RequestContext<RoleServer>,
    ) -> Result<Option<Value>, ErrorData> {
        if questions::of(name, arguments, 0).is_none() {
            return Ok(None);
        }
        if !is_new(context) {
            return self.on_the_line(name, arguments, context).await.map(Some);
        }
        let round = match state {
            Some(state) => self.shared().states.get(state).copied().ok_or_else(|| {
                ErrorData::invalid_params("`requestState` was not given away here", None)
            })?,
            None => 0,
        };
        let mut said = Map::new();
        for (key, response) in responses.into_iter().flatten() {
            said.insert(key.clone(), serde_json::to_value(response).unwrap_or_default());
        }
        let wanted = questions::of(name, arguments, round).unwrap_or_default();
        let wanted: Vec<_> = wanted.into_iter().filter(|it| can(context, name, it.1)).collect();
        let is_missing = |key: &str| !said.get(key).is_some_and(Value::is_object);
        let is_answered = !wanted.iter().any(|it| is_missing(it.0));
        let needs_state = questions::has_state(name) && state.is_none();
        if is_answered && !needs_state {
            if questions::of(name, arguments, round + 1).is_none() {
                return Ok(Some(questions::result(name, &said)));
            }
            let next = questions::of(name, arguments, round + 1).unwrap_or_default();
            return Ok(Some(self.required(name, next, round + 1)));
        }
        Ok(Some(self.required(name, wanted, round)))
    }

    fn required(&self, name: &str, wanted: Vec<questions::Question>, round: usize) -> Value {
        let mut requests = Map::new();
        for (key, method, params) in wanted {
            requests.insert(key.to_owned(), json!({ "method": method, "params": params }));
        }
        let mut result = json!({ "resultType": "input_required", "inputRequests": requests });
        if questions::has_state(name) {
            let state = random::token();
            result["requestState"] = state.as_str().into();
            self.shared().states.insert(state, round);
        }
        result
    }

    async fn on_the_line(
        &self,
        name: &str,
        arguments: &Value,
        context: &RequestContext<RoleServer>,
    ) -> Result<Value, ErrorData> {
        let mut said = Map::new();
        for round in 0.. {
            let Some(wanted) = questions::of(name, arguments, round) else { break };
            for (key, method, params) in wanted {
                if !can(context, name, method) {
                    continue;
                }
                let params = (method != "roots/list").then_some(params);
                let request = ServerRequest::CustomRequest(CustomRequest::new(method, params));
                let answer = context.peer.send_request(request).await;
                let answer =
                    answer.map_err(|err| ErrorData::internal_error(err.to_string(), None))?;
                said.insert(key.to_owned(), serde_json::to_value(answer).unwrap_or_default());
            }
        }
        Ok(questions::result(name, &said))
    }

    /// Tools that tell something before they answer.
    async fn telling(&self, name: &str, context: &RequestContext<RoleServer>) -> Option<Value> {
        match name {
            "test_tool_with_progress" => {
                let token = context.meta.get_progress_token();
                for done in [0.0, 50.0, 100.0] {
                    if let Some(token) = &token {
                        let note = ProgressNotificationParam::new(token.clone(), done);
                        let _ = context.peer.notify_progress(note.with_total(100.0)).await;
                    }
                    tokio::time::sleep(BEAT).await;
                }
            }
            "test_tool_with_logging" => {
                for line in ["Tool execution started", "Tool processing data", "Tool completed"] {
                    self.log(context, line).await;
                    tokio::time::sleep(BEAT).await;
                }
            }
            "test_logging_tool" => self.log(context, "The log was asked for").await,
            "test_trigger_tool_change" => {
                let change = ToolListChangedNotification::default();
                self.tell_all(ServerNotification::ToolListChangedNotification(change)).await;
            }
            "test_trigger_prompt_change" => {
                let change = PromptListChangedNotification::default();
                self.tell_all(ServerNotification::PromptListChangedNotification(change)).await;
            }
            "test_touch_resource" => {
                let params = ResourceUpdatedNotificationParam::new("test://static-text");
                let change = ResourceUpdatedNotification::new(params);
                self.tell_all(ServerNotification::ResourceUpdatedNotification(change)).await;
            }
            _ => return None,
        }
        Some(plain::text(&format!("{name} is complete")))
    }

    /// Writes into the log, for clients of older revisions and for requests that want it.
    async fn log(&self, context: &RequestContext<RoleServer>, line: &str) {
        if is_new(context) && context.meta.log_level().is_none() {
            return;
        }
        let params = json!({ "level": "info", "logger": "suite", "data": line });
        let line = CustomNotification::new("notifications/message", Some(params));
        let _ = context.peer.send_notification(ServerNotification::CustomNotification(line)).await;
    }

    /// Tells everybody who listens.
    async fn tell_all(&self, change: ServerNotification) {
        let (sinks, peers) = {
            let shared = self.shared();
            (shared.sinks.clone(), shared.peers.clone())
        };
        for sink in sinks {
            let _ = sink.send(change.clone()).await;
        }
        for peer in peers {
            let _ = peer.send_notification(change.clone()).await;
        }
    }
}

fn is_new(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|it| it >= ProtocolVersion::V_2026_07_28)
}

/// Whether `tool` may ask the client by `method`: only one of them looks.
fn can(context: &RequestContext<RoleServer>, tool: &str, method: &str) -> bool {
    let able = context.client_capabilities().unwrap_or_default();
    !tool.ends_with("_capabilities")
        || match method {
            "elicitation/create" => able.elicitation.is_some(),
            "sampling/createMessage" => able.sampling.is_some(),
            _ => able.roots.is_some(),
        }
}

impl ServerHandler for Suite {
    fn get_info(&self) -> ServerConfig {
        let able = ServerCapabilities::builder()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_logging()
            .enable_completions()
            .build();
        let own = Implementation::new("conformance-server", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(able).with_server_info(own)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        match self.generation {
            Generation::Both => Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS),
            Generation::Old => {
                let known = ProtocolVersion::KNOWN_VERSIONS.iter();
                Cow::Owned(known.filter(|it| it.has_initialize()).cloned().collect())
            }
        }
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let schema = catalogue::custom_header();
        let schema = schema.as_object().cloned().unwrap_or_default();
        (name == "test_custom_header").then(|| Tool::new("test_custom_header", "", schema))
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.shared().peers.push(context.peer);
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.put(&context, catalogue::tools());
        Ok(ListToolsResult::default())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.as_ref();
        let arguments = Value::Object(request.arguments.clone().unwrap_or_default());
        let (responses, state) =
            (request.input_responses.as_ref(), request.request_state.as_deref());
        let result = if name == "test_missing_capability" {
            let able = context.client_capabilities().unwrap_or_default();
            if able.sampling.is_none() {
                let needed = ClientCapabilities::builder().enable_sampling().build();
                return Err(ErrorData::missing_required_client_capability(needed));
            }
            Some(plain::text("The capability is there"))
        } else if let Some(asked) =
            self.asking(name, &arguments, responses, state, &context).await?
        {
            Some(asked)
        } else if let Some(told) = self.telling(name, &context).await {
            Some(told)
        } else {
            plain::call(name, &arguments)
        };
        let unknown = || ErrorData::invalid_params(format!("unknown tool: {name}"), None);
        self.put(&context, result.ok_or_else(unknown)?);
        Ok(CallToolResult::success(Vec::new()).into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.put(&context, catalogue::resources());
        Ok(ListResourcesResult::default())
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.put(&context, catalogue::templates());
        Ok(ListResourceTemplatesResult::default())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let missing = || {
            let data = json!({ "uri": request.uri });
            ErrorData::resource_not_found(
                format!("Resource not found: {}", request.uri),
                Some(data),
            )
        };
        self.put(&context, plain::read(&request.uri).ok_or_else(missing)?);
        Ok(ReadResourceResult::new(Vec::new()).into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.put(&context, catalogue::prompts());
        Ok(ListPromptsResult::default())
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = serde_json::to_value(&request.arguments).unwrap_or_default();
        let (responses, state) =
            (request.input_responses.as_ref(), request.request_state.as_deref());
        let asked = self.asking(&request.name, &arguments, responses, state, &context).await?;
        let result = asked.or_else(|| plain::prompt(&request.name, &arguments));
        let unknown =
            || ErrorData::invalid_params(format!("unknown prompt: {}", request.name), None);
        self.put(&context, result.ok_or_else(unknown)?);
        Ok(GetPromptResult::new(Vec::new()).into())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.put(&context, catalogue::completion());
        Ok(CompleteResult::default())
    }

    async fn set_level(
        &self,
        _: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn subscribe(
        &self,
        _: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        match self.standing {
            Standing::Session => Ok(()),
            Standing::Alone => Err(ErrorData::invalid_request("this needs a session", None)),
        }
    }

    async fn unsubscribe(
        &self,
        _: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        wanted: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(wanted.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.shared().sinks.push(context.sink().clone());
        context.cancelled().await;
        Ok(())
    }
}
