//! Sign-ins that go well.

use axum::http::StatusCode;
use galaxy_base::{ExposeSecret, Timestamp};
use galaxy_tool::server::{
    SignIn, SignInError,
    oauth::{ClientAuth, ClientOrigin, Grant, Inside, Pending, Registration},
};
use serde_json::{Value, json};

use crate::oauth::{
    issuer::{Issuer, Mood},
    world::{BACK, ask, asked, begin, oauth, sign_in},
};

#[tokio::test]
async fn an_application_that_nobody_knows_registers_itself() {
    let world = Issuer::start().await;
    let begun = begin(ask(&world)).await.unwrap();
    let registration = begun.registration.clone().unwrap();
    assert_eq!((registration.issuer.as_str(), registration.expires_at), (world.at.as_str(), None));
    let told = world.know().registrations[0].clone();
    assert_eq!(told["application_type"], "web");
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!((&told["redirect_uris"], &told["scope"]), (&json!([BACK]), &json!("read")));

    let asks = asked(&begun.url);
    for (name, value) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "registered"),
        ("redirect_uri", BACK),
        ("scope", "read"),
        ("resource", world.mcp().as_str()),
    ] {
        assert_eq!(asks[name], value, "{name}");
    }

    let callback = world.approved(&begun.url);
    // What is kept survives a restart between the two steps.
    let kept = serde_json::to_string(&begun.pending).unwrap();
    let pending: Pending = serde_json::from_str(&kept).unwrap();
    let grant = oauth().finish(pending, callback).await.unwrap();
    assert_eq!(grant.access_token.expose_secret(), "canary-access-1");
    assert_eq!((grant.scopes.join(" ").as_str(), &grant.issuer), ("read", &world.at));
    assert!(grant.expires_at.is_some() && !grant.is_expiring(Timestamp::from_millis(0)));
    let form = world.know().forms[0].clone();
    assert!(form["authorization"].starts_with("Basic ") && !form.contains_key("client_secret"));
    assert_eq!(form["resource"], world.mcp().as_str());
}

#[tokio::test]
async fn a_client_that_was_registered_before_is_used_again_at_its_issuer_only() {
    let world = Issuer::start().await;
    let kept = begin(ask(&world)).await.unwrap().registration.unwrap();
    let kept = serde_json::to_string(&kept).unwrap();
    let kept: Registration = serde_json::from_str(&kept).unwrap();
    let mut again = ask(&world);
    again.registered = vec![kept.clone()];
    let begun = begin(again.clone()).await.unwrap();
    assert!(begun.registration.is_none());
    assert_eq!(world.know().registrations.len(), 1);
    let other = Registration { issuer: "https://other.example".to_owned(), ..kept };
    again.registered = vec![other];
    assert!(begin(again).await.unwrap().registration.is_some());
}

#[tokio::test]
async fn a_client_that_was_entered_comes_first_and_is_not_shown_to_another_issuer() {
    let world = Issuer::start().await;
    world.know().metadata["client_id_metadata_document_supported"] = json!(true);
    world.know().metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    let mut known = ask(&world);
    known.client_document = Some("https://galaxy.example/client.json".parse().unwrap());
    let entered = |issuer: &str| {
        let secret = Some("canary-entered".to_owned().into());
        Registration::entered(issuer, "entered", secret, BACK.parse().unwrap())
    };
    known.entered = Some(entered(&world.at));
    let grant = sign_in(&world, known.clone()).await.unwrap();
    assert_eq!((grant.client.auth, grant.client.origin), (ClientAuth::Post, ClientOrigin::Entered));
    let form = world.know().forms[0].clone();
    assert_eq!((&*form["client_id"], &*form["client_secret"]), ("entered", "canary-entered"));

    known.entered = Some(entered("https://other.example"));
    let err = begin(known).await.unwrap_err();
    assert!(matches!(err, SignInError::OtherIssuer { .. }), "{err:?}");
    assert!(world.know().registrations.is_empty());
}

