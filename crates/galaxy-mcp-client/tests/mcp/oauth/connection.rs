//! Connections that show a token.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect},
};
use futures::future::join_all;
use galaxy_tool::server::{ServerError, SignInError, State, Transport};

use crate::{
    house::{open, plain, web},
    oauth::{
        issuer::{Issuer, Mood},
        world::{Kept, ask, connect, sign_in},
    },
    web::answering,
};

async fn signed_in() -> (Issuer, Arc<Kept>) {
    let world = Issuer::start().await;
    let grant = sign_in(&world, ask(&world)).await.unwrap();
    (world, Kept::new(grant))
}

fn renewals(world: &Issuer) -> usize {
    world.know().forms.iter().filter(|it| it["grant_type"] == "refresh_token").count()
}

#[tokio::test]
async fn every_request_shows_the_token() {
    let (world, kept) = signed_in().await;
    let server = connect(&world, &kept);
    plain(&server, "echo").await.unwrap();
    let shown = world.know().shown.clone();
    assert!(shown.len() >= 2);
    assert!(shown.iter().all(|it| it.as_deref() == Some("Bearer canary-access-1")), "{shown:?}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_however_many_ask() {
    let (world, kept) = signed_in().await;
    let server = connect(&world, &kept);
    plain(&server, "echo").await.unwrap();
    world.know().good.clear();
    let calls = join_all((0..20).map(|_| plain(&server, "echo"))).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    assert_eq!(renewals(&world), 1);
    assert_eq!(server.health().state, State::Ready);
    let last = world.know().shown.last().cloned().unwrap();
    assert_eq!(last.as_deref(), Some("Bearer canary-access-2"));
}

#[tokio::test]
async fn a_server_that_refuses_the_new_token_too_is_asked_no_third_time() {
    let (world, kept) = signed_in().await;
    let server = connect(&world, &kept);
    // Nothing opens it: the issuer gives tokens that its server does not know.
    let sealed = serde_json::json!({ "access_token": "canary-unknown" });
    world.know().good.clear();
    world.know().mood = Mood::Says(sealed);
    let err = server.probe().await.unwrap_err();
    let www_authenticate = Some(world.challenge());
    assert_eq!(err, ServerError::NeedsSignIn { www_authenticate });
    let shown = world.know().shown.len();
    assert_eq!((shown, renewals(&world)), (2, 1));
    assert_eq!(server.health().state, State::NeedsSignIn);
    assert!(kept.grant().is_some(), "the issuer thinks well of it");
}

#[tokio::test]
async fn a_grant_that_is_lost_ends_in_a_sign_in_and_a_new_one_is_used_at_once() {
    let (world, kept) = signed_in().await;
    let server = connect(&world, &kept);
    for (code, why) in [
        ("invalid_grant", SignInError::SignInAgain),
        ("invalid_client", SignInError::ClientUnknown),
    ] {
        world.know().good.clear();
        world.know().mood = Mood::Refuses(StatusCode::BAD_REQUEST, code);
        let err = plain(&server, "echo").await.unwrap_err();
        assert!(matches!(err, ServerError::NeedsSignIn { www_authenticate: Some(_) }), "{err:?}");
        assert_eq!((kept.grant().is_none(), kept.lost.lock().unwrap().last()), (true, Some(&why)));
        assert_eq!(server.health().state, State::NeedsSignIn);

        world.know().mood = Mood::Good;
        let again = sign_in(&world, ask(&world)).await.unwrap();
        *kept.grant.lock().unwrap() = Some(again);
        plain(&server, "echo").await.unwrap();
    }
}

#[tokio::test]
async fn an_issuer_that_is_away_loses_no_grant() {
    let (world, kept) = signed_in().await;
    let server = connect(&world, &kept);
    world.know().good.clear();
    world.know().mood = Mood::Refuses(StatusCode::SERVICE_UNAVAILABLE, "x");
    let err = server.probe().await.unwrap_err();
    assert!(matches!(err, ServerError::Unavailable { .. }), "{err:?}");
    assert!(kept.grant().is_some() && kept.lost.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_lacking_scope_is_told_with_its_challenge_and_renews_nothing() {
    let (world, kept) = signed_in().await;
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"write\"";
    let lacking = answering(move |_| {
        (StatusCode::FORBIDDEN, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
    });
    let mut spec = web(&lacking.await);
    let Transport::Http { credentials, .. } = &mut spec.transport else { panic!() };
    let server = connect(&world, &kept);
    let Transport::Http { credentials: ours, .. } = &server.spec().transport else { panic!() };
    credentials.clone_from(ours);
    let err = open(spec).probe().await.unwrap_err();
    let www_authenticate = Some(challenge.to_owned());
    assert_eq!(err, ServerError::NeedsSignIn { www_authenticate });
    assert_eq!(renewals(&world), 0);
}

#[tokio::test]
async fn a_redirect_to_where_nobody_allowed_shows_no_token_and_renews_nothing() {
    let (world, kept) = signed_in().await;
    let shown = Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = shown.clone();
    let far = answering(move |headers: HeaderMap| {
        heard.lock().unwrap().push(headers.get(header::AUTHORIZATION).cloned());
        StatusCode::UNAUTHORIZED.into_response()
    });
    let far = far.await;
    let near = answering(move |_| Redirect::temporary(&far).into_response()).await;
    let mut spec = web(&near);
    let Transport::Http { credentials, .. } = &mut spec.transport else { panic!() };
    let server = connect(&world, &kept);
    let Transport::Http { credentials: ours, .. } = &server.spec().transport else { panic!() };
    credentials.clone_from(ours);
    let err = open(spec).probe().await.unwrap_err();
    assert!(matches!(err, ServerError::Refused(_)), "{err:?}");
    assert!(shown.lock().unwrap().is_empty(), "nobody was asked there");
    assert_eq!(renewals(&world), 0);
}
