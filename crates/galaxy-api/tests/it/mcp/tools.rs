//! Calls that make no sense, take too long, are forbidden, or are given up.

use std::time::Duration;

use galaxy_domain::{Effect, Part, Verdict};
use galaxy_testkit::{FakeTool, Gate, store::StoreFixture, store::sqlite};
use serde_json::json;

use super::host::{Host, MODERN};
use crate::house::{House, Plan};

galaxy_testkit::on_both_engines! {
    a_call_that_makes_no_sense_is_told_what_is_wrong,
    a_tool_that_a_rule_forbids_is_neither_offered_nor_called,
}

async fn a_call_that_makes_no_sense_is_told_what_is_wrong(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    for era in [MODERN, "2025-06-18"] {
        let host = host.speaking(era);
        for (tool, arguments, told) in [
            ("add_task", json!({}), "\"title\" is a required property"),
            ("add_task", json!({ "title": 7 }), "/title"),
            ("add_task", json!({ "title": "x", "colour": "red" }), "colour"),
            ("add_task", json!({ "title": "a\0b" }), "NUL"),
            ("complete_task", json!({ "task_id": "soon" }), "list_tasks"),
            ("run_agent", json!({}), "\"message\" is a required property"),
            ("run_agent", json!({ "message": "  " }), "say something"),
            ("run_agent", json!({ "message": "x", "model": "none" }), "there is no model"),
            ("run_agent", json!({ "message": "x", "conversation_id": "y" }), "conversation_id"),
            ("run_status", json!({ "run_id": "y" }), "run_id"),
        ] {
            let said = host.failed(tool, arguments).await;
            assert!(said.contains(told), "{tool}: {said}");
        }
        let unknown = json!({ "name": "launch", "arguments": {} });
        let (code, message) = host.error("tools/call", unknown).await;
        assert_eq!((code, &*message), (-32602, "unknown tool: launch"));
        assert_eq!(host.error("tools/list", json!({ "cursor": "x" })).await.0, -32602);
        assert_eq!(host.error("no/such", json!({})).await.0, -32601);
    }
    let post = |body: String| {
        let call = house.post("/mcp").bearer(&host.key).body("application/json", body);
        call.header("accept", "application/json, text/event-stream")
    };
    assert_eq!(post("{ no".to_owned()).send().await.json()["jsonrpc"], "2.0");
    let big = json!({ "jsonrpc": "2.0", "id": 1, "method": "x", "params": "a".repeat(1 << 20) });
    assert_eq!(post(big.to_string()).send().await.ok(413)["jsonrpc"], "2.0");
    let plain = house.post("/mcp").bearer(&host.key).body("text/plain", "{}");
    assert_eq!(plain.send().await.status, 406);
}

async fn a_tool_that_a_rule_forbids_is_neither_offered_nor_called(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    let rule = async |verdict: &str| {
        let body = json!({ "verdict": verdict });
        house.put("/api/tools/add_task/rule").by(&bo).json(&body).send().await.ok(204);
    };
    rule("deny").await;
    assert!(!host.tools().await.contains(&"add_task".to_owned()));
    let told = host.failed("add_task", json!({ "title": "Sweep" })).await;
    assert!(told.contains("a rule forbids this tool"), "{told}");
    rule("ask").await;
    assert!(host.tools().await.contains(&"add_task".to_owned()));
    let told = host.failed("add_task", json!({ "title": "Sweep" })).await;
    assert!(told.contains("wants to be asked") && told.contains("(Tools)"), "{told}");
    assert_eq!(host.done("list_tasks", json!({})).await["total"], 0);
    rule("allow").await;
    host.done("add_task", json!({ "title": "Sweep" })).await;
}

#[tokio::test]
async fn a_call_ends_in_time_and_survives_a_tool_that_breaks() {
    let store = sqlite().await;
    let slow = FakeTool::new("slow", Effect::Reads, |_, _| std::future::pending());
    let slow = slow.limit(Duration::from_millis(50));
    let breaks = FakeTool::new("breaks", Effect::Reads, |_, _| async { panic!("it broke") });
    let shows = FakeTool::new("shows", Effect::Reads, |_, _| async {
        let image = Part::Image { media_type: "image/png".to_owned(), data: "AAAA".to_owned() };
        Ok(vec![Part::text("x".repeat(100_000)), image])
    });
    let house = House::with(&store, Plan::default().tool(slow).tool(breaks).tool(shows)).await;
    let host = Host::full(&house, &house.admin().await).await;
    assert!(host.failed("slow", json!({})).await.contains("no result after"));
    assert!(host.failed("breaks", json!({})).await.contains("broke"));
    let shown = host.call("shows", json!({})).await;
    assert!(shown["content"][0]["text"].as_str().unwrap().contains("characters omitted"));
    assert_eq!(shown["content"][1]["mimeType"], "image/png");
}

#[tokio::test]
async fn a_host_that_goes_away_cancels_its_call() {
    for era in [MODERN, "2025-06-18"] {
        let store = sqlite().await;
        let (began, given_up) = (Gate::new(), Gate::new());
        let plan = Plan::default().tool(waits(&began, &given_up));
        let house = House::with(&store, plan).await;
        let host = Host::full(&house, &house.admin().await).await;
        let params = json!({ "name": "waits", "arguments": {} });
        let call = host.speaking(era).request("tools/call", params).send();
        tokio::select! {
            reply = call => panic!("it cannot have ended: {}", reply.text()),
            () = began.reached() => (),
        }
        given_up.reached().await;
    }
}

/// Works until it is told to give up.
fn waits(began: &Gate, given_up: &Gate) -> FakeTool {
    let (at_work, told) = (began.clone(), given_up.clone());
    let tool = FakeTool::new("waits", Effect::Reaches, move |_, cx| {
        let (at_work, told) = (at_work.clone(), told.clone());
        async move {
            at_work.open();
            at_work.pass().await;
            cx.cancel.cancelled().await;
            told.open();
            told.pass().await;
            Ok(vec![Part::text("given up")])
        }
    });
    tool.verdict(Verdict::Allow)
}
