//! What is written down of what people, programs and agents do, and who may look at it.

use std::sync::{Arc, Mutex};

use galaxy_domain::Effect;
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    house::{House, Person, Plan},
    talk::{chat_path, items, text},
};

galaxy_testkit::on_both_engines! {
    a_call_of_an_agent_is_followed_from_the_question_to_its_end,
    a_call_of_a_program_is_written_down_and_what_was_in_it_is_not,
    an_account_s_acts_are_found_by_whoever_may_see_them,
    what_is_refused_is_written_down,
    nothing_is_done_of_which_no_record_can_be_kept,
    the_log_is_checked_and_exported,
}

/// What no record may hold.
const CANARY: &str = "canary-7f3a";

pub(crate) async fn records(house: &House<'_>, by: &Person, query: &str) -> Vec<Value> {
    house.store.notes_written().await.unwrap();
    let path = format!("/api/audit{query}");
    let page = house.get(&path).by(by).send().await.ok(200);
    items(&page).into_iter().rev().collect()
}

/// Acts and endings, oldest first, but for those of making the people.
pub(crate) fn told(records: &[Value]) -> Vec<String> {
    let made = ["person.created", "person.changed", "sign_in", "log.opened"];
    let records = records.iter().filter(|it| !made.contains(&it["act"].as_str().unwrap()));
    records.map(|it| format!("{} {}", text(&it["act"]), text(&it["ending"]))).collect()
}

pub(crate) fn fact(record: &Value, name: &str) -> Option<String> {
    let facts = items(&json!({ "items": record["facts"] }));
    facts.iter().find(|it| it["name"] == name).map(|it| text(&it["value"]))
}

fn send() -> (FakeTool, Arc<Mutex<Vec<Value>>>) {
    let tool = FakeTool::says("send", Effect::Reaches, CANARY);
    let inputs = tool.inputs();
    (tool, inputs)
}

async fn a_call_of_an_agent_is_followed_from_the_question_to_its_end(store: &StoreFixture) {
    let (tool, _) = send();
    let looks = FakeTool::says("look", Effect::Reads, CANARY);
    let house = House::with(store, Plan::default().tool(tool).tool(looks)).await;
    let (admin, bo) = (house.admin().await, house.member("bo@example.org").await);
    let id = house.conversation(&bo).await;
    house.script(Script::calls("c1", "send", json!({ "to": CANARY })));
    let started = house.talk(&bo, &id, CANARY).await;
    let run = house.run(&bo, &started.run).await;
    let open = &run["open"][0];
    house.script(Script::calls("c2", "look", json!({ "at": CANARY })));
    house.script(Script::says(CANARY));
    let yes = json!({
        "call": open["call"], "digest": open["digest"], "decision": "allow", "reach": "always"
    });
    house.post(&started.run_path("/approve")).by(&bo).json(&yes).send().await.ok(202);
    house.rest(&bo, &started.run).await;
    let query = format!("?run={}", started.run);
    let found = records(&house, &admin, &query).await;
    let expected =
        ["approval.given done", "tool.began begun", "tool.called done", "tool.called done"];
    assert_eq!(told(&found), expected);
    let digest = text(&open["digest"]);
    for record in &found[..3] {
        assert_eq!(record["subject"]["id"], "send");
        assert_eq!(fact(record, "digest").as_ref(), Some(&digest), "{record}");
        assert_eq!(record["actor"]["person"], bo.id.to_string());
    }
    assert_eq!(found[0]["actor"]["way"], "session");
    assert_eq!(found[1]["actor"]["way"], "run");
    assert_eq!(fact(&found[1], "allowed_by").as_deref(), Some("person"));
    assert_eq!(found[3]["subject"]["id"], "look");
    assert!(fact(&found[3], "took_ms").is_some());
    let all = records(&house, &admin, "?limit=100").await;
    assert!(told(&all).contains(&"rule.set done".to_owned()));
    assert!(!json!(all).to_string().contains(CANARY));
}

