//! Issuers and servers that lie, and ways that lead elsewhere.

use std::time::Duration;

use axum::{Router, http::StatusCode, routing::any};
use galaxy_base::{Clock, ExposeSecret, Timestamp};
use galaxy_mcp_client::{OAuth, OAuthLimits};
use galaxy_tool::server::{
    Network, SignIn, SignInError,
    oauth::{Begun, Callback, Inside, Pending},
};
use serde_json::{Value, json};

use crate::{
    house::net,
    oauth::{
        issuer::{Issuer, Mood},
        world::{ask, begin, oauth},
    },
    web::serve,
};

/// Whether an error is the one that is due.
type Due = fn(&SignInError) -> bool;
/// What is wrong with an answer.
type Wrong = fn(&mut Callback);

/// Somewhere on this machine that nobody allowed, and how often it was asked.
async fn elsewhere() -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    let hear = move || {
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async { StatusCode::OK }
    };
    (serve(Router::new().fallback(any(hear))).await, asked)
}

/// Begins in a world of which `change` makes a liar.
async fn lied(change: impl FnOnce(&Issuer)) -> Result<Begun, SignInError> {
    let world = Issuer::start().await;
    change(&world);
    begin(ask(&world)).await
}

/// Finishes with what the browser brings, after `change`.
async fn finished(
    change: impl FnOnce(&Issuer, &mut Pending, &mut Callback),
) -> (Result<(), SignInError>, usize) {
    let world = Issuer::start().await;
    let Begun { url, mut pending, .. } = begin(ask(&world)).await.unwrap();
    let mut callback = world.approved(&url);
    change(&world, &mut pending, &mut callback);
    let result = oauth().finish(pending, callback).await.map(drop);
    let forms = world.know().forms.len();
    (result, forms)
}

#[tokio::test]
async fn metadata_in_the_name_of_another_issuer_are_not_used() {
    for wrong in [json!("https://honest.example"), Value::Null, json!("http://127.0.0.1/")] {
        let named = wrong.clone();
        let err = lied(|world| world.know().metadata["issuer"] = named).await.unwrap_err();
        let SignInError::WrongIssuer { found, .. } = err else { panic!("{wrong}: {err:?}") };
        assert_eq!(found.as_deref(), wrong.as_str());
    }
}

#[tokio::test]
async fn metadata_of_another_resource_are_not_used() {
    for wrong in ["https://honest.example/mcp", "{at}/mcp/below", "{at}/mc", "{at}/other", ""] {
        let err = lied(|world| {
            let wrong = wrong.replace("{at}", &world.at);
            world.know().resource["resource"] = json!(wrong);
        });
        let err = err.await.unwrap_err();
        assert!(matches!(err, SignInError::WrongResource(_)), "{wrong}: {err:?}");
    }
    // A parent is the resource as well, and is what the token is asked for.
    let begun = lied(|world| {
        let parent = world.at.clone();
        world.know().resource["resource"] = json!(parent);
    });
    let resource = begun.await.unwrap().pending.resource;
    assert!(!resource.ends_with("/mcp"), "{resource}");
}

