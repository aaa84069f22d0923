//! All revisions of the protocol, old and new.

use galaxy_testkit::store::StoreFixture;
use serde_json::{Value, json};

use super::host::{ERAS, Host, MODERN};
use crate::house::House;

galaxy_testkit::on_both_engines! {
    every_revision_does_the_same_things,
    a_handshake_agrees_on_a_revision,
    a_request_that_contradicts_itself_is_refused,
    a_list_that_was_ready_is_the_same_as_any_other,
}

async fn every_revision_does_the_same_things(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    for era in ERAS {
        let host = host.speaking(era);
        let sum = host.call("math", json!({ "expression": "17*23" })).await;
        assert!(sum["content"][0]["text"].as_str().unwrap().contains("391"), "{era}: {sum}");
        let made = host.done("add_task", json!({ "title": era })).await;
        assert_eq!(made["title"], era);
        let names = host.tools().await;
        for name in ["run_agent", "run_status", "add_task", "list_tasks", "math"] {
            assert!(names.contains(&name.to_owned()), "{era}: {names:?}");
        }
        assert!(!names.contains(&"ask_person".to_owned()), "{era}: nobody to ask");
        let reply = host.send("tools/list", json!({})).await;
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert!(reply.header("mcp-session-id").is_none(), "nothing is remembered");
    }
    let all = host.done("list_tasks", json!({})).await;
    assert_eq!(all["total"], 5);
}

async fn a_handshake_agrees_on_a_revision(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    let hello = |version: &str| {
        json!({ "protocolVersion": version, "capabilities": {},
            "clientInfo": { "name": "host", "version": "1" } })
    };
    for (asked, agreed) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"),
        // That one has no handshake, and nobody knows the other.
        (MODERN, "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let legacy = host.speaking("2025-11-25");
        let result = legacy.ask("initialize", hello(asked)).await;
        assert_eq!(result["protocolVersion"], agreed, "{asked}");
        assert_eq!(result["serverInfo"]["name"], "galaxy");
        assert!(result["capabilities"]["tools"].is_object());
        assert!(result["capabilities"]["resources"].is_object());
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let ready = house.post("/mcp").bearer(&host.key).json(&ready);
        let ready = ready.header("accept", "application/json, text/event-stream").send().await;
        assert_eq!(ready.status, 202);
    }
    let found = host.ask("server/discover", json!({})).await;
    let versions: Vec<&Value> = found["supportedVersions"].as_array().unwrap().iter().collect();
    assert_eq!(versions.len(), ERAS.len(), "{found}");
    assert_eq!(host.error("ping", json!({})).await.0, -32601, "gone since");
    host.speaking("2025-11-25").ask("ping", json!({})).await;
}

async fn a_list_that_was_ready_is_the_same_as_any_other(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    for scopes in [&["read"][..], &["tasks"], &["read", "chat", "tasks"]] {
        let host = Host::of(&house, &bo, scopes).await;
        for era in ERAS {
            let host = host.speaking(era);
            let ready = host.send("tools/list", json!({})).await;
            // With more to it than a plain request has, it is rmcp's to answer.
            let odd = json!({ "_meta": { "progressToken": 1,
                "io.modelcontextprotocol/clientCapabilities": { "sampling": {} } } });
            let odd = if era == MODERN { odd } else { json!({ "_meta": { "progressToken": 1 } }) };
            let other = host.send("tools/list", odd).await;
            assert_eq!(ready.text(), other.text(), "{era}");
            assert_eq!(ready.headers.len(), other.headers.len());
        }
    }
}

async fn a_request_that_contradicts_itself_is_refused(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let host = Host::full(&house, &bo).await;
    let params = || json!({ "name": "add_task", "arguments": { "title": "Sweep" } });
    let request = || host.request("tools/call", params());
    for (name, value) in
        [("mcp-method", "tools/list"), ("mcp-name", "math"), ("mcp-protocol-version", "2025-11-25")]
    {
        let reply = request().without(name).header(name, value).send().await;
        let error = reply.ok(400);
        assert_eq!(error["error"]["code"], -32020, "{name}: {error}");
        let reply = request().without(name).send().await;
        assert_eq!(reply.status, 400, "without {name}: {}", reply.text());
    }
    let strange = host.speaking("2025-11-25").request("tools/list", json!({}));
    let strange = strange.without("mcp-protocol-version");
    let reply = strange.header("mcp-protocol-version", "1999-01-01").send().await;
    assert_eq!(reply.ok(400)["jsonrpc"], "2.0", "also what rmcp says in plain text");
    assert_eq!(host.done("list_tasks", json!({})).await["total"], 0, "nothing was done");
}