#[tokio::test]
async fn an_issuer_that_reads_documents_is_told_the_address_of_ours() {
    let world = Issuer::start().await;
    world.know().metadata["client_id_metadata_document_supported"] = json!(true);
    let document = "https://galaxy.example/client.json";
    let mut public = ask(&world);
    public.client_document = Some(document.parse().unwrap());
    let grant = sign_in(&world, public).await.unwrap();
    assert_eq!((grant.client.id.as_str(), grant.client.auth), (document, ClientAuth::None));
    let form = world.know().forms[0].clone();
    assert_eq!(form["client_id"], document);
    assert!(!form.contains_key("authorization") && world.know().registrations.is_empty());
}

#[tokio::test]
async fn where_nobody_is_registered_somebody_has_to_enter_a_client() {
    let world = Issuer::start().await;
    world.know().registered = Value::Null;
    let err = begin(ask(&world)).await.unwrap_err();
    let (issuer, why) = (world.at.clone(), Some("ask the owner".to_owned()));
    assert_eq!(err, SignInError::NeedsClient { issuer: issuer.clone(), why });
    world.know().metadata["registration_endpoint"] = Value::Null;
    let err = begin(ask(&world)).await.unwrap_err();
    assert_eq!(err, SignInError::NeedsClient { issuer, why: None });
}

#[tokio::test]
async fn a_grant_is_renewed_after_a_restart_and_its_refresh_token_changes() {
    let world = Issuer::start().await;
    let grant = sign_in(&world, ask(&world)).await.unwrap();
    let kept = serde_json::to_string(&grant).unwrap();
    let grant: Grant = serde_json::from_str(&kept).unwrap();
    let second = oauth().renew(&grant).await.unwrap();
    assert_eq!(second.access_token.expose_secret(), "canary-access-2");
    let form = world.know().forms[1].clone();
    assert_eq!(
        (&*form["refresh_token"], &*form["resource"]),
        ("canary-refresh-1", world.mcp().as_str())
    );
    assert!(form["authorization"].starts_with("Basic "));
    let third = oauth().renew(&second).await.unwrap();
    assert_eq!(third.access_token.expose_secret(), "canary-access-3");
    // The first is used up, and so is its sign-in.
    assert_eq!(oauth().renew(&grant).await.unwrap_err(), SignInError::SignInAgain);

    world.know().mood =
        Mood::Says(json!({ "access_token": "next", "scope": "read", "expires_in": "5" }));
    let fourth = oauth().renew(&third).await.unwrap();
    let kept = fourth.refresh_token.unwrap();
    assert_eq!(kept.expose_secret(), "canary-refresh-3", "an issuer need not change it");
    let nothing = Grant { refresh_token: None, ..third };
    assert_eq!(oauth().renew(&nothing).await.unwrap_err(), SignInError::SignInAgain);
}

#[tokio::test]
async fn a_renewal_that_fails_says_whether_it_is_for_good() {
    let world = Issuer::start().await;
    let grant = sign_in(&world, ask(&world)).await.unwrap();
    for (status, code, expected) in [
        (StatusCode::BAD_REQUEST, "invalid_grant", SignInError::SignInAgain),
        (StatusCode::UNAUTHORIZED, "invalid_client", SignInError::ClientUnknown),
        (StatusCode::OK, "invalid_grant", SignInError::SignInAgain),
    ] {
        world.know().mood = Mood::Refuses(status, code);
        let err = oauth().renew(&grant).await.unwrap_err();
        assert_eq!((err.is_final(), err), (true, expected));
    }
    for (status, code) in [
        (StatusCode::BAD_REQUEST, "temporarily_unavailable"),
        (StatusCode::SERVICE_UNAVAILABLE, "x"),
        (StatusCode::TOO_MANY_REQUESTS, "x"),
        (StatusCode::INTERNAL_SERVER_ERROR, "invalid_grant"),
    ] {
        world.know().mood = Mood::Refuses(status, code);
        let err = oauth().renew(&grant).await.unwrap_err();
        assert!(matches!(err, SignInError::Unavailable { .. }), "{status} {code}: {err:?}");
    }
}

