//! No secret is in what can be shown.

use axum::http::StatusCode;
use galaxy_base::ExposeSecret;
use galaxy_tool::server::{SignIn, SignInError};

use crate::{
    house::plain,
    oauth::{
        issuer::{Issuer, Mood},
        world::{Kept, ask, begin, connect, oauth, sign_in},
    },
};

#[tokio::test]
async fn no_secret_is_in_any_error_or_in_what_is_shown_for_programmers() {
    let world = Issuer::start().await;
    let begun = begin(ask(&world)).await.unwrap();
    let callback = world.approved(&begun.url);
    let mut shown = format!("{begun:?} {callback:?} {:?}", ask(&world));
    let secrets = [&begun.pending.state, &begun.pending.verifier];
    let secrets = secrets.map(|it| it.expose_secret().to_owned());

    for mood in [Mood::Repeats, Mood::Page, Mood::Refuses(StatusCode::BAD_REQUEST, "odd")] {
        world.know().mood = mood;
        let err = oauth().finish(begun.pending.clone(), callback.clone()).await.unwrap_err();
        shown += &format!("{err} {err:?}");
    }
    world.know().mood = Mood::Good;
    let grant = oauth().finish(begun.pending, callback).await.unwrap();
    shown += &format!("{grant:?}");

    world.know().mood = Mood::Repeats;
    let err = oauth().renew(&grant).await.unwrap_err();
    assert!(matches!(err, SignInError::Rejected { .. }), "{err:?}");
    assert!(err.to_string().contains("[secret]"), "it did repeat them: {err}");
    shown += &format!("{err} {err:?} {:?}", oauth().revoke(&grant).await);

    for secret in ["canary", &secrets[0], &secrets[1]] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}

#[tokio::test]
async fn no_token_is_in_the_log_or_the_health_of_a_connection() {
    let world = Issuer::start().await;
    let kept = Kept::new(sign_in(&world, ask(&world)).await.unwrap());
    let server = connect(&world, &kept);
    plain(&server, "echo").await.unwrap();
    world.know().good.clear();
    world.know().mood = Mood::Repeats;
    let err = plain(&server, "echo").await.unwrap_err();
    let shown =
        format!("{err} {err:?} {:?} {:?} {:?}", server.log(), server.health(), server.spec());
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn a_server_that_repeats_the_token_is_not_quoted() {
    let world = Issuer::start().await;
    let kept = Kept::new(sign_in(&world, ask(&world)).await.unwrap());
    let server = connect(&world, &kept);
    world.know().repeats = true;
    let err = server.probe().await.unwrap_err();
    assert!(err.to_string().contains("[secret]"), "it did repeat it: {err}");
    let shown = format!("{err:?} {:?} {:?}", server.log(), server.health());
    assert!(!shown.contains("canary"), "{shown}");
}
