//! What a server may say without being asked.

#![expect(deprecated, reason = "servers still log, and still ask for roots, which are refused")]

use std::sync::Arc;

use galaxy_tool::server::{
    Answer, Asked, LogSource, Progress, Question, Questions, ServerSpec, Snapshot, task, view,
};
use rmcp::{
    ClientHandler, RoleClient,
    model::{
        ClientCapabilities, ClientConfig, CustomRequest, CustomResult, ElicitRequestParams,
        ElicitResult, ElicitationAction, ElicitationCapability, ErrorCode, ErrorData,
        FormElicitationCapability, Implementation, ListRootsResult,
        LoggingMessageNotificationParam, ProgressNotificationParam, ProtocolVersion, RequestId,
        ResourceUpdatedNotificationParam, UrlElicitationCapability,
    },
    service::{InboundStreamOrigin, NotificationContext, RequestContext},
};
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    connect::Ears, failure::words, flights::Flights, follow::Followed, http::events::STREAM,
    log::Log,
};

/// Hears what a server says on its own.
#[derive(Debug, Clone)]
pub(crate) struct Handler {
    spec: Arc<ServerSpec>,
    flights: Arc<Flights>,
    log: Arc<Log>,
    snapshot: watch::Sender<Snapshot>,
    followed: Followed,
    /// Fires when the connection is over.
    ended: CancellationToken,
}

/// The method by which servers ask people.
const ELICIT: &str = "elicitation/create";

impl Handler {
    /// Hears what the server of `spec` says, until `ended` fires.
    pub(crate) fn new(
        spec: Arc<ServerSpec>,
        flights: Arc<Flights>,
        ears: &Ears,
        ended: CancellationToken,
    ) -> Self {
        let Ears { log, snapshot, followed } = ears.clone();
        Self { spec, flights, log, snapshot, followed, ended }
    }

    /// Puts a question to whoever made the call that it belongs to.
    async fn ask(&self, params: &Value, cx: &RequestContext<RoleClient>) -> Answer {
        let Some(question) = Question::read(params) else {
            self.log.add(LogSource::Connection, "a question that makes no sense was declined");
            return Answer::Decline;
        };
        if self.spec.questions == Questions::Off {
            self.log.add(LogSource::Connection, "a question was declined: this server may not ask");
            return Answer::Decline;
        }
        let Some(flight) = self.flights.asker(origin(cx).as_ref()).await else {
            let words = "a question was declined: it cannot be told which call it belongs to";
            self.log.add(LogSource::Connection, words);
            return Answer::Decline;
        };
        let _thinking = flight.ask();
        let asked = Asked { server: self.spec.name.clone(), tool: flight.tool.clone(), question };
        tokio::select! {
            answer = flight.cx.elicit.ask(asked) => answer,
            () = flight.cx.cancel.cancelled() => Answer::Cancel,
            () = cx.ct.cancelled() => Answer::Cancel,
            () = self.ended.cancelled() => Answer::Cancel,
            () = flight.life.closed() => Answer::Cancel,
            () = tokio::time::sleep(self.spec.limits.ceiling) => Answer::Cancel,
        }
    }
}

/// The request on whose stream a server's own request came, where there are streams.
fn origin(cx: &RequestContext<RoleClient>) -> Option<RequestId> {
    match cx.extensions.get::<InboundStreamOrigin>()? {
        InboundStreamOrigin::OutboundRequest(id) => Some(id.clone()),
        InboundStreamOrigin::Unassociated => None,
    }
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = match self.spec.questions {
            Questions::Off => None,
            Questions::Allowed => Some(
                ElicitationCapability::new()
                    .with_form(FormElicitationCapability::default())
                    .with_url(UrlElicitationCapability::default()),
            ),
        };
        // We are one of those that can show what a tool gives as a page of its server.
        let views = json!({ "mimeTypes": [view::MEDIA_TYPE] });
        let views = views.as_object().cloned().unwrap_or_default();
        // And of those that look after what a server goes on with by itself.
        let tasks = (task::EXTENSION.to_owned(), Map::new());
        capabilities.extensions = Some([(view::EXTENSION.to_owned(), views), tasks].into());
        let us = Implementation::new("galaxy", env!("CARGO_PKG_VERSION")).with_title("Galaxy");
        ClientConfig::new(capabilities, us).with_protocol_version(ProtocolVersion::V_2025_11_25)
    }

    async fn list_roots(
        &self,
        _: RequestContext<RoleClient>,
    ) -> Result<ListRootsResult, ErrorData> {
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "roots are not offered", None))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        cx: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let mut params = serde_json::to_value(&request).unwrap_or_default();
        self.log.scrub(&mut params);
        Ok(match self.ask(&params, &cx).await {
            Answer::Accept(content) => {
                ElicitResult::new(ElicitationAction::Accept).with_content(content)
            }
            Answer::Decline => ElicitResult::new(ElicitationAction::Decline),
            Answer::Cancel | Answer::Later => ElicitResult::new(ElicitationAction::Cancel),
        })
    }

    /// A question in a form that rmcp cannot read is still a question.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        cx: RequestContext<RoleClient>,
    ) -> Result<CustomResult, ErrorData> {
        if request.method != ELICIT {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method, None));
        }
        let mut params = request.params.unwrap_or_default();
        self.log.scrub(&mut params);
        Ok(CustomResult(self.ask(&params, &cx).await.into_result()))
    }

    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let message = params.message.as_deref().map(|it| words(&self.log.without_secrets(it)));
        let progress = Progress { done: params.progress, total: params.total, message };
        self.flights.progress(&params.progress_token, progress).await;
    }

    async fn on_logging_message(
        &self,
        params: LoggingMessageNotificationParam,
        cx: NotificationContext<RoleClient>,
    ) {
        let level = serde_json::to_value(params.level).unwrap_or_default();
        let level = level.as_str().unwrap_or("info").to_owned();
        let text = params.data.as_str().map_or_else(|| params.data.to_string(), str::to_owned);
        self.log.add(LogSource::Message(level), &text);
        let stream = cx.meta.get(STREAM).and_then(Value::as_str);
        let stream = stream.and_then(|it| it.parse().ok()).map(RequestId::Number);
        // Nobody reads what belongs to somebody else's call.
        if let Some(flight) = self.flights.asker(stream.as_ref()).await {
            flight.life.send_modify(|it| it.signs += 1);
            let mut message = serde_json::to_value(&params).unwrap_or_default();
            self.log.scrub(&mut message);
            flight.cx.log.logged(message);
        }
    }

    async fn on_resource_updated(
        &self,
        params: ResourceUpdatedNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.followed.touch(&params.uri);
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.snapshot.send_modify(|it| it.tools += 1);
    }

    async fn on_resource_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.snapshot.send_modify(|it| it.resources += 1);
    }

    async fn on_prompt_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.snapshot.send_modify(|it| it.prompts += 1);
    }
}
