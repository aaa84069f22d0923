//! Tasks: what a server goes on with by itself and is asked about, as it tells of it (the extension
//! `io.modelcontextprotocol/tasks`).
//!
//! **Invariant:** nothing a server says about a task is taken unbounded: its id is short and plain,
//! its words are clipped and visible, and how long anything lasts is ours to bound.

use std::{collections::BTreeMap, time::Duration};

use galaxy_base::text::{headline, visible};
use galaxy_domain::remote_task::ID_BYTES;
use serde_json::{Value, json};

use crate::server::{elicit::Question, error::ServerError, exchange::Waiting, request::Request};

/// What the extension is called where the two sides say what they can.
pub const EXTENSION: &str = "io.modelcontextprotocol/tasks";
/// More of what a server says about a task is cut.
const WORDS_CHARS: usize = 300;

/// A task as its server tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// What the server calls it.
    pub id: String,
    /// Where it stands, in the server's words.
    pub message: Option<String>,
    /// How long after its beginning the server keeps it, if not for ever.
    pub ttl: Option<Duration>,
    /// How often the server wants to be asked.
    pub poll: Option<Duration>,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// It is worked on.
    Working,
    /// It goes on once somebody has answered these, under the server's own keys.
    Asks(BTreeMap<String, Question>),
    /// It is done: this is what the request would have given.
    Done(Value),
    /// It ended with an error of the protocol.
    Failed(ServerError),
    /// It was cancelled.
    Cancelled,
}

impl Told {
    /// Reads the answer to `request` as a task that was made of it; `None` for any other answer.
    ///
    /// # Errors
    /// [`ServerError::Garbled`] for a task that is none, or that came of what can be no task.
    pub fn created(request: &Request, result: &Value) -> Result<Option<Self>, ServerError> {
        if result.get("resultType").and_then(Value::as_str) != Some("task") {
            return Ok(None);
        }
        if request.tool().is_none() {
            return Err(ServerError::Garbled("it made a task of what can be none".to_owned()));
        }
        Self::read(result).map(Some)
    }

    fn read(result: &Value) -> Result<Self, ServerError> {
        let text = |key: &str| result.get(key).and_then(Value::as_str);
        let span = |key: &str| result.get(key).and_then(Value::as_u64).map(Duration::from_millis);
        let id = text("taskId").filter(|it| !it.is_empty() && it.len() <= ID_BYTES);
        let id = id.filter(|it| visible(it) == **it && !it.contains(char::is_control));
        let odd = || ServerError::Garbled("its task has no name that can be kept".to_owned());
        Ok(Self {
            id: id.ok_or_else(odd)?.to_owned(),
            message: text("statusMessage").map(words),
            ttl: span("ttlMs"),
            poll: span("pollIntervalMs"),
        })
    }
}

/// Reads what a server says when it is asked about the task `id` (`tasks/get`).
///
/// # Errors
/// [`ServerError::Garbled`] for what makes no sense, or is about another task;
/// [`ServerError::TooLarge`] for too many questions.
pub fn read(id: &str, result: &Value) -> Result<(Told, Stage), ServerError> {
    let told = Told::read(result)?;
    if told.id != id {
        return Err(ServerError::Garbled("it tells of another task".to_owned()));
    }
    let part = |key: &str| result.get(key).filter(|it| it.is_object());
    let missing = |what: &str| ServerError::Garbled(format!("its task has no {what}"));
    let stage = match result.get("status").and_then(Value::as_str) {
        Some("working") => Stage::Working,
        Some("input_required") => Stage::Asks(questions(result)?),
        Some("completed") => Stage::Done(part("result").ok_or_else(|| missing("result"))?.clone()),
        Some("failed") => Stage::Failed(failure(&told, result)),
        Some("cancelled") => Stage::Cancelled,
        Some(_) | None => return Err(missing("status that anybody knows")),
    };
    Ok((told, stage))
}

/// Asks about the task `id`.
pub fn get(id: &str) -> Request {
    Request::new("tasks/get", json!({ "taskId": id }))
}

/// Gives `answers` to the questions of the task `id`.
pub fn update(id: &str, answers: &Value) -> Request {
    Request::new("tasks/update", json!({ "taskId": id, "inputResponses": answers }))
}

/// Says that nobody wants the task `id` any more.
pub fn cancel(id: &str) -> Request {
    Request::new("tasks/cancel", json!({ "taskId": id }))
}

