//! Agents as tools.

use galaxy_access::Presented;
use galaxy_domain::Effect;
use galaxy_testkit::{FakeTool, Gate, Script, store::StoreFixture};
use serde_json::{Value, json};

use super::host::{Host, MODERN};
use crate::{
    house::{House, Plan, SMALL_TALK},
    talk::text,
};

galaxy_testkit::on_both_engines! {
    an_agent_answers_and_goes_on_in_the_same_conversation,
    a_host_that_asks_for_progress_gets_it,
    a_host_that_goes_away_stops_the_run,
    a_run_that_waits_for_the_person_says_so,
    a_run_whose_tool_asks_the_person_says_what,
    a_server_that_stops_tells_how_far_the_run_is,
    nobody_learns_of_another_persons_runs,
}

const ERAS: [&str; 2] = [MODERN, "2025-06-18"];

async fn an_agent_answers_and_goes_on_in_the_same_conversation(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    for era in ERAS {
        let host = host.speaking(era);
        let call = host.call("run_agent", json!({ "message": "Hi.", "model": "other" })).await;
        assert_eq!(call["content"][0]["text"], SMALL_TALK);
        let told = &call["structuredContent"];
        assert_eq!((&told["state"], &told["response"]), (&json!("finished"), &json!(SMALL_TALK)));
        let more = json!({ "message": "More.", "conversation_id": told["conversation_id"] });
        let more = host.done("run_agent", more).await;
        assert_eq!(more["conversation_id"], told["conversation_id"]);
        let status = host.done("run_status", json!({ "run_id": more["run_id"] })).await;
        assert_eq!(status, more);
        let chat = text(&told["conversation_id"]);
        assert_eq!(house.messages(&bo, &chat).await.len(), 4, "it is a conversation like others");
    }
}

async fn a_host_that_asks_for_progress_gets_it(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    for era in ERAS {
        house.script(Script::calls("c1", "math", json!({ "expression": "1+1" })));
        let params = json!({ "name": "run_agent", "arguments": { "message": "Sum?" },
            "_meta": { "progressToken": "tick" } });
        let events = host.speaking(era).request("tools/call", params).follow().await.all().await;
        let events: Vec<Value> = events.into_iter().map(|event| event.data).collect();
        let (last, notes) = events.split_last().unwrap();
        assert_eq!(last["result"]["structuredContent"]["state"], "finished", "{last}");
        let mut before = 0.0;
        for note in notes {
            assert_eq!(note["method"], "notifications/progress");
            assert_eq!(note["params"]["progressToken"], "tick");
            let now = note["params"]["progress"].as_f64().unwrap();
            assert!(now > before, "it grows");
            before = now;
        }
        let said: Vec<&str> =
            notes.iter().map(|note| note["params"]["message"].as_str().unwrap()).collect();
        assert!(said.contains(&"calls math"), "{said:?}");
    }
}

async fn a_host_that_goes_away_stops_the_run(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    for era in ERAS {
        let gate = Gate::new();
        house.script(Script::says("Once upon").wait(&gate).text(" a time."));
        let params = json!({ "name": "run_agent", "arguments": { "message": "Tell me." } });
        let call = host.speaking(era).request("tools/call", params).send();
        // The model is asked while the run is being stored: it is there a moment later.
        let listed = async {
            gate.reached().await;
            loop {
                let runs = house.get("/api/runs").by(&bo).send().await.ok(200);
                if let Some(run) = runs["items"][0]["id"].as_str() {
                    return run.to_owned();
                }
            }
        };
        let run = tokio::select! {
            reply = call => panic!("it cannot have ended: {}", reply.text()),
            run = listed => run,
        };
        assert_eq!(house.rest(&bo, &run).await["state"], "cancelled");
        let runs = house.get("/api/runs").by(&bo).send().await.ok(200);
        assert!(runs["items"].as_array().unwrap().is_empty(), "{runs}");
        gate.open();
    }
}

async fn a_run_that_waits_for_the_person_says_so(store: &StoreFixture) {
    let plan = Plan::default().tool(FakeTool::says("send", Effect::Reaches, "sent"));
    let house = House::with(store, plan).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    house.script(Script::calls("c1", "send", json!({})));
    let waits = host.done("run_agent", json!({ "message": "Send it." })).await;
    assert_eq!((&waits["state"], &waits["waits_for"]), (&json!("parked"), &json!(["send"])));
    let status = host.call("run_status", json!({ "run_id": waits["run_id"] })).await;
    assert!(text(&status["content"][0]["text"]).contains("in Galaxy (send needs a yes or a no)"));
}

async fn a_run_whose_tool_asks_the_person_says_what(store: &StoreFixture) {
    let plan = Plan::default().tool(crate::elicitation::book());
    let house = House::with(store, plan).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    house.script(Script::calls("c1", "book", json!({})));
    let waits = host.done("run_agent", json!({ "message": "Book it." })).await;
    let asks = json!([{ "tool": "book", "question": "form", "server": "far",
        "messages": ["Pay here.", "Which table?"] }]);
    assert_eq!((&waits["state"], &waits["asks"]), (&json!("parked"), &asks));
    let status = host.call("run_status", json!({ "run_id": waits["run_id"] })).await;
    let words = text(&status["content"][0]["text"]);
    assert!(words.contains(r#"the tool server far asks "Pay here.", "Which table?""#), "{words}");
}

async fn a_server_that_stops_tells_how_far_the_run_is(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    let gate = Gate::new();
    house.script(Script::says("Once upon").wait(&gate).text(" a time."));
    let asking = host.done("run_agent", json!({ "message": "Tell me." }));
    let stopping = async {
        gate.reached().await;
        house.stage.stop();
    };
    let (told, ()) = tokio::join!(asking, stopping);
    assert_eq!(told["state"], "running");
    gate.open();
    let caller = house.app.access().authenticate(Presented::Bearer(&host.key)).await.unwrap();
    house.app.until_still(&caller, text(&told["run_id"]).parse().unwrap()).await.unwrap();
    let status = host.done("run_status", json!({ "run_id": told["run_id"] })).await;
    assert_eq!(status["response"], "Once upon a time.");
}

async fn nobody_learns_of_another_persons_runs(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let cy = house.member("cy@example.org").await;
    let chat = house.chat(&bo, "What is there?").await;
    let host = Host::full(&house, &cy).await;
    let status = host.failed("run_status", json!({ "run_id": chat.run })).await;
    let missing = uuid::Uuid::now_v7().to_string();
    assert_eq!(status, host.failed("run_status", json!({ "run_id": missing })).await);
    let theirs = json!({ "message": "Hi.", "conversation_id": chat.conversation });
    let missing = json!({ "message": "Hi.", "conversation_id": missing });
    assert_eq!(host.failed("run_agent", theirs).await, host.failed("run_agent", missing).await);
}
