//! Entering the password once more, and what it is good for.

use galaxy_access::FRESH;
use galaxy_base::ExposeSecret;
use galaxy_testkit::store::StoreFixture;
use serde_json::{Value, json};

use crate::{
    call::Reply,
    house::{House, PASSWORD, Person, Plan},
    talk::text,
};

galaxy_testkit::on_both_engines! {
    a_request_that_was_refused_for_an_old_sign_in_is_done_once_that_is_confirmed,
    a_token_is_told_to_sign_in_again_as_the_standard_says,
    a_wrong_password_confirms_nothing,
    what_is_chosen_from_a_list_for_everybody_needs_a_fresh_sign_in,
    a_proxy_vouches_with_each_request_or_says_when_somebody_signed_in,
}

const CODE: &str = "fresh_sign_in_required";

fn key() -> Value {
    json!({ "name": "Script", "scopes": ["read"] })
}

/// A server with an administrator who has a password, and signed in with it.
async fn open(store: &StoreFixture) -> (House<'_>, Person) {
    let house = House::empty(store, Plan::default()).await;
    let token = house.app.access().setup_token().await.unwrap().unwrap();
    let token = token.expose_secret();
    let email = "ana@example.org";
    let body = json!({ "token": token, "email": email, "name": "Ana", "password": PASSWORD });
    let reply = house.post("/api/auth/setup").json(&body).send().await;
    let id = serde_json::from_value(reply.ok(201)["id"].clone()).unwrap();
    let secret = cookie(&reply);
    let ana =
        Person { id, session: galaxy_domain::SessionId::fresh(), email: email.into(), secret };
    (house, ana)
}

/// What the browser presents from now on.
fn cookie(reply: &Reply) -> String {
    let pair = reply.header("set-cookie").unwrap().split("; ").next().unwrap();
    pair.strip_prefix("galaxy=").unwrap().to_owned()
}

async fn confirm(house: &House<'_>, by: &Person, password: &str) -> Reply {
    let body = json!({ "password": password });
    house.post("/api/auth/confirm").by(by).json(&body).send().await
}

