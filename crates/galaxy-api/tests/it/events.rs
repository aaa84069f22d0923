//! Reading server-sent events (WHATWG HTML, 9.2.6).

use std::time::Duration;

use axum::body::Body;
use futures::{StreamExt, stream::BoxStream};
use serde_json::Value;
use tokio::time::timeout;

/// Nothing that a test waits for takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<u64>,
    pub(crate) name: String,
    pub(crate) data: Value,
    pub(crate) retry: Option<u64>,
}

/// The events of one response.
pub(crate) struct Events {
    chunks: BoxStream<'static, Result<bytes::Bytes, axum::Error>>,
    text: String,
}

impl Events {
    pub(crate) fn new(body: Body) -> Self {
        Self { chunks: body.into_data_stream().boxed(), text: String::new() }
    }

    /// The next event; none when the stream is over.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        timeout(PATIENCE, self.read()).await.expect("an event in time")
    }

    async fn read(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = parse(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = self.chunks.next().await?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// Everything until the stream is over.
    pub(crate) async fn all(mut self) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            all.push(event);
        }
        all
    }

    /// Everything up to the first event of that name, which is the last.
    pub(crate) async fn until(&mut self, name: &str) -> Vec<Event> {
        let mut all = Vec::new();
        loop {
            let event = self.next().await;
            let event = event.unwrap_or_else(|| panic!("{name} never came: {:?}", names(&all)));
            all.push(event);
            if all.last().is_some_and(|it| it.name == name) {
                return all;
            }
        }
    }
}

/// The names of events, in order.
pub(crate) fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|it| it.name.as_str()).collect()
}

/// The numbers of events, in order.
pub(crate) fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().map(|it| it.id.expect("a number")).collect()
}

fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let lines = block.lines().filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(key, _)| *key == name);
        values.next().map(|(_, value)| value.strip_prefix(' ').unwrap_or(value))
    };
    let data = field("data")?;
    Some(Event {
        // Streams of the protocol of tools name their events otherwise; nobody counts those.
        id: field("id").and_then(|it| it.parse().ok()),
        name: field("event").unwrap_or("message").to_owned(),
        data: serde_json::from_str(data).unwrap(),
        retry: field("retry").map(|it| it.parse().unwrap()),
    })
}