#[tokio::test]
async fn an_issuer_without_s256_or_codes_is_not_used() {
    for (field, value) in [
        ("code_challenge_methods_supported", Value::Null),
        ("code_challenge_methods_supported", json!(["plain"])),
        ("response_types_supported", json!(["token"])),
        ("grant_types_supported", json!(["implicit"])),
        ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"])),
    ] {
        let sent = value.clone();
        let err = lied(|world| world.know().metadata[field] = sent).await.unwrap_err();
        assert!(matches!(err, SignInError::Unsupported(_)), "{field} {value}: {err:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear() {
    for field in ["authorization_endpoint", "token_endpoint", "registration_endpoint"] {
        for address in ["http://far.example/x", "http://127.0.0.1:9/x", "javascript:alert(1)"] {
            let err =
                lied(|world| world.know().metadata[field] = json!(address)).await.unwrap_err();
            assert!(matches!(err, SignInError::NotEncrypted(_)), "{field} {address}: {err:?}");
        }
    }
    let err = lied(|world| {
        world.know().resource["authorization_servers"] = json!(["http://far.example"]);
    });
    assert!(matches!(err.await.unwrap_err(), SignInError::NotEncrypted(_)));
    let world = Issuer::start().await;
    let mut public = ask(&world);
    public.inside = Inside::of(&world.mcp(), Network::Public);
    assert!(matches!(begin(public).await.unwrap_err(), SignInError::NotEncrypted(_)));
    let mut open = ask(&world);
    open.redirect_uri = "http://galaxy.example/back".parse().unwrap();
    assert!(matches!(begin(open).await.unwrap_err(), SignInError::NotEncrypted(_)));
    assert!(world.know().paths.is_empty(), "nobody was asked");
}

#[tokio::test]
async fn no_redirect_and_no_name_leads_inside() {
    let (far, asked) = elsewhere().await;
    let inside = far.replace("http://", "https://");
    for path in
        ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server"]
    {
        for to in [&far, &inside] {
            let err = lied(|world| _ = world.know().redirects.insert(path.to_owned(), to.clone()));
            let err = err.await.unwrap_err();
            let is_refused = matches!(err, SignInError::Refused(_) | SignInError::NotEncrypted(_));
            assert!(is_refused, "{path} {to}: {err:?}");
        }
    }
    for address in ["https://10.0.0.1/x", "https://169.254.169.254/", "https://localhost/x"] {
        let err = lied(|world| {
            world.know().resource["authorization_servers"] = json!([address]);
        });
        let err = err.await.unwrap_err();
        assert!(matches!(err, SignInError::Refused(_)), "{address}: {err:?}");
        let challenge = format!("resource_metadata=\"{address}\"");
        let err = lied(|world| world.know().challenge = challenge).await.unwrap_err();
        assert!(matches!(err, SignInError::Refused(_)), "{address}: {err:?}");
    }
    let round = "/.well-known/oauth-protected-resource/mcp".to_owned();
    let err = lied(|world| _ = world.know().redirects.insert(round.clone(), round));
    assert!(matches!(err.await.unwrap_err(), SignInError::Refused(_)));
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_that_belongs_to_nothing_is_not_taken() {
    let cases: [(Wrong, Due); 8] = [
        (|it| it.state = Some("other".to_owned().into()), |err| *err == SignInError::WrongState),
        (|it| it.state = None, |err| *err == SignInError::WrongState),
        (|it| it.is_garbled = true, |err| *err == SignInError::WrongState),
        (
            |it| it.issuer = Some("https://honest.example".to_owned()),
            |err| matches!(err, SignInError::WrongIssuer { found: Some(_), .. }),
        ),
        (|it| it.issuer = None, |err| matches!(err, SignInError::WrongIssuer { found: None, .. })),
        (
            |it| it.issuer = it.issuer.take().map(|it| it + "/"),
            |err| matches!(err, SignInError::WrongIssuer { .. }),
        ),
        (|it| it.code = None, |err| matches!(err, SignInError::Garbled(_))),
        (
            |it| it.error = Some("access_denied".to_owned()),
            |err| matches!(err, SignInError::Declined(_)),
        ),
    ];
    for (at, (change, is_expected)) in cases.into_iter().enumerate() {
        let (result, forms) = finished(|_, _, callback| change(callback)).await;
        let err = result.unwrap_err();
        assert!(is_expected(&err) && forms == 0, "{at}: {err:?}");
    }
}

#[tokio::test]
async fn an_issuer_that_never_said_its_name_need_not_say_it_but_must_not_lie() {
    let unnamed = |_: &Issuer, pending: &mut Pending, callback: &mut Callback| {
        (pending.names_itself, callback.issuer) = (false, None);
    };
    assert_eq!(finished(unnamed).await, (Ok(()), 1));
    let lies = |_: &Issuer, pending: &mut Pending, callback: &mut Callback| {
        pending.names_itself = false;
        callback.issuer = Some("https://honest.example".to_owned());
        callback.error_description = Some("call this number".to_owned());
    };
    let (result, forms) = finished(lies).await;
    let err = result.unwrap_err();
    assert!(matches!(err, SignInError::WrongIssuer { .. }) && forms == 0, "{err:?}");
    assert!(!err.to_string().contains("number"), "nothing that it says is shown");
}

#[tokio::test]
async fn who_takes_too_long_begins_again() {
    let world = Issuer::start().await;
    let clock = Clock::fixed(Timestamp::from_millis(1_000_000));
    let oauth = OAuth::new(net(), clock.clone());
    let begun = oauth.begin(ask(&world)).await.unwrap();
    let callback = world.approved(&begun.url);
    clock.advance(Pending::GOOD_FOR + Duration::from_millis(1));
    assert_eq!(oauth.finish(begun.pending, callback).await.unwrap_err(), SignInError::Expired);
}

#[tokio::test]
async fn a_token_endpoint_that_misbehaves_gives_no_grant() {
    let (far, asked) = elsewhere().await;
    let says = |value: Value| Mood::Says(value);
    let cases: [(Mood, Due); 10] = [
        (Mood::Huge(10 * 1024 * 1024), |err| matches!(err, SignInError::TooLarge(_))),
        (Mood::Huge(100 * 1024), |err| matches!(err, SignInError::Garbled(_))),
        (Mood::Page, |err| matches!(err, SignInError::Garbled(_))),
        (Mood::Redirects(far), |err| matches!(err, SignInError::Refused(_))),
        (says(json!({ "access_token": "" })), |err| matches!(err, SignInError::Garbled(_))),
        (says(json!({ "access_token": "a\nb: c" })), |err| matches!(err, SignInError::Garbled(_))),
        (says(json!(["access_token"])), |err| matches!(err, SignInError::Garbled(_))),
        (says(json!({ "access_token": "x", "token_type": "DPoP" })), |err| {
            matches!(err, SignInError::Unsupported(_))
        }),
        (says((0..40).fold(json!(1), |inner, _| json!({ "x": inner }))), |err| {
            matches!(err, SignInError::TooLarge(_))
        }),
        (Mood::Refuses(StatusCode::BAD_REQUEST, "invalid_scope"), |err| {
            matches!(err, SignInError::Rejected { .. })
        }),
    ];
    for (at, (mood, is_expected)) in cases.into_iter().enumerate() {
        let (result, forms) = finished(|world, _, _| world.know().mood = mood).await;
        let err = result.unwrap_err();
        assert!(is_expected(&err) && forms == 1, "{at}: {err:?}");
    }
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0, "no secret went elsewhere");
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_is_not_waited_for() {
    let world = Issuer::start().await;
    let begun = begin(ask(&world)).await.unwrap();
    let callback = world.approved(&begun.url);
    world.know().mood = Mood::Hangs;
    let short = Duration::from_millis(100);
    for limits in [
        OAuthLimits { request: short, ..OAuthLimits::default() },
        OAuthLimits { verb: short, ..OAuthLimits::default() },
    ] {
        let impatient = oauth().with_limits(limits);
        let err = impatient.finish(begun.pending.clone(), callback.clone()).await.unwrap_err();
        assert!(matches!(err, SignInError::Unavailable { .. }), "{err:?}");
    }
}

#[tokio::test]
async fn what_an_endpoint_says_for_us_does_not_count() {
    let begun = lied(|world| {
        let evil = format!("{}/authorize?client_id=evil&state=evil&nonce=1", world.at);
        world.know().metadata["authorization_endpoint"] = json!(evil);
    });
    let begun = begun.await.unwrap();
    let all = |wanted: &str| {
        let pairs = begun.url.query_pairs().filter(|(name, _)| name == wanted);
        pairs.map(|(_, value)| value.into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(all("client_id"), ["registered"]);
    assert_eq!(all("state"), [begun.pending.state.expose_secret()]);
    assert_eq!(all("nonce"), ["1"]);
}
