//! Requests to a mounted server, as `rmcp` sees them: one, or all of a session.

#![expect(deprecated, reason = "older revisions set the level of the log")]

use std::sync::Arc;

use futures::StreamExt;
use galaxy_app::{App, servers::Mounted};
use galaxy_domain::Caller;
use galaxy_tool::server::Listing;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams,
        CompleteRequestParams, CompleteResult, DetailedTask, GetPromptRequestParams,
        GetPromptResponse, GetPromptResult, GetTaskParams, GetTaskResult, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ServerConfig,
        SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Task, TaskPayload,
        TaskStatus, Tool, UnsubscribeRequestParams, UpdateTaskParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::{Value, json};

use super::{
    abilities,
    asked::Asked,
    calls::refused,
    held::Holding,
    lasting::Lasting,
    news::{self, News},
};
use crate::{sessions::Standing, slots::Slots};

/// One request to a mounted server, or a session with it.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) app: Arc<App>,
    /// Who began it; who asks is said with each request.
    pub(super) caller: Caller,
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

    /// Says that this needs a session, where there is none.
    fn in_session(&self) -> Result<(), ErrorData> {
        match self.standing {
            Standing::Session => Ok(()),
            Standing::Alone => {
                Err(ErrorData::invalid_request("this needs a session: begin with one", None))
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
        abilities::config(&self.mounted, self.hears)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let raw = self.mounted.tool(name)?.tool.definition().raw.as_ref().clone();
        serde_json::from_value(raw).ok()
    }

    /// A session has ended whatever was told in it; this is told as long as it lasts.
    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        // What is remembered for the session must not be kept by what lasts as long as it.
        let teller = Self { lasting: Lasting::default(), ..self.clone() };
        self.until(self.lasting.over(), teller.tell(context.peer));
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

    async fn get_task(
        &self,
        _request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.ask_about_task(&context).await?;
        let task = Task::new("", TaskStatus::Working, "", "");
        Ok(GetTaskResult::new(DetailedTask::new(task, TaskPayload::Working)))
    }

    async fn update_task(
        &self,
        _request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tell_task(&context).await
    }

    async fn cancel_task(
        &self,
        _request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tell_task(&context).await
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
        let teller = Self { lasting: Lasting::default(), ..self.clone() };
        let work = async move {
            while let Some(uri) = changes.next().await {
                let news = news::updated(&uri);
                if !teller.may_hear().await || peer.send_notification(news).await.is_err() {
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
        Some(abilities::followed(&self.mounted, requested))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut news = News::of(&self.app, self.mounted.clone()).await;
        let uris = context.accepted().resource_subscriptions.clone().unwrap_or_default();
        let mut resources = news::resources(&self.mounted, &uris).await?;
        loop {
            let heard = tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = news.next() => changed,
                Some(uri) = resources.next() => vec![news::updated(&uri)],
            };
            if !self.may_hear().await {
                return Ok(());
            }
            for notification in heard {
                // What the client did not ask for is not sent; one that is gone needs nothing.
                let _ = context.sink().send(notification).await;
            }
        }
    }
}