async fn a_request_that_was_refused_for_an_old_sign_in_is_done_once_that_is_confirmed(
    store: &StoreFixture,
) {
    let (house, ana) = open(store).await;
    let make = |by: &Person| house.post("/api/auth/keys").by(by).key("k").json(&key()).send();
    store.clock.advance(FRESH);
    let refused = make(&ana).await;
    let problem = refused.refused(403, CODE);
    assert_eq!(problem["detail"], "This needs a fresh sign-in: enter your password again.");
    assert_eq!(refused.header("www-authenticate"), None, "no browser is to ask by itself");
    house.get("/api/auth/keys").by(&ana).send().await.ok(200);

    let confirmed = confirm(&house, &ana, PASSWORD).await;
    confirmed.ok(204);
    let new = Person { secret: cookie(&confirmed), ..ana.clone() };
    assert_ne!(new.secret, ana.secret);
    let made = make(&new).await.ok(201);
    assert_eq!(make(&new).await.ok(201), made, "the same request, sent again");
    // A copy of the old cookie gets nothing of it.
    make(&ana).await.refused(403, CODE);
    store.clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(
        house.get("/api/auth/sessions").by(&new).send().await.ok(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

async fn a_token_is_told_to_sign_in_again_as_the_standard_says(store: &StoreFixture) {
    let (house, ana) = open(store).await;
    let body = json!({ "email": ana.email, "password": PASSWORD });
    let sign_in = async || house.post("/api/auth/token").json(&body).send().await.ok(200);
    let first = sign_in().await;
    store.clock.advance(FRESH);
    let refresh = json!({ "refresh_token": first["refresh_token"] });
    let next = house.post("/api/auth/refresh").json(&refresh).send().await.ok(200);
    let make = async |tokens: &Value| {
        let token = text(&tokens["access_token"]);
        house.post("/api/auth/keys").bearer(&token).json(&key()).send().await
    };
    let refused = make(&next).await;
    refused.refused(401, CODE);
    let asked = refused.header("www-authenticate").unwrap();
    assert!(asked.starts_with("Bearer error=\"insufficient_user_authentication\""), "{asked}");
    assert!(asked.ends_with("max_age=\"600\""), "{asked}");
    let token = text(&next["access_token"]);
    let body = json!({ "password": PASSWORD });
    let confirmed = house.post("/api/auth/confirm").bearer(&token).json(&body).send().await;
    confirmed.refused(409, "conflict");
    make(&sign_in().await).await.ok(201);
}

async fn a_wrong_password_confirms_nothing(store: &StoreFixture) {
    let (house, ana) = open(store).await;
    store.clock.advance(FRESH);
    for _ in 0..5 {
        let wrong = confirm(&house, &ana, "seven loud harbours").await;
        let problem = wrong.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/password");
        assert!(wrong.header("set-cookie").is_none());
    }
    let early = confirm(&house, &ana, PASSWORD).await;
    early.refused(429, "too_many_attempts");
    assert_eq!(early.header("retry-after"), Some("1"));
    house.post("/api/auth/keys").by(&ana).json(&key()).send().await.refused(403, CODE);
}

async fn what_is_chosen_from_a_list_for_everybody_needs_a_fresh_sign_in(store: &StoreFixture) {
    let house = House::open(store).await;
    let ana = house.admin().await;
    store.clock.advance(FRESH);
    let entry = "/api/marketplace/galaxy%2Fdeepwiki";
    let mut body = json!({ "way": "remote-0" });
    let shown = house.post(&format!("{entry}/resolve")).by(&ana).json(&body).send().await.ok(200);
    body["digest"] = shown["digest"].clone();
    body["shared"] = true.into();
    let add =
        |by: &Person, body: &Value| house.post(&format!("{entry}/add")).by(by).json(body).send();
    add(&ana, &body).await.refused(403, CODE);
    let again = house.sign_in(ana.id, &ana.email).await;
    add(&again, &body).await.ok(201);
}

async fn a_proxy_vouches_with_each_request_or_says_when_somebody_signed_in(store: &StoreFixture) {
    let mut plan = Plan::default();
    plan.api.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    plan.api.person_header = Some("x-email-user".to_owned());
    let house = House::with(store, plan).await;
    let make = async |house: &House<'_>, times: &[&str]| {
        let call = house.post("/api/auth/keys").from("10.0.0.1").json(&key());
        let call =
            call.header("x-email-user", "bo@example.org").header("origin", "http://localhost");
        times.iter().fold(call, |call, time| call.header("x-auth-time", time)).send().await
    };
    make(&house, &[]).await.ok(201);

    let mut plan = Plan::default();
    plan.api.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    plan.api.person_header = Some("x-email-user".to_owned());
    plan.api.auth_time_header = Some("x-auth-time".to_owned());
    let house = House::with(store, plan).await;
    let now = store.clock.now().as_millis() / 1000;
    let (fresh, old) = ((now - 599).to_string(), (now - 600).to_string());
    make(&house, &[&fresh]).await.ok(201);
    let (fresh, old) = (fresh.as_str(), old.as_str());
    for odd in [&[][..], &[old], &["soon"], &[fresh, fresh], &["-1"]] {
        let problem = make(&house, odd).await.refused(403, CODE);
        let detail = text(&problem["detail"]);
        assert!(detail.contains("where your organisation"), "{odd:?}: {detail}");
    }
    let body = json!({ "password": PASSWORD });
    let confirmed = house.post("/api/auth/confirm").from("10.0.0.1").json(&body);
    let confirmed = confirmed.header("x-email-user", "bo@example.org");
    confirmed.header("origin", "http://localhost").send().await.refused(409, "conflict");
}
