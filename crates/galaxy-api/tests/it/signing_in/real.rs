//! The whole way through the adapter that is shipped, against a server and an issuer that speak
//! the protocol.

use std::{path::PathBuf, sync::Arc};

use axum::http::StatusCode;
use galaxy_base::{Clock, Tasks};
use galaxy_mcp_client::{Keeper, McpServers, OAuth};
use galaxy_net::{Client, Config};
use galaxy_testkit::{Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    house::{House, Person, Plan},
    issuer::{Issuer, Mood},
    talk::text,
};

galaxy_testkit::on_both_engines! {
    from_an_address_to_an_answer_and_again_after_the_token_was_revoked,
    every_lie_ends_in_a_clear_state,
}

/// Something that a server or an issuer says and is not so.
type Lie = fn(&Issuer);

/// A house with the real way outside.
async fn house(store: &StoreFixture) -> House<'_> {
    // Another test of this process may have been faster.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let net = Client::new(Config::default()).unwrap();
    let keeper = Keeper { program: PathBuf::from("/nonexistent"), arguments: Vec::new() };
    let servers = McpServers::new(net.clone(), keeper, Tasks::default(), Clock::System);
    let sign_in = OAuth::new(net, store.clock.clone());
    let real = Some((Arc::new(servers) as _, Arc::new(sign_in) as _));
    House::with(store, Plan { real, ..Plan::default() }).await
}

/// An administrator's server, which is on this machine; gives its path.
async fn add(house: &House<'_>, by: &Person, world: &Issuer) -> String {
    let link = json!({ "kind": "http", "url": world.mcp(), "inside": true });
    let wanted = json!({ "name": "far", "link": link });
    let made = house.post("/api/tool-servers").by(by).json(&wanted).send().await.ok(201);
    assert_eq!(made["server"]["auth"]["state"], "needed", "{made}");
    assert_eq!(made["server"]["health"]["state"], "needs_sign_in", "{made}");
    format!("/api/tool-servers/{}", text(&made["server"]["id"]))
}

async fn connect(house: &House<'_>, by: &Person, path: &str) -> url::Url {
    let begun = house.post(&format!("{path}/connect")).by(by).send().await.ok(200);
    text(&begun["url"]).parse().unwrap()
}

async fn come_back(house: &House<'_>, by: &Person, query: &str) -> crate::call::Reply {
    house.post("/api/oauth/callback").by(by).json(&json!({ "query": query })).send().await
}

async fn auth(house: &House<'_>, by: &Person, path: &str) -> Value {
    house.get(path).by(by).send().await.ok(200)["server"]["auth"].clone()
}

async fn from_an_address_to_an_answer_and_again_after_the_token_was_revoked(store: &StoreFixture) {
    let (house, world) = (house(store).await, Issuer::start().await);
    let ana = house.admin().await;
    let path = add(&house, &ana, &world).await;
    let url = connect(&house, &ana, &path).await;
    come_back(&house, &ana, &world.approve(&url)).await.ok(200);
    let detail = house.get(&path).by(&ana).send().await.ok(200);
    assert_eq!(detail["server"]["auth"]["state"], "connected", "{detail}");
    assert_eq!(detail["server"]["auth"]["issuer"], world.at.as_str());
    assert!(detail["tools"].as_array().is_some_and(|it| !it.is_empty()), "{detail}");
    assert_eq!(detail["tools"][0]["standing"], "approved");

    let rule = house.put("/api/tools/far__echo/rule").by(&ana);
    rule.json(&json!({ "verdict": "allow" })).send().await.ok(204);
    let call = || house.script(Script::calls(&unique(), "far__echo", json!({})));
    call();
    let chat = house.chat(&ana, "Say it.").await;
    let run = house.get(&chat.run_path("")).by(&ana).send().await.ok(200);
    assert_eq!(run["state"], "finished", "{run}");
    assert_eq!(world.know().shown.last().unwrap().as_deref(), Some("Bearer canary-access-1"));

    // The token is revoked, and cannot be renewed.
    world.know().good.clear();
    world.know().mood = Mood::Refuses(StatusCode::BAD_REQUEST, "invalid_grant");
    call();
    let waits = house.say(&ana, &chat.conversation, "Once more.").await;
    house.rest(&ana, &waits.run).await;
    let run = house.get(&waits.run_path("")).by(&ana).send().await.ok(200);
    assert_eq!(run["state"], "parked", "{run}");
    let log = house.get(&waits.run_path("/events")).by(&ana).send().await;
    assert!(!log.text().contains("canary"), "{}", log.text());
    assert_eq!(auth(&house, &ana, &path).await["state"], "needed");

    world.know().mood = Mood::Good;
    let url = connect(&house, &ana, &path).await;
    come_back(&house, &ana, &world.approve(&url)).await.ok(200);
    house.rest(&ana, &waits.run).await;
    let run = house.get(&waits.run_path("")).by(&ana).send().await.ok(200);
    assert_eq!(run["state"], "finished", "{run}");
    assert_eq!(world.know().registrations.len(), 1, "the client was kept");
    let exported = house.get(&path).by(&ana).send().await.text();
    assert!(!exported.contains("canary"), "{exported}");
    let kept = store.sealed_values().await.unwrap();
    assert_eq!(kept.len(), 2);
    for value in kept {
        let is_there = value.bytes.windows(6).any(|it| it == b"canary");
        assert!(!is_there, "{} is not sealed", value.column);
    }
}

async fn every_lie_ends_in_a_clear_state(store: &StoreFixture) {
    let house = house(store).await;
    let ana = house.admin().await;
    let lies: [(Lie, &str); 3] = [
        (|it| it.know().metadata["issuer"] = json!("https://evil.example"), "answers for"),
        (|it| it.know().resource["resource"] = json!("https://evil.example/mcp"), "another one"),
        (|it| it.know().registered = Value::Null, "does not register applications"),
    ];
    for (lie, told) in lies {
        let world = Issuer::start().await;
        lie(&world);
        let path = add(&house, &ana, &world).await;
        house.post(&format!("{path}/connect")).by(&ana).send().await.refused(409, "conflict");
        let auth = auth(&house, &ana, &path).await;
        assert_eq!(auth["state"], "refused", "{auth}");
        assert!(text(&auth["reason"]).contains(told), "{auth}");
        house.delete(&path).by(&ana).send().await.ok(204);
    }
    let world = Issuer::start().await;
    let path = add(&house, &ana, &world).await;
    let url = connect(&house, &ana, &path).await;
    let iss = url::form_urlencoded::byte_serialize(world.at.as_bytes()).collect::<String>();
    let query = world.approve(&url).replace(&iss, "https%3A%2F%2Fevil.example");
    come_back(&house, &ana, &query).await.refused(409, "conflict");
    let auth = auth(&house, &ana, &path).await;
    assert!(text(&auth["reason"]).contains("answers for"), "{auth}");
}

/// A name for a call: those of one run differ.
fn unique() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