#[tokio::test]
async fn what_is_asked_for_is_added_to_what_was_asked_before() {
    let world = Issuer::start().await;
    let scope = |url: &url::Url| asked(url).get("scope").cloned();
    let mut more = ask(&world);
    more.scopes = vec!["read".to_owned(), "old".to_owned()];
    more.challenge = Some("Bearer error=\"insufficient_scope\", scope=\"write read\"".to_owned());
    let begun = begin(more.clone()).await.unwrap();
    assert_eq!(scope(&begun.url).as_deref(), Some("read old write"));

    world.know().metadata["scopes_supported"] = json!(["offline_access"]);
    let begun = begin(more.clone()).await.unwrap();
    assert_eq!(scope(&begun.url).as_deref(), Some("read old write offline_access"));
    assert_eq!(asked(&begun.url)["prompt"], "consent");

    world.know().metadata["scopes_supported"] = Value::Null;
    (more.scopes, more.challenge) = (Vec::new(), None);
    assert_eq!(scope(&begin(more.clone()).await.unwrap().url).as_deref(), Some("read"));
    world.know().resource["scopes_supported"] = json!([]);
    assert_eq!(scope(&begin(more).await.unwrap().url), None);
}

#[tokio::test]
async fn metadata_are_found_wherever_the_protocol_allows_them() {
    let world = Issuer::start().await;
    let resource = world.know().resource.take();
    let metadata = world.know().metadata.take();
    let mut plain = ask(&world);
    plain.challenge = None;
    // At the root, and an issuer with a path that speaks OpenID Connect.
    let issuer = format!("{}/t/1", world.at);
    for path in ["/.well-known/openid-configuration/t/1", "/t/1/.well-known/openid-configuration"] {
        let (mut resource, mut metadata) = (resource.clone(), metadata.clone());
        resource["authorization_servers"] = json!([issuer]);
        metadata["issuer"] = json!(issuer);
        let root = "/.well-known/oauth-protected-resource".to_owned();
        world.know().others = [(root, resource), (path.to_owned(), metadata)].into();
        let begun = begin(plain.clone()).await.unwrap();
        assert_eq!(begun.pending.issuer, issuer, "{path}");
    }
    // Nowhere: the server itself is the issuer (2025-03-26), with or without metadata.
    world.know().others.clear();
    world.know().paths.clear();
    world.know().metadata = metadata;
    let begun = begin(plain.clone()).await.unwrap();
    assert_eq!((&begun.pending.issuer, asked(&begun.url).get("scope")), (&world.at, None));
    assert_eq!(begun.pending.resource, world.mcp().as_str());
    world.know().metadata = Value::Null;
    let begun = begin(plain.clone()).await.unwrap();
    assert_eq!(begun.url.path(), "/authorize");
    world.know().registered = Value::Null;
    assert_eq!(begin(plain).await.unwrap_err(), SignInError::NoWay);
}

#[tokio::test]
async fn a_grant_is_given_back() {
    let world = Issuer::start().await;
    let mut grant = sign_in(&world, ask(&world)).await.unwrap();
    oauth().revoke(&grant).await.unwrap();
    let form = world.know().forms.last().cloned().unwrap();
    assert_eq!((&*form["token"], &*form["token_type_hint"]), ("canary-refresh-1", "refresh_token"));
    assert!(form["authorization"].starts_with("Basic "), "the client shows who it is");
    for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS] {
        world.know().mood = Mood::Refuses(status, "x");
        let err = oauth().revoke(&grant).await.unwrap_err();
        assert!(matches!(err, SignInError::Unavailable { .. }), "{err:?}");
    }
    world.know().mood = Mood::Refuses(StatusCode::BAD_REQUEST, "unsupported_token_type");
    let err = oauth().revoke(&grant).await.unwrap_err();
    assert!(matches!(err, SignInError::Rejected { .. }), "{err:?}");

    world.know().mood = Mood::Good;
    grant.refresh_token = None;
    oauth().revoke(&grant).await.unwrap();
    let form = world.know().forms.last().cloned().unwrap();
    assert_eq!((&*form["token"], &*form["token_type_hint"]), ("canary-access-1", "access_token"));

    let count = world.know().forms.len();
    grant.inside = Inside::default();
    let err = oauth().revoke(&grant).await.unwrap_err();
    assert!(matches!(err, SignInError::NotEncrypted(_)), "{err:?}");
    grant.revocation_endpoint = Some("https://10.0.0.1/revoke".parse().unwrap());
    let err = oauth().revoke(&grant).await.unwrap_err();
    assert!(matches!(err, SignInError::Refused(_)), "{err:?}");
    assert_eq!(world.know().forms.len(), count, "nobody inside was asked");
    grant.revocation_endpoint = None;
    assert_eq!(oauth().revoke(&grant).await, Ok(()));
}
