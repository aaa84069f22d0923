//! The server: what it says of itself, and which use case each request is.

use std::sync::Arc;

use bytes::Bytes;
use galaxy_app::{
    App, AppError,
    calls::{Offer, Wanted},
};
use galaxy_domain::Caller;
use galaxy_tool::Notes;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CancelTaskParams, GetTaskParams, GetTaskResult,
        Implementation, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
        ServerCapabilities, ServerConfig, Tool, UpdateTaskParams,
    },
    service::RequestContext,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    agents::{self, Agents, tasks},
    answers,
    gateway::Holding,
    listing::{Era, Listing},
    offered::Offered,
    resources,
    sessions::Sessions,
};

/// What hosts tell their models about this server.
const INSTRUCTIONS: &str = "The person's own to-do list (`add_task`, `list_tasks` and so on), exact \
    arithmetic (`math`), and agents that work on their behalf: `run_agent` asks one and waits for \
    its answer, `run_status` tells how far it is. Their conversations can be read as resources.";

/// The server. Cheap to clone.
#[derive(Clone)]
pub struct McpServer {
    pub(crate) app: Arc<App>,
    /// Whether people reach the server by TLS.
    pub(crate) secure: bool,
    /// Set when the process is about to stop: whoever waits for a run is told to ask again.
    pub(crate) stopping: CancellationToken,
    pub(crate) offered: Arc<Offered>,
    pub(crate) agents: Arc<Agents>,
    pub(crate) listing: Arc<Listing>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) holding: Arc<Holding>,
}

impl McpServer {
    /// A server over the use cases of `app`. `secure` tells whether people reach it by TLS;
    /// `stopping` is set when the process is about to stop.
    pub fn new(app: Arc<App>, secure: bool, stopping: CancellationToken) -> Self {
        let (offered, listing, holding) = (Arc::default(), Arc::default(), Arc::default());
        let sessions = Sessions::new(stopping.clone());
        let agents = Arc::new(Agents::new());
        Self { app, secure, stopping, offered, agents, listing, sessions, holding }
    }

    /// The tools that `caller` may call, as the protocol writes them.
    async fn tools(&self, caller: &Caller) -> Result<ListToolsResult, AppError> {
        let offers = self.app.offers(caller).await?;
        Ok(self.listed(self.agents.offered(caller), &offers))
    }

    fn listed(&self, own: Vec<Tool>, offers: &[Offer]) -> ListToolsResult {
        let others = offers.iter().map(|offer| self.offered.wire(&offer.tool));
        ListToolsResult::with_all_items(own.into_iter().chain(others).collect())
    }

    /// The same as bytes, which are mostly there already; none when that fails.
    pub(crate) async fn tools_ready(&self, caller: &Caller, era: Era) -> Option<Bytes> {
        let offers = self.app.offers(caller).await.ok()?;
        let own = self.agents.offered(caller);
        self.listing.bytes(era, &own, &offers, || self.listed(own.clone(), &offers))
    }

    /// One client's view of it: `fixed` is who that is, where no request says so.
    pub(crate) fn session(&self, fixed: Option<Caller>) -> Session {
        Session { server: self.clone(), fixed }
    }
}

/// The server as one client sees it.
pub(crate) struct Session {
    server: McpServer,
    fixed: Option<Caller>,
}

impl Session {
    /// Who is asking, as they are now.
    async fn caller(&self, context: &RequestContext<RoleServer>) -> Result<Caller, ErrorData> {
        if let Some(fixed) = &self.fixed {
            let now = self.server.app.access().recheck(fixed).await;
            return now.map_err(|err| answers::refused(&err.into()));
        }
        let parts = context.extensions.get::<::http::request::Parts>();
        let caller = parts.and_then(|it| it.extensions.get::<Caller>()).cloned();
        // The gate let nobody through without one.
        caller.ok_or_else(|| ErrorData::internal_error("nobody is asking", None))
    }

    async fn call(
        &self,
        caller: &Caller,
        params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let input = Value::Object(params.arguments.unwrap_or_default());
        if holds_nul(&input) {
            return Ok(answers::failed("a text holds the character NUL").into());
        }
        if let Some(own) = self.server.agents.named(&params.name) {
            return agents::call(&self.server, caller, own, input, context).await;
        }
        let wanted = Wanted { tool: &params.name, input };
        let (notes, heard) = Notes::channel();
        let call = self.server.app.call(caller, wanted, context.ct.clone(), notes);
        let called = agents::with_notes(&context, heard, call).await;
        answers::called(&params.name, called)
    }
}

impl ServerHandler for Session {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_resources().enable_tasks().build();
        let own = Implementation::new("galaxy", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities)
            .with_server_info(own.with_title(&self.server.app.config().name))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        if request.is_some_and(|it| it.cursor.is_some()) {
            // All of them fit on one page.
            return Err(ErrorData::invalid_params("this list has no other page", None));
        }
        let caller = self.caller(&context).await?;
        self.server.tools(&caller).await.map_err(|err| answers::refused(&err))
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.caller(&context).await?;
        self.call(&caller, params, context).await
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let caller = self.caller(&context).await?;
        tasks::get(&self.server, &caller, &request.task_id).await
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let caller = self.caller(&context).await?;
        tasks::update(&self.server, &caller, &request.task_id).await
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let caller = self.caller(&context).await?;
        tasks::cancel(&self.server, &caller, &request.task_id).await
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let caller = self.caller(&context).await?;
        resources::list(&self.server.app, &caller, request.and_then(|it| it.cursor)).await
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(resources::templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let caller = self.caller(&context).await?;
        resources::read(&self.server.app, &caller, &request.uri).await.map(Into::into)
    }
}

/// No text of ours holds a NUL, and PostgreSQL cannot.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
