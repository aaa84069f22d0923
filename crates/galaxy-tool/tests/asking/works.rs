//! A server that goes on with a call by itself.

use std::sync::{Arc, Mutex};

use galaxy_tool::server::{Questions, Request, ServerError};
use serde_json::{Value, json};

use crate::scene::{Scene, form, said};

pub(crate) type Answered = Result<Value, ServerError>;

/// Says one thing after the other when it is asked about its task; the last one for ever.
#[derive(Clone)]
pub(crate) struct Works {
    stages: Arc<Mutex<Vec<Answered>>>,
    created: Value,
}

impl Works {
    pub(crate) fn through(stages: impl IntoIterator<Item = Answered>) -> Self {
        let mut stages: Vec<_> = stages.into_iter().collect();
        stages.reverse();
        let created = json!({ "resultType": "task", "taskId": "t-1", "status": "working",
            "createdAt": "", "lastUpdatedAt": "", "ttlMs": null, "pollIntervalMs": 2000 });
        Self { stages: Arc::new(Mutex::new(stages)), created }
    }

    pub(crate) fn for_ever() -> Self {
        Self::through([at("working", &json!({}))])
    }

    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        self.created[key] = value;
        self
    }

    pub(crate) fn answer(&self, request: &Request) -> Answered {
        match &*request.method {
            "tools/call" => Ok(self.created.clone()),
            "tasks/get" => {
                let mut stages = self.stages.lock().unwrap();
                if stages.len() > 1 { stages.pop().unwrap() } else { stages[0].clone() }
            }
            _ => Ok(json!({ "resultType": "complete" })),
        }
    }

    pub(crate) fn scene(self, questions: Questions) -> Scene {
        Scene::at(None, questions, move |request, _| {
            let answer = self.answer(&request);
            async move { answer }
        })
    }
}

pub(crate) fn at(status: &str, fields: &Value) -> Answered {
    let mut task = json!({ "resultType": "complete", "taskId": "t-1", "status": status,
        "createdAt": "", "lastUpdatedAt": "", "ttlMs": null, "pollIntervalMs": 2000 });
    for (key, value) in fields.as_object().unwrap() {
        task[key] = value.clone();
    }
    Ok(task)
}

pub(crate) fn done(text: &str) -> Answered {
    at("completed", &json!({ "result": said(text) }))
}

pub(crate) fn asks(questions: &[(&str, &str)]) -> Answered {
    let asked = |(key, name): &(&str, &str)| {
        ((*key).to_owned(), json!({ "method": "elicitation/create", "params": form(name) }))
    };
    let asked: serde_json::Map<String, Value> = questions.iter().map(asked).collect();
    at("input_required", &json!({ "inputRequests": asked }))
}

pub(crate) fn away() -> Answered {
    Err(ServerError::Unavailable { message: "it sleeps".to_owned(), retry_after: None })
}

pub(crate) fn said_no(code: i64) -> Answered {
    Err(ServerError::Said { code, message: "no".to_owned(), data: None })
}
