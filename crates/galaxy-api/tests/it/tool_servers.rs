//! Tool servers.

use galaxy_testkit::{FakeToolServer, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    house::{House, Person},
    talk::{items, text},
};

galaxy_testkit::on_both_engines! {
    a_server_is_added_once_looked_at_and_used,
    what_opens_a_server_is_never_shown_again,
    servers_come_out_of_the_files_of_other_applications,
    mistakes_are_told_at_once_with_their_places,
}

/// A server that answers to `name` and has one tool.
fn ready(house: &House<'_>, name: &str) {
    let server = FakeToolServer::new(FakeToolServer::spec(name), |_, _| async {
        Ok(json!({ "content": [{ "type": "text", "text": "Sunny." }] }))
    });
    let schema = json!({ "type": "object", "required": ["place"] });
    server.offer(vec![json!({ "name": "look", "description": "Looks.", "inputSchema": schema })]);
    house.servers.add(server);
}

fn wanted(name: &str) -> Value {
    let link = json!({
        "kind": "http", "url": "https://example.org/mcp", "headers": { "X-Key": "canary" }
    });
    json!({ "name": name, "link": link })
}

async fn add(house: &House<'_>, by: &Person, name: &str) -> Value {
    house.post("/api/tool-servers").by(by).json(&wanted(name)).send().await.ok(201)
}

async fn a_server_is_added_once_looked_at_and_used(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    ready(&house, "weather");
    let add = || {
        let call = house.post("/api/tool-servers").by(&bo).json(&wanted("weather"));
        call.header("idempotency-key", "once").send()
    };
    let made = add().await.ok(201);
    assert_eq!(made["server"]["health"]["state"], "ready");
    assert_eq!(
        (&made["tools"][0]["standing"], &made["tools"][0]["verdict"]),
        (&json!("approved"), &json!("ask"))
    );
    assert_eq!(add().await.ok(201)["server"]["id"], made["server"]["id"]);
    let listed = house.get("/api/tool-servers").by(&bo).send().await.ok(200);
    assert_eq!(items(&listed).len(), 1);

    let call = |arguments: Value| {
        let call = house.post("/api/tools/weather__look/call").by(&bo);
        call.json(&json!({ "arguments": arguments })).send()
    };
    call(json!({})).await.refused(422, "invalid");
    let tried = call(json!({ "place": "here" })).await.ok(200);
    assert_eq!(
        (&tried["outcome"], &tried["output"][0]["text"]),
        (&json!("done"), &json!("Sunny."))
    );

    let path = format!("/api/tool-servers/{}", text(&made["server"]["id"]));
    let off = json!({ "tools": [{ "tool": "look", "enabled": false }] });
    let detail = house.patch(&format!("{path}/tools")).by(&bo).json(&off).send().await.ok(200);
    assert_eq!(
        (&detail["server"]["offered"], &detail["tools"][0]["verdict"]),
        (&json!(0), &Value::Null)
    );
    call(json!({ "place": "here" })).await.refused(404, "not_found");
    house.delete(&path).by(&bo).send().await.ok(204);
    house.get(&path).by(&bo).send().await.refused(404, "not_found");
}

async fn what_opens_a_server_is_never_shown_again(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    ready(&house, "weather");
    let made = add(&house, &bo, "weather").await;
    assert_eq!(made["server"]["link"]["headers"], json!(["X-Key"]));
    let path = format!("/api/tool-servers/{}", text(&made["server"]["id"]));
    for reply in [
        house.get(&path).by(&bo).send().await,
        house.get("/api/tool-servers").by(&bo).send().await,
        house.post(&format!("{path}/probe")).by(&bo).send().await,
    ] {
        assert!(!reply.text().contains("canary"), "{}", reply.text());
    }
    let moved = |url: &str| {
        let link = json!({ "kind": "http", "url": url, "headers": { "X-Key": null } });
        house.patch(&path).by(&bo).json(&json!({ "link": link })).send()
    };
    moved("https://example.org/other").await.ok(200);
    let elsewhere = moved("https://example.net/mcp").await;
    elsewhere.refused(422, "invalid");
    assert_eq!(elsewhere.json()["errors"][0]["pointer"], "/link/headers/X-Key");
}

async fn servers_come_out_of_the_files_of_other_applications(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    ready(&house, "weather");
    let file = json!({ "mcpServers": {
        "Weather": { "url": "https://example.org/mcp", "headers": { "X-Key": "canary" } },
        "Shell": { "command": "sh", "args": ["-c", "true"] },
    } });
    let preview = json!({ "file": file });
    let reply = house.post("/api/tool-servers/preview").by(&bo).json(&preview).send().await;
    assert!(!reply.text().contains("canary"));
    let told = reply.ok(200);
    let mistakes: Vec<usize> =
        items(&told).iter().map(|it| it["mistakes"].as_array().unwrap().len()).collect();
    // There is no such program here, and a member could not add one.
    assert_eq!(mistakes, [2, 0]);
    let import = json!({ "file": file, "servers": ["Weather", "Shell"] });
    let told = house.post("/api/tool-servers/import").by(&bo).json(&import).send().await.ok(200);
    let [shell, weather] = &items(&told)[..] else { panic!("{told}") };
    assert!(shell["server"].is_null() && shell["message"].is_string(), "{shell}");
    assert_eq!(weather["server"]["name"], "weather");
    let again = house.post("/api/tool-servers/import").by(&bo).json(&import).send().await.ok(200);
    assert!(text(&items(&again)[1]["message"]).contains("already"));
}

async fn mistakes_are_told_at_once_with_their_places(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let link = json!({ "kind": "http", "url": "ftp://x", "headers": { "Host": "y" } });
    let wrong = json!({ "name": "A b", "title": " ", "link": link });
    let reply = house.post("/api/tool-servers").by(&bo).json(&wrong).send().await;
    reply.refused(422, "invalid");
    let problem = reply.json();
    let places: Vec<String> =
        problem["errors"].as_array().unwrap().iter().map(|it| text(&it["pointer"])).collect();
    assert_eq!(places, ["/name", "/title", "/link/url", "/link/headers/Host"]);
    let odd = json!({ "name": "a", "link": { "kind": "http", "url": "https://x", "odd": 1 } });
    house.post("/api/tool-servers").by(&bo).json(&odd).send().await.refused(422, "invalid");
}
