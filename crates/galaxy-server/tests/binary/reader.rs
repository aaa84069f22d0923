//! Reads a stream of events.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use galaxy_net::Error;
use serde_json::Value;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Its number; the server's own words have none.
    pub(crate) seq: Option<u64>,
    /// Its type.
    pub(crate) name: String,
    /// What it carries.
    pub(crate) data: Value,
}

/// The events of one response.
pub(crate) struct Reader {
    bytes: BoxStream<'static, Result<Bytes, Error>>,
    unread: Vec<u8>,
    ready: VecDeque<Event>,
}

impl Reader {
    /// Reads `bytes`.
    pub(crate) fn new(bytes: BoxStream<'static, Result<Bytes, Error>>) -> Self {
        Self { bytes, unread: Vec::new(), ready: VecDeque::new() }
    }

    /// The next event; `None` at an orderly end.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            match self.bytes.next().await {
                Some(bytes) => self.take(&bytes?),
                None => return Ok(None),
            }
        }
    }

    /// All events until the end.
    pub(crate) async fn rest(mut self) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await? {
            events.push(event);
        }
        Ok(events)
    }

    fn take(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        while let Some(end) = self.unread.windows(2).position(|it| it == b"\n\n") {
            let block: Vec<u8> = self.unread.drain(..end + 2).collect();
            self.ready.extend(event(std::str::from_utf8(&block).unwrap()));
        }
    }
}

/// The event of one block; heartbeats are none.
fn event(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_start_matches([':', ' ']).to_owned())
    };
    let data = serde_json::from_str(&field("data")?).unwrap();
    let seq = field("id").map(|seq| seq.parse().unwrap());
    Some(Event { seq, name: field("event").unwrap_or_default(), data })
}

/// What the finished answers of a run say.
pub(crate) fn said(events: &[Event]) -> String {
    let done = events.iter().filter(|event| event.name == "message.done");
    let parts = done.flat_map(|event| event.data["parts"].as_array().unwrap());
    parts.filter_map(|part| part["text"].as_str()).collect()
}

/// How a run came to rest.
pub(crate) fn end(events: &[Event]) -> String {
    match events.last() {
        Some(event) if event.name == "run.finished" => {
            event.data["state"].as_str().unwrap().to_owned()
        }
        Some(event) => format!("{}: {}", event.name, event.data),
        None => "nothing".to_owned(),
    }
}
