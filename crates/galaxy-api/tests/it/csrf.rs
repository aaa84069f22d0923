//! Changes that another site's page has a browser ask for.

use galaxy_testkit::store::{StoreFixture, sqlite};
use serde_json::json;

use crate::house::{House, Person, Plan};

/// The headers of a request, and whether it may change something.
type Case<'a> = (&'a [(&'a str, &'a str)], bool);

/// Makes a task by cookie with these headers, and says with which status that ended.
async fn attempt(house: &House<'_>, by: &Person, headers: &[(&str, &str)]) -> (u16, String) {
    let mut call = house.post("/api/tasks").cookie(&by.secret);
    call = call.body("text/plain", json!({ "title": "Sweep" }).to_string());
    for (name, value) in headers {
        call = call.without(name).header(name, value);
    }
    let reply = call.send().await;
    let code = if reply.status < 400 { String::new() } else { reply.json()["code"].to_string() };
    (reply.status, code)
}

#[tokio::test]
async fn a_change_by_cookie_has_to_come_from_our_own_page() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let json = ("content-type", "application/json");
    let own = ("origin", "http://localhost");
    let cases: [Case<'_>; 16] = [
        (&[json, own], true),
        (&[json, ("origin", "https://localhost")], true),
        (&[json, ("sec-fetch-site", "same-origin")], true),
        (&[json, own, ("sec-fetch-site", "same-origin")], true),
        // Nothing says where it comes from.
        (&[json], false),
        (&[json, ("x-requested-with", "galaxy")], false),
        (&[json, ("origin", "null")], false),
        (&[json, ("origin", "")], false),
        (&[json, ("origin", "http://evil.example")], false),
        (&[json, ("origin", "http://localhost.evil.example")], false),
        (&[json, ("origin", "http://localhost:8001")], false),
        (&[json, ("sec-fetch-site", "cross-site")], false),
        (&[json, ("sec-fetch-site", "same-site")], false),
        // What any page can have a form send.
        (&[own, ("content-type", "text/plain")], false),
        (&[own, ("content-type", "application/x-www-form-urlencoded")], false),
        (&[own, ("content-type", "multipart/form-data; boundary=x")], false),
    ];
    for (headers, allowed) in cases {
        let (status, code) = attempt(&house, &bo, headers).await;
        if allowed {
            assert_eq!(status, 201, "{headers:?}");
        } else {
            assert_eq!((status, code.as_str()), (403, "\"cross_site\""), "{headers:?}");
        }
    }
    let tasks = house.get("/api/tasks").by(&bo).send().await.ok(200);
    assert_eq!(tasks["total"], 4, "what was refused had no effect");
}

#[tokio::test]
async fn a_change_without_a_body_needs_a_header_that_no_form_can_send() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let bare = || house.delete("/api/auth/sessions").cookie(&bo.secret);
    bare().header("origin", "http://localhost").send().await.refused(403, "cross_site");
    bare().header("x-requested-with", "galaxy").send().await.refused(403, "cross_site");
    let ours = bare().header("origin", "http://localhost").header("x-requested-with", "galaxy");
    ours.send().await.ok(204);
}

#[tokio::test]
async fn signing_in_and_out_is_not_for_other_pages_either() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    for path in ["/api/auth/sign-out", "/api/auth/sign-in", "/api/auth/setup"] {
        let call = house.post(path).cookie(&bo.secret).header("origin", "http://evil.example");
        call.json(&json!({})).send().await.refused(403, "cross_site");
    }
    let form = house.post("/api/auth/sign-in").body("text/plain", "{}");
    form.send().await.refused(415, "not_json");
    house.get("/api/auth/me").by(&bo).send().await.ok(200);
}

#[tokio::test]
async fn a_foreign_page_is_refused_with_any_credential() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let call =
        house.post("/api/tasks").bearer("gx_whatever").header("origin", "http://evil.example");
    call.json(&json!({ "title": "Sweep" })).send().await.refused(403, "cross_site");
}

#[tokio::test]
async fn pages_of_configured_origins_may_ask() {
    let store = sqlite().await;
    let mut plan = Plan::default();
    plan.api.origins = vec!["https://chat.example.org".to_owned()];
    let house = House::with(&store, plan).await;
    let bo = house.member("bo@example.org").await;
    let task = json!({ "title": "Sweep" });
    let from = |origin: &str| {
        house.post("/api/tasks").cookie(&bo.secret).header("origin", origin).json(&task)
    };
    let reply = from("https://chat.example.org").send().await;
    reply.ok(201);
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://chat.example.org"));
    assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
    let foreign = from("https://evil.example").send().await;
    foreign.refused(403, "cross_site");
    assert_eq!(foreign.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn without_configured_origins_no_page_is_told_that_it_may_ask() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let asks = house.call("OPTIONS", "/api/tasks").header("origin", "https://evil.example");
    let reply = asks.header("access-control-request-method", "POST").send().await;
    assert_eq!(reply.status, 405);
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

galaxy_testkit::on_both_engines! { looking_is_safe_from_anywhere_because_it_changes_nothing }

async fn looking_is_safe_from_anywhere_because_it_changes_nothing(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let call = house.get("/api/tasks").cookie(&bo.secret).header("sec-fetch-site", "cross-site");
    let reply = call.send().await;
    reply.ok(200);
    // The browser keeps the answer from the page that asked.
    assert_eq!(reply.header("access-control-allow-origin"), None);
}
