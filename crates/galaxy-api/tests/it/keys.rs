//! Keys for programs.

use std::time::Duration;

use galaxy_testkit::store::StoreFixture;
use serde_json::json;

use crate::{
    house::House,
    talk::{items, text},
};

galaxy_testkit::on_both_engines! {
    a_key_is_shown_once_and_works_until_it_is_deleted,
    a_key_is_good_for_its_scopes_only,
    a_key_ends_when_it_was_said_to,
    a_key_makes_no_other_key_and_decides_nothing,
    what_makes_no_sense_about_a_key_is_refused,
}

async fn a_key_is_shown_once_and_works_until_it_is_deleted(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let wanted = json!({ "name": "Script", "scopes": ["read", "tasks"], "expires_in_days": null });
    let made = house.post("/api/auth/keys").by(&bo).json(&wanted).send().await.ok(201);
    let key = text(&made["key"]);
    assert!(key.starts_with(&text(&made["prefix"])));
    let listed = house.get("/api/auth/keys").by(&bo).send().await;
    assert!(!listed.text().contains(&key));
    assert_eq!(items(&listed.ok(200))[0]["name"], "Script");
    let me = house.get("/api/auth/me").bearer(&key).send().await.ok(200);
    assert_eq!((&me["credential"], &me["scopes"]), (&json!("api_key"), &json!(["read", "tasks"])));
    // No origin and no cookie: programs have neither.
    let task = json!({ "title": "Sweep" });
    house.post("/api/tasks").bearer(&key).json(&task).send().await.ok(201);
    let path = format!("/api/auth/keys/{}", text(&made["id"]));
    house.delete(&path).by(&bo).send().await.ok(204);
    house.get("/api/auth/me").bearer(&key).send().await.refused(401, "unauthenticated");
    house.delete(&path).by(&bo).send().await.refused(404, "not_found");
}

async fn a_key_is_good_for_its_scopes_only(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let reads = json!({ "name": "Reader", "scopes": ["read"] });
    let made = house.post("/api/auth/keys").by(&bo).json(&reads).send().await.ok(201);
    let key = text(&made["key"]);
    let chat = house.chat(&bo, "Hello?").await;
    for path in ["/api/conversations", "/api/tasks", "/api/runs"] {
        house.get(path).bearer(&key).send().await.ok(200);
    }
    let messages = format!("/api/conversations/{}/messages", chat.conversation);
    let attempts = [
        (messages.as_str(), json!({ "text": "Hi." })),
        ("/api/tasks", json!({ "title": "Sweep" })),
        ("/api/conversations", json!({})),
        ("/api/chat", json!({ "message": "Hi." })),
        ("/api/models/check", json!({})),
    ];
    for (path, body) in attempts {
        let reply = house.post(path).bearer(&key).json(&body).send().await;
        reply.refused(403, "forbidden");
    }
}

async fn a_key_ends_when_it_was_said_to(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let wanted = json!({ "name": "Script", "scopes": ["read"], "expires_in_days": 1 });
    let made = house.post("/api/auth/keys").by(&bo).json(&wanted).send().await.ok(201);
    assert_eq!(made["expires_at"], "2026-01-02T00:00:00.000Z");
    store.clock.advance(Duration::from_secs(86_400));
    let key = text(&made["key"]);
    house.get("/api/auth/me").bearer(&key).send().await.refused(401, "unauthenticated");
}

async fn a_key_makes_no_other_key_and_decides_nothing(store: &StoreFixture) {
    let house = House::open(store).await;
    let admin = house.admin().await;
    let all = json!({ "name": "All", "scopes": ["read", "chat", "tasks", "admin"] });
    let made = house.post("/api/auth/keys").by(&admin).json(&all).send().await.ok(201);
    let key = text(&made["key"]);
    house.get("/api/people").bearer(&key).send().await.ok(200);
    house.post("/api/auth/keys").bearer(&key).json(&all).send().await.refused(403, "forbidden");
    house.get("/api/auth/sessions").bearer(&key).send().await.refused(403, "forbidden");
    let rule = json!({ "verdict": "allow" });
    let reply = house.put("/api/tools/math/rule").bearer(&key).json(&rule).send().await;
    reply.refused(403, "forbidden");
}

async fn what_makes_no_sense_about_a_key_is_refused(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let wrong = [
        (json!({ "name": "", "scopes": ["read"] }), "/name"),
        (json!({ "name": "K", "scopes": [] }), "/scopes"),
        (json!({ "name": "K", "scopes": ["admin"] }), "/scopes"),
        (json!({ "name": "K", "scopes": ["read"], "expires_in_days": 0 }), "/expires_in_days"),
        (json!({ "name": "K", "scopes": ["read"], "expires_in_days": 9_999 }), "/expires_in_days"),
    ];
    for (body, pointer) in wrong {
        let reply = house.post("/api/auth/keys").by(&bo).json(&body).send().await;
        let problem = reply.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let unknown = json!({ "name": "K", "scopes": ["everything"] });
    house.post("/api/auth/keys").by(&bo).json(&unknown).send().await.refused(422, "invalid");
}
