//! How topics and their events are written.

use galaxy_app::follow::{Logged, Topic};
use galaxy_domain::{Item, PersonId};
use serde::Serialize;

use crate::{
    problem::Problem,
    views::{
        event::{self, RunEvent},
        notice::{self, NoticeEvent},
    },
};

/// Parses the name of a topic.
pub(crate) fn parse(text: &str) -> Result<Topic, Problem> {
    let parsed = text.split_once(':').and_then(|(kind, id)| match kind {
        "run" => id.parse().ok().map(Topic::Run),
        "chat" => id.parse().ok().map(Topic::Chat),
        "user" => id.parse::<PersonId>().ok().map(Topic::User),
        _ => None,
    });
    parsed.ok_or_else(|| Problem::invalid("A topic is `run:<id>`, `chat:<id>` or `user:<id>`."))
}

/// The name of a topic.
pub(crate) fn name(topic: Topic) -> String {
    match topic {
        Topic::Run(id) => format!("run:{id}"),
        Topic::Chat(id) => format!("chat:{id}"),
        Topic::User(id) => format!("user:{id}"),
    }
}

/// An event, written once for whatever carries it.
pub(crate) struct Written {
    /// Its number.
    pub(crate) seq: u64,
    /// Its type.
    pub(crate) name: &'static str,
    /// Itself, as JSON.
    pub(crate) json: String,
    /// Whether a run has come to rest with it.
    pub(crate) last: bool,
}

/// Writes an entry of `topic`.
pub(crate) fn write(topic: Topic, logged: &Logged) -> Written {
    match (topic, logged) {
        (Topic::Run(run), Logged::Item(entry)) => {
            let event = RunEvent::of(run, entry);
            let last = matches!(entry.item, Item::Stopped { .. });
            Written { seq: event.seq, name: event::name(&event.body), json: json(&event), last }
        }
        (_, Logged::Notice { seq, at, notice }) => {
            let event = NoticeEvent::of(name(topic), *seq, *at, notice);
            let (name, json) = (notice::name(&event.body), json(&event));
            Written { seq: event.seq, name, json, last: false }
        }
        // A run's log holds items only, the other topics hold notices only.
        (Topic::Chat(_) | Topic::User(_), Logged::Item(entry)) => {
            Written { seq: entry.seq, name: "unknown", json: "{}".to_owned(), last: false }
        }
    }
}

/// A reader should fetch a snapshot and go on after `seq`.
#[derive(Serialize)]
pub(crate) struct Reset {
    pub(crate) op: &'static str,
    pub(crate) topic: String,
    pub(crate) seq: u64,
}

impl Reset {
    pub(crate) fn of(topic: Topic, seq: u64) -> Self {
        Self { op: "reset", topic: name(topic), seq }
    }
}

/// Writes a view; views are plain data, which always can be written.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

/// When a stopping server wants its readers back: soon, but not all at once.
pub(crate) const COME_BACK_MS: u64 = 1_000;
