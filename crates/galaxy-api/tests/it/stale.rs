//! What an old sign-in cannot do where that takes more than a request, and what a key can do of it.

use galaxy_access::FRESH;
use galaxy_app::market::{registry::snapshot, snapshot::import};
use galaxy_base::Timestamp;
use galaxy_domain::{Effect, Role};
use galaxy_testkit::{FakeTool, FakeToolServer, Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    audit::{fact, records},
    call::Reply,
    house::{House, Person, Plan},
    talk::{Started, items, text},
};

galaxy_testkit::on_both_engines! {
    an_approval_for_always_needs_a_fresh_sign_in_and_one_for_once_does_not,
    a_yes_for_always_to_a_view_needs_a_fresh_sign_in_and_one_for_once_does_not,
    an_update_from_a_list_needs_a_fresh_sign_in_where_adding_it_did,
    what_is_believed_is_moved_by_whoever_may_have_it_believed,
}

const CODE: &str = "fresh_sign_in_required";
const ASKED: &str = "Bearer error=\"insufficient_scope\", scope=\"admin unattended\"";

/// Keys of an administrator: one like any, and one for doing without a person.
async fn keys(house: &House<'_>, by: &Person) -> [String; 2] {
    let make = async |scopes: &[&str]| {
        let wanted = json!({ "name": scopes.join(" and "), "scopes": scopes });
        text(&house.post("/api/auth/keys").by(by).json(&wanted).send().await.ok(201)["key"])
    };
    [make(&["admin", "chat"]).await, make(&["admin", "chat", "unattended"]).await]
}

/// The standing rule of `by` about a tool.
async fn verdict(house: &House<'_>, by: &Person, tool: &str) -> String {
    let all = house.get("/api/tools").by(by).send().await.ok(200);
    let found = items(&all).into_iter().find(|it| it["name"] == tool).expect("a tool");
    text(&found["verdict"])
}

async fn an_approval_for_always_needs_a_fresh_sign_in_and_one_for_once_does_not(
    store: &StoreFixture,
) {
    let tool = FakeTool::says("post", Effect::Reaches, "It was sent.");
    let inputs = tool.inputs();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let ana = house.admin().await;
    let keys = keys(&house, &ana).await;
    let id = house.conversation(&ana).await;
    let asked = async || {
        house.script(Script::calls("c", "post", json!({})));
        let started = house.talk(&ana, &id, "Write.").await;
        let open = house.run(&ana, &started.run).await["open"][0].clone();
        (started, open)
    };
    let decide = |(started, open): &(Started, Value), reach: &str| {
        let mut yes = json!({ "call": open["call"], "digest": open["digest"] });
        (yes["decision"], yes["reach"]) = ("allow".into(), reach.into());
        house.post(&started.run_path("/approve")).json(&yes)
    };
    let one = asked().await;
    store.clock.advance(FRESH);
    decide(&one, "always").by(&ana).send().await.refused(403, CODE);
    for key in &keys {
        // Only people say yes, however a key was made.
        decide(&one, "always").bearer(key).send().await.refused(403, "forbidden");
    }
    assert_eq!(house.run(&ana, &one.0.run).await["state"], "parked", "nothing was decided");
    assert_eq!(verdict(&house, &ana, "post").await, "ask");
    decide(&one, "once").by(&ana).send().await.ok(202);
    house.rest(&ana, &one.0.run).await;
    assert_eq!(inputs.lock().unwrap().len(), 1);

    let two = asked().await;
    let fresh = house.sign_in(ana.id, &ana.email).await;
    decide(&two, "always").by(&ana).send().await.refused(403, CODE);
    decide(&two, "always").by(&fresh).send().await.ok(202);
    house.rest(&ana, &two.0.run).await;
    assert_eq!(inputs.lock().unwrap().len(), 2);
    assert_eq!(verdict(&house, &ana, "post").await, "allow");
}

