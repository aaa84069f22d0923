//! The same question to each kind of server, and a close look at its answer.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use galaxy_base::Tasks;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    connection::{Connection, Place},
    lines::Lines,
};

/// The newest revision of the protocol, and its first request.
const NEWEST: &str = "2026-07-28";
const DISCOVER: &str = "server/discover";

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The provider itself.
    Direct,
    /// The bare server.
    Floor,
    /// What is measured.
    Galaxy,
    /// The same, as the gateway in front of the bare server.
    Gateway,
    /// A server made with FastMCP.
    FastMcp,
}

impl Kind {
    /// Where the Model Context Protocol is spoken.
    const fn protocol(self) -> &'static str {
        match self {
            Self::Direct | Self::Floor | Self::Galaxy | Self::FastMcp => "/mcp",
            Self::Gateway => "/api/mcp/floor",
        }
    }
}

/// A server that can be asked.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Its kind.
    pub(crate) kind: Kind,
    /// Where it is.
    pub(crate) place: Place,
}

/// A client's side of one conversation after the other.
#[derive(Debug)]
pub(crate) struct Asking {
    kind: Kind,
    connection: Connection,
    /// Where the next stream is asked for, if the server knows such things.
    conversation: Value,
}

/// What a stream showed.
#[derive(Debug, Default)]
struct Seen {
    first: Option<Instant>,
    /// The type of the event whose data come next.
    event: String,
    tokens: usize,
    ended: bool,
}

impl Target {
    /// Connects.
    pub(crate) async fn ask(&self, tasks: &Tasks) -> Result<Asking> {
        let connection = Connection::open(&self.place, tasks).await?;
        Ok(Asking { kind: self.kind, connection, conversation: Value::Null })
    }
}

impl Asking {
    /// Opens a conversation, as a page does before anybody types.
    pub(crate) async fn prepare(&mut self) -> Result<()> {
        if self.kind == Kind::Galaxy {
            let made = self.connection.exchange("/api/conversations", Some(&json!({}))).await?;
            self.conversation = made["id"].clone();
        }
        Ok(())
    }

    /// Has `tokens` tokens streamed into what was prepared, at `pace` a second or as fast as possible; gives the time to
    /// the first. Fails when one is missing.
    pub(crate) async fn stream(&mut self, tokens: usize, pace: u32) -> Result<Duration> {
        let script = format!("say {tokens} at {pace}");
        let (path, body) = match self.kind {
            Kind::Direct | Kind::Floor => ("/v1/chat/completions", completion(&script)),
            Kind::Gateway | Kind::FastMcp => anyhow::bail!("there are no streams"),
            Kind::Galaxy => (
                "/api/chat/stream",
                json!({ "message": script, "conversation_id": self.conversation }),
            ),
        };
        let began = Instant::now();
        let mut body = self.connection.send(path, Some(&body)).await?;
        let (mut lines, mut seen) = (Lines::default(), Seen::default());
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                lines.take(&data, |line| match self.kind {
                    Kind::Direct | Kind::Floor => seen.completion(line),
                    Kind::Galaxy | Kind::Gateway | Kind::FastMcp => seen.event(line),
                });
            }
        }
        ensure!(seen.ended, "the stream broke off");
        ensure!(seen.tokens == tokens, "{} of {tokens} tokens came", seen.tokens);
        Ok(seen.first.context("no token came")? - began)
    }

    /// One question and its whole answer.
    pub(crate) async fn turn(&mut self) -> Result<()> {
        self.whole("say 1", "0").await
    }

    /// One question whose answer needs a tool that stores something.
    pub(crate) async fn agent_turn(&mut self) -> Result<()> {
        self.whole("call add_task {\"title\":\"Write it down\"}; say 1", "0").await
    }

    /// The list of tools.
    pub(crate) async fn list(&mut self) -> Result<()> {
        self.rpc(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }), "add_task").await
    }

    /// What the server is, as clients of the newest revision ask first.
    pub(crate) async fn discover(&mut self) -> Result<()> {
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": NEWEST,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1" } });
        let params = json!({ "_meta": meta });
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": DISCOVER, "params": params });
        self.connection.say(&[("mcp-protocol-version", NEWEST), ("mcp-method", DISCOVER)]);
        self.rpc(&request, "supportedVersions").await
    }

    /// A call of a tool that stores something.
    pub(crate) async fn store(&mut self) -> Result<()> {
        let params = json!({ "name": "add_task", "arguments": { "title": "Write it down" } });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        self.rpc(&call, "Write it down").await
    }

    /// A request of the Model Context Protocol; its answer has to hold `word`.
    async fn rpc(&mut self, request: &Value, word: &str) -> Result<()> {
        let answer = self.connection.send(self.kind.protocol(), Some(request)).await?;
        let answer = answer.collect().await?.to_bytes();
        let found = answer.windows(word.len()).any(|it| it == word.as_bytes());
        let failed = answer.windows(14).any(|it| it == b"\"isError\":true");
        ensure!(found && !failed, "{}", String::from_utf8_lossy(&answer));
        Ok(())
    }

    async fn whole(&mut self, script: &str, answer: &str) -> Result<()> {
        let message = json!({ "message": script });
        let path = match self.kind {
            Kind::Direct | Kind::Gateway | Kind::FastMcp => anyhow::bail!("there are no turns"),
            Kind::Floor => "/chat",
            Kind::Galaxy => "/api/chat",
        };
        let reply = self.connection.exchange(path, Some(&message)).await?;
        let said = reply["response"].as_str().unwrap_or_default().trim();
        ensure!(said == answer, "another answer: {reply}");
        let made = script.starts_with("call") && self.kind == Kind::Galaxy;
        ensure!(!made || reply["tool_calls"][0]["outcome"] == "done", "no task: {reply}");
        Ok(())
    }
}

