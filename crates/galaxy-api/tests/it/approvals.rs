//! Calls that wait for a yes or a no.

use std::sync::{Arc, Mutex};

use galaxy_domain::Effect;
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::{
    call::Reply,
    house::{House, Person, Plan},
    talk::{Started, chat_path, items, text},
};

galaxy_testkit::on_both_engines! {
    a_call_with_effects_waits_for_a_yes,
    a_no_is_told_to_the_model_with_its_reason,
    arguments_can_be_changed_before_a_yes,
    a_decision_that_does_not_fit_decides_nothing,
    a_yes_can_hold_for_the_conversation_or_for_always,
    a_rule_can_be_made_and_taken_back,
    several_calls_are_decided_one_by_one,
    stopping_answers_what_waits,
}

/// A tool that needs a yes, and the arguments it was called with.
fn post() -> (FakeTool, Arc<Mutex<Vec<Value>>>) {
    let schema = json!({
        "type": "object", "properties": { "to": { "type": "string" } }, "required": ["to"],
        "additionalProperties": false
    });
    let tool = FakeTool::says("post", Effect::Reaches, "It was sent.").takes(schema);
    let inputs = tool.inputs();
    (tool, inputs)
}

/// A run that waits for a yes to `post` with these arguments.
async fn waiting(house: &House<'_>, by: &Person, conversation: &str, to: &str) -> (Started, Value) {
    house.script(Script::calls(&format!("call-{to}"), "post", json!({ "to": to })));
    let started = house.talk(by, conversation, &format!("Write to {to}.")).await;
    let run = house.run(by, &started.run).await;
    (started, run)
}

