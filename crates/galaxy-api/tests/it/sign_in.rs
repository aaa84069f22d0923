//! Getting in with a password, and out again.

use std::time::Duration;

use galaxy_base::ExposeSecret;
use galaxy_testkit::store::StoreFixture;
use serde_json::json;

use crate::{
    call::Reply,
    house::{House, PASSWORD, Person, Plan},
    talk::text,
};

galaxy_testkit::on_both_engines! {
    a_cookie_is_for_this_server_only_and_out_of_reach_of_scripts,
    behind_tls_a_cookie_is_bound_to_it,
    signing_out_ends_the_session_and_the_cookie,
    signing_out_with_a_token_ends_its_session,
    what_is_wrong_with_a_sign_in_is_not_told,
    guessing_is_slowed_down_wherever_it_says_it_comes_from,
    a_new_password_ends_all_other_sessions,
}

/// An account with a password, made as the first one.
async fn open(store: &StoreFixture, plan: Plan) -> House<'_> {
    let house = House::empty(store, plan).await;
    let token = house.app.access().setup_token().await.unwrap().unwrap();
    let (access, token) = (house.app.access(), token.expose_secret());
    access.set_up(token, "ana@example.org", "Ana", &PASSWORD.into()).await.unwrap();
    house
}

async fn sign_in(house: &House<'_>, email: &str, password: &str) -> Reply {
    let body = json!({ "email": email, "password": password });
    house.post("/api/auth/sign-in").json(&body).send().await
}

fn attributes(reply: &Reply) -> (String, Vec<String>) {
    let cookie = reply.header("set-cookie").expect("a cookie");
    let mut parts = cookie.split("; ").map(str::to_owned);
    (parts.next().unwrap(), parts.collect())
}

async fn a_cookie_is_for_this_server_only_and_out_of_reach_of_scripts(store: &StoreFixture) {
    let house = open(store, Plan::default()).await;
    let reply = sign_in(&house, "Ana@example.org", PASSWORD).await;
    assert_eq!(reply.ok(200)["credential"], "session");
    let (pair, attributes) = attributes(&reply);
    let secret = pair.strip_prefix("galaxy=").unwrap();
    assert!(secret.len() >= 43, "256 bits");
    assert!(!reply.text().contains(secret), "the body tells no secret");
    for needed in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
        assert!(attributes.iter().any(|it| it == needed), "{needed} in {attributes:?}");
    }
    assert!(!attributes.iter().any(|it| it == "Secure" || it.starts_with("Domain")));
    let me = house.get("/api/auth/me").cookie(secret).send().await.ok(200);
    assert_eq!(me["email"], "ana@example.org");
    let again = sign_in(&house, "ana@example.org", PASSWORD).await;
    assert_ne!(self::attributes(&again).0, pair, "every sign-in has a secret of its own");
}

async fn behind_tls_a_cookie_is_bound_to_it(store: &StoreFixture) {
    let mut plan = Plan::default();
    plan.api.secure = true;
    let house = open(store, plan).await;
    let reply = sign_in(&house, "ana@example.org", PASSWORD).await;
    let (pair, attributes) = attributes(&reply);
    let secret = pair.strip_prefix("__Host-galaxy=").unwrap();
    assert!(attributes.iter().any(|it| it == "Secure"), "{attributes:?}");
    assert!(reply.header("strict-transport-security").is_some());
    let named = format!("__Host-galaxy={secret}");
    house.get("/api/auth/me").header("cookie", &named).send().await.ok(200);
    // A name that any neighbour could have set is not read.
    house.get("/api/auth/me").cookie(secret).send().await.refused(401, "unauthenticated");
}

async fn signing_out_ends_the_session_and_the_cookie(store: &StoreFixture) {
    let house = House::open(store).await;
    let ana = house.admin().await;
    let other = house.sign_in(ana.id, &ana.email).await;
    let reply = house.post("/api/auth/sign-out").by(&ana).send().await;
    assert_eq!(reply.status, 204);
    let (pair, attributes) = attributes(&reply);
    assert_eq!(pair, "galaxy=");
    assert!(attributes.iter().any(|it| it == "Max-Age=0"), "{attributes:?}");
    house.get("/api/auth/me").by(&ana).send().await.refused(401, "unauthenticated");
    house.get("/api/auth/me").by(&other).send().await.ok(200);
    house.post("/api/auth/sign-out").by(&ana).send().await.ok(204);
}

async fn signing_out_with_a_token_ends_its_session(store: &StoreFixture) {
    let house = open(store, Plan::default()).await;
    let body = json!({ "email": "ana@example.org", "password": PASSWORD });
    let tokens = house.post("/api/auth/token").json(&body).send().await.ok(200);
    let access = text(&tokens["access_token"]);
    house.post("/api/auth/sign-out").bearer(&access).send().await.ok(204);
    house.get("/api/auth/me").bearer(&access).send().await.refused(401, "unauthenticated");
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    house.post("/api/auth/refresh").json(&refresh).send().await.refused(401, "unauthenticated");
}

async fn what_is_wrong_with_a_sign_in_is_not_told(store: &StoreFixture) {
    let house = open(store, Plan::default()).await;
    // Somebody without a password.
    store.someone("bo@example.org").await;
    let mut problems = Vec::new();
    for email in ["ana@example.org", "bo@example.org", "nobody@example.org", "no address"] {
        let reply = sign_in(&house, email, "wrong").await;
        reply.refused(401, "unauthenticated");
        assert!(reply.header("set-cookie").is_none());
        problems.push(reply.problem());
    }
    problems.dedup();
    assert_eq!(problems.len(), 1, "{problems:?}");
}

async fn guessing_is_slowed_down_wherever_it_says_it_comes_from(store: &StoreFixture) {
    let house = open(store, Plan::default()).await;
    let guess = async |number: usize, password: &str| {
        let body = json!({ "email": "ana@example.org", "password": password });
        let said = format!("198.51.100.{number}");
        let call = house.post("/api/auth/sign-in").header("x-forwarded-for", &said);
        call.json(&body).send().await
    };
    for number in 0..5 {
        guess(number, "wrong").await.refused(401, "unauthenticated");
    }
    let slowed = guess(5, "wrong").await;
    slowed.refused(429, "too_many_attempts");
    assert!(slowed.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    guess(6, PASSWORD).await.refused(429, "too_many_attempts");
    store.clock.advance(Duration::from_secs(60));
    guess(7, PASSWORD).await.ok(200);
}

async fn a_new_password_ends_all_other_sessions(store: &StoreFixture) {
    let house = open(store, Plan::default()).await;
    let ana = house.admin().await;
    let other = house.sign_in(ana.id, &ana.email).await;
    let change = async |by: &Person, current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        house.post("/api/auth/password").by(by).json(&body).send().await
    };
    let wrong = change(&ana, "wrong", "seven loud harbours").await.refused(422, "invalid");
    assert_eq!(wrong["errors"][0]["pointer"], "/current", "{wrong}");
    let weak = change(&ana, PASSWORD, "short").await.refused(422, "invalid");
    assert_eq!(weak["errors"][0]["pointer"], "/new", "{weak}");
    change(&ana, PASSWORD, "seven loud harbours").await.ok(204);
    house.get("/api/auth/me").by(&ana).send().await.ok(200);
    house.get("/api/auth/me").by(&other).send().await.refused(401, "unauthenticated");
    sign_in(&house, &ana.email, PASSWORD).await.refused(401, "unauthenticated");
    sign_in(&house, &ana.email, "seven loud harbours").await.ok(200);
}
