//! A host: a program that speaks the protocol, in one of its revisions.

use serde_json::{Map, Value, json};

use crate::{
    call::{Call, Reply},
    house::{House, Person},
    talk::text,
};

/// The revision without a handshake.
pub(super) const MODERN: &str = "2026-07-28";
/// Every revision there is, newest first.
pub(super) const ERAS: [&str; 5] = [MODERN, "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// Speaks for somebody.
pub(super) struct Host<'h> {
    pub(super) house: &'h House<'h>,
    pub(super) key: String,
    pub(super) era: &'static str,
    /// Where it knocks.
    pub(super) path: String,
}

impl<'h> Host<'h> {
    /// With a key of `person` that is good for `scopes`.
    pub(super) async fn of(house: &'h House<'h>, person: &Person, scopes: &[&str]) -> Self {
        let wanted = json!({ "name": "Host", "scopes": scopes });
        let made = house.post("/api/auth/keys").by(person).json(&wanted).send().await.ok(201);
        Self { house, key: text(&made["key"]), era: MODERN, path: "/mcp".to_owned() }
    }

    /// The same, good for everything that the protocol offers.
    pub(super) async fn full(house: &'h House<'h>, person: &Person) -> Self {
        Self::of(house, person, &["read", "chat", "tasks"]).await
    }

    /// In another revision.
    pub(super) fn speaking(&self, era: &'static str) -> Self {
        Self { house: self.house, key: self.key.clone(), era, path: self.path.clone() }
    }

    /// At another address.
    pub(super) fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.speaking(self.era) }
    }

    /// A request with everything that its revision wants, but without a key.
    pub(super) fn bare(&self, method: &str, mut params: Value) -> Call {
        let mut call = self.house.post(&self.path);
        call = call.header("accept", "application/json, text/event-stream");
        // It came with the revision of 2025-06-18.
        if self.era >= "2025-06-18" && method != "initialize" {
            call = call.header("mcp-protocol-version", self.era);
        }
        if self.era == MODERN {
            call = call.header("mcp-method", method);
            let name = ["name", "uri", "taskId"].iter().find_map(|it| params.get(it));
            if let Some(name) = name.and_then(Value::as_str) {
                call = call.header("mcp-name", name);
            }
            let fields = params.as_object_mut().unwrap();
            let meta = fields.entry("_meta").or_insert_with(|| Map::new().into());
            meta["io.modelcontextprotocol/protocolVersion"] = MODERN.into();
            let meta = meta.as_object_mut().unwrap();
            meta.entry("io.modelcontextprotocol/clientCapabilities").or_insert_with(|| json!({}));
        }
        call.json(&json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }))
    }

    /// The same, with the key.
    pub(super) fn request(&self, method: &str, params: Value) -> Call {
        self.bare(method, params).bearer(&self.key)
    }

    /// Sends a request that the protocol lets through.
    pub(super) async fn send(&self, method: &str, params: Value) -> Reply {
        self.request(method, params).send().await
    }

    /// What a request gives.
    pub(super) async fn ask(&self, method: &str, params: Value) -> Value {
        let mut reply = self.send(method, params).await.ok(200);
        assert_eq!((&reply["jsonrpc"], &reply["id"]), (&json!("2.0"), &json!(7)));
        assert!(reply.get("error").is_none(), "{method}: {reply}");
        let result = reply["result"].take();
        assert_eq!(result.get("resultType").is_some(), self.era == MODERN, "{result}");
        result
    }

    /// The protocol error that a request gives: its code and its words.
    pub(super) async fn error(&self, method: &str, params: Value) -> (i64, String) {
        let reply = self.send(method, params).await.json();
        let error = &reply["error"];
        (error["code"].as_i64().unwrap_or_else(|| panic!("{reply}")), text(&error["message"]))
    }

    /// What a tool gives.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// The fields that a tool gives to programs.
    pub(super) async fn done(&self, tool: &str, arguments: Value) -> Value {
        let mut result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], false, "{tool}: {result}");
        result["structuredContent"].take()
    }

    /// What a tool says when it does not work.
    pub(super) async fn failed(&self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{tool}: {result}");
        text(&result["content"][0]["text"])
    }

    /// The names of the tools on offer.
    pub(super) async fn tools(&self) -> Vec<String> {
        let list = self.ask("tools/list", json!({})).await;
        list["tools"].as_array().unwrap().iter().map(|tool| text(&tool["name"])).collect()
    }
}
