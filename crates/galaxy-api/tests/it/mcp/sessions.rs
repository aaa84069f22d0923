//! Clients of older revisions in their sessions, and clients of the newest in front of servers that
//! wait on the line.

use std::{sync::Arc, time::Duration};

use galaxy_testkit::{FakeToolServer, store::StoreFixture};
use galaxy_tool::server::{Answer, Asked, Question, Request, RequestCx, ServerError, ServerInfo};
use serde_json::{Value, json};

use super::host::{Host, MODERN};
use crate::{
    call::{Call, Reply},
    events::Events,
    house::{House, Person},
};

galaxy_testkit::on_both_engines! {
    a_client_with_a_session_is_asked_on_the_line_however_the_server_asks,
    a_client_without_one_is_never_asked,
    a_new_client_comes_back_with_what_a_server_waits_for,
    what_happens_between_requests_is_told_in_the_session,
    a_session_is_only_there_for_whom_it_was_opened,
    whoever_opens_too_many_sessions_goes_without_the_oldest,
    whoever_is_shut_out_hears_nothing_more,
}

const PATH: &str = "/api/mcp/weather";
/// Nothing that is waited for takes so long.
const PATIENCE: Duration = Duration::from_secs(20);
const OLD: &str = "2025-06-18";

/// What a server makes of an answer to its question.
fn told(answer: &Value) -> Value {
    json!({ "content": [{ "type": "text", "text": answer.to_string() }] })
}

async fn answers(request: Request, cx: RequestCx) -> Result<Value, ServerError> {
    let params = request.params.unwrap_or_default();
    let (message, schema) = ("Where?".to_owned(), json!({ "type": "object" }));
    match params["arguments"]["ask"].as_str().unwrap_or_default() {
        "by result" if params.get("inputResponses").is_some() => {
            Ok(told(&params["inputResponses"]))
        }
        "by result" => Ok(json!({
            "resultType": "input_required", "inputRequests": { "place": {
                "method": "elicitation/create",
                "params": { "message": message, "requestedSchema": schema }
            } }
        })),
        "on the line" => {
            let question = Question::Form { message, schema };
            let server = FakeToolServer::spec("weather").name;
            let asked = Asked { server, tool: Some("look".to_owned()), question };
            let answer: Answer = cx.elicit.ask(asked).await;
            Ok(told(&answer.into_result()))
        }
        _ => {
            cx.log.logged(json!({ "level": "debug", "data": "a detail" }));
            cx.log.logged(json!({ "level": "warning", "data": "a storm" }));
            Ok(told(&json!("sunny")))
        }
    }
}

/// A server that asks as it is told to, behind its own address, and a client of `by`.
async fn weather<'h>(house: &'h House<'h>, by: &Person) -> (Arc<FakeToolServer>, Host<'h>) {
    let server = FakeToolServer::new(FakeToolServer::spec("weather"), answers);
    server.introduce(ServerInfo {
        capabilities: json!({ "tools": {}, "resources": { "subscribe": true }, "logging": {} }),
        ..ServerInfo::default()
    });
    let tool =
        json!({ "name": "look", "description": "Looks.", "inputSchema": { "type": "object" } });
    server.offer(vec![tool]);
    let server = house.servers.add(server);
    (server, client(house, by).await)
}

async fn client<'h>(house: &'h House<'h>, by: &Person) -> Host<'h> {
    let link = json!({ "kind": "http", "url": "https://example.org/mcp" });
    let wanted = json!({ "name": "weather", "link": link, "may_ask": true });
    house.post("/api/tool-servers").by(by).json(&wanted).send().await.ok(201);
    let rule = json!({ "verdict": "allow" });
    house.put("/api/tools/weather__look/rule").by(by).json(&rule).send().await.ok(204);
    Host::full(house, by).await.at(PATH).speaking(OLD)
}

/// Begins a session of a client that can be asked; gives its name.
async fn begin(host: &Host<'_>) -> String {
    let hello = json!({ "protocolVersion": OLD, "capabilities": { "elicitation": {} },
        "clientInfo": { "name": "host", "version": "1" } });
    let reply = host.send("initialize", hello).await;
    assert_eq!(reply.status, 200);
    let name = reply.header("mcp-session-id").expect("a session").to_owned();
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(say(host, &name, &ready).await.status, 202);
    name
}

