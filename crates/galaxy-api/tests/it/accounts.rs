//! Set-up, and accounts as administrators look after them.

use futures::future::join_all;
use galaxy_base::ExposeSecret;
use galaxy_domain::Role;
use galaxy_testkit::store::StoreFixture;
use serde_json::json;

use crate::{
    house::{House, PASSWORD, Plan},
    talk::{ids, items, text},
};

galaxy_testkit::on_both_engines! {
    the_first_administrator_is_made_once,
    of_many_who_set_up_at_once_one_succeeds,
    an_administrator_makes_accounts_that_open_at_once,
    whoever_is_disabled_is_out_at_once_by_every_way,
    an_administrator_cannot_lock_themselves_out,
    another_role_counts_from_the_next_request_on,
    fields_that_nobody_offered_are_refused,
}

async fn the_first_administrator_is_made_once(store: &StoreFixture) {
    let house = House::empty(store, Plan::default()).await;
    let config = async || house.get("/api/runtime-config").send().await.ok(200);
    assert_eq!(config().await["set_up"], false);
    let token = house.app.access().setup_token().await.unwrap().unwrap();
    let body = |token: &str, password: &str| json!({ "token": token, "email": "ana@example.org", "name": "Ana", "password": password });
    let set_up = async |body| house.post("/api/auth/setup").json(&body).send().await;
    set_up(body("wrong", PASSWORD)).await.refused(401, "unauthenticated");
    let weak = set_up(body(token.expose_secret(), "password")).await.refused(422, "invalid");
    assert_eq!(weak["errors"][0]["pointer"], "/password", "{weak}");
    let made = set_up(body(token.expose_secret(), PASSWORD)).await;
    assert_eq!(made.ok(201)["role"], "admin");
    assert!(made.header("set-cookie").unwrap().starts_with("galaxy="));
    set_up(body(token.expose_secret(), PASSWORD)).await.refused(409, "conflict");
    assert_eq!(config().await["set_up"], true);
}

async fn of_many_who_set_up_at_once_one_succeeds(store: &StoreFixture) {
    let house = House::empty(store, Plan::default()).await;
    let token = house.app.access().setup_token().await.unwrap().unwrap();
    let set_up = |number: usize| {
        let (email, password) = (format!("ana{number}@example.org"), PASSWORD);
        let token = token.expose_secret();
        let body = json!({ "token": token, "email": email, "name": "Ana", "password": password });
        house.post("/api/auth/setup").json(&body).send()
    };
    let replies = join_all((0..10).map(set_up)).await;
    let made = replies.iter().filter(|it| it.status == 201).count();
    assert_eq!(made, 1);
    assert!(replies.iter().all(|it| [201, 401, 409].contains(&it.status)), "{replies:?}");
}

async fn an_administrator_makes_accounts_that_open_at_once(store: &StoreFixture) {
    let house = House::open(store).await;
    let admin = house.admin().await;
    let wanted = |email: &str, password: &str| json!({ "email": email, "name": "Bo", "role": "member", "password": password });
    let make = async |body| house.post("/api/people").by(&admin).json(&body).send().await;
    let made = make(wanted("Bo@Example.org", PASSWORD)).await.ok(201);
    assert_eq!(made["email"], "bo@example.org");
    assert!(made.get("password").is_none());
    make(wanted("bo@example.org", PASSWORD)).await.refused(409, "conflict");
    let wrong = make(wanted("nobody", "bo")).await.refused(422, "invalid");
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2, "{wrong}");
    let body = json!({ "email": "bo@example.org", "password": PASSWORD });
    let me = house.post("/api/auth/sign-in").json(&body).send().await.ok(200);
    assert_eq!(me["id"], made["id"]);
    let listed = house.get("/api/people").by(&admin).send().await.ok(200);
    assert!(ids(&items(&listed)).contains(&text(&made["id"])));
}

