//! Requests to a mounted server, as `rmcp` sees them: one, or all of a session.

#![expect(deprecated, reason = "older revisions set the level of the log")]

use std::sync::Arc;

use futures::StreamExt;
use galaxy_app::{App, servers::Mounted};
use galaxy_tool::server::Listing;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams,
        CompleteResult, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Implementation,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
        ReadResourceResult, ServerCapabilities, ServerConfig, ServerNotification,
        SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
        UnsubscribeRequestParams,
    },
    service::{NotificationContext, Peer, RequestContext, SubscriptionContext},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    asked::Asked,
    calls::refused,
    can,
    held::Holding,
    lasting::Lasting,
    news::{self, News},
};
use crate::{sessions::Standing, slots::Slots};

/// What goes through to a client of what a server says that it can do.
const PASSED: [&str; 6] =
    ["prompts", "resources", "completions", "logging", "experimental", "extensions"];

/// One request to a mounted server, or a session with it.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) app: Arc<App>,
    /// The server as it was when this began: what it says of itself.
    pub(super) mounted: Arc<Mounted>,
    pub(super) standing: Standing,
    /// Where results are put.
    pub(super) slots: Slots,
    pub(super) lasting: Lasting,
    pub(super) holding: Arc<Holding>,
    /// Whether the client can hear of what happens between its requests.
    pub(super) hears: bool,
}

impl Session {
    /// Puts a whole list aside as the result.
    async fn list(
        &self,
        context: &RequestContext<RoleServer>,
        what: Listing,
        key: &str,
        request: Option<PaginatedRequestParams>,
    ) -> Result<(), ErrorData> {
        one_page(request)?;
        let server = &Asked::of(context)?.mounted.server;
        let items = server.list(what).await.map_err(|err| refused(&**server, &err))?;
        self.slots.put(&context.id, json!({ key: &*items }));
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
        if !self.hears {
            let resources = passed.get_mut("resources").and_then(Value::as_object_mut);
            resources.map(|it| it.remove("subscribe"));
            passed.as_object_mut().map(|it| it.remove("logging"));
        }
        // Tasks would outlive what names them.
        if let Some(extensions) = passed.get_mut("extensions").and_then(Value::as_object_mut) {
            extensions.remove("io.modelcontextprotocol/tasks");
        }
        serde_json::from_value(passed).unwrap_or_default()
    }

    /// Whether resources of the server can be followed.
    fn can_follow(&self) -> bool {
        let info = self.mounted.server.health().server;
        let resources = info.and_then(|it| it.capabilities.get("resources").cloned());
        resources.is_some_and(|it| it["subscribe"] == true)
    }

    /// Says that this needs a session, where there is none.
    fn in_session(&self) -> Result<(), ErrorData> {
        match self.standing {
            Standing::Session => Ok(()),
            Standing::Alone => {
                Err(ErrorData::invalid_request("this needs a session: begin with one", None))
            }
        }
    }

    /// Does `work` behind, until `ends` fires or the process stops.
    fn until(&self, ends: CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
        let tasks = self.app.background();
        let stopping = tasks.stopping().clone();
        tasks.spawn(async move {
            tokio::select! {
                () = ends.cancelled() => (),
                () = stopping.cancelled() => (),
                () = work => (),
            }
        });
    }

    /// Tells `peer` what changes, until its session is over.
    async fn tell(app: Arc<App>, mounted: Arc<Mounted>, peer: Peer<RoleServer>) {
        let mut news = News::of(&app, mounted).await;
        loop {
            for changed in news.next().await {
                if peer.send_notification(changed).await.is_err() {
                    return;
                }
            }
        }
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

    /// A session has ended whatever was told in it; this is told as long as it lasts.
    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let (app, mounted, peer) = (self.app.clone(), self.mounted.clone(), context.peer);
        self.until(self.lasting.over(), Self::tell(app, mounted, peer));
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        one_page(request)?;
        let asked = Asked::of(&context)?;
        let tools = asked.mounted.tools.iter().map(|it| &*it.tool.definition().raw);
        let tools: Vec<&Value> = tools.collect();
        self.slots.put(&context.id, json!({ "tools": tools }));
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
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.list(&context, Listing::Resources, "resources", request).await?;
        Ok(ListResourcesResult::default())
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.list(&context, Listing::Templates, "resourceTemplates", request).await?;
        Ok(ListResourceTemplatesResult::default())
    }

    async fn read_resource(
        &self,
        _request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.pass(&context).await?;
        Ok(ReadResourceResult::new(Vec::new()).into())
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.list(&context, Listing::Prompts, "prompts", request).await?;
        Ok(ListPromptsResult::default())
    }

    async fn get_prompt(
        &self,
        _request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.pass(&context).await?;
        Ok(GetPromptResult::new(Vec::new()).into())
    }

    async fn complete(
        &self,
        _request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.pass(&context).await?;
        Ok(CompleteResult::default())
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.in_session()?;
        let level = serde_json::to_value(request.level).unwrap_or_default();
        self.lasting.set_level(level.as_str().unwrap_or("info").to_owned());
        Ok(())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.in_session()?;
        if !self.lasting.has_room() {
            return Err(ErrorData::invalid_request("too many resources are followed", None));
        }
        let mounted = Asked::of(&context)?.mounted.clone();
        let uri = request.uri.to_string();
        let mut changes = news::resources(&mounted, std::slice::from_ref(&uri)).await?;
        let (ends, peer) = (self.lasting.follow(uri), context.peer);
        let work = async move {
            while let Some(uri) = changes.next().await {
                if peer.send_notification(news::updated(&uri)).await.is_err() {
                    return;
                }
            }
        };
        self.until(ends, work);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.in_session()?;
        self.lasting.leave(&request.uri);
        Ok(())
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
        accepted.resource_subscriptions =
            requested.resource_subscriptions.clone().filter(|_| self.can_follow());
        Some(accepted)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut news = News::of(&self.app, self.mounted.clone()).await;
        let uris = context.accepted().resource_subscriptions.clone().unwrap_or_default();
        let mut resources = news::resources(&self.mounted, &uris).await?;
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = news.next() => for changed in changed {
                    send(&context, changed).await;
                },
                Some(uri) = resources.next() => send(&context, news::updated(&uri)).await,
            }
        }
    }
}

async fn send(context: &SubscriptionContext, notification: ServerNotification) {
    // What the client did not ask for is not sent; one that is gone needs nothing.
    let _ = context.sink().send(notification).await;
}
