//! The deployment: health, metrics, what a page needs to know, and the page.

use galaxy_testkit::store::{StoreFixture, sqlite};
use serde_json::{Value, json};

use crate::house::{House, Plan};

galaxy_testkit::on_both_engines! {
    a_healthy_server_says_so_and_a_stopping_one_turns_red,
    a_page_learns_what_it_needs_before_anybody_signs_in,
}

async fn a_healthy_server_says_so_and_a_stopping_one_turns_red(store: &StoreFixture) {
    let house = House::open(store).await;
    for path in ["/health", "/health/ready", "/health/live"] {
        let report = house.get(path).send().await.ok(200);
        assert_eq!((&report["status"], &report["version"]), (&json!("ok"), &json!("1.2.3")));
    }
    house.stage.stop();
    for path in ["/health", "/health/ready"] {
        let report = house.get(path).send().await;
        assert_eq!(report.status, 503);
        let report = report.json();
        assert_eq!(report["status"], "unavailable");
        let running = &report["checks"][0];
        assert_eq!((&running["name"], &running["ok"]), (&json!("running"), &json!(false)));
    }
    // The process is still there.
    house.get("/health/live").send().await.ok(200);
}

async fn a_page_learns_what_it_needs_before_anybody_signs_in(store: &StoreFixture) {
    let house = House::open(store).await;
    let mut config = house.get("/api/runtime-config").send().await.ok(200);
    assert!(config["page_hash"].take().is_string());
    let expected = json!({
        "name": "Galaxy", "version": "1.2.3", "set_up": true, "environment": "development",
        "auth": { "password": true, "proxy": false, "test_mode": false },
        "features": {
            "websocket": true, "personal_tool_servers": true, "tool_programs": "off",
        },
        "limits": { "message_chars": 2_000, "image_bytes": 1_000, "max_active_runs": 64 },
        "page_hash": null
    });
    assert_eq!(config, expected);
}

#[tokio::test]
async fn metrics_are_for_scrapers_on_this_machine_and_behind_trusted_proxies() {
    let store = sqlite().await;
    let mut plan = Plan::default();
    plan.api.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let house = House::with(&store, plan).await;
    let metrics = |from: &str| house.get("/metrics").from(from);
    for near in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"] {
        let reply = metrics(near).send().await;
        assert_eq!((reply.status, reply.text().as_str()), (200, "galaxy_up 1\n"), "{near}");
    }
    for far in ["192.0.2.1", "2001:db8::1", "0.0.0.0"] {
        metrics(far).send().await.refused(404, "not_found");
    }
    let spoofed = metrics("192.0.2.1").header("x-forwarded-for", "127.0.0.1");
    spoofed.send().await.refused(404, "not_found");
    // What a proxy passes on comes from somewhere else.
    for proxy in ["127.0.0.1", "10.1.2.3"] {
        for header in ["x-forwarded-for", "forwarded"] {
            let passed_on = metrics(proxy).header(header, "for=192.0.2.1");
            passed_on.send().await.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn the_page_is_shown_to_people_and_not_to_programs() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    for path in ["/", "/chat/7", "/settings"] {
        let reply = house.get(path).header("accept", "text/html").send().await;
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.header("content-type").unwrap().starts_with("text/html"));
    }
    house.get("/chat/7").header("accept", "*/*").send().await.refused(404, "not_found");
    house.post("/chat/7").header("accept", "text/html").send().await.refused(404, "not_found");
    for path in ["/../Cargo.toml", "/..%2f..%2fCargo.toml", "/%2e%2e/Cargo.toml", "//etc/passwd"] {
        house.get(path).send().await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn the_documentation_may_style_itself_and_nothing_else() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let reply = house.get("/api/docs/").send().await;
    assert_eq!(reply.status, 200);
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("style-src 'self' 'unsafe-inline'"));
    house.get("/api/docs/nothing.js").send().await.refused(404, "not_found");
    house.get("/api/docs/..%2f..%2findex.html").send().await.refused(404, "not_found");
    let page = house.get("/").header("accept", "text/html").send().await;
    assert!(!page.header("content-security-policy").unwrap().contains("unsafe"));
}

#[tokio::test]
async fn nothing_that_belongs_to_somebody_is_kept_by_caches() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    for path in ["/api/tasks", "/api/auth/me", "/api/conversations", "/api/nothing"] {
        let reply = house.get(path).by(&bo).send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
    }
    let packed = house.get("/api/openapi.json").header("accept-encoding", "gzip").send().await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let live = format!("/api/live?topic=user:{}", bo.id);
    let live = house.get(&live).by(&bo).header("accept-encoding", "gzip").send().await;
    assert_eq!(live.header("content-encoding"), None, "a packed stream would be held back");
    assert_eq!(live.header("x-accel-buffering"), Some("no"));
    let value: Value = house.get("/health").send().await.json();
    assert_eq!(value["status"], "ok");
}