async fn a_call_of_a_program_is_written_down_and_what_was_in_it_is_not(store: &StoreFixture) {
    let (tool, inputs) = send();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let (admin, bo) = (house.admin().await, house.member("bo@example.org").await);
    let wanted = json!({ "name": "Script", "scopes": ["read", "chat"], "expires_in_days": null });
    let key = house.post("/api/auth/keys").by(&bo).json(&wanted).send().await.ok(201);
    let secret = text(&key["key"]);
    let call = || {
        let params = json!({ "name": "send", "arguments": { "to": CANARY } });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let call = house.post("/mcp").bearer(&secret).json(&body);
        call.header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
    };
    call().send().await;
    assert!(inputs.lock().unwrap().is_empty(), "it needs a yes");
    house.store.notes_written().await.unwrap();
    let rule = json!({ "verdict": "allow" });
    house.put("/api/tools/send/rule").by(&bo).json(&rule).send().await.ok(204);
    call().send().await;
    assert_eq!(inputs.lock().unwrap().len(), 1);
    let found = records(&house, &admin, &format!("?person={}", bo.id)).await;
    let expected = [
        "key.created done",
        "tool.called refused",
        "rule.set done",
        "tool.began begun",
        "tool.called done",
    ];
    assert_eq!(told(&found), expected);
    let [.., refused, _, began, called] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(fact(refused, "reason").as_deref(), Some("approval_needed"));
    for record in [began, called] {
        assert_eq!(record["actor"]["way"], "key");
        assert_eq!(record["actor"]["credential"], key["id"]);
        assert_eq!(fact(record, "through").as_deref(), Some("mcp"));
        assert_eq!(fact(record, "allowed_by").as_deref(), Some("rule"));
        assert_eq!(fact(record, "arguments"), fact(began, "arguments"));
    }
    let text = json!(found).to_string();
    assert!(!text.contains(CANARY) && !text.contains(&secret), "{text}");
}

async fn an_account_s_acts_are_found_by_whoever_may_see_them(store: &StoreFixture) {
    let house = House::open(store).await;
    let (admin, bo) = (house.admin().await, house.member("bo@example.org").await);
    let id = house.conversation(&bo).await;
    let export = chat_path(&id, "/export?format=md");
    house.get(&export).by(&bo).send().await;
    house.delete(&chat_path(&id, "")).by(&bo).send().await.ok(204);
    let role = json!({ "role": "viewer" });
    let person = format!("/api/people/{}", bo.id);
    house.patch(&person).by(&admin).json(&role).send().await.ok(200);
    let own = records(&house, &bo, "/own").await;
    assert_eq!(told(&own), ["conversation.exported done", "conversation.deleted done"]);
    assert!(own.iter().all(|it| it["actor"]["person"] == bo.id.to_string()));
    assert_eq!(own.last().unwrap()["subject"]["id"], id);
    let changed = records(&house, &admin, "?act=person.changed").await;
    let changed = changed.last().unwrap();
    assert_eq!(fact(changed, "role_before").as_deref(), Some("member"));
    assert_eq!(changed["actor"]["name"], "ana@example.org");
    house.get("/api/audit").by(&bo).send().await.refused(403, "forbidden");
    house.get("/api/audit?act=nothing").by(&admin).send().await.refused(400, "invalid");
    house.get("/api/audit?cursor=x").by(&admin).send().await.refused(400, "invalid");
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        house.call(method, "/api/audit").by(&admin).json(&json!({})).send().await.ok(405);
    }
}

