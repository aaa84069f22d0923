//! The marketplace, and both lists as a registry.

use galaxy_app::market::{
    registry::{curated, snapshot},
    snapshot::import,
};
use galaxy_base::Timestamp;
use galaxy_testkit::{FakeToolServer, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    house::House,
    talk::{items, text},
};

galaxy_testkit::on_both_engines! {
    an_entry_is_found_resolved_consented_to_and_added,
    both_lists_are_a_registry_that_says_everything_as_it_came,
}

/// An entry of another registry, with spaces of its own.
const ENTRY: &str = r#"{"server": {"name":"a/weather","version":"1.0.0",  "description":"Tells.",
    "unknown":{"kept":true}}, "_meta":{"io.modelcontextprotocol.registry/official":{"status":"active",
    "publishedAt":"2026-03-01T00:00:00Z","updatedAt":"2026-03-02T00:00:00Z","isLatest":true}}}"#;

async fn an_entry_is_found_resolved_consented_to_and_added(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let found = house.get("/api/marketplace?search=hugging&limit=5").by(&bo).send().await.ok(200);
    assert_eq!(items(&found)[0]["name"], "galaxy/hugging-face");
    assert_eq!(
        (&items(&found)[0]["touches"], &found["mirror"]["address"]),
        (&json!(["network", "account"]), &Value::Null)
    );
    house.get("/api/marketplace?odd=1").by(&bo).send().await.refused(400, "invalid");
    house.get("/api/marketplace?cursor=x").by(&bo).send().await.refused(422, "invalid");
    house.get("/api/marketplace/galaxy%2Fnothing").by(&bo).send().await.refused(404, "not_found");

    let path = "/api/marketplace/galaxy%2Fhugging-face";
    let detail = house.get(path).by(&bo).send().await.ok(200);
    let question = &detail["ways"][0]["questions"][0];
    assert_eq!(
        (&question["key"], &question["secret"], &question["required"]),
        (&json!("header.Authorization.token"), &json!(true), &json!(false))
    );
    let inputs = json!({ "header.Authorization.token": ["canary"] });
    let choice = json!({ "way": "remote-0", "inputs": inputs });
    let reply = house.post(&format!("{path}/resolve")).by(&bo).json(&choice).send().await;
    assert!(!reply.text().contains("canary"), "{}", reply.text());
    let shown = reply.ok(200);
    assert_eq!(shown["link"]["url"], "https://huggingface.co/mcp");
    assert_eq!(
        (&shown["values"], &shown["mistakes"]),
        (&json!({ "Authorization": null }), &json!([]))
    );

    let server = FakeToolServer::new(FakeToolServer::spec("face"), |_, _| async { Ok(json!({})) });
    server.offer(vec![json!({ "name": "look", "inputSchema": { "type": "object" } })]);
    house.servers.add(server);
    let add = |digest: &Value| {
        let mut adding = choice.clone();
        adding["digest"] = digest.clone();
        adding["name"] = json!("face");
        let call = house.post(&format!("{path}/add")).by(&bo).json(&adding);
        call.header("idempotency-key", "once").send()
    };
    add(&json!("other")).await.refused(409, "conflict");
    let made = add(&shown["digest"]).await.ok(201);
    assert_eq!(made["server"]["origin"]["entry"], "galaxy/hugging-face");
    assert_eq!((&made["server"]["name"], &made["server"]["offered"]), (&json!("face"), &json!(1)));
    assert_eq!(add(&shown["digest"]).await.ok(201)["server"]["id"], made["server"]["id"]);
    let detail = house.get(path).by(&bo).send().await.ok(200);
    assert_eq!(detail["installed"][0]["id"], made["server"]["id"]);

    let update = format!("/api/tool-servers/{}/update", text(&made["server"]["id"]));
    // Nothing of what is chosen goes unread.
    let preview = format!("{update}/preview");
    for path in [&format!("{path}/resolve"), &format!("{path}/add"), &update, &preview] {
        let odd = json!({ "way": "remote-0", "digest": "x", "imputs": {} });
        let odd = house.post(path).by(&bo).json(&odd).send().await.refused(422, "invalid");
        assert!(text(&odd["detail"]).contains("unknown field"), "{path}: {odd}");
    }
    let preview = house.post(&preview).by(&bo).json(&json!({})).send().await;
    let preview = preview.ok(200);
    assert_eq!((&preview["from"], &preview["now"]), (&json!("1.0.0"), &made["server"]["link"]));
    let digest = json!({ "digest": preview["becomes"]["digest"] });
    house.post(&update).by(&bo).json(&digest).send().await.ok(200);
}

async fn both_lists_are_a_registry_that_says_everything_as_it_came(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let at = Timestamp::from_millis(1_700_000_000_000);
    let file = [snapshot::heading("https://registry.example", at), snapshot::line(ENTRY, at)];
    let taken = import(&house.store.store, snapshot::read(&file.join("\n")).unwrap()).await;
    assert_eq!(taken.unwrap().kept, 1);
    let get = |path: &str| house.get(path).by(&bo).send();

    let (mut names, mut next) = (Vec::new(), String::new());
    loop {
        let page =
            get(&format!("/v0.1/servers?limit=7&version=latest&cursor={next}")).await.ok(200);
        let servers = page["servers"].as_array().unwrap();
        assert_eq!(page["metadata"]["count"], servers.len());
        names.extend(servers.iter().map(|it| text(&it["server"]["name"])));
        let Some(cursor) = page["metadata"]["nextCursor"].as_str() else { break };
        next = cursor.replace(':', "%3A").replace('/', "%2F");
    }
    assert_eq!(names.len(), curated::curated().len() + 1);
    assert_eq!(names.last().unwrap(), "a/weather");

    let reply = get("/v0.1/servers/a%2Fweather/versions/latest").await;
    reply.ok(200);
    assert!(reply.text().contains(r#"{"name":"a/weather","version":"1.0.0",  "description""#));
    let meta = &reply.json()["_meta"];
    assert_eq!(meta["io.modelcontextprotocol.registry/official"]["isLatest"], true);
    assert_eq!(meta["galaxy/mirror"]["fetchedAt"], "2023-11-14T22:13:20.000Z");
    assert_eq!(text(&meta["galaxy/mirror"]["sha256"]).len(), 64);
    let versions = get("/v0.1/servers/a%2Fweather/versions").await.ok(200);
    assert_eq!(versions["servers"].as_array().unwrap().len(), 1);
    get("/v0.1/servers/a%2Fweather/versions/2.0.0").await.refused(404, "not_found");
    get("/v0.1/servers/galaxy%2Ftime/versions/1.0.0").await.refused(404, "not_found");
    let time = get("/v0.1/servers/galaxy%2Ftime/versions/latest").await.ok(200);
    assert_eq!(time["_meta"]["galaxy/curated"]["tags"], json!(["time"]));

    let changed = |since: &str| get(&format!("/v0.1/servers?search=tells.&updated_since={since}"));
    let count = |page: Value| page["servers"].as_array().unwrap().len();
    assert_eq!(count(changed("2026-03-01T00:00:00Z").await.ok(200)), 1);
    assert_eq!(count(changed("2026-03-03T00:00:00Z").await.ok(200)), 0);
    changed("yesterday").await.refused(400, "invalid");
}