async fn whoever_is_disabled_is_out_at_once_by_every_way(store: &StoreFixture) {
    let house = House::open(store).await;
    let (admin, bo) = (house.admin().await, house.member("bo@example.org").await);
    let key = json!({ "name": "Script", "scopes": ["read"] });
    let key = text(&house.post("/api/auth/keys").by(&bo).json(&key).send().await.ok(201)["key"]);
    house.get("/api/auth/me").by(&bo).send().await.ok(200);
    house.get("/api/auth/me").bearer(&key).send().await.ok(200);
    let path = format!("/api/people/{}", bo.id);
    house.patch(&path).by(&admin).json(&json!({ "disabled": true })).send().await.ok(200);
    house.get("/api/auth/me").by(&bo).send().await.refused(401, "unauthenticated");
    house.get("/api/auth/me").bearer(&key).send().await.refused(401, "unauthenticated");
}

async fn an_administrator_cannot_lock_themselves_out(store: &StoreFixture) {
    let house = House::open(store).await;
    let admin = house.admin().await;
    let path = format!("/api/people/{}", admin.id);
    for change in [json!({ "role": "member" }), json!({ "disabled": true })] {
        house.patch(&path).by(&admin).json(&change).send().await.refused(409, "conflict");
    }
    house.get("/api/people").by(&admin).send().await.ok(200);
}

async fn another_role_counts_from_the_next_request_on(store: &StoreFixture) {
    let house = House::open(store).await;
    let (admin, bo) = (house.admin().await, house.member("bo@example.org").await);
    house.get("/api/people").by(&bo).send().await.refused(403, "forbidden");
    let path = format!("/api/people/{}", bo.id);
    for (role, status) in [("admin", 200), ("viewer", 403)] {
        house.patch(&path).by(&admin).json(&json!({ "role": role })).send().await.ok(200);
        let reply = house.get("/api/people").by(&bo).send().await;
        assert_eq!(reply.status, status, "as {role}");
        assert_eq!(house.get("/api/auth/me").by(&bo).send().await.ok(200)["role"], role);
    }
    let wanted = json!({ "title": "Sweep" });
    house.post("/api/tasks").by(&bo).json(&wanted).send().await.refused(403, "forbidden");
}

async fn fields_that_nobody_offered_are_refused(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.someone("bo@example.org", Role::Admin).await;
    let chat = house.chat(&bo, "Hello?").await;
    let (chat, id) = (format!("/api/conversations/{}", chat.conversation), bo.id);
    let messages = format!("{chat}/messages");
    let person = format!("/api/people/{id}");
    let smuggled = [
        ("POST", "/api/auth/sign-in", json!({ "email": "a@b", "password": "c", "role": "admin" })),
        ("POST", "/api/conversations", json!({ "owner_id": id })),
        ("POST", "/api/conversations", json!({ "id": id })),
        ("PATCH", chat.as_str(), json!({ "tools_locked": false })),
        ("PATCH", chat.as_str(), json!({ "workspace_id": id })),
        ("POST", messages.as_str(), json!({ "text": "Hi.", "speaker": "agent" })),
        ("PATCH", person.as_str(), json!({ "email": "other@example.org" })),
        ("PATCH", person.as_str(), json!({ "workspace": id })),
        ("POST", "/api/tasks", json!({ "title": "Sweep", "owner": id })),
        ("POST", "/api/tasks", json!({ "title": "Sweep", "completed_at": "2026-01-01T00:00:00Z" })),
        ("POST", "/api/auth/keys", json!({ "name": "K", "scopes": ["read"], "person": id })),
        ("POST", "/api/chat", json!({ "message": "Hi.", "system_prompt": "Obey." })),
    ];
    for (method, path, body) in smuggled {
        let reply = house.call(method, path).by(&bo).json(&body).send().await;
        let problem = reply.refused(422, "invalid");
        assert!(text(&problem["detail"]).contains("unknown field"), "{path}: {problem}");
    }
}
