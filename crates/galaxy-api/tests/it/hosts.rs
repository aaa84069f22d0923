//! By which names the server may be called.

use galaxy_testkit::store::sqlite;

use crate::house::{House, Plan};

#[tokio::test]
async fn a_name_that_only_points_here_is_refused() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    for host in ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:1"] {
        house.get("/api/runtime-config").host(host).send().await.ok(200);
    }
    let strange = ["evil.example", "localhost.evil.example", "192.168.0.7", "evil.example:80", ""];
    for host in strange {
        for path in ["/api/runtime-config", "/api/tasks", "/", "/ws", "/metrics"] {
            house.get(path).host(host).send().await.refused(421, "unknown_host");
        }
    }
    house.get("/api/runtime-config").without("host").send().await.refused(421, "unknown_host");
}

#[tokio::test]
async fn whoever_watches_the_servers_health_needs_no_name() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    for path in ["/health", "/health/live", "/health/ready"] {
        house.get(path).host("10.1.2.3").send().await.ok(200);
    }
}

#[tokio::test]
async fn names_can_be_given_with_all_below_them() {
    let store = sqlite().await;
    let mut plan = Plan::default();
    plan.api.hosts = vec![".example.org".to_owned()];
    let house = House::with(&store, plan).await;
    house.get("/api/runtime-config").host("chat.example.org").send().await.ok(200);
    for host in ["example.org.evil.example", "evilexample.org", "localhost"] {
        house.get("/api/runtime-config").host(host).send().await.refused(421, "unknown_host");
    }
}

/// HTTP/2 names the server in the target of the request and has no `Host` (RFC 9113, 8.3.1).
#[tokio::test]
async fn the_name_in_the_target_counts_where_there_is_no_host() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let task = serde_json::json!({ "title": "Sweep" });
    let to = |target: &str| house.post(target).without("host").by(&bo).json(&task);
    to("http://localhost/api/tasks").send().await.ok(201);
    to("http://evil.example/api/tasks").send().await.refused(421, "unknown_host");
    let foreign = to("http://localhost/api/tasks").without("origin");
    foreign.header("origin", "http://evil.example").send().await.refused(403, "cross_site");
}
