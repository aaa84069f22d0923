//! What is particular to servers on the network.

use std::time::Duration;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Redirect},
};
use galaxy_tool::server::{Era, Network, ServerError, State, Transport};

use crate::{
    house::{open, plain, stdio, web},
    web::{answering, fixture},
};

#[tokio::test]
async fn a_server_that_wants_a_sign_in_says_how() {
    let challenge = "Bearer resource_metadata=\"https://a.example/x\", scope=\"read\"";
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN] {
        let headers = [(header::WWW_AUTHENTICATE, challenge)];
        let url = answering(move |_| (status, headers.clone()).into_response()).await;
        let server = open(web(&url));
        let err = server.probe().await.unwrap_err();
        assert_eq!(err, ServerError::NeedsSignIn { www_authenticate: Some(challenge.to_owned()) });
        assert_eq!(server.health().state, State::NeedsSignIn);
    }
    let url = answering(|_| StatusCode::UNAUTHORIZED.into_response()).await;
    let err = open(web(&url)).probe().await.unwrap_err();
    assert_eq!(err, ServerError::NeedsSignIn { www_authenticate: None });
}

#[tokio::test]
async fn a_private_address_is_refused_unless_it_is_allowed() {
    let (url, seen) = fixture("modern").await;
    let mut spec = web(&url);
    let Transport::Http { network, .. } = &mut spec.transport else { panic!() };
    *network = Network::Public;
    let server = open(spec);
    assert!(matches!(server.probe().await, Err(ServerError::Refused(_))));
    assert_eq!((server.health().state, seen.lock().unwrap().len()), (State::Failed, 0));
}

#[tokio::test]
async fn a_redirect_leads_nowhere_inside() {
    let (inner, seen) = fixture("modern").await;
    let url = answering(move |_| Redirect::temporary(&inner).into_response()).await;
    let server = open(web(&url));
    let err = server.probe().await.unwrap_err();
    assert!(matches!(err, ServerError::Refused(_)), "{err:?}");
    assert!(seen.lock().unwrap().is_empty(), "another port is not what was allowed");
}

#[tokio::test]
async fn a_modern_server_is_told_what_the_protocol_wants() {
    let (url, seen) = fixture("modern").await;
    let server = open(web(&url));
    plain(&server, "echo").await.unwrap();
    let seen = seen.lock().unwrap().clone();
    let headers = seen.iter().find(|it| it["mcp-method"] == "tools/call").unwrap();
    for (name, value) in [
        ("x-key", "sesame"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "echo"),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ] {
        assert_eq!(headers.get(name).map(|it| it.to_str().unwrap()), Some(value), "{name}");
    }
    server.close().await;
}

#[tokio::test]
async fn headers_that_are_the_protocols_own_cannot_be_set() {
    let mut spec = web("http://127.0.0.1:1/mcp");
    for name in ["Mcp-Session-Id", "Host", "no header"] {
        let Transport::Http { headers, .. } = &mut spec.transport else { panic!() };
        *headers = vec![(name.to_owned(), "x".to_owned().into())];
        let err = open(spec.clone()).probe().await.unwrap_err();
        assert!(matches!(err, ServerError::Refused(_)), "{name}: {err:?}");
    }
}

#[tokio::test]
async fn an_old_server_may_refuse_the_new_way_however_it_likes() {
    let server = open(web(&fixture("strict").await.0));
    assert_eq!(server.probe().await.unwrap().era, Era::Legacy);
    assert!(plain(&server, "echo").await.is_ok());
    server.close().await;
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    let busy = || (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "7")]).into_response();
    let err = open(web(&answering(move |_| busy()).await)).probe().await.unwrap_err();
    let later = Some(Duration::from_secs(7));
    assert!(
        matches!(&err, ServerError::Unavailable { retry_after, .. } if *retry_after == later),
        "{err:?}"
    );
    let page = || ([(header::CONTENT_TYPE, "text/html")], "<html>").into_response();
    let err = open(web(&answering(move |_| page()).await)).probe().await.unwrap_err();
    assert!(matches!(err, ServerError::Garbled(_)), "{err:?}");
    let nobody = open(web("http://127.0.0.1:9/mcp"));
    let err = nobody.probe().await.unwrap_err();
    assert!(matches!(err, ServerError::Unavailable { .. }), "{err:?}");
    assert_eq!(nobody.health().state, State::BackingOff);
}

#[tokio::test]
async fn a_secret_is_in_no_log_and_no_error() {
    let url = answering(|_| StatusCode::IM_A_TEAPOT.into_response()).await;
    let spec = web(&url);
    let shown = format!("{spec:?} {:?}", stdio(&["legacy"]));
    let server = open(spec);
    let err = server.probe().await.unwrap_err();
    let all = format!("{shown} {err:?} {:?} {:?}", server.log(), server.health());
    assert!(!all.contains("sesame"), "{all}");
}
