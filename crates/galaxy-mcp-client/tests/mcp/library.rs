//! Against servers made with rmcp, which speaks both ages over HTTP.

use std::sync::Arc;

use axum::Router;
use galaxy_tool::server::{Answer, Era, RequestCx, ServerError};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
        PaginatedRequestParams, ProgressNotificationParam, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    house::{Heard, PATIENCE, Says, call, open, plain, text, web},
    web::serve,
};

/// Tools that watch what is done to them.
#[derive(Clone, Default)]
struct Library {
    began: Arc<Notify>,
    cancelled: Arc<Notify>,
}

impl ServerHandler for Library {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({ "type": "object", "properties": {
            "city": { "type": "string", "x-mcp-header": "City" } } });
        let schema = Arc::new(schema.as_object().unwrap().clone());
        let tools =
            ["wait", "steps", "ask", "city", "views"].map(|it| Tool::new(it, it, schema.clone()));
        Ok(ListToolsResult::with_all_items(tools.to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        cx: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match request.name.as_ref() {
            "wait" => {
                self.began.notify_one();
                cx.ct.cancelled().await;
                self.cancelled.notify_one();
            }
            "steps" => {
                let token = cx.meta.get_progress_token().unwrap();
                for at in 1..=3_u8 {
                    let step = ProgressNotificationParam::new(token.clone(), f64::from(at));
                    cx.peer.notify_progress(step).await.unwrap();
                }
            }
            "views" => {
                // The new revision says it with each request, the old ones once.
                let meta = serde_json::to_value(&cx.meta).unwrap();
                let now = &meta["io.modelcontextprotocol/clientCapabilities"];
                let once = serde_json::to_value(cx.peer.peer_info().as_deref()).unwrap();
                let all = if now.is_null() { &once["capabilities"] } else { now };
                return said(&all["extensions"]["io.modelcontextprotocol/ui"].to_string());
            }
            "city" => {
                let parts = cx.extensions.get::<axum::http::request::Parts>().unwrap();
                let header = parts.headers.get("mcp-param-city").map(|it| it.to_str().unwrap());
                return said(header.unwrap_or("no header"));
            }
            _ => {
                let question = serde_json::from_value(json!({ "mode": "form", "message": "Who?",
                    "requestedSchema": { "type": "object", "properties": {} } }));
                let answer = cx.peer.create_elicitation(question.unwrap()).await;
                return said(&format!("{:?}", answer.unwrap().action));
            }
        }
        said("done")
    }
}

fn said(text: &str) -> Result<CallToolResponse, ErrorData> {
    Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
}

async fn library() -> (Library, String) {
    let library = Library::default();
    let made = library.clone();
    let service = StreamableHttpService::new(
        move || Ok(made.clone()),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    (library, serve(Router::new().nest_service("/mcp", service)).await)
}

#[tokio::test]
async fn both_ages_are_spoken_and_progress_comes_back() {
    for era in [None, Some(Era::Legacy)] {
        let mut spec = web(&library().await.1);
        spec.era = era;
        let server = open(spec);
        let probe = server.probe().await.unwrap();
        assert_eq!((probe.era, probe.tools.tools.len()), (era.unwrap_or(Era::Modern), 5));
        let heard = Arc::new(Heard::default());
        let cx = RequestCx { progress: heard.clone(), ..RequestCx::default() };
        assert_eq!(text(&call(&server, "steps", &cx).await.unwrap()), "done");
        assert!(!heard.0.lock().unwrap().is_empty(), "{era:?}");
        server.close().await;
    }
}

#[tokio::test]
async fn servers_of_both_ages_are_told_that_views_can_be_shown() {
    for era in [None, Some(Era::Legacy)] {
        let mut spec = web(&library().await.1);
        spec.era = era;
        let server = open(spec);
        let answer = call(&server, "views", &RequestCx::default()).await.unwrap();
        let told = text(&answer);
        assert_eq!(told, r#"{"mimeTypes":["text/html;profile=mcp-app"]}"#, "{era:?}");
        server.close().await;
    }
}

#[tokio::test]
async fn cancelling_a_call_reaches_a_server_on_the_network() {
    for era in [None, Some(Era::Legacy)] {
        let (library, url) = library().await;
        let mut spec = web(&url);
        spec.era = era;
        let server = open(spec);
        let cx = RequestCx::default();
        let cancel = async {
            library.began.notified().await;
            cx.cancel.cancel();
        };
        let (ended, ()) = tokio::join!(call(&server, "wait", &cx), cancel);
        assert_eq!(ended, Err(ServerError::Cancelled));
        tokio::time::timeout(PATIENCE, library.cancelled.notified()).await.unwrap();
        server.close().await;
    }
}

#[tokio::test]
async fn an_old_server_asks_on_the_stream_of_the_call() {
    let mut spec = web(&library().await.1);
    spec.era = Some(Era::Legacy);
    let server = open(spec);
    let says = Says::new(Answer::Accept(json!({})));
    let cx = RequestCx { elicit: says.clone(), ..RequestCx::default() };
    // A second call under way does not make it doubtful whose question it is.
    let other = RequestCx::default();
    let asked = async {
        let result = call(&server, "ask", &cx).await.unwrap();
        other.cancel.cancel();
        result
    };
    let (_, asked) = tokio::join!(call(&server, "wait", &other), asked);
    assert_eq!(text(&asked), "Accept");
    assert_eq!(says.asked.lock().unwrap()[0].tool.as_deref(), Some("ask"));
    server.close().await;
}

#[tokio::test]
async fn arguments_that_are_marked_are_sent_as_headers_too() {
    let server = open(web(&library().await.1));
    server.tools().await.unwrap();
    let cx = RequestCx::default();
    let result = server.call("city", json!({ "city": "Lisbon" }), &cx).await.unwrap();
    let galaxy_tool::server::Exchanged::Done(result) = result else { panic!("{result:?}") };
    assert_eq!(text(&result), "Lisbon");
    assert_eq!(text(&plain(&server, "city").await.unwrap()), "no header");
    server.close().await;
}
