//! Signing in at tool servers.

mod real;

use galaxy_testkit::{FakeToolServer, store::StoreFixture};
use galaxy_tool::server::SignInError;
use serde_json::{Value, json};

use crate::{
    audit::{fact, records, told},
    house::{House, Person},
    talk::text,
};

galaxy_testkit::on_both_engines! {
    a_server_is_connected_to_and_left,
    only_who_began_comes_back,
    whoever_signs_in_is_written_down_and_nothing_that_opens_anything,
    the_page_that_people_come_back_to_shows_nothing_of_its_address,
}

/// A server of `by` that wants a sign-in; gives its path.
async fn guarded(house: &House<'_>, by: &Person) -> String {
    let server = FakeToolServer::new(FakeToolServer::spec("far"), |_, _| async {
        Ok(json!({ "content": [] }))
    });
    server.offer(vec![json!({ "name": "look", "description": "Looks.", "inputSchema": {} })]);
    house.servers.add_guarded(server, &house.issuer);
    let link = json!({ "kind": "http", "url": "https://far.example/mcp" });
    let wanted = json!({ "name": "far", "link": link });
    let made = house.post("/api/tool-servers").by(by).json(&wanted).send().await.ok(201);
    assert_eq!(made["server"]["auth"], json!({ "state": "needed", "reason": null }));
    format!("/api/tool-servers/{}", text(&made["server"]["id"]))
}

/// What somebody who says yes comes back with.
async fn approved(house: &House<'_>, by: &Person, path: &str) -> Value {
    let begun = house.post(&format!("{path}/connect")).by(by).send().await.ok(200);
    assert_eq!(begun["host"], "issuer.example");
    json!({ "query": house.issuer.approve(&text(&begun["url"]).parse().unwrap()) })
}

