//! What clients were told, and what of it has to be found at the end.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    client::Client,
    reader::{Event, end},
};

/// The events of one run that a client saw, in all the streams it read.
#[derive(Debug, Default)]
pub(super) struct Log {
    events: Vec<Event>,
    /// How many of them the current stream has told again.
    again: usize,
}

impl Log {
    /// Another stream begins.
    pub(super) fn rewind(&mut self) {
        self.again = 0;
    }

    /// Takes the next event of the current stream: what was seen before must come again as it
    /// was, and what is new must follow it without a gap.
    pub(super) fn take(&mut self, event: Event) {
        let seq = event.seq.expect("a killed server says no last words");
        assert_eq!(seq, self.again as u64 + 1, "a gap: {event:?}");
        match self.events.get(self.again) {
            Some(seen) => assert_eq!(*seen, event, "an event has changed"),
            None => self.events.push(event),
        }
        self.again += 1;
    }

    /// Whether the run has come to rest, and the current stream has told everything.
    pub(super) fn is_at_rest(&self) -> bool {
        assert!(self.again == self.events.len(), "events that were seen are gone");
        self.events.last().is_some_and(|event| event.name.starts_with("run.f"))
    }
}

/// One client's conversation.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) conversation: String,
    pub(super) runs: Vec<Run>,
}

/// One question and its answer.
#[derive(Debug)]
pub(super) struct Run {
    id: String,
    text: String,
    /// The title of the task that its tool makes, if it calls one.
    title: String,
    log: Log,
}

impl Run {
    /// How its call ended, if it made one.
    fn outcome(&self) -> Option<&str> {
        let of = |name: &'static str| self.log.events.iter().filter(move |it| it.name == name);
        assert!(of("tool.started").count() <= 1, "a call with effects started twice: {self:#?}");
        assert_eq!(of("tool.started").count(), of("tool.finished").count(), "{self:#?}");
        of("tool.finished").next().map(|event| event.data["outcome"].as_str().unwrap())
    }
}

impl Talk {
    /// A conversation in which nothing was said.
    pub(super) fn new(conversation: &str) -> Self {
        Self { conversation: conversation.to_owned(), runs: Vec::new() }
    }

    /// Notes a question and its answer.
    pub(super) fn add(&mut self, text: String, title: String, id: String, log: Log) {
        self.runs.push(Run { id, text, title, log });
    }

    /// How many calls ended nobody knows how.
    pub(super) fn unknown(&self) -> usize {
        self.runs.iter().filter(|run| run.outcome() == Some("unknown")).count()
    }

    /// Looks for a record that each call began, and one of how it ended.
    pub(super) fn check_records(&self, records: &[Value]) {
        for run in &self.runs {
            let of = |act: &str| {
                let of = records.iter().filter(|it| it["run"] == *run.id && it["act"] == act);
                of.map(|it| it["ending"].as_str().unwrap()).collect::<Vec<_>>()
            };
            let (began, ended) = (of("tool.began"), of("tool.called"));
            let Some(outcome) = run.outcome() else {
                assert!(began.is_empty() && ended.is_empty(), "{run:#?}");
                continue;
            };
            assert_eq!((began, ended), (vec!["begun"], vec![outcome]), "{run:#?}");
        }
    }

    /// Compares what was told with what is kept.
    pub(super) async fn check(&self, client: &Client, kept: &Kept) {
        let messages = client.messages(&self.conversation).await;
        let of = |speaker: &str| {
            let of = messages.iter().filter(|message| message["speaker"] == speaker);
            of.collect::<Vec<_>>()
        };
        let said: Vec<_> = of("person").iter().map(|it| it["parts"][0]["text"].clone()).collect();
        let texts: Vec<_> = self.runs.iter().map(|run| Value::from(&*run.text)).collect();
        assert_eq!(said, texts, "each message once, and in order");
        let runs: Vec<_> = of("agent").iter().map(|it| it["run"]["id"].clone()).collect();
        let ids: Vec<_> = self.runs.iter().map(|run| Value::from(&*run.id)).collect();
        assert_eq!(runs, ids, "each answer once, and in order");
        for run in &self.runs {
            assert_eq!(end(&run.log.events), "finished", "{run:#?}");
            let made = kept.tasks(&run.title).len();
            match run.outcome() {
                None => assert_eq!(made, 0, "{run:#?}"),
                Some("done") => assert_eq!(made, 1, "{run:#?}"),
                Some("unknown") => assert!(made <= 1, "{run:#?}"),
                Some(other) => panic!("the call ended as {other}: {run:#?}"),
            }
        }
    }
}

/// The tasks that are there at the end.
#[derive(Debug)]
pub(super) struct Kept {
    tasks: BTreeMap<String, Vec<String>>,
}

impl Kept {
    /// Reads them.
    pub(super) async fn read(client: &Client) -> Self {
        let mut tasks = BTreeMap::<String, Vec<String>>::new();
        for task in client.all("/api/tasks").await {
            let [title, id] = ["title", "id"].map(|name| task[name].as_str().unwrap().to_owned());
            tasks.entry(title).or_default().push(id);
        }
        Self { tasks }
    }

    /// The ids of the tasks of that title.
    pub(super) fn tasks(&self, title: &str) -> Vec<&str> {
        self.tasks.get(title).into_iter().flatten().map(String::as_str).collect()
    }
}
