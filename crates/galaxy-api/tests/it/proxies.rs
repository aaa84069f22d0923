//! People for whom a reverse proxy vouches, and test mode.

use galaxy_testkit::store::{StoreFixture, sqlite};
use serde_json::json;

use crate::{
    call::Call,
    house::{House, Plan},
    talk::text,
};

galaxy_testkit::on_both_engines! {
    a_trusted_proxy_says_who_is_asking,
    a_session_of_somebody_else_is_ended,
    a_bearer_of_somebody_else_is_refused,
}

const PROXY: &str = "10.1.2.3";

fn plan() -> Plan {
    let mut plan = Plan::default();
    plan.api.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    plan.api.person_header = Some("x-forwarded-email".to_owned());
    plan
}

fn vouched(call: Call, email: &str) -> Call {
    call.from(PROXY).header("x-forwarded-email", email)
}

async fn a_trusted_proxy_says_who_is_asking(store: &StoreFixture) {
    let house = House::with(store, plan()).await;
    let me = vouched(house.get("/api/auth/me"), "Bo@example.org").send().await.ok(200);
    assert_eq!((&me["email"], &me["credential"]), (&json!("bo@example.org"), &json!("proxy")));
    assert_eq!(me["role"], "member");
    let again = vouched(house.get("/api/auth/me"), "bo@example.org").send().await.ok(200);
    assert_eq!(me["id"], again["id"]);
    let runtime = house.get("/api/runtime-config").send().await.ok(200);
    assert_eq!(runtime["auth"]["proxy"], true);
}

async fn a_session_of_somebody_else_is_ended(store: &StoreFixture) {
    let house = House::with(store, plan()).await;
    let ana = house.admin().await;
    let mixed = vouched(house.get("/api/auth/me").cookie(&ana.secret), "bo@example.org");
    mixed.send().await.refused(401, "unauthenticated");
    let after = house.get("/api/auth/me").cookie(&ana.secret).send().await;
    after.refused(401, "unauthenticated");
    let own = house.admin().await;
    let fitting = vouched(house.get("/api/auth/me").cookie(&own.secret), "ana@example.org");
    fitting.send().await.ok(200);
    house.get("/api/auth/me").cookie(&own.secret).send().await.ok(200);
}

async fn a_bearer_of_somebody_else_is_refused(store: &StoreFixture) {
    let house = House::with(store, plan()).await;
    let ana = house.admin().await;
    let key = json!({ "name": "Script", "scopes": ["read"] });
    let key = text(&house.post("/api/auth/keys").by(&ana).json(&key).send().await.ok(201)["key"]);
    let me = || house.get("/api/auth/me").bearer(&key);
    vouched(me(), "ana@example.org").send().await.ok(200);
    vouched(me(), "bo@example.org").send().await.refused(401, "unauthenticated");
    let direct = me().header("x-forwarded-email", "ana@example.org");
    direct.send().await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn nobody_else_can_say_who_they_are() {
    let store = sqlite().await;
    let house = House::with(&store, plan()).await;
    let ana = house.admin().await;
    let me = || house.get("/api/auth/me");
    let name = "x-forwarded-email";
    let spoofs = [
        me().header(name, "ana@example.org"),
        me().from("127.0.0.1").header(name, "ana@example.org"),
        me().from("11.0.0.1").header(name, "ana@example.org").header("x-forwarded-for", PROXY),
        // Beside a session of one's own it does not count for less.
        me().header(name, "ana@example.org").cookie(&ana.secret),
        // Twice, or two at once.
        vouched(me(), "bo@example.org").header(name, "ana@example.org"),
        vouched(me(), "bo@example.org, ana@example.org"),
        vouched(me(), ""),
        // Under another name it is no such header.
        me().from(PROXY).header("x_forwarded_email", "ana@example.org"),
        me().from(PROXY).header("x-forwarded-user", "ana@example.org"),
        me().from(PROXY).header("x-forwarded-email2", "ana@example.org"),
        me().from(PROXY),
    ];
    for (number, spoof) in spoofs.into_iter().enumerate() {
        let reply = spoof.send().await;
        assert_eq!(reply.status, 401, "attempt {number}: {}", reply.text());
    }
}

#[tokio::test]
async fn without_a_configured_header_there_is_none() {
    let store = sqlite().await;
    let mut plan = plan();
    plan.api.person_header = None;
    let house = House::with(&store, plan).await;
    let reply = vouched(house.get("/api/auth/me"), "ana@example.org").send().await;
    reply.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_foreign_page_changes_nothing_for_whom_a_proxy_vouches() {
    let store = sqlite().await;
    let house = House::with(&store, plan()).await;
    let task = json!({ "title": "Sweep" });
    let make = || vouched(house.post("/api/tasks"), "bo@example.org").json(&task);
    make().header("origin", "http://evil.example").send().await.refused(403, "cross_site");
    make().header("sec-fetch-site", "cross-site").send().await.refused(403, "cross_site");
    make().header("origin", "http://localhost").send().await.ok(201);
}

#[tokio::test]
async fn in_test_mode_everybody_is_the_test_person() {
    let store = sqlite().await;
    let mut plan = Plan { test_person: Some("tester@example.org".to_owned()), ..Plan::default() };
    plan.api.test_mode = true;
    let house = House::empty(&store, plan).await;
    let me = house.get("/api/auth/me").send().await.ok(200);
    assert_eq!((&me["credential"], &me["role"]), (&json!("test_mode"), &json!("admin")));
    house.get("/api/auth/me").cookie("stale").send().await.ok(200);
    house.get("/api/auth/me").bearer("wrong").send().await.refused(401, "unauthenticated");
    let runtime = house.get("/api/runtime-config").send().await.ok(200);
    assert_eq!((&runtime["auth"]["test_mode"], &runtime["set_up"]), (&json!(true), &json!(true)));
}
