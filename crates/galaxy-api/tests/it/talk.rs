//! Conversations as tests have them.

use galaxy_testkit::{Gate, Script};
use serde_json::{Value, json};

use crate::{
    events::{Event, Events},
    house::{House, Person},
};

/// What a sent message started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) conversation: String,
    pub(crate) run: String,
    pub(crate) question: String,
    pub(crate) answer: String,
}

/// The text of a JSON value that is one.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

impl Started {
    pub(crate) fn of(conversation: &str, reply: &Value) -> Self {
        Self {
            conversation: conversation.to_owned(),
            run: text(&reply["run_id"]),
            question: text(&reply["question_id"]),
            answer: text(&reply["answer_id"]),
        }
    }

    /// The path of the run.
    pub(crate) fn run_path(&self, rest: &str) -> String {
        format!("/api/runs/{}{rest}", self.run)
    }
}

/// The path of a conversation.
pub(crate) fn chat_path(conversation: &str, rest: &str) -> String {
    format!("/api/conversations/{conversation}{rest}")
}

impl House<'_> {
    /// An empty conversation.
    pub(crate) async fn conversation(&self, by: &Person) -> String {
        let made = self.post("/api/conversations").by(by).json(&json!({})).send().await.ok(201);
        text(&made["id"])
    }

    /// Sends a message; its answer may still be under way.
    pub(crate) async fn say(&self, by: &Person, conversation: &str, said: &str) -> Started {
        let path = chat_path(conversation, "/messages");
        let reply = self.post(&path).by(by).json(&json!({ "text": said })).send().await;
        Started::of(conversation, &reply.ok(202))
    }

    /// Sends a message and waits for its answer.
    pub(crate) async fn talk(&self, by: &Person, conversation: &str, said: &str) -> Started {
        let started = self.say(by, conversation, said).await;
        self.rest(by, &started.run).await;
        started
    }

    /// A conversation with one question and its answer.
    pub(crate) async fn chat(&self, by: &Person, said: &str) -> Started {
        let conversation = self.conversation(by).await;
        self.talk(by, &conversation, said).await
    }

    /// A conversation whose answer stands still at the gate, after it has begun with `begun`.
    pub(crate) async fn stuck(&self, by: &Person, begun: &str) -> (Started, Gate) {
        let gate = Gate::new();
        self.script(Script::says(begun).wait(&gate).text(" The end."));
        let conversation = self.conversation(by).await;
        let started = self.say(by, &conversation, "Tell me.").await;
        gate.reached().await;
        (started, gate)
    }

    /// The run, once it is over or waits for a person.
    pub(crate) async fn rest(&self, by: &Person, run: &str) -> Value {
        // A run that waits for the same thing again says so here only.
        let path = format!("/api/live?topic=user:{}", by.id);
        let mut events = self.get(&path).by(by).follow().await;
        loop {
            let row = self.run(by, run).await;
            if !matches!(row["state"].as_str(), Some("queued" | "running")) {
                return row;
            }
            while events.until("run.changed").await.pop().unwrap().data["run_id"] != run {}
        }
    }

    pub(crate) async fn run(&self, by: &Person, run: &str) -> Value {
        self.get(&format!("/api/runs/{run}")).by(by).send().await.ok(200)
    }

    /// Follows a run from the event after `after` on.
    pub(crate) async fn events(&self, by: &Person, run: &str, after: u64) -> Events {
        self.get(&format!("/api/runs/{run}/events?after={after}")).by(by).follow().await
    }

    /// Everything that happened in a run that is over.
    pub(crate) async fn history(&self, by: &Person, run: &str) -> Vec<Event> {
        self.events(by, run, 0).await.all().await
    }

    /// The messages that are shown, oldest first.
    pub(crate) async fn messages(&self, by: &Person, conversation: &str) -> Vec<Value> {
        let path = chat_path(conversation, "/messages");
        let mut reply = self.get(&path).by(by).send().await.ok(200);
        serde_json::from_value(reply["items"].take()).unwrap()
    }
}

/// What the agent said in a message, as its finished answers tell.
pub(crate) fn spoken(message: &Value) -> String {
    let events = message["events"].as_array().unwrap();
    let done = events.iter().filter(|it| it["type"] == "message.done");
    let parts = done.flat_map(|it| it["parts"].as_array().unwrap());
    parts.filter_map(|it| it["text"].as_str()).collect()
}

/// The ids of things, in order.
pub(crate) fn ids(things: &[Value]) -> Vec<String> {
    things.iter().map(|it| text(&it["id"])).collect()
}

/// The items of a list.
pub(crate) fn items(list: &Value) -> Vec<Value> {
    list["items"].as_array().expect("a list").clone()
}
