//! The handler: what the suite asks for, in every revision.

#![expect(deprecated, reason = "the suite asks for what older revisions had")]

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use galaxy_mcp_server::{Slots, Standing};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::*,
    service::{NotificationContext, Peer, RequestContext, SubscriptionContext, SubscriptionSink},
};
use serde_json::{Value, json};

use super::{catalogue, plain, tasks::Tasks};

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
pub(crate) struct Shared {
    pub(crate) sinks: Vec<SubscriptionSink>,
    pub(crate) peers: Vec<Peer<RoleServer>>,
    /// States that were given away, and the round that each belongs to.
    pub(crate) states: HashMap<String, usize>,
    pub(crate) tasks: Tasks,
}

impl Suite {
    pub(crate) fn new(generation: Generation) -> Self {
        let (shared, slots) = (Arc::default(), Slots::default());
        Self { generation, shared, slots, standing: Standing::Alone }
    }

    pub(crate) fn with(self, slots: Slots, standing: Standing) -> Self {
        Self { slots, standing, ..self }
    }

    pub(crate) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, context: &RequestContext<RoleServer>, result: Value) {
        self.slots.put(&context.id, result);
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
            .enable_completions();
        let able = match self.generation {
            Generation::Both => able.enable_tasks().build(),
            Generation::Old => able.build(),
        };
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
        } else if let Some(task) = self.tasking(&request, &arguments, &context).await? {
            Some(task)
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

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.put(&context, self.task(&request.task_id)?);
        let task = Task::new("", TaskStatus::Working, "", "");
        Ok(GetTaskResult::new(DetailedTask::new(task, TaskPayload::Working)))
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tell_task(&request.task_id, &request.input_responses)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Suite::cancel_task(self, &request.task_id)
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
