//! Who may use the protocol at all, and what those who may not are told.

use std::sync::Arc;

use galaxy_access::{Access, AccessConfig};
use galaxy_base::ExposeSecret;
use galaxy_testkit::store::{StoreFixture, sqlite};
use serde_json::json;

use super::host::Host;
use crate::house::{House, PASSWORD, Plan};

galaxy_testkit::on_both_engines! {
    whoever_brings_no_key_is_told_where_to_read_what_opens,
    what_a_browser_adds_by_itself_opens_nothing,
    a_key_that_is_deleted_opens_nothing_any_more,
    a_key_without_the_scope_is_told_which_one_it_needs,
    a_token_opens_the_same_as_a_key,
}

const METADATA: &str = "http://localhost/.well-known/oauth-protected-resource/mcp";

async fn whoever_brings_no_key_is_told_where_to_read_what_opens(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    let reply = host.bare("tools/list", json!({})).send().await;
    reply.refused(401, "unauthenticated");
    let told = format!("Bearer resource_metadata=\"{METADATA}\", scope=\"read chat tasks\"");
    assert_eq!(reply.header("www-authenticate"), Some(&*told));
    let forged = "gx_0000000000000000000000000000000000000000000000000";
    for token in [forged, "nonsense"] {
        let reply = host.bare("tools/list", json!({})).bearer(token).send().await;
        reply.refused(401, "unauthenticated");
        let told = reply.header("www-authenticate").unwrap();
        assert!(told.starts_with("Bearer error=\"invalid_token\", resource_metadata="), "{told}");
    }
    for path in
        ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"]
    {
        let metadata = house.get(path).send().await.ok(200);
        assert_eq!(metadata["resource"], "http://localhost/mcp");
        assert_eq!(metadata["scopes_supported"], json!(["read", "chat", "tasks"]));
        assert_eq!(metadata["bearer_methods_supported"], json!(["header"]));
    }
    // No server of tokens is here, so nothing may look like one.
    let none = house.get("/.well-known/oauth-authorization-server").header("accept", "text/html");
    none.send().await.refused(404, "not_found");
    house.get("/mcp").bearer(&host.key).send().await.refused(405, "method_not_allowed");
    house.delete("/mcp").bearer(&host.key).send().await.refused(405, "method_not_allowed");
}

async fn what_a_browser_adds_by_itself_opens_nothing(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    let request = || host.bare("tools/list", json!({}));
    request().by(&bo).send().await.refused(401, "unauthenticated");
    let with_key = || request().bearer(&host.key);
    with_key().header("origin", "http://localhost").send().await.ok(200);
    with_key().header("origin", "http://evil.example").send().await.refused(403, "cross_site");
    with_key().header("origin", "null").send().await.refused(403, "cross_site");
    with_key().header("sec-fetch-site", "cross-site").send().await.refused(403, "cross_site");
    with_key().host("evil.example").send().await.refused(421, "unknown_host");
}

async fn a_key_that_is_deleted_opens_nothing_any_more(store: &StoreFixture) {
    let house = House::open(store).await;
    let (ana, bo) = (house.admin().await, house.member("bo@example.org").await);
    let host = Host::full(&house, &bo).await;
    let other = Host::full(&house, &bo).await;
    host.tools().await;
    let keys = house.get("/api/auth/keys").by(&bo).send().await.ok(200);
    let id = keys["items"][0]["id"].as_str().unwrap();
    house.delete(&format!("/api/auth/keys/{id}")).by(&bo).send().await.ok(204);
    host.send("tools/list", json!({})).await.refused(401, "unauthenticated");
    // A smaller role acts on keys that are there, at once.
    let path = format!("/api/people/{}", bo.id);
    let viewer = json!({ "role": "viewer" });
    house.patch(&path).by(&ana).json(&viewer).send().await.ok(200);
    assert_eq!(other.tools().await, ["run_status", "list_tasks", "math"]);
    let told = other.failed("add_task", json!({ "title": "Sweep" })).await;
    assert!(told.contains("role"), "{told}");
    let disabled = json!({ "disabled": true });
    house.patch(&path).by(&ana).json(&disabled).send().await.ok(200);
    other.send("tools/list", json!({})).await.refused(401, "unauthenticated");
}

async fn a_key_without_the_scope_is_told_which_one_it_needs(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let reading = Host::of(&house, &bo, &["read"]).await;
    assert_eq!(reading.tools().await, ["run_status", "list_tasks", "math"]);
    let tasks = Host::of(&house, &bo, &["tasks"]).await;
    assert!(!tasks.tools().await.contains(&"run_agent".to_owned()));
    let call = |tool: &str| ("tools/call", json!({ "name": tool, "arguments": {} }));
    for (host, (method, params), scope) in [
        (&reading, call("add_task"), "read tasks"),
        (&reading, call("run_agent"), "read chat"),
        (&tasks, call("run_agent"), "chat tasks"),
        (&tasks, call("run_status"), "read tasks"),
        (&tasks, ("resources/list", json!({})), "read tasks"),
        (&tasks, ("resources/read", json!({ "uri": "galaxy://x" })), "read tasks"),
    ] {
        for era in [host.era, "2025-06-18"] {
            let reply = host.speaking(era).send(method, params.clone()).await;
            assert_eq!(reply.ok(403)["jsonrpc"], "2.0");
            let told = format!(
                "Bearer error=\"insufficient_scope\", scope=\"{scope}\", \
                 resource_metadata=\"{METADATA}\""
            );
            assert_eq!(reply.header("www-authenticate"), Some(&*told));
        }
    }
    assert_eq!(reading.done("list_tasks", json!({})).await["total"], 0);
}

async fn a_token_opens_the_same_as_a_key(store: &StoreFixture) {
    let house = House::empty(store, Plan::default()).await;
    let access = house.app.access();
    let token = access.setup_token().await.unwrap().unwrap();
    access.set_up(token.expose_secret(), "ana@example.org", "Ana", &PASSWORD.into()).await.unwrap();
    let body = json!({ "email": "ana@example.org", "password": PASSWORD });
    let ours = house.post("/api/auth/token").json(&body).send().await.ok(200);
    let key = ours["access_token"].as_str().unwrap().to_owned();
    let host = Host { house: &house, key, era: super::host::MODERN, path: "/mcp".to_owned() };
    assert!(host.tools().await.contains(&"run_agent".to_owned()));
    // Signed with the same secret, but meant for somebody else.
    let secret = "0123456789abcdef0123456789ABCDEF".into();
    let config =
        AccessConfig { audience: "elsewhere".to_owned(), ..AccessConfig::new("G", secret) };
    let elsewhere = Arc::new(Access::new(config, store.store.clone()).unwrap());
    let address = std::net::IpAddr::from([192, 0, 2, 10]);
    let signed_in = elsewhere.issue_tokens("ana@example.org", &PASSWORD.into(), "x", address).await;
    let foreign = signed_in.unwrap().access.expose_secret().to_owned();
    let reply = host.bare("tools/list", json!({})).bearer(&foreign).send().await;
    reply.refused(401, "unauthenticated");
}

#[tokio::test]
async fn behind_tls_the_metadata_says_so() {
    let store = sqlite().await;
    let mut plan = Plan::default();
    plan.api.secure = true;
    let house = House::with(&store, plan).await;
    let path = "/.well-known/oauth-protected-resource/mcp";
    let metadata = house.get(path).send().await.ok(200);
    assert_eq!(metadata["resource"], "https://localhost/mcp");
    let refused = house.post("/mcp").json(&json!({})).send().await;
    assert!(refused.header("www-authenticate").unwrap().contains("\"https://localhost/"));
}
