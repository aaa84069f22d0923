//! What holds for servers of every age over every transport.

use std::sync::Arc;

use galaxy_tool::server::{Era, Listing, Request, RequestCx, ServerSpec, State, ToolServer};
use serde_json::json;

use crate::{
    house::{Heard, call, open, plain, servers, stdio, text, until, web},
    web::fixture,
};

/// Every age over every transport.
async fn all() -> Vec<(&'static str, Era, ServerSpec)> {
    vec![
        ("stdio", Era::Modern, stdio(&["modern"])),
        ("stdio", Era::Legacy, stdio(&["legacy"])),
        ("http", Era::Modern, web(&fixture("modern").await.0)),
        ("http", Era::Legacy, web(&fixture("legacy").await.0)),
    ]
}

#[tokio::test]
async fn a_server_is_found_listed_and_called() {
    for (transport, era, spec) in all().await {
        let server = open(spec);
        assert_eq!(server.health().state, State::Idle, "nothing starts before it is needed");
        let probe = server.probe().await.unwrap();
        assert_eq!(probe.era, era, "{transport}");
        assert!(probe.server.name.starts_with("fixture"), "{:?}", probe.server);
        let tool = probe.tools.get("peer__echo").unwrap();
        assert_eq!(
            (tool.description.as_str(), &tool.raw["future"]["kept"]),
            ("Does echo.", &json!(true))
        );
        let result = plain(&server, "echo").await.unwrap();
        assert_eq!(text(&result), "{}");
        let health = server.health();
        assert_eq!((health.state, health.era), (State::Ready, Some(era)));
        assert!(health.latency.is_some() && health.checked.is_some() && health.trouble.is_none());
        server.close().await;
        assert_eq!(server.health().state, State::Idle);
        assert!(plain(&server, "echo").await.is_ok(), "it starts again");
        server.close().await;
    }
}

#[tokio::test]
async fn nothing_of_a_result_is_lost() {
    for (transport, era, spec) in all().await {
        let server = open(spec);
        let odd = plain(&server, "odd").await.unwrap();
        let whole = json!({ "content": [{ "type": "hologram", "depth": 3 }], "future": [1], "resultType": "complete" });
        assert_eq!(odd, whole, "{transport} {era:?}");
        let prompt = Request::new("prompts/get", json!({ "name": "x" }));
        let prompt = server.request(prompt, &RequestCx::default()).await.unwrap();
        assert_eq!(prompt["future"], true);
        let resources = server.list(Listing::Resources).await.unwrap();
        let uris: Vec<_> = resources.iter().map(|it| it["uri"].as_str().unwrap()).collect();
        assert_eq!(uris, ["test://1", "test://2"]);
        assert_eq!(resources[0]["future"], 1);
        server.close().await;
    }
}

#[tokio::test]
async fn progress_reaches_whoever_listens() {
    for (transport, era, spec) in all().await {
        let server = open(spec);
        let heard = Arc::new(Heard::default());
        let cx = RequestCx { progress: heard.clone(), ..RequestCx::default() };
        call(&server, "progress", &cx).await.unwrap();
        let heard = heard.0.lock().unwrap().clone();
        // The last may come after the answer, and then it is too late.
        assert!(heard.iter().all(|it| it.total == Some(4.0)), "{transport} {era:?} {heard:?}");
        server.close().await;
    }
}

#[tokio::test]
async fn a_changed_list_is_read_again() {
    for (transport, era, spec) in all().await {
        let server = open(spec);
        let before = server.tools().await.unwrap();
        assert!(Arc::ptr_eq(&before, &server.tools().await.unwrap()), "it is remembered");
        let version = server.changes().borrow().tools;
        plain(&server, "change").await.unwrap();
        until(&server, |it| it.tools > version).await;
        let after = server.tools().await.unwrap();
        assert_ne!(before.tools[0].pin, after.tools[0].pin, "{transport} {era:?}");
        server.close().await;
    }
}

#[tokio::test]
async fn cancelling_reaches_the_server() {
    for era in ["modern", "legacy"] {
        let server: Arc<dyn ToolServer> = open(stdio(&[era]));
        let cx = RequestCx::default();
        server.tools().await.unwrap();
        let before = server.changes().borrow().clone();
        let cancel = async {
            until(&server, |it| it.prompts > before.prompts).await;
            cx.cancel.cancel();
        };
        let (ended, ()) = tokio::join!(call(&server, "hang", &cx), cancel);
        assert_eq!(ended, Err(galaxy_tool::server::ServerError::Cancelled));
        until(&server, |it| it.tools > before.tools).await;
        assert!(plain(&server, "echo").await.is_ok());
        server.close().await;
    }
}

#[tokio::test]
async fn giving_up_a_call_reaches_the_server_too() {
    let server = open(stdio(&["legacy"]));
    server.tools().await.unwrap();
    let before = server.changes().borrow().clone();
    let cx = RequestCx::default();
    tokio::select! {
        ended = call(&server, "hang", &cx) => panic!("{ended:?}"),
        _ = until(&server, |it| it.prompts > before.prompts) => (),
    }
    until(&server, |it| it.tools > before.tools).await;
    server.close().await;
}

#[tokio::test]
async fn what_the_server_logs_is_kept() {
    let server = open(stdio(&["legacy", "--greet"]));
    server.tools().await.unwrap();
    let lines: Vec<String> = server.log().into_iter().map(|it| it.text).collect();
    assert!(lines.iter().any(|it| it.contains("it wrote: Welcome!")), "{lines:?}");
    server.close().await;
}

#[tokio::test]
async fn everything_ends_when_the_house_does() {
    use galaxy_tool::server::ToolServers;
    let (house, tasks) = servers();
    let server = house.open(stdio(&["legacy", "--stay"]));
    server.tools().await.unwrap();
    assert!(tasks.stop(crate::house::PATIENCE).await);
}