/// Says something in the session called `name` that nothing is said to.
async fn say(host: &Host<'_>, name: &str, message: &Value) -> Reply {
    in_session(host.house.post(PATH), host, name).json(message).send().await
}

fn in_session(call: Call, host: &Host<'_>, name: &str) -> Call {
    let call = call.header("accept", "application/json, text/event-stream").bearer(&host.key);
    call.header("mcp-session-id", name).header("mcp-protocol-version", OLD)
}

fn look(host: &Host<'_>, name: &str, ask: &str) -> Call {
    let params = json!({ "name": "look", "arguments": { "ask": ask } });
    host.request("tools/call", params).header("mcp-session-id", name)
}

/// What is said next on a stream.
async fn next(events: &mut Events) -> Value {
    events.next().await.expect("the stream goes on").data
}

async fn a_client_with_a_session_is_asked_on_the_line_however_the_server_asks(
    store: &StoreFixture,
) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (_, host) = weather(&house, &bo).await;
    let name = begin(&host).await;
    for (ask, kept) in [("by result", r#""place""#), ("on the line", r#""Oslo""#)] {
        let mut events = look(&host, &name, ask).follow().await;
        let question = next(&mut events).await;
        assert_eq!(question["method"], "elicitation/create", "{question}");
        assert_eq!(question["params"]["message"], "Where?");
        let said = json!({ "action": "accept", "content": { "place": "Oslo" } });
        let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": said });
        assert_eq!(say(&host, &name, &answer).await.status, 202);
        let result = next(&mut events).await;
        let text = result["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
        assert!(text.contains("accept") && text.contains(kept), "{ask}: {result}");
        assert!(result["result"].get("resultType").is_none(), "an older client: {result}");
    }
}

async fn a_client_without_one_is_never_asked(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (_, host) = weather(&house, &bo).await;
    for host in [host.speaking(OLD), host.speaking(MODERN)] {
        let said = host.failed("look", json!({ "ask": "by result" })).await;
        assert!(said.contains("cannot be asked"), "{said}");
        let said = host.call("look", json!({ "ask": "on the line" })).await;
        assert_eq!(said["content"][0]["text"], r#"{"action":"decline"}"#);
    }
}

async fn a_new_client_comes_back_with_what_a_server_waits_for(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (server, host) = weather(&house, &bo).await;
    let host = host.speaking(MODERN);
    let params = |state: Option<&Value>, said: Option<Value>| {
        let able = json!({ "elicitation": {} });
        let mut params = json!({ "name": "look", "arguments": { "ask": "on the line" },
            "_meta": { "io.modelcontextprotocol/clientCapabilities": able } });
        if let Some(state) = state {
            params["requestState"] = state.clone();
        }
        if let Some(said) = said {
            params["inputResponses"] = json!({ "question": said });
        }
        params
    };
    let asked = host.ask("tools/call", params(None, None)).await;
    assert_eq!(asked["inputRequests"]["question"]["params"]["message"], "Where?");
    // Whoever comes back without an answer is asked again.
    let asked = host.ask("tools/call", params(Some(&asked["requestState"]), None)).await;
    assert_eq!(asked["resultType"], "input_required");
    let state = &asked["requestState"];

    let cy = house.member("cy@example.org").await;
    let other = client(&house, &cy).await.speaking(MODERN);
    let decline = || Some(json!({ "action": "decline" }));
    let (code, _) = other.error("tools/call", params(Some(state), decline())).await;
    assert_eq!(code, -32602, "it is somebody else's");
    let elsewhere = json!({ "uri": "a:b", "requestState": state, "inputResponses": {},
        "_meta": { "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} } } });
    let (code, said) = host.error("resources/read", elsewhere).await;
    assert_eq!(code, -32602, "it is another request's: {said}");

    let said = json!({ "action": "accept", "content": { "place": "Oslo" } });
    let done = host.ask("tools/call", params(Some(state), Some(said.clone()))).await;
    let heard: Value = serde_json::from_str(done["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(heard, said);
    let (code, _) = host.error("tools/call", params(Some(state), Some(said))).await;
    assert_eq!(code, -32602, "an answer is given once");
    assert_eq!(server.requests().len(), 1, "the call was never made again");
}

async fn what_happens_between_requests_is_told_in_the_session(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (server, host) = weather(&house, &bo).await;
    let name = begin(&host).await;
    let mut heard = in_session(house.get(PATH), &host, &name).follow().await;
    let ask = async |method: &str, params: Value| {
        let call = host.request(method, params).header("mcp-session-id", &name);
        next(&mut call.follow().await).await
    };
    let uri = "galaxy:test";
    let followed = ask("resources/subscribe", json!({ "uri": uri })).await;
    assert_eq!(followed["result"], json!({}));
    assert_eq!(server.touch(uri), 1);
    let news = next(&mut heard).await;
    assert_eq!(news["method"], "notifications/resources/updated", "{news}");
    assert_eq!(news["params"]["uri"], uri);

    assert_eq!(ask("logging/setLevel", json!({ "level": "warning" })).await["result"], json!({}));
    let result = next(&mut look(&host, &name, "nothing").follow().await).await;
    assert!(result["result"].is_object(), "{result}");
    let line = next(&mut heard).await;
    assert_eq!(line["params"], json!({ "level": "warning", "data": "a storm" }), "{line}");

    let tool = json!({ "name": "more", "description": "", "inputSchema": { "type": "object" } });
    server.offer(vec![tool]);
    let news = next(&mut heard).await;
    assert_eq!(news["method"], "notifications/tools/list_changed", "{news}");
    assert_eq!(ask("resources/unsubscribe", json!({ "uri": uri })).await["result"], json!({}));
}

async fn a_session_is_only_there_for_whom_it_was_opened(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let cy = house.member("cy@example.org").await;
    let (_, host) = weather(&house, &bo).await;
    let other = client(&house, &cy).await;
    let name = begin(&host).await;
    let status = async |host: &Host<'_>, name: &str| {
        let list = host.request("tools/list", json!({})).header("mcp-session-id", name);
        let (post, get) = (list.send().await.status, house.get(PATH));
        let delete = in_session(house.delete(PATH), host, name);
        let get = in_session(get, host, name).send().await.status;
        (post, get, delete)
    };
    for foreign in [&*name, "made-up"] {
        let (post, get, delete) = status(&other, foreign).await;
        assert_eq!((post, get, delete.send().await.status), (404, 404, 404), "{foreign}");
    }
    let (post, get, delete) = status(&host, &name).await;
    assert_eq!((post, get), (200, 200), "it is still theirs");
    assert_eq!(delete.send().await.status, 204);
    let (post, get, delete) = status(&host, &name).await;
    assert_eq!((post, get, delete.send().await.status), (404, 404, 404), "it was closed");
}

async fn whoever_opens_too_many_sessions_goes_without_the_oldest(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (_, host) = weather(&house, &bo).await;
    let first = begin(&host).await;
    for _ in 0..32 {
        begin(&host).await;
    }
    // Its requests are answered all the same, one by one.
    let list = host.request("tools/list", json!({})).header("mcp-session-id", &first);
    assert_eq!(list.send().await.json()["result"]["tools"][0]["name"], "look");
    assert_eq!(in_session(house.get(PATH), &host, &first).send().await.status, 405);
    let question = look(&host, &first, "by result").send().await.json();
    assert_eq!(question["result"]["isError"], true, "{question}");
}

async fn whoever_is_shut_out_hears_nothing_more(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let (server, host) = weather(&house, &bo).await;
    let name = begin(&host).await;
    let mut heard = in_session(house.get(PATH), &host, &name).follow().await;
    let follow = json!({ "uri": "galaxy:test" });
    let call = host.request("resources/subscribe", follow).header("mcp-session-id", &name);
    assert_eq!(next(&mut call.follow().await).await["result"], json!({}));
    let keys = house.get("/api/auth/keys").by(&bo).send().await.ok(200);
    let id = keys["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{keys}")).to_owned();
    house.delete(&format!("/api/auth/keys/{id}")).by(&bo).send().await.ok(204);
    server.touch("galaxy:test");
    // Nobody follows any more once the news was refused.
    let left = async {
        while server.touch("galaxy:test") > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, left).await.expect("the news is refused in time");
    assert_eq!(in_session(house.get(PATH), &host, &name).send().await.status, 401);
    assert!(futures::FutureExt::now_or_never(heard.next()).is_none(), "nothing was told");
}