async fn a_server_is_connected_to_and_left(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let path = guarded(&house, &bo).await;
    let back = approved(&house, &bo, &path).await;
    let done = house.post("/api/oauth/callback").by(&bo).json(&back).send().await.ok(200);
    assert!(path.ends_with(&text(&done["server"])) && done["title"] == "far", "{done}");

    let client = json!({
        "issuer": "https://issuer.example", "client_id": "us", "client_secret": "canary-secret"
    });
    let replies = [
        house.put(&format!("{path}/client")).by(&bo).json(&client).send().await,
        house.get(&path).by(&bo).send().await,
        house.get("/api/tool-servers").by(&bo).send().await,
        house.get(&format!("{path}/log")).by(&bo).send().await,
    ];
    for reply in &replies {
        assert!(!reply.text().contains("canary"), "{}", reply.text());
    }
    let [entered, detail, ..] = replies.map(|it| it.ok(200));
    let shown = json!({ "issuer": "https://issuer.example", "client_id": "us", "inside": false });
    assert_eq!(entered["client"], shown);
    let auth = &detail["server"]["auth"];
    assert_eq!((&auth["state"], &auth["scopes"]), (&json!("connected"), &json!(["read"])));
    assert!(auth["expires_at"].is_string() && detail["server"]["offered"] == 1, "{detail}");

    let left = house.delete(&format!("{path}/connect")).by(&bo).send().await.ok(200);
    assert_eq!(left["server"]["auth"]["state"], "needed");
    let wrong = json!({ "issuer": "ftp://x", "client_id": "" });
    let wrong = house.put(&format!("{path}/client")).by(&bo).json(&wrong).send().await;
    let problem = wrong.refused(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/issuer");
    let forgotten = house.delete(&format!("{path}/client")).by(&bo).send().await.ok(200);
    assert!(forgotten["client"].is_null());
}

async fn only_who_began_comes_back(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let path = guarded(&house, &bo).await;
    house.post(&format!("{path}/connect")).by(&cy).send().await.refused(404, "not_found");
    let back = approved(&house, &bo, &path).await;
    let come = |who: &Person| house.post("/api/oauth/callback").by(who).json(&back).send();
    come(&cy).await.refused(409, "conflict");
    come(&bo).await.ok(200);
    come(&bo).await.refused(409, "conflict");
    // Another site's page has no say, whoever's browser shows it.
    let foreign = house.post("/api/oauth/callback").cookie(&bo.secret).json(&back);
    foreign.header("origin", "https://evil.example").send().await.refused(403, "cross_site");
}

async fn whoever_signs_in_is_written_down_and_nothing_that_opens_anything(store: &StoreFixture) {
    let house = House::open(store).await;
    let (admin, bo) = (house.admin().await, house.member("bo@example.org").await);
    let path = guarded(&house, &bo).await;
    house.issuer.refuse(SignInError::WrongResource("canary-resource".to_owned()));
    house.post(&format!("{path}/connect")).by(&bo).send().await.refused(409, "conflict");
    let mut lie = approved(&house, &bo, &path).await;
    lie["query"] = text(&lie["query"]).replace("issuer.example", "canary.example").into();
    house.post("/api/oauth/callback").by(&bo).json(&lie).send().await.refused(409, "conflict");
    let back = approved(&house, &bo, &path).await;
    house.post("/api/oauth/callback").by(&bo).json(&back).send().await.ok(200);
    for _ in 0..2 {
        house.delete(&format!("{path}/connect")).by(&bo).send().await.ok(200);
    }

    let found = records(&house, &admin, &format!("?person={}&limit=100", bo.id)).await;
    let there = |it: &&Value| text(&it["act"]).starts_with("tool_server.");
    let found: Vec<Value> = found.iter().filter(there).cloned().collect();
    for record in &found {
        assert_eq!(
            (&record["actor"]["way"], &record["subject"]["kind"]),
            (&json!("session"), &json!("tool_server"))
        );
        assert_eq!(record["actor"]["credential"], bo.session.to_string());
        assert!(path.ends_with(&text(&record["subject"]["id"])), "{record}");
    }
    let reason = |it: &Value| fact(it, "reason").unwrap_or_default();
    let acts = told(&found).into_iter().zip(found.iter().map(reason));
    let mut acts: Vec<String> = acts.map(|(act, why)| format!("{act} {why}")).collect();
    // At the same moment, and on PostgreSQL in several chains.
    acts.sort_unstable();
    let expected = [
        "tool_server.added done ",
        "tool_server.connected done ",
        "tool_server.connected failed wrong_issuer",
        "tool_server.connected failed wrong_resource",
        "tool_server.disconnected done ",
        "tool_server.tools done ",
    ];
    assert_eq!(acts, expected, "what was given back already is not given back again");
    let all = json!(records(&house, &admin, "?limit=100").await).to_string();
    assert!(!all.contains("canary"), "{all}");
}

async fn the_page_that_people_come_back_to_shows_nothing_of_its_address(store: &StoreFixture) {
    let house = House::open(store).await;
    let query = "?code=canary&state=canary&error_description=%3Cscript%3Ecanary";
    let page = house.get(&format!("/api/oauth/callback{query}")).send().await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("callback.js") && !page.text().contains("canary"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("require-trusted-types-for 'script'"), "{policy}");
    assert!(policy.contains("form-action 'none'") && policy.contains("trusted-types 'none'"));
    assert!(policy.contains("style-src 'self'; ") && policy.contains("font-src 'self'; "));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    // It is the product's: its name, its colours.
    assert!(page.text().contains("<title>Signing in · Galaxy</title>"), "{}", page.text());
    let style = house.get("/api/oauth/callback.css").send().await;
    assert!(style.text().contains("[data-theme='light']") && style.text().contains("--plate-0:"));
    let document = house.get("/oauth/client.json").send().await.ok(200);
    assert_eq!(document["client_id"], "https://galaxy.example/oauth/client.json");
    assert_eq!(document["redirect_uris"], json!(["https://galaxy.example/api/oauth/callback"]));
}
