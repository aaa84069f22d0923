//! Which operations need a fresh sign-in: every one that is declared to, and no other.

use std::collections::BTreeMap;

use galaxy_api::Freshness;
use galaxy_domain::Effect;
use galaxy_testkit::{FakeTool, store::StoreFixture};
use serde_json::{Value, json};

use super::{
    everything, key, operation,
    table::{Scene, Way, ways},
};
use crate::{
    call::Reply,
    house::{House, PASSWORD, Person, Plan},
    talk::text,
};

galaxy_testkit::on_both_engines! {
    what_needs_a_fresh_sign_in_is_refused_to_an_old_one_and_to_keys_that_were_not_made_for_it,
}

const CODE: &str = "fresh_sign_in_required";

/// An operation that needs a fresh sign-in.
struct Needs {
    operation: &'static str,
    /// What it needs one for; none where that takes more than a request, and is tested elsewhere.
    heavy: Option<Value>,
    /// What it needs none for; none where it always does.
    light: Option<Value>,
}

fn always(operation: &'static str, heavy: Value) -> Needs {
    Needs { operation, heavy: Some(heavy), light: None }
}

fn sometimes(operation: &'static str, heavy: Value, light: Value) -> Needs {
    Needs { operation, heavy: Some(heavy), light: Some(light) }
}

fn elsewhere(operation: &'static str) -> Needs {
    Needs { operation, heavy: None, light: Some(Value::Null) }
}

fn server(name: &str, headers: &Value) -> Value {
    let link = json!({ "kind": "http", "url": "https://example.org/mcp", "headers": headers });
    json!({ "name": name, "link": link })
}

fn table() -> Vec<Needs> {
    let opens = || json!({ "authorization": "Bearer hush" });
    let heavy = server("heavy", &opens());
    let file =
        json!({ "mcpServers": { "x": { "url": "https://example.org/mcp", "headers": opens() } } });
    let client = json!({ "issuer": "https://issuer.example", "client_id": "us" });
    let (email, role) = ("cy@example.org", "member");
    let person = json!({ "email": email, "name": "Cy", "role": role, "password": PASSWORD });
    vec![
        always("POST /api/auth/keys", json!({ "name": "Script", "scopes": ["read"] })),
        always("POST /api/people", person),
        sometimes("PATCH /api/people/{id}", json!({ "role": role }), json!({ "name": "Bo" })),
        always("POST /api/people/{id}/password", json!({ "password": "seven loud harbours" })),
        sometimes("POST /api/tool-servers", heavy.clone(), server("light", &json!({}))),
        sometimes(
            "PATCH /api/tool-servers/{id}",
            json!({ "link": heavy["link"] }),
            json!({ "title": "Other" }),
        ),
        sometimes(
            "POST /api/tool-servers/import",
            json!({ "file": file, "servers": ["x"] }),
            json!({ "file": file, "servers": [] }),
        ),
        sometimes(
            "PUT /api/tools/{name}/rule",
            json!({ "verdict": "allow" }),
            json!({ "verdict": "deny" }),
        ),
        Needs { light: Some(Value::Null), ..always("PUT /api/tool-servers/{id}/client", client) },
        elsewhere("DELETE /api/tool-servers/{id}"),
        elsewhere("DELETE /api/tool-servers/{id}/folder"),
        elsewhere("POST /api/marketplace/{name}/add"),
        elsewhere("POST /api/tool-servers/{id}/update"),
        elsewhere("POST /api/runs/{id}/approve"),
        elsewhere("POST /api/runs/{id}/apps/{call}/call"),
    ]
}

