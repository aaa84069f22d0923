//! Servers that fail, each in its own way: every one ends in a clear state, and the next call works.

use std::{sync::Arc, time::Duration};

use galaxy_tool::server::{
    Declines, Elicit, Era, Exchanged, RequestCx, ServerError, ServerSpec, State, Transport,
    remote_tools,
};
use serde_json::json;

use crate::{
    house::{open, plain, stdio, text, until, web},
    web::fixture,
};

async fn everywhere() -> Vec<ServerSpec> {
    vec![stdio(&["modern"]), stdio(&["legacy"]), web(&fixture("modern").await.0)]
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_its_call_only() {
    for spec in everywhere().await {
        let server = open(spec);
        let (huge, echo) = tokio::join!(plain(&server, "huge"), plain(&server, "echo"));
        assert!(matches!(huge, Err(ServerError::TooLarge(_))), "{huge:?}");
        assert!(echo.is_ok(), "{echo:?}");
        assert!(matches!(plain(&server, "deep").await, Err(ServerError::TooLarge(_))));
        let health = server.health();
        assert!(health.trouble.is_some() && health.state == State::Ready, "{health:?}");
        assert!(plain(&server, "echo").await.is_ok());
        assert!(server.health().trouble.is_none());
        server.close().await;
    }
}

#[tokio::test]
async fn nonsense_ends_its_call_only() {
    for spec in everywhere().await {
        let server = open(spec);
        let wrong = plain(&server, "wrong").await;
        assert!(matches!(wrong, Err(ServerError::Garbled(_))), "{wrong:?}");
        assert!(plain(&server, "echo").await.is_ok());
        server.close().await;
    }
}

#[tokio::test]
async fn a_server_that_dies_under_way_is_started_again() {
    let server = open(stdio(&["legacy"]));
    server.tools().await.unwrap();
    let died = plain(&server, "die").await;
    assert!(matches!(died, Err(ServerError::Lost(_))), "{died:?}");
    let snapshot = until(&server, |it| it.health.state == State::BackingOff).await;
    assert_eq!(snapshot.health.restarts, 1);
    assert!(plain(&server, "echo").await.is_ok());
    let health = server.health();
    assert_eq!((health.state, health.trouble), (State::Ready, None));
    server.close().await;
}

#[tokio::test]
async fn a_server_that_dies_too_often_is_left_alone() {
    let mut spec = stdio(&["legacy"]);
    spec.era = Some(Era::Legacy);
    spec.transport = Transport::Stdio {
        command: "/usr/bin/false".into(),
        arguments: Vec::new(),
        environment: Vec::new(),
        directory: None,
        walls: None,
    };
    let server = open(spec);
    for _ in 0..6 {
        assert!(server.probe().await.is_err());
    }
    assert_eq!(server.health().state, State::Failed);
    let err = plain(&server, "echo").await.unwrap_err();
    let ServerError::Unavailable { message, retry_after: Some(rest) } = &err else {
        panic!("{err:?}")
    };
    assert!(message.contains("exit status: 1") && *rest > Duration::from_secs(500), "{err:?}");
}

#[tokio::test]
async fn standard_error_may_be_flooded() {
    let server = open(stdio(&["legacy"]));
    assert_eq!(text(&plain(&server, "flood").await.unwrap()), "dry again");
    let log = server.log();
    assert!(log.len() <= 200 && log.iter().all(|it| !it.text.contains('\u{1b}')));
    server.close().await;
}

#[tokio::test]
async fn what_opens_a_server_is_not_in_what_it_answers() {
    for mut spec in everywhere().await {
        let key = "k3y-of-the-house".to_owned();
        match &mut spec.transport {
            Transport::Stdio { environment, .. } => environment.push(("KEY".into(), key.into())),
            Transport::Http { headers, .. } => headers.push(("x-key".into(), key.into())),
        }
        let server = open(spec);
        let said = json!({ "it": "k3y-of-the-house opens it" });
        let told = server.call("echo", said, &RequestCx::default()).await.unwrap();
        let Exchanged::Done(told) = told else { panic!("{told:?}") };
        assert_eq!(text(&told), r#"{"it":"[secret] opens it"}"#);
        server.close().await;
    }
}

#[tokio::test]
async fn a_storm_of_changes_costs_a_few_readings() {
    let server = open(stdio(&["legacy"]));
    let before = server.changes().borrow().tools;
    let storm = async {
        for _ in 0..5 {
            plain(&server, "storm").await.unwrap();
        }
    };
    let reading = async {
        for _ in 0..50 {
            server.tools().await.unwrap();
        }
    };
    tokio::join!(storm, reading);
    until(&server, |it| it.tools >= before + 5000).await;
    assert_eq!(server.health().state, State::Ready);
    server.close().await;
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_only_so_long() {
    let mut spec = stdio(&["legacy"]);
    spec.limits.silence = Duration::from_millis(500);
    let silence = spec.limits.silence;
    let server = open(spec);
    assert_eq!(plain(&server, "hang").await, Err(ServerError::TimedOut(silence)));
    assert!(plain(&server, "echo").await.is_ok());
    server.close().await;
}

#[tokio::test]
async fn progress_extends_the_wait_up_to_the_ceiling() {
    let mut spec = stdio(&["legacy"]);
    spec.limits.silence = Duration::from_millis(700);
    let server = open(spec.clone());
    assert_eq!(text(&plain(&server, "slow").await.unwrap()), "at last");
    server.close().await;
    spec.limits.ceiling = Duration::from_millis(1200);
    let ceiling = spec.limits.ceiling;
    let server = open(spec);
    assert_eq!(plain(&server, "endless").await, Err(ServerError::TimedOut(ceiling)));
    server.close().await;
}

#[tokio::test]
async fn a_probe_of_a_server_that_says_nothing_ends_in_time() {
    let mut spec = stdio(&["mute"]);
    spec.limits.probe = Duration::from_millis(500);
    let probe = spec.limits.probe;
    let server = open(spec);
    assert_eq!(server.probe().await.unwrap_err(), ServerError::TimedOut(probe));
    let health = server.health();
    assert_eq!((health.state, health.restarts), (State::BackingOff, 1));
    assert!(!health.trouble.unwrap().error.advice().is_empty());
}

#[tokio::test]
async fn an_old_server_that_ignores_what_it_does_not_know_is_found_out_within_a_probe() {
    let server = open(stdio(&["silent"]));
    assert_eq!(server.probe().await.unwrap().era, Era::Legacy);
    server.close().await;
    // It is remembered: the second time nothing is waited for.
    let began = tokio::time::Instant::now();
    server.probe().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    server.close().await;
}

#[tokio::test]
async fn a_modern_server_that_starts_slowly_is_not_taken_for_an_old_one() {
    let mut spec = stdio(&["modern", "--slow"]);
    // Slow is slow: the machine may be busy, too.
    spec.limits.probe = Duration::from_secs(30);
    let server = open(spec);
    assert_eq!(server.probe().await.unwrap().era, Era::Modern);
    assert!(plain(&server, "echo").await.is_ok());
    server.close().await;
}

#[tokio::test]
async fn what_was_remembered_wrongly_is_found_out_anew() {
    let mut spec = stdio(&["modern"]);
    spec.era = Some(Era::Legacy);
    let server = open(spec);
    assert!(server.probe().await.is_err());
    assert_eq!(server.probe().await.unwrap().era, Era::Modern);
    server.close().await;
}

#[tokio::test]
async fn a_tool_that_changes_after_it_was_pinned_is_not_called() {
    let server = open(stdio(&["legacy"]));
    let list = server.tools().await.unwrap();
    let elicit: Arc<dyn Elicit> = Arc::new(Declines);
    let tools = remote_tools(&server, &list, &elicit, |it| it.name == "echo");
    let echo = tools[0].clone();
    let version = server.changes().borrow().tools;
    plain(&server, "change").await.unwrap();
    until(&server, |it| it.tools > version).await;
    let err = echo.call(json!({}), &cx()).await.unwrap_err();
    assert!(err.to_string().contains("describes it differently"), "{err}");
    server.close().await;
}

pub(crate) fn cx() -> galaxy_tool::ToolCx {
    use galaxy_domain::{
        Caller, Id, Role,
        access::{Credential, Proof, Scope},
    };
    galaxy_tool::ToolCx {
        caller: Caller {
            person: Id::fresh(),
            workspace: Id::fresh(),
            role: Role::Member,
            credential: Credential::TestMode,
            proof: Proof::Now,
            scopes: Scope::ALL.to_vec(),
        },
        run: None,
        conversation: None,
        cancel: tokio_util::sync::CancellationToken::new(),
        notes: galaxy_tool::Notes::channel().0,
        asks: None,
        whole: galaxy_tool::Whole::default(),
    }
}