impl Seen {
    fn first(&mut self) {
        self.first.get_or_insert_with(Instant::now);
    }

    /// A line of chat completions.
    fn completion(&mut self, line: &[u8]) {
        if line.starts_with(b"data: {\"id\"") {
            self.first();
            self.tokens += 1;
        }
        self.ended |= line == b"data: [DONE]";
    }

    /// A line of our own events. The whole message at the end replaces its pieces.
    fn event(&mut self, line: &[u8]) {
        if let Some(name) = line.strip_prefix(b"event: ") {
            self.event = String::from_utf8_lossy(name).into_owned();
        }
        let Some(data) = line.strip_prefix(b"data: ") else { return };
        match self.event.as_str() {
            "message.delta" => self.first(),
            "message.done" => {
                self.first();
                self.tokens = tokens(data).unwrap_or_default();
            }
            "chat.done" => self.ended = is_finished(data),
            _ => (),
        }
    }
}

/// The tokens in a whole message: each ends in a blank.
fn tokens(data: &[u8]) -> Option<usize> {
    #[derive(Deserialize)]
    struct Done<'a> {
        #[serde(borrow)]
        parts: Vec<Piece<'a>>,
    }
    #[derive(Deserialize)]
    struct Piece<'a> {
        #[serde(borrow, default)]
        text: Cow<'a, str>,
    }
    let done: Done<'_> = serde_json::from_slice(data).ok()?;
    Some(done.parts.iter().map(|piece| piece.text.matches(' ').count()).sum())
}

fn is_finished(data: &[u8]) -> bool {
    serde_json::from_slice(data).is_ok_and(|reply: Value| reply["state"] == "finished")
}

/// A request as providers want it.
pub(crate) fn completion(script: &str) -> Value {
    let tool = json!({ "type": "function", "function": { "name": "add_task" } });
    let message = json!({ "role": "user", "content": script });
    json!({ "model": "fake", "stream": true, "messages": [message], "tools": [tool] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_completions_are_counted_until_the_end() {
        let mut seen = Seen::default();
        for line in ["data: {\"id\":\"a\"}", "", "data: {\"id\":\"a\"}", "data: [DONE]"] {
            seen.completion(line.as_bytes());
        }
        assert!(seen.ended && seen.first.is_some());
        assert_eq!(seen.tokens, 2);
    }

    #[test]
    fn the_whole_message_counts_and_only_a_finished_run_has_ended() {
        let mut seen = Seen::default();
        let done = r#"data: {"type":"message.done","parts":[{"kind":"text","text":"0 1 2 "}]}"#;
        for line in ["event: message.delta", "data: {\"text\":\"0 \"}", "event: message.done", done]
        {
            seen.event(line.as_bytes());
        }
        assert_eq!((seen.tokens, seen.ended), (3, false));
        for (state, ended) in [("incomplete", false), ("finished", true)] {
            seen.event(b"event: chat.done");
            seen.event(format!("data: {{\"state\":\"{state}\"}}").as_bytes());
            assert_eq!(seen.ended, ended);
        }
    }
}
