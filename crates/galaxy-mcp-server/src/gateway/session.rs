//! One request to a mounted server, as `rmcp` sees it.

use std::sync::Arc;

use galaxy_app::{App, servers::Mounted};
use galaxy_domain::Caller;
use galaxy_tool::server::{Listing, Snapshot};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams,
        CompleteResult, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Implementation,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, PromptListChangedNotification, ReadResourceRequestParams,
        ReadResourceResponse, ReadResourceResult, ResourceListChangedNotification,
        ServerCapabilities, ServerConfig, ServerNotification, SubscriptionFilter, Tool,
        ToolListChangedNotification,
    },
    service::{RequestContext, SubscriptionContext},
};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{can, splice};

/// What goes through to a client of what a server says that it can do.
const PASSED: [&str; 5] = ["prompts", "resources", "completions", "experimental", "extensions"];

/// One request to a mounted server.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) app: Arc<App>,
    pub(super) caller: Caller,
    pub(super) mounted: Arc<Mounted>,
    /// The parameters as they came.
    pub(super) params: Value,
    /// Where the result is put.
    pub(super) slot: splice::Result,
}

impl Session {
    /// Puts a whole list aside as the result.
    async fn list(
        &self,
        what: Listing,
        key: &str,
        request: Option<PaginatedRequestParams>,
    ) -> Result<(), ErrorData> {
        one_page(request)?;
        let items = self.mounted.server.list(what).await.map_err(|err| self.refused(&err))?;
        self.slot.put(json!({ key: &*items }));
        Ok(())
    }

    fn capabilities(&self) -> ServerCapabilities {
        let info = self.mounted.server.health().server;
        let told = info.map(|it| it.capabilities.clone()).unwrap_or_default();
        let mut passed = json!({ "tools": { "listChanged": true } });
        for key in PASSED {
            if let Some(value) = told.get(key) {
                passed[key] = value.clone();
            }
        }
        // Single resources are not followed through us, and tasks would outlive what names them.
        if let Some(resources) = passed.get_mut("resources").and_then(Value::as_object_mut) {
            resources.remove("subscribe");
        }
        if let Some(extensions) = passed.get_mut("extensions").and_then(Value::as_object_mut) {
            extensions.remove("io.modelcontextprotocol/tasks");
        }
        serde_json::from_value(passed).unwrap_or_default()
    }
}

/// All of a list fits on one page.
fn one_page(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|it| it.cursor) {
        Some(_) => Err(ErrorData::invalid_params("this list has no other page", None)),
        None => Ok(()),
    }
}

impl ServerHandler for Session {
    fn get_info(&self) -> ServerConfig {
        let told = self.mounted.server.health().server;
        let name = self.mounted.name.as_str();
        let (own, instructions) = match told.as_deref() {
            Some(info) => {
                let own = Implementation::new(&info.name, &info.version);
                let title = info.title.as_ref().unwrap_or(&self.mounted.title);
                (own.with_title(title), info.instructions.clone())
            }
            None => (Implementation::new(name, "").with_title(&self.mounted.title), None),
        };
        let config = ServerConfig::new(self.capabilities()).with_server_info(own);
        match instructions {
            Some(instructions) => config.with_instructions(instructions),
            None => config,
        }
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let raw = self.mounted.tool(name)?.tool.definition().raw.as_ref().clone();
        serde_json::from_value(raw).ok()
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        one_page(request)?;
        let tools = self.mounted.tools.iter().map(|it| &*it.tool.definition().raw);
        let tools: Vec<&Value> = tools.collect();
        self.slot.put(json!({ "tools": tools }));
        Ok(ListToolsResult::default())
    }

    async fn call_tool(
        &self,
        _params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let result: CallToolResult = self.call(&context).await?;
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.list(Listing::Resources, "resources", request).await?;
        Ok(ListResourcesResult::default())
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.list(Listing::Templates, "resourceTemplates", request).await?;
        Ok(ListResourceTemplatesResult::default())
    }

    async fn read_resource(
        &self,
        _request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.pass("resources/read", &context).await?;
        Ok(ReadResourceResult::new(Vec::new()).into())
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.list(Listing::Prompts, "prompts", request).await?;
        Ok(ListPromptsResult::default())
    }

    async fn get_prompt(
        &self,
        _request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.pass("prompts/get", &context).await?;
        Ok(GetPromptResult::new(Vec::new()).into())
    }

    async fn complete(
        &self,
        _request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.pass("completion/complete", &context).await?;
        Ok(CompleteResult::default())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        let mut accepted = SubscriptionFilter::new();
        accepted.tools_list_changed = requested.tools_list_changed;
        accepted.prompts_list_changed =
            requested.prompts_list_changed.filter(|_| can(&self.mounted, "prompts"));
        accepted.resources_list_changed =
            requested.resources_list_changed.filter(|_| can(&self.mounted, "resources"));
        Some(accepted)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut offers = self.app.offers_changed();
        let mut changes = self.mounted.server.changes();
        let mut seen = changes.borrow_and_update().clone();
        offers.mark_unchanged();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                news = offers.changed() => {
                    if news.is_err() {
                        return Ok(());
                    }
                    send(&context, ServerNotification::ToolListChangedNotification(
                        ToolListChangedNotification::default(),
                    )).await;
                }
                now = newest(&mut changes) => {
                    tell(&context, &seen, &now).await;
                    seen = now;
                }
            }
        }
    }
}

/// What a connection says next; never, once it is over.
async fn newest(changes: &mut watch::Receiver<Snapshot>) -> Snapshot {
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    changes.borrow_and_update().clone()
}

async fn tell(context: &SubscriptionContext, seen: &Snapshot, now: &Snapshot) {
    if now.prompts != seen.prompts {
        let changed = PromptListChangedNotification::default();
        send(context, ServerNotification::PromptListChangedNotification(changed)).await;
    }
    if now.resources != seen.resources {
        let changed = ResourceListChangedNotification::default();
        send(context, ServerNotification::ResourceListChangedNotification(changed)).await;
    }
}

async fn send(context: &SubscriptionContext, notification: ServerNotification) {
    // What the client did not ask for is not sent; one that is gone needs nothing.
    let _ = context.sink().send(notification).await;
}
