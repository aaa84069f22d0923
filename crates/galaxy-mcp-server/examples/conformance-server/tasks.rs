//! Tools whose calls become tasks for clients that look after them; others wait, or are refused.

use std::{collections::HashMap, time::Duration};

use galaxy_base::{Clock, Timestamp, random};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, ClientCapabilities, InputResponses, ProtocolVersion},
    service::RequestContext,
};
use serde_json::{Map, Value, json};

use super::{handler::Suite, plain};

/// How often a client is to ask, in milliseconds.
const POLL: u64 = 200;
/// How long a task is kept, in milliseconds.
const TTL: u64 = 600_000;
/// The error of a job that breaks inside.
const BROKEN: i64 = -32603;

/// All tasks, by id.
#[derive(Default)]
pub(crate) struct Tasks(HashMap<String, Job>);

/// One task.
struct Job {
    made_at: Timestamp,
    /// When it is done by itself.
    due: Timestamp,
    /// What it still asks, by key.
    asked: Map<String, Value>,
    said: Map<String, Value>,
    end: End,
    is_cancelled: bool,
}

/// How a task ends.
enum End {
    Result(Value),
    Error,
    /// What was said, in words.
    Said,
}

impl Job {
    /// Fields of the task, without those of its stage.
    fn fields(&self, id: &str, status: &str) -> Value {
        json!({ "taskId": id, "status": status, "ttlMs": TTL, "pollIntervalMs": POLL,
            "createdAt": self.made_at.to_string(), "lastUpdatedAt": self.made_at.to_string() })
    }

    fn told(&self, id: &str, now: Timestamp) -> Value {
        if self.is_cancelled {
            return self.fields(id, "cancelled");
        }
        if !self.asked.is_empty() {
            let mut told = self.fields(id, "input_required");
            told["inputRequests"] = Value::Object(self.asked.clone());
            return told;
        }
        if now < self.due {
            return self.fields(id, "working");
        }
        let (status, key, value) = match &self.end {
            End::Result(result) => ("completed", "result", result.clone()),
            End::Said => {
                let words = Value::Object(self.said.clone()).to_string();
                ("completed", "result", plain::text(&words))
            }
            End::Error => {
                ("failed", "error", json!({ "code": BROKEN, "message": "the job broke" }))
            }
        };
        let mut told = self.fields(id, status);
        told[key] = value;
        told
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.is_cancelled || (self.asked.is_empty() && now >= self.due)
    }
}

impl Suite {
    /// Calls a tool that can be a task; none for other tools.
    pub(crate) async fn tasking(
        &self,
        request: &CallToolRequestParams,
        arguments: &Value,
        context: &RequestContext<RoleServer>,
    ) -> Result<Option<Value>, ErrorData> {
        let name = request.name.as_ref();
        if name == "test_tool_with_task" && request.input_responses.is_none() {
            let questions = asks(&["user_name"]);
            return Ok(Some(json!({ "resultType": "input_required", "inputRequests": questions })));
        }
        let Some(job) = job(name, arguments, request.input_responses.as_ref()) else {
            return Ok(None);
        };
        if !declared(context) {
            // Some can do without: they are waited for.
            if name != "slow_compute" {
                let needed = ClientCapabilities::builder().enable_tasks().build();
                return Err(ErrorData::missing_required_client_capability(needed));
            }
            tokio::time::sleep(job.due.since(job.made_at)).await;
            return Ok(Some(job.told("", job.due)["result"].clone()));
        }
        let id = random::token();
        let mut created = job.fields(&id, "working");
        created["resultType"] = "task".into();
        self.shared().tasks.0.insert(id, job);
        Ok(Some(created))
    }

    /// How far a task is.
    pub(crate) fn task(&self, id: &str) -> Result<Value, ErrorData> {
        let shared = self.shared();
        let job = shared.tasks.0.get(id).ok_or_else(unknown)?;
        let mut told = job.told(id, Clock::System.now());
        told["resultType"] = "complete".into();
        Ok(told)
    }

    /// Takes what was said to a task; what it did not ask is ignored.
    pub(crate) fn tell_task(&self, id: &str, said: &InputResponses) -> Result<(), ErrorData> {
        let mut shared = self.shared();
        let job = shared.tasks.0.get_mut(id).ok_or_else(unknown)?;
        for (key, answer) in said {
            if job.asked.remove(key).is_some() {
                let answer = serde_json::to_value(answer).unwrap_or_default();
                job.said.insert(key.clone(), answer);
            }
        }
        Ok(())
    }

    /// Cancels a task that is not over.
    pub(crate) fn cancel_task(&self, id: &str) -> Result<(), ErrorData> {
        let mut shared = self.shared();
        let job = shared.tasks.0.get_mut(id).ok_or_else(unknown)?;
        job.is_cancelled |= !job.is_over(Clock::System.now());
        Ok(())
    }
}

fn unknown() -> ErrorData {
    ErrorData::invalid_params("Failed to retrieve task: Task not found", None)
}

/// Whether the client takes a task for an answer.
fn declared(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|it| it >= ProtocolVersion::V_2026_07_28)
        && context.client_capabilities().is_some_and(|it| it.supports_tasks())
}

/// What a call of `name` begins; none when it can be no task.
fn job(name: &str, arguments: &Value, said: Option<&InputResponses>) -> Option<Job> {
    let second = Duration::from_secs(1);
    let (lasts, asked, end) = match name {
        "slow_compute" => {
            let seconds = arguments["seconds"].as_u64().unwrap_or_default();
            let label = arguments["label"].as_str().unwrap_or("nothing");
            let result = plain::text(&format!("computed {label} for {seconds} s"));
            (Duration::from_secs(seconds), asks(&[]), End::Result(result))
        }
        "failing_job" => {
            let mut result = plain::text("the job failed");
            result["isError"] = true.into();
            (second, asks(&[]), End::Result(result))
        }
        "protocol_error_job" => (second, asks(&[]), End::Error),
        "confirm_delete" => (Duration::ZERO, asks(&["confirm"]), End::Said),
        "multi_input" => (Duration::ZERO, asks(&["first", "second"]), End::Said),
        "test_tool_with_task" => {
            let said = serde_json::to_value(said).unwrap_or_default();
            let user = said["user_name"]["content"]["name"].as_str().unwrap_or("nobody");
            (second, asks(&[]), End::Result(plain::text(&format!("Hello, {user}!"))))
        }
        _ => return None,
    };
    let made_at = Clock::System.now();
    let (due, said) = (made_at.after(lasts), Map::new());
    Some(Job { made_at, due, asked, said, end, is_cancelled: false })
}

fn asks(keys: &[&str]) -> Map<String, Value> {
    let ask = |key: &&str| {
        let key = (*key).to_owned();
        let (field, kind) =
            if key == "confirm" { ("confirm", "boolean") } else { ("name", "string") };
        let schema = json!({ "type": "object", "properties": { field: { "type": kind } } });
        let params = json!({ "mode": "form", "message": format!("What about {key}?"),
            "requestedSchema": schema });
        (key, json!({ "method": "elicitation/create", "params": params }))
    };
    keys.iter().map(ask).collect()
}