async fn a_yes_for_always_to_a_view_needs_a_fresh_sign_in_and_one_for_once_does_not(
    store: &StoreFixture,
) {
    let house = House::open(store).await;
    let ana = house.admin().await;
    let keys = keys(&house, &ana).await;
    let server = FakeToolServer::new(FakeToolServer::spec("weather"), |_, _| async {
        Ok(json!({ "content": [] }))
    });
    let ui = json!({ "ui": { "resourceUri": "ui://weather/view" } });
    server.offer(vec![json!({ "name": "look", "inputSchema": { "type": "object" }, "_meta": ui })]);
    let server = house.servers.add(server);
    add(&house, &ana, "weather").await;
    let rule = |verdict: Value| {
        let rule = house.put("/api/tools/weather__look/rule").by(&ana);
        rule.json(&json!({ "verdict": verdict })).send()
    };
    rule("allow".into()).await.ok(204);
    house.script(Script::calls("c1", "weather__look", json!({})));
    let started = house.chat(&ana, "How is the weather?").await;
    rule(Value::Null).await.ok(204);
    store.clock.advance(FRESH);

    let call = |more: &Value| {
        let mut body = json!({ "tool": "look" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.post(&started.run_path("/apps/c1/call")).json(&body)
    };
    let asked = call(&json!({})).by(&ana).send().await.ok(200);
    assert_eq!(asked["kind"], "asks");
    let yes = |reach: &str| json!({ "yes": { "digest": asked["digest"], "reach": reach } });
    let before = server.requests().len();
    call(&yes("always")).by(&ana).send().await.refused(403, CODE);
    for key in &keys {
        call(&yes("always")).bearer(key).send().await.refused(403, "forbidden");
    }
    assert_eq!(server.requests().len(), before, "nothing was called");
    assert_eq!(verdict(&house, &ana, "weather__look").await, "ask");
    assert_eq!(call(&yes("once")).by(&ana).send().await.ok(200)["kind"], "answered");
    let fresh = house.sign_in(ana.id, &ana.email).await;
    assert_eq!(call(&yes("always")).by(&fresh).send().await.ok(200)["kind"], "answered");
    assert_eq!(server.requests().len(), before + 2);
    assert_eq!(verdict(&house, &ana, "weather__look").await, "allow");
    assert_eq!(call(&json!({})).by(&ana).send().await.ok(200)["kind"], "answered");
}

/// A server of `by` at an address, that nobody believes; gives its path.
async fn add(house: &House<'_>, by: &Person, name: &str) -> String {
    let link = json!({ "kind": "http", "url": "https://example.org/mcp" });
    let new = json!({ "name": name, "link": link });
    let made = house.post("/api/tool-servers").by(by).json(&new).send().await.ok(201);
    format!("/api/tool-servers/{}", text(&made["server"]["id"]))
}

const ENTRY: &str = "/api/marketplace/a%2Fweather";

/// An entry that wants a key, or none, in a version.
fn entry(version: u32) -> String {
    let moment = format!("2026-03-0{version}T00:00:00Z");
    let header = json!({ "name": "X-Key", "isSecret": true, "isRequired": false });
    let remote = json!({ "type": "streamable-http", "headers": [header],
        "url": format!("https://example.org/{version}") });
    json!({
        "server": { "name": "a/weather", "version": format!("{version}.0.0"),
            "description": "Tells.", "remotes": [remote] },
        "_meta": { "io.modelcontextprotocol.registry/official": { "status": "active",
            "publishedAt": moment, "updatedAt": moment, "isLatest": true } },
    })
    .to_string()
}

/// A newer version is in the list.
async fn appears(house: &House<'_>, version: u32) {
    let at = Timestamp::from_millis(1_700_000_000_000 + i64::from(version));
    let line = snapshot::line(&entry(version), at);
    let file = [snapshot::heading("https://registry.example", at), line].join("\n");
    let taken = import(&house.store.store, snapshot::read(&file).unwrap()).await.unwrap();
    assert_eq!(taken.kept, 1);
}

/// Adds the entry as it is shown; gives the path of the server.
async fn chosen(house: &House<'_>, by: &Person, mut choice: Value) -> String {
    let shown = json!({ "way": "remote-0", "inputs": choice["inputs"] });
    let shown = house.post(&format!("{ENTRY}/resolve")).by(by).json(&shown).send().await.ok(200);
    choice["way"] = "remote-0".into();
    choice["digest"] = shown["digest"].clone();
    let made = house.post(&format!("{ENTRY}/add")).by(by).json(&choice).send().await.ok(201);
    format!("/api/tool-servers/{}", text(&made["server"]["id"]))
}

/// The body with which a server becomes what its newest version is shown as.
async fn newest(house: &House<'_>, by: &Person, server: &str) -> Value {
    let preview = house.post(&format!("{server}/update/preview")).by(by).json(&json!({}));
    json!({ "digest": preview.send().await.ok(200)["becomes"]["digest"] })
}

fn version(reply: &Reply) -> String {
    text(&reply.ok(200)["server"]["origin"]["version"])
}

async fn an_update_from_a_list_needs_a_fresh_sign_in_where_adding_it_did(store: &StoreFixture) {
    let house = House::open(store).await;
    let ana = house.admin().await;
    let [plain, unattended] = keys(&house, &ana).await;
    appears(&house, 1).await;
    let ours = chosen(&house, &ana, json!({ "name": "ours", "shared": true, "inputs": {} })).await;
    let mine = chosen(&house, &ana, json!({ "name": "mine", "inputs": {} })).await;
    let believed =
        chosen(&house, &ana, json!({ "name": "believed", "trusted": true, "inputs": {} })).await;
    store.clock.advance(FRESH);
    appears(&house, 2).await;
    let update = |server: &str, body: &Value| house.post(&format!("{server}/update")).json(body);

    let same = newest(&house, &ana, &mine).await;
    assert_eq!(version(&update(&mine, &same).by(&ana).send().await), "2.0.0", "it is theirs alone");
    let fresh = house.sign_in(ana.id, &ana.email).await;
    for (server, by_key) in [(&ours, false), (&believed, false), (&ours, true), (&believed, true)] {
        let number = if by_key { 3 } else { 2 };
        if by_key && server == &ours {
            appears(&house, 3).await;
        }
        let body = newest(&house, &ana, server).await;
        let before = house.get(server).by(&ana).send().await.ok(200);
        update(server, &body).by(&ana).send().await.refused(403, CODE);
        let refused = update(server, &body).bearer(&plain).send().await;
        refused.refused(403, CODE);
        assert_eq!(refused.header("www-authenticate"), Some(ASKED));
        let after = house.get(server).by(&ana).send().await.ok(200);
        assert_eq!(before["server"]["link"], after["server"]["link"], "nothing was changed");
        let call = update(server, &body);
        let call = if by_key { call.bearer(&unattended) } else { call.by(&fresh) };
        assert_eq!(version(&call.send().await), format!("{number}.0.0"));
    }
    // A new secret is entered by whoever signed in a moment ago.
    let inputs = json!({ "header.X-Key": ["canary"] });
    appears(&house, 4).await;
    let preview = house.post(&format!("{mine}/update/preview")).by(&ana);
    let preview = preview.json(&json!({ "inputs": inputs })).send().await.ok(200);
    let body = json!({ "inputs": inputs, "digest": preview["becomes"]["digest"] });
    update(&mine, &body).by(&ana).send().await.refused(403, CODE);
    assert_eq!(version(&update(&mine, &body).by(&fresh).send().await), "4.0.0");

    let told = records(&house, &ana, "?limit=100").await;
    let told = told.iter().filter(|it| fact(it, "entry").as_deref() == Some("a/weather"));
    let mut told: Vec<_> = told
        .map(|it| {
            assert_eq!(it["actor"]["person"], ana.id.to_string());
            let (act, way) = (text(&it["act"]), text(&it["actor"]["way"]));
            format!("{act} {} by {way}", fact(it, "version").unwrap())
        })
        .collect();
    // At the same moment, and on PostgreSQL in several chains.
    told.sort_unstable();
    let (added, changed) = ("tool_server.added 1.0.0 by session", "tool_server.changed");
    let changed = |version: &str, way: &str| format!("{changed} {version} by {way}");
    let mut expected = vec![added.to_owned(); 3];
    expected.extend(vec![changed("2.0.0", "session"); 3]);
    expected.extend(vec![changed("3.0.0", "key"); 2]);
    expected.push(changed("4.0.0", "session"));
    assert_eq!(told, expected);
}

async fn what_is_believed_is_moved_by_whoever_may_have_it_believed(store: &StoreFixture) {
    let house = House::open(store).await;
    let (ana, bo) = (house.admin().await, house.someone("bo@example.org", Role::Admin).await);
    let path = add(&house, &bo, "believed").await;
    let change = |by: &Person, body: Value| house.patch(&path).by(by).json(&body).send();
    change(&bo, json!({ "trusted": true })).await.ok(200);
    let elsewhere = json!({ "kind": "http", "url": "https://elsewhere.example/mcp" });
    let member = json!({ "role": "member" });
    let person = format!("/api/people/{}", bo.id);
    house.patch(&person).by(&ana).json(&member).send().await.ok(200);
    let bo = house.sign_in(bo.id, &bo.email).await;
    change(&bo, json!({ "link": elsewhere })).await.refused(403, "forbidden");
    change(&bo, json!({ "title": "Still mine" })).await.ok(200);
    let moved = change(&bo, json!({ "link": elsewhere, "trusted": false })).await.ok(200);
    assert_eq!(moved["server"]["trusted"], false);
}