/// The decision about the first open call of `run`.
fn decision(run: &Value, more: Value) -> Value {
    let open = &run["open"][0];
    let mut body = json!({ "call": open["call"], "digest": open["digest"], "decision": "allow" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn decide(house: &House<'_>, by: &Person, started: &Started, body: &Value) -> Reply {
    house.post(&started.run_path("/approve")).by(by).json(body).send().await
}

async fn a_call_with_effects_waits_for_a_yes(store: &StoreFixture) {
    let (tool, inputs) = post();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let (started, run) = waiting(&house, &bo, &id, "ana").await;
    assert_eq!(run["state"], "parked");
    let open = &run["open"][0];
    assert_eq!((&open["tool"], &open["question"]), (&json!("post"), &json!("approval")));
    assert_eq!((&open["input"], &open["effect"]), (&json!({ "to": "ana" }), &Value::Null));
    let conversation = house.get(&chat_path(&id, "")).by(&bo).send().await.ok(200);
    assert_eq!(conversation["state"], "parked");
    assert!(inputs.lock().unwrap().is_empty(), "nothing happened yet");
    let mut events = house.events(&bo, &started.run, 0).await;
    let asked = events.until("tool.approval").await.pop().unwrap();
    assert_eq!((asked.id, &asked.data["digest"]), (run["seq"].as_u64(), &open["digest"]));
    house.script(Script::says("Done."));
    let reply = decide(&house, &bo, &started, &decision(&run, json!({}))).await.ok(202);
    assert_eq!(reply["state"], "queued");
    let rest = events.all().await;
    let find = |name: &str| rest.iter().find(|it| it.name == name).expect(name).data.clone();
    let decided = find("tool.decided");
    assert_eq!((&decided["decision"], &decided["reach"]), (&json!("allow"), &json!("once")));
    assert_eq!(decided["by"], bo.id.to_string());
    assert_eq!(find("tool.started")["effect"], "reaches");
    assert_eq!(find("tool.finished")["outcome"], "done");
    assert_eq!(rest.last().unwrap().data["state"], "finished");
    assert_eq!(*inputs.lock().unwrap(), [json!({ "to": "ana" })]);
}

async fn a_no_is_told_to_the_model_with_its_reason(store: &StoreFixture) {
    let (tool, inputs) = post();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let (started, run) = waiting(&house, &bo, &id, "ana").await;
    let no = json!({ "decision": "deny", "reason": "She is on holiday." });
    decide(&house, &bo, &started, &decision(&run, no)).await.ok(202);
    assert_eq!(house.rest(&bo, &started.run).await["state"], "finished");
    assert!(inputs.lock().unwrap().is_empty());
    let told = format!("{:?}", house.model.requests().pop().unwrap().messages);
    assert!(told.contains("She is on holiday."), "{told}");
}

async fn arguments_can_be_changed_before_a_yes(store: &StoreFixture) {
    let (tool, inputs) = post();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let (started, run) = waiting(&house, &bo, &id, "ana").await;
    let wrong = decision(&run, json!({ "input": { "to": 7 } }));
    let problem = decide(&house, &bo, &started, &wrong).await.refused(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/input");
    let changed = decision(&run, json!({ "input": { "to": "anna" } }));
    decide(&house, &bo, &started, &changed).await.ok(202);
    house.rest(&bo, &started.run).await;
    assert_eq!(*inputs.lock().unwrap(), [json!({ "to": "anna" })]);
}

async fn a_decision_that_does_not_fit_decides_nothing(store: &StoreFixture) {
    let (tool, inputs) = post();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let (one, two) = (house.conversation(&bo).await, house.conversation(&bo).await);
    let (started, run) = waiting(&house, &bo, &one, "ana").await;
    let (_, other) = waiting(&house, &bo, &two, "cy").await;
    let foreign = json!({ "digest": other["open"][0]["digest"] });
    for wrong in [
        foreign,
        json!({ "digest": "" }),
        json!({ "digest": text(&run["open"][0]["digest"]).to_uppercase() }),
        json!({ "call": "call-cy" }),
        json!({ "call": "" }),
    ] {
        decide(&house, &bo, &started, &decision(&run, wrong)).await.refused(409, "conflict");
    }
    for wrong in [
        json!({ "decision": "Allow" }),
        json!({ "decision": "perhaps" }),
        json!({ "decision": null }),
        json!({ "reach": "everywhere" }),
        json!({ "until": "tomorrow" }),
    ] {
        decide(&house, &bo, &started, &decision(&run, wrong)).await.refused(422, "invalid");
    }
    let answer = json!({ "call": "call-ana", "answer": "yes" });
    let answered = house.post(&started.run_path("/answer")).by(&bo).json(&answer).send().await;
    answered.refused(409, "conflict");
    assert_eq!(house.run(&bo, &started.run).await["seq"], run["seq"], "nothing was written");
    assert!(inputs.lock().unwrap().is_empty());
    let yes = decision(&run, json!({}));
    decide(&house, &bo, &started, &yes).await.ok(202);
    house.rest(&bo, &started.run).await;
    decide(&house, &bo, &started, &yes).await.refused(409, "conflict");
    assert_eq!(inputs.lock().unwrap().len(), 1, "once");
}

async fn a_yes_can_hold_for_the_conversation_or_for_always(store: &StoreFixture) {
    let (tool, inputs) = post();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let (one, two) = (house.conversation(&bo).await, house.conversation(&bo).await);
    let (started, run) = waiting(&house, &bo, &one, "a").await;
    decide(&house, &bo, &started, &decision(&run, json!({ "reach": "conversation" })))
        .await
        .ok(202);
    house.rest(&bo, &started.run).await;
    assert_eq!(waiting(&house, &bo, &one, "b").await.1["state"], "finished");
    let (started, run) = waiting(&house, &bo, &two, "c").await;
    assert_eq!(run["state"], "parked", "another conversation asks");
    decide(&house, &bo, &started, &decision(&run, json!({ "reach": "always" }))).await.ok(202);
    house.rest(&bo, &started.run).await;
    let three = house.conversation(&bo).await;
    assert_eq!(waiting(&house, &bo, &three, "d").await.1["state"], "finished");
    assert_eq!(inputs.lock().unwrap().len(), 4);
    let cy = house.member("cy@example.org").await;
    let foreign = house.conversation(&cy).await;
    assert_eq!(waiting(&house, &cy, &foreign, "e").await.1["state"], "parked", "somebody else");
}

async fn a_rule_can_be_made_and_taken_back(store: &StoreFixture) {
    let (tool, inputs) = post();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let verdicts = async || {
        let all = items(&house.get("/api/tools").by(&bo).send().await.ok(200));
        let tool = all.iter().find(|it| it["name"] == "post").unwrap().clone();
        (text(&tool["verdict"]), text(&tool["default_verdict"]))
    };
    let rule = async |verdict: Value| {
        let body = json!({ "verdict": verdict });
        house.put("/api/tools/post/rule").by(&bo).json(&body).send().await.ok(204);
    };
    assert_eq!(verdicts().await, ("ask".to_owned(), "ask".to_owned()));
    rule(json!("allow")).await;
    assert_eq!(verdicts().await, ("allow".to_owned(), "ask".to_owned()));
    let id = house.conversation(&bo).await;
    assert_eq!(waiting(&house, &bo, &id, "a").await.1["state"], "finished");
    rule(json!("deny")).await;
    waiting(&house, &bo, &id, "b").await;
    assert_eq!(inputs.lock().unwrap().len(), 1);
    let offered = house.model.requests().pop().unwrap().tools;
    assert!(!offered.iter().any(|it| it.name == "post"), "what is forbidden is not offered");
    rule(Value::Null).await;
    assert_eq!(verdicts().await, ("ask".to_owned(), "ask".to_owned()));
    let body = json!({ "verdict": "allow" });
    let unknown = house.put("/api/tools/none/rule").by(&bo).json(&body).send().await;
    unknown.refused(404, "not_found");
}

async fn several_calls_are_decided_one_by_one(store: &StoreFixture) {
    let (tool, inputs) = post();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let both = Script::calls("one", "post", json!({ "to": "a" }));
    house.script(both.call("two", "post", json!({ "to": "b" })));
    let started = house.talk(&bo, &id, "Write to both.").await;
    let run = house.run(&bo, &started.run).await;
    assert_eq!(run["open"].as_array().unwrap().len(), 2);
    decide(&house, &bo, &started, &decision(&run, json!({}))).await.ok(202);
    let run = house.rest(&bo, &started.run).await;
    assert_eq!((&run["state"], &run["open"][0]["call"]), (&json!("parked"), &json!("two")));
    decide(&house, &bo, &started, &decision(&run, json!({ "decision": "deny" }))).await.ok(202);
    assert_eq!(house.rest(&bo, &started.run).await["state"], "finished");
    assert_eq!(*inputs.lock().unwrap(), [json!({ "to": "a" })]);
}

async fn stopping_answers_what_waits(store: &StoreFixture) {
    let (tool, inputs) = post();
    let house = House::with(store, Plan::default().tool(tool)).await;
    let bo = house.member("bo@example.org").await;
    let id = house.conversation(&bo).await;
    let (started, run) = waiting(&house, &bo, &id, "ana").await;
    let reply = house.post(&started.run_path("/stop")).by(&bo).send().await.ok(202);
    assert_eq!(reply["state"], "cancelled");
    let stopped = house.run(&bo, &started.run).await;
    assert_eq!((&stopped["state"], &stopped["open"]), (&json!("cancelled"), &json!([])));
    decide(&house, &bo, &started, &decision(&run, json!({}))).await.refused(409, "conflict");
    house.talk(&bo, &id, "Never mind.").await;
    assert!(inputs.lock().unwrap().is_empty());
}