fn questions(result: &Value) -> Result<BTreeMap<String, Question>, ServerError> {
    let asked = result.get("inputRequests").cloned().unwrap_or_default();
    // It is the shape in which a request asks.
    let asks = json!({ "resultType": "input_required", "inputRequests": asked });
    Ok(Waiting::read(&asks)?.map(|it| it.questions).unwrap_or_default())
}

/// The error that a task ended with.
fn failure(told: &Told, result: &Value) -> ServerError {
    let error = result.get("error").unwrap_or(&Value::Null);
    let said = error.get("message").and_then(Value::as_str).map(words);
    ServerError::Said {
        code: error.get("code").and_then(Value::as_i64).unwrap_or(-32603),
        message: said.or_else(|| told.message.clone()).unwrap_or_else(|| "it failed".to_owned()),
        data: error.get("data").cloned(),
    }
}

fn words(text: &str) -> String {
    headline(&visible(text), WORDS_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(fields: &Value) -> Value {
        let mut task = json!({ "resultType": "complete", "taskId": "t-1", "status": "working",
            "createdAt": "2026-07-28T10:00:00Z", "lastUpdatedAt": "2026-07-28T10:00:00Z",
            "ttlMs": null });
        for (key, value) in fields.as_object().unwrap() {
            task[key] = value.clone();
        }
        task
    }

    fn stage(fields: &Value) -> Result<Stage, ServerError> {
        read("t-1", &task(fields)).map(|(_, stage)| stage)
    }

    #[test]
    fn only_a_call_becomes_a_task_and_only_if_the_answer_says_so() {
        let call = Request::call("x", json!({}));
        let created = task(&json!({ "resultType": "task", "ttlMs": 60_000, "pollIntervalMs": 500,
            "statusMessage": "be\u{200b}gun" }));
        let told = Told::created(&call, &created).unwrap().unwrap();
        assert_eq!((&*told.id, told.ttl), ("t-1", Some(Duration::from_secs(60))));
        assert_eq!(told.poll, Some(Duration::from_millis(500)));
        assert!(!told.message.unwrap().contains('\u{200b}'), "nothing is hidden");
        assert_eq!(Told::created(&call, &task(&json!({}))), Ok(None));
        let prompt = Request::new("prompts/get", json!({ "name": "x" }));
        assert!(matches!(Told::created(&prompt, &created), Err(ServerError::Garbled(_))));
    }

    #[test]
    fn a_name_that_cannot_be_kept_is_no_task() {
        let call = Request::call("x", json!({}));
        for id in [
            json!(""),
            json!("x".repeat(ID_BYTES + 1)),
            json!("a\u{202e}b"),
            json!("a\nb"),
            json!(7),
            Value::Null,
        ] {
            let created = task(&json!({ "resultType": "task", "taskId": id }));
            let told = Told::created(&call, &created);
            assert!(matches!(told, Err(ServerError::Garbled(_))), "{id}: {told:?}");
        }
    }

    #[test]
    fn every_stage_is_read_and_no_other() {
        assert_eq!(stage(&json!({})), Ok(Stage::Working));
        assert_eq!(stage(&json!({ "status": "cancelled" })), Ok(Stage::Cancelled));
        let result = json!({ "content": [], "future": 1 });
        let done = json!({ "status": "completed", "result": result });
        assert_eq!(stage(&done), Ok(Stage::Done(result)));
        let error = json!({ "code": -32603, "message": "boom", "data": 7 });
        let Ok(Stage::Failed(ServerError::Said { code, message, data })) =
            stage(&json!({ "status": "failed", "error": error }))
        else {
            panic!("it failed")
        };
        assert_eq!((code, &*message, data), (-32603, "boom", Some(json!(7))));
        let form = json!({ "message": "Who?", "requestedSchema": { "type": "object" } });
        let asks = json!({ "status": "input_required",
            "inputRequests": { "q": { "method": "elicitation/create", "params": form } } });
        let Ok(Stage::Asks(questions)) = stage(&asks) else { panic!("it asks") };
        assert!(questions.contains_key("q"));
        for odd in [
            json!({ "status": "completed" }),
            json!({ "status": "resting" }),
            json!({ "status": 1 }),
            json!({ "taskId": "t-2" }),
            json!({ "status": "input_required",
                "inputRequests": { "q": { "method": "sampling/createMessage", "params": {} } } }),
        ] {
            assert!(matches!(stage(&odd), Err(ServerError::Garbled(_))), "{odd}");
        }
    }
}