async fn what_is_refused_is_written_down(store: &StoreFixture) {
    let house = House::open(store).await;
    let (admin, bo) = (house.admin().await, house.member("bo@example.org").await);
    let foreign = house.conversation(&admin).await;
    house.get(&chat_path(&foreign, "")).by(&bo).send().await.refused(404, "not_found");
    let nothing = uuid::Uuid::now_v7().to_string();
    house.get(&chat_path(&nothing, "")).by(&bo).send().await.refused(404, "not_found");
    house.get("/api/people").by(&bo).send().await.refused(403, "forbidden");
    let wrong = json!({ "email": "bo@example.org", "password": CANARY });
    house.post("/api/auth/sign-in").json(&wrong).send().await.refused(401, "unauthenticated");
    let found = records(&house, &admin, "?ending=refused").await;
    assert_eq!(
        told(&found),
        ["access.denied refused", "access.denied refused"],
        "what is not there was not refused"
    );
    let [hidden, forbidden, sign_in] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(hidden["subject"]["id"], "/api/conversations/{id}");
    assert_eq!(fact(hidden, "target").as_deref(), Some(&*foreign));
    assert_eq!(fact(hidden, "reason").as_deref(), Some("not_theirs"));
    assert_eq!(fact(forbidden, "reason").as_deref(), Some("not_allowed"));
    assert_eq!(
        (&sign_in["act"], &sign_in["actor"]["way"]),
        (&json!("sign_in"), &json!("password"))
    );
    assert_eq!(sign_in["actor"]["person"], bo.id.to_string());
    assert!(!json!(found).to_string().contains(CANARY));
    // Nobody fills the log by asking.
    for _ in 0..100 {
        house.get("/api/people").by(&bo).send().await.refused(403, "forbidden");
    }
    let found = records(&house, &admin, "?act=access.denied&limit=200").await;
    assert!((50..=70).contains(&found.len()), "{}", found.len());
}

async fn nothing_is_done_of_which_no_record_can_be_kept(store: &StoreFixture) {
    let (tool, inputs) = send();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let rule = json!({ "verdict": "allow" });
    house.put("/api/tools/send/rule").by(&bo).json(&rule).send().await.ok(204);
    let id = house.conversation(&bo).await;
    let jam = if store.is_postgres() {
        "CREATE FUNCTION jam() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'jammed'; END $$;
        CREATE TRIGGER jam BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION jam()"
    } else {
        "CREATE TRIGGER jam BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'jammed'); END"
    };
    store.tamper(jam).await;
    let called = json!({ "arguments": { "to": "ana" } });
    let reply = house.post("/api/tools/send/call").by(&bo).json(&called).send().await;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(inputs.lock().unwrap().is_empty(), "a call with effects begins with its record");
    let export = chat_path(&id, "/export?format=md");
    assert_eq!(house.get(&export).by(&bo).send().await.status, 503);
    assert_eq!(house.delete(&chat_path(&id, "")).by(&bo).send().await.status, 503);
    house.get(&chat_path(&id, "")).by(&bo).send().await.ok(200);
}

async fn the_log_is_checked_and_exported(store: &StoreFixture) {
    let house = House::open(store).await;
    let admin = house.admin().await;
    let state = house.get("/api/audit/state").by(&admin).send().await.ok(200);
    assert_eq!(state, json!({ "checking": false, "last": null, "kept_days": null }));
    let begun = house.post("/api/audit/check").by(&admin).json(&json!({})).send().await.ok(202);
    assert_eq!(begun["checking"], true);
    let last = loop {
        let state = house.get("/api/audit/state").by(&admin).send().await.ok(200);
        if state["checking"] == false && !state["last"].is_null() {
            break state["last"].clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(last["troubles"], json!([]));
    let lines = house.get("/api/audit/export?format=jsonl").by(&admin).send().await;
    let lines: Vec<Value> =
        lines.text().lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    // With the record of this very export.
    assert_eq!(lines.len() as u64, last["records"].as_u64().unwrap() + 1);
    assert_eq!(lines[0]["act"], "log.exported");
    let table = house.get("/api/audit/export?format=csv").by(&admin).send().await;
    assert_eq!(table.text().lines().count(), lines.len() + 2, "a head and one export more");
    assert!(table.header("content-disposition").unwrap().contains("audit.csv"));
}
