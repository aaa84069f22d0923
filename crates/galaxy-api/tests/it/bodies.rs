//! Requests that cannot be read, and addresses that lead nowhere.

use galaxy_testkit::store::{StoreFixture, sqlite};
use serde_json::json;

use crate::{
    house::{House, Plan},
    talk::{chat_path, text},
};

galaxy_testkit::on_both_engines! { nul_is_nowhere_accepted_and_breaks_nothing }

#[tokio::test]
async fn every_way_to_send_something_wrong_has_its_own_answer() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let json = "application/json";
    let big = format!("{{\"title\":\"{}\"}}", "x".repeat(1 << 20));
    let deep = format!("{{\"title\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let cases: [(&str, &[u8], u16, &str); 17] = [
        (json, b"", 400, "bad_json"),
        (json, b"{", 400, "bad_json"),
        (json, b"{\"title\":\"Sweep\"} {}", 400, "bad_json"),
        (json, b"{\"title\":\"\xff\"}", 400, "bad_json"),
        (json, b"{\"title\":\"\0\"}", 400, "bad_json"),
        (json, deep.as_bytes(), 400, "bad_json"),
        (json, b"{\"title\":\"Sweep\",\"title\":\"Mop\"}", 422, "invalid"),
        (json, b"{\"title\":1}", 422, "invalid"),
        (json, b"{\"title\":\"Sweep\",\"colour\":\"red\"}", 422, "invalid"),
        (json, b"{\"title\":\"a\\u0000b\"}", 422, "invalid"),
        (json, b"null", 422, "invalid"),
        (json, big.as_bytes(), 413, "too_large"),
        ("text/plain", b"{\"title\":\"Sweep\"}", 415, "not_json"),
        ("application/jsonp", b"{\"title\":\"Sweep\"}", 415, "not_json"),
        ("application/xml", b"<title/>", 415, "not_json"),
        ("", b"{\"title\":\"Sweep\"}", 415, "not_json"),
        (json, b"{\"title\":\"\\ud800\"}", 400, "bad_json"),
    ];
    for (media_type, body, status, code) in cases {
        let call = house.post("/api/tasks").by(&bo).body(media_type, body.to_vec());
        let reply = call.send().await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]);
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (status, &json!(code)),
            "{shown}: {}",
            reply.text()
        );
    }
    let task = json!({ "title": "Sweep" }).to_string();
    for media_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let call = house.post("/api/tasks").by(&bo).body(media_type, task.clone());
        call.send().await.ok(201);
    }
}

#[tokio::test]
async fn a_problem_stays_readable_when_it_is_long_and_could_be_packed() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let body = json!({ "x".repeat(100_000): 1 });
    let call = house.post("/api/tasks").by(&bo).header("accept-encoding", "gzip").json(&body);
    // That it is short and not packed is checked for every problem.
    let problem = call.send().await.refused(422, "invalid");
    assert!(text(&problem["detail"]).contains("unknown field"));
    let many: Vec<String> = vec!["x".repeat(99); 20];
    let body = json!({ "title": "x".repeat(300), "tools": many, "model": "m".repeat(500) });
    let call = house.post("/api/conversations").by(&bo).header("accept-encoding", "gzip");
    call.json(&body).send().await.refused(422, "invalid");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_so_in_json() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let nowhere = [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/tasks/",
        "/api//tasks",
        "/v1/models",
        "/ws/x",
        "/health/x",
        "/api/%ff",
        "/api/..%2fhealth",
    ];
    for path in nowhere {
        for method in ["GET", "POST", "DELETE"] {
            let reply = house.call(method, path).by(&bo).header("accept", "text/html").send().await;
            reply.refused(404, "not_found");
        }
    }
    for id in ["1", "nonsense", "..", "%00", "00000000-0000-0000-0000-00000000000", "%F0%9F%98%80"]
    {
        for path in ["/api/tasks", "/api/conversations", "/api/runs"] {
            let reply = house.get(&format!("{path}/{id}")).by(&bo).send().await;
            reply.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn another_method_is_refused_and_the_right_ones_are_named() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let cases = [
        ("DELETE", "/api/tasks", "GET"),
        ("PUT", "/api/conversations", "POST"),
        ("POST", "/api/runtime-config", "GET"),
        ("GET", "/api/auth/sign-in", "POST"),
        ("POST", "/ws", "GET"),
        ("TRACE", "/api/tasks", "GET"),
        ("NONSENSE", "/api/tasks", "GET"),
    ];
    for (method, path, allowed) in cases {
        let reply = house.call(method, path).by(&bo).send().await;
        reply.refused(405, "method_not_allowed");
        let named = reply.header("allow").unwrap_or_default();
        assert!(named.contains(allowed), "{method} {path}: {named}");
    }
}

#[tokio::test]
async fn what_is_too_big_is_too_big_everywhere() {
    let store = sqlite().await;
    let mut plan = Plan::default();
    plan.api.body_bytes = 3 << 20;
    let house = House::with(&store, plan).await;
    let bo = house.member("bo@example.org").await;
    let made = house.post("/api/tasks").by(&bo).json(&json!({ "title": "Sweep" })).send().await;
    let task = text(&made.ok(201)["id"]);
    let messages = chat_path(&house.conversation(&bo).await, "/messages");
    let body = |bytes: usize| json!({ "text": "x".repeat(bytes) });
    let paths = [
        ("POST", "/api/tasks", 1 << 20),
        ("POST", "/api/chat", 1 << 20),
        ("POST", "/api/auth/sign-in", 1 << 20),
        ("PATCH", &format!("/api/tasks/{task}/complete"), 1 << 20),
        // Images come along.
        ("POST", messages.as_str(), 3 << 20),
    ];
    for (method, path, most) in paths {
        let reply = house.call(method, path).by(&bo).json(&body(most)).send().await;
        reply.refused(413, "too_large");
        let fitting = house.call(method, path).by(&bo).json(&body(most - 100)).send().await;
        fitting.refused(422, "invalid");
    }
}

async fn nul_is_nowhere_accepted_and_breaks_nothing(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let made = house.post("/api/tasks").by(&bo).json(&json!({ "title": "Sweep" })).send().await;
    let task = text(&made.ok(201)["id"]);
    let nul = json!({ "title": "a\0b" });
    house
        .put(&format!("/api/tasks/{task}"))
        .by(&bo)
        .json(&nul)
        .send()
        .await
        .refused(422, "invalid");
    let nul = json!({ "message": "a\0b" });
    house.post("/api/chat").by(&bo).json(&nul).send().await.refused(422, "invalid");
    let nul = json!({ "email": "a\0@b", "password": "c" });
    house.post("/api/auth/sign-in").json(&nul).send().await.refused(422, "invalid");
    for path in [
        "/api/tasks?q=%00",
        "/api/tasks?tag=%00",
        "/api/tasks?cursor=%00",
        "/api/conversations?cursor=%00",
        "/api/conversations/search?q=a%00b",
        "/api/models/remote?provider=%00",
    ] {
        house.get(path).by(&bo).send().await.refused(400, "invalid");
    }
    house.get("/api/tasks?q=%2500").by(&bo).send().await.ok(200);
    let rule = json!({ "verdict": "ask" });
    let odd = house.put("/api/tools/%00/rule").by(&bo).json(&rule).send().await;
    odd.refused(404, "not_found");
}
