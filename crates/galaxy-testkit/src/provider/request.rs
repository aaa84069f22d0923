//! Reading requests.

use std::{borrow::Cow, io};

use bytes::{Buf, BytesMut};
use serde::Deserialize;
use tokio::{io::AsyncReadExt, net::TcpStream};

use super::script::Script;

/// The largest head.
const HEAD: usize = 64 << 10;
/// The largest body.
const BODY: usize = 64 << 20;

/// What a client wants.
#[derive(Debug)]
pub(super) enum Incoming {
    Asked(Asked),
    Models,
    Counts,
    Other,
}

/// A request for an answer.
#[derive(Debug)]
pub(super) struct Asked {
    /// What to do, or what is wrong with the request.
    pub(super) script: Result<Script, String>,
    /// The script as it was written.
    pub(super) text: String,
    /// How many answers with calls came after it.
    pub(super) rounds: usize,
    /// The names of the tools that are offered.
    pub(super) tools: Vec<String>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
    #[serde(borrow, default)]
    tools: Vec<Tool<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow, default)]
    content: Option<Content<'a>>,
    #[serde(default)]
    tool_calls: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Parts(Vec<Piece>),
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// The next request of a connection; `None` at its end.
///
/// # Errors
/// What the connection says, and what is no HTTP.
pub(super) async fn next(
    socket: &mut TcpStream,
    buffer: &mut BytesMut,
) -> io::Result<Option<Incoming>> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|it| it == b"\r\n\r\n") {
            break at;
        }
        if buffer.len() > HEAD {
            return Err(io::Error::other("the head is too long"));
        }
        if socket.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let length = content_length(&head)?;
    buffer.advance(end + 4);
    buffer.reserve(length.saturating_sub(buffer.len()));
    while buffer.len() < length {
        if socket.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let body = buffer.split_to(length);
    let mut words = head.split([' ', '?']);
    Ok(Some(match (words.next().unwrap_or_default(), words.next().unwrap_or_default()) {
        ("POST", "/v1/chat/completions") => Incoming::Asked(asked(&body)),
        ("GET", "/v1/models") => Incoming::Models,
        ("GET", "/counts") => Incoming::Counts,
        _ => Incoming::Other,
    }))
}

fn content_length(head: &str) -> io::Result<usize> {
    let mut lengths = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())
    });
    match lengths.next_back() {
        None => Ok(0),
        Some(Some(length)) if length <= BODY => Ok(length),
        Some(_) => Err(io::Error::other("no length that could be read")),
    }
}

fn asked(body: &[u8]) -> Asked {
    match serde_json::from_slice::<Body<'_>>(body) {
        Ok(body) => read(&body),
        Err(err) => {
            let script = Err(format!("no request: {err}"));
            Asked { script, text: String::new(), rounds: 0, tools: Vec::new() }
        }
    }
}

fn read(body: &Body<'_>) -> Asked {
    let tools = body.tools.iter().map(|tool| tool.function.name.clone().into_owned()).collect();
    let mut rounds = 0;
    for message in body.messages.iter().rev() {
        match (&*message.role, &message.content) {
            ("user", Some(content)) => {
                let text = content.text();
                if let Some(script) = Script::parse(&text).transpose() {
                    return Asked { script, text, rounds, tools };
                }
            }
            _ => rounds += usize::from(!message.tool_calls.is_empty()),
        }
    }
    let text = body.model.replace('-', " ");
    let script = Script::parse(&text).transpose();
    let script = script.unwrap_or_else(|| Ok(Script::default_answer()));
    Asked { script, text, rounds, tools }
}

impl Content<'_> {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone().into_owned(),
            Self::Parts(pieces) => pieces.iter().map(|piece| piece.text.as_str()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(messages: &serde_json::Value) -> Asked {
        let function = json!({ "type": "function", "function": { "name": "math" } });
        let body = json!({ "model": "say-3", "messages": messages, "tools": [function] });
        asked(body.to_string().as_bytes())
    }

    #[test]
    fn the_newest_message_with_a_script_counts_and_results_are_counted_from_there() {
        let call = json!([{ "id": "c", "function": { "name": "math", "arguments": "{}" } }]);
        let asked = of(&json!([
            { "role": "user", "content": "say 1" },
            { "role": "assistant", "content": "0 ", "tool_calls": call },
            { "role": "user", "content": [{ "type": "text", "text": "call math {}" }] },
            { "role": "assistant", "content": null, "tool_calls": call },
            { "role": "tool", "tool_call_id": "c", "content": "say 9" },
            { "role": "user", "content": "Go on." },
        ]));
        assert_eq!((asked.text.as_str(), asked.rounds), ("call math {}", 1));
        assert_eq!(asked.tools, ["math"]);
    }

    #[test]
    fn without_a_script_the_model_says_what_to_do() {
        let asked = of(&json!([{ "role": "user", "content": "Hello" }]));
        assert_eq!(asked.text, "say 3");
        assert!(asked.script.is_ok());
    }

    #[test]
    fn what_is_no_request_is_told() {
        assert!(asked(b"{").script.is_err());
        assert!(of(&json!([{ "role": "user", "content": "say much" }])).script.is_err());
    }

    #[test]
    fn the_length_is_found_however_it_is_written() {
        assert_eq!(content_length("POST / HTTP/1.1\r\nContent-Length: 12").unwrap(), 12);
        assert_eq!(content_length("GET / HTTP/1.1").unwrap(), 0);
        assert!(content_length("POST / HTTP/1.1\r\ncontent-length: many").is_err());
    }
}
