//! Views of tool servers: the document around them, and what is asked on their behalf.

use galaxy_api::{Hosts, SandboxOrigin};
use galaxy_testkit::{
    FakeToolServer, Script,
    store::{StoreFixture, sqlite},
};
use serde_json::{Value, json};

use crate::house::{House, Plan};

galaxy_testkit::on_both_engines! {
    a_view_is_told_what_it_is_granted_and_asks_through_the_page,
}

const DOCUMENT: &str = "/sandbox/app.html";

fn plan(origin: Option<&str>, hosts: &str) -> Plan {
    let mut plan = Plan::default();
    plan.api.sandbox.origin = origin.map(|it| SandboxOrigin::parse(it).unwrap());
    plan.api.sandbox.hosts = Hosts::parse(hosts).unwrap();
    plan
}

/// The policy of the document around views, at a host and with a query.
async fn policy(house: &House<'_>, host: &str, query: &str) -> String {
    let reply = house.get(&format!("{DOCUMENT}{query}")).host(host).send().await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    reply.header("content-security-policy").unwrap().to_owned()
}

#[tokio::test]
async fn the_document_around_a_view_has_no_origin_and_reaches_nothing() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let policy = policy(&house, "localhost", "?connect=https://api.example.org").await;
    assert!(policy.contains("connect-src data: blob:;"), "{policy}");
    assert!(policy.ends_with("frame-ancestors 'self'; sandbox allow-scripts allow-forms"));
    let page = house.get("/").header("accept", "text/html").send().await;
    let page = page.header("content-security-policy").unwrap();
    assert!(page.ends_with("; frame-src 'self'"), "{page}");
    assert!(page.contains("require-trusted-types-for 'script'"), "{page}");
}

#[tokio::test]
async fn an_origin_for_views_has_nothing_else_and_may_be_shown_by_the_page_alone() {
    let store = sqlite().await;
    let mut plan = plan(Some("https://*.apps.example.org"), "api.example.org");
    plan.api.hosts.push("chat.example.org".to_owned());
    plan.api.hosts.extend(["*".to_owned(), "[::1]".to_owned()]);
    plan.api.secure = true;
    let house = House::with(&store, plan).await;
    let own = "0123.apps.example.org";
    let theirs = house.get(&format!("{DOCUMENT}?connect=https://api.example.org,https://b.org"));
    let reply = theirs.host(own).send().await;
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("connect-src data: blob: https://api.example.org;"), "{policy}");
    assert!(policy.contains(" https://chat.example.org:* *; sandbox"), "{policy}");
    assert!(policy.ends_with("sandbox allow-scripts allow-forms allow-same-origin"), "{policy}");
    for path in ["/", "/api/runtime-config", "/health", "/sandbox/other.html", "/theme.js"] {
        house.get(path).host(own).send().await.refused(421, "unknown_host");
    }
    // Under the server's own names a view never has an origin.
    let here = house.get(DOCUMENT).host("chat.example.org").send().await;
    let here = here.header("content-security-policy").unwrap();
    assert!(here.ends_with("frame-ancestors 'self'; sandbox allow-scripts allow-forms"), "{here}");
    let page = house.get("/").host("chat.example.org").header("accept", "text/html").send().await;
    let page = page.header("content-security-policy").unwrap();
    assert!(page.ends_with("; frame-src https://*.apps.example.org"), "{page}");
}

async fn a_view_is_told_what_it_is_granted_and_asks_through_the_page(store: &StoreFixture) {
    let house = House::with(store, plan(None, "*.example.org")).await;
    let bo = house.member("bo@example.org").await;
    let server = FakeToolServer::new(FakeToolServer::spec("weather"), |request, _| async move {
        if request.method == "tools/call" {
            return Ok(json!({ "content": [], "structuredContent": { "degrees": 21 } }));
        }
        let csp = json!({ "connectDomains": ["https://api.example.org", "https://evil.example"] });
        Ok(json!({ "contents": [{ "uri": "ui://weather/view", "text": "<p>",
            "mimeType": "text/html;profile=mcp-app", "_meta": { "ui": { "csp": csp } } }] }))
    });
    let ui = json!({ "ui": { "resourceUri": "ui://weather/view" } });
    let look = json!({ "name": "look", "inputSchema": { "type": "object" }, "_meta": ui });
    server.offer(vec![look]);
    house.servers.add(server);
    let wanted = json!({ "name": "weather",
        "link": { "kind": "http", "url": "https://example.org/mcp" } });
    house.post("/api/tool-servers").by(&bo).json(&wanted).send().await.ok(201);
    let rule = house.put("/api/tools/weather__look/rule").by(&bo);
    rule.json(&json!({ "verdict": "allow" })).send().await.ok(204);
    house.script(Script::calls("c1", "weather__look", json!({})));
    let started = house.chat(&bo, "How is the weather?").await;

    let path = |rest: &str| started.run_path(&format!("/apps/c1{rest}"));
    let view = house.get(&path("")).by(&bo).send().await.ok(200);
    assert_eq!(view["granted"]["connect"], json!(["https://api.example.org"]));
    assert_eq!(view["frame"], format!("{DOCUMENT}?connect=https://api.example.org"));
    assert_eq!((&view["html"], &view["keeps"]), (&json!("<p>"), &json!(false)));
    let query = &view["frame"].as_str().unwrap()[DOCUMENT.len()..];
    let reply = house.get(&format!("{DOCUMENT}{query}")).send().await;
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("connect-src data: blob: https://api.example.org;"), "{policy}");
    let result = house.get(&path("/result")).by(&bo).send().await.ok(200);
    assert_eq!(result["structuredContent"], json!({ "degrees": 21 }));

    // The person's rule holds for the view, too; without one they are asked.
    let called = house.post(&path("/call")).by(&bo).json(&json!({ "tool": "look" }));
    assert_eq!(called.send().await.ok(200)["kind"], "answered");
    let rule = house.put("/api/tools/weather__look/rule").by(&bo);
    rule.json(&json!({ "verdict": "ask" })).send().await.ok(204);
    let call = |body: Value| house.post(&path("/call")).by(&bo).json(&body);
    let asked = call(json!({ "tool": "look" })).send().await.ok(200);
    assert_eq!((&asked["kind"], &asked["tool"]), (&json!("asks"), &json!("weather__look")));
    let yes = json!({ "digest": asked["digest"], "reach": "once" });
    let agreed = call(json!({ "tool": "look", "yes": yes })).send().await.ok(200);
    assert_eq!(agreed["result"]["structuredContent"], json!({ "degrees": 21 }));

    // The event that tells of the call tells of its view.
    let run = house.get(&started.run_path("/events")).by(&bo).follow().await.all().await;
    let began = run.iter().find(|it| it.data["type"] == "tool.started").unwrap();
    let expected = json!({ "server": "weather", "uri": "ui://weather/view" });
    assert_eq!(began.data["view"], expected);
}