#[test]
fn what_is_declared_to_need_a_fresh_sign_in_is_in_the_table_and_the_other_way_round() {
    let name = |it: Freshness| match it {
        Freshness::Any => None,
        Freshness::Sometimes => Some("sometimes"),
        Freshness::Always => Some("always"),
    };
    let declared: BTreeMap<String, &str> =
        everything().iter().filter_map(|it| Some((operation(it), name(it.freshness)?))).collect();
    let of_table = |it: Needs| {
        (it.operation.to_owned(), if it.light.is_some() { "sometimes" } else { "always" })
    };
    let in_table: BTreeMap<String, &str> = table().into_iter().map(of_table).collect();
    assert_eq!(declared, in_table);
}

async fn what_needs_a_fresh_sign_in_is_refused_to_an_old_one_and_to_keys_that_were_not_made_for_it(
    store: &StoreFixture,
) {
    let tool = FakeTool::says("post", Effect::Reaches, "It was sent.");
    let house = House::with(store, Plan::default().tool(tool)).await;
    let (ana, bo) = (house.admin().await, house.member("bo@example.org").await);
    let plain = key(&house, &ana, &["admin"]).await;
    let unattended = key(&house, &ana, &["admin", "unattended"]).await;
    let scene = Scene::make(&house, &ana).await.with("person", &bo.id.to_string());
    store.clock.advance(galaxy_access::FRESH);
    for Needs { operation, heavy, light } in table() {
        let Some(heavy) = heavy else { continue };
        let way = ways().into_iter().find(|it| it.operation == operation).unwrap();
        // The rule is about a tool that is asked about.
        let path = scene.path(&way).replace("/math/", "/post/");
        let send = |body: &Value| house.call(method(&way), &path).json(body);
        send(&heavy).by(&ana).send().await.refused(403, CODE);
        if let Some(light) = light.filter(|it| !it.is_null()) {
            let reply = send(&light).by(&ana).send().await;
            assert_eq!(reply.status, way.status, "{operation}: {}", reply.text());
        }
        let by_key = send(&heavy).bearer(&plain).send().await;
        let in_person = operation.contains("/auth/") || operation.contains("/tools/{name}");
        by_key.refused(403, if in_person { "forbidden" } else { CODE });
        let asked = (!in_person)
            .then_some("Bearer error=\"insufficient_scope\", scope=\"admin unattended\"");
        assert_eq!(by_key.header("www-authenticate"), asked, "{operation}");
        if !in_person {
            assert_done(&send(&heavy).bearer(&unattended).send().await, operation);
            // The name is taken now.
            continue;
        }
        let again = house.sign_in(ana.id, &ana.email).await;
        assert_done(&send(&heavy).by(&again).send().await, operation);
    }
    everybodys(&house, &ana, &plain).await;
}

/// What is everybody's, is deleted for everybody.
async fn everybodys(house: &House<'_>, ana: &Person, key: &str) {
    let fresh = house.sign_in(ana.id, &ana.email).await;
    let (mut ours, mine) = (server("ours", &json!({})), server("mine", &json!({})));
    ours["shared"] = true.into();
    house.post("/api/tool-servers").by(ana).json(&ours).send().await.refused(403, CODE);
    let add = async |body: &Value| {
        let made = house.post("/api/tool-servers").by(&fresh).json(body).send().await.ok(201);
        format!("/api/tool-servers/{}", text(&made["server"]["id"]))
    };
    let (ours, mine) = (add(&ours).await, add(&mine).await);
    house.delete(&mine).by(ana).send().await.ok(204);
    house.delete(&ours).by(ana).send().await.refused(403, CODE);
    house.delete(&ours).bearer(key).send().await.refused(403, CODE);
    let link = json!({ "link": { "kind": "http", "url": "https://example.com/mcp" } });
    house.patch(&ours).by(ana).json(&link).send().await.refused(403, CODE);
    house.delete(&ours).by(&fresh).send().await.ok(204);
}

fn method(way: &Way) -> &'static str {
    way.operation.split_once(' ').unwrap().0
}

fn assert_done(reply: &Reply, operation: &str) {
    assert!((200..300).contains(&reply.status), "{operation}: {}", reply.text());
}
