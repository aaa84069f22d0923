//! Requests that the server answers with questions (`input_required`): asked, and sent again.

use std::{collections::BTreeMap, time::Duration};

use galaxy_base::Backoff;
use galaxy_domain::elicitation::{QUESTIONS, ROUNDS};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::server::{
    ToolServer,
    elicit::{Answer, Asked, Question},
    error::ServerError,
    request::{Request, RequestCx},
    spec::Questions,
    task::Told,
};

/// How long to leave a server alone that only says "come back".
const COME_BACK: Backoff =
    Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(5) };

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Exchanged {
    /// The result, as it came.
    Done(Value),
    /// Somebody said [`Answer::Later`]: nothing is under way any more.
    Waits(Waiting),
    /// The server goes on with it by itself; what it said of that is there as it came, too.
    Task(Told, Value),
}

/// A request that goes on once somebody has answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// What the server wants to know, under its own keys.
    pub questions: BTreeMap<String, Question>,
    /// What it wants back with the answers, unread and unchanged.
    pub state: Option<String>,
}

impl Waiting {
    /// Reads a result that asks for input; `None` for any other result.
    ///
    /// # Errors
    /// [`ServerError::Garbled`] for questions of a kind that was never offered to it.
    pub fn read(result: &Value) -> Result<Option<Self>, ServerError> {
        if result.get("resultType").and_then(Value::as_str) != Some("input_required") {
            return Ok(None);
        }
        let state = result.get("requestState").and_then(Value::as_str).map(str::to_owned);
        let none = Map::new();
        let asked = result.get("inputRequests").and_then(Value::as_object).unwrap_or(&none);
        if asked.len() > QUESTIONS {
            return Err(ServerError::TooLarge(format!("{} questions at a time", asked.len())));
        }
        let read = |(key, request): (&String, &Value)| {
            let is_question = request.get("method").is_some_and(|it| it == "elicitation/create");
            let question = request.get("params").filter(|_| is_question).and_then(Question::read);
            let unknown = || ServerError::Garbled("it asks for what was not offered".to_owned());
            question.map(|it| (key.clone(), it)).ok_or_else(unknown)
        };
        let questions = asked.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Some(Self { questions, state }))
    }

    /// `request` once more, with `answers` under the keys of the questions.
    pub fn resume(&self, request: &Request, answers: BTreeMap<String, Answer>) -> Request {
        let mut params = request.params.clone().unwrap_or_else(|| json!({}));
        if let Some(fields) = params.as_object_mut() {
            fields.remove("requestState");
            let answers = answers.into_iter().map(|(key, it)| (key, it.into_result()));
            fields.insert("inputResponses".to_owned(), Value::Object(answers.collect()));
            if let Some(state) = &self.state {
                fields.insert("requestState".to_owned(), Value::String(state.clone()));
            }
        }
        Request { method: request.method.clone(), params: Some(params) }
    }
}

/// Sends `request`, asks what is asked, and sends it again until there is a result or a task.
pub(crate) async fn exchange(
    server: &dyn ToolServer,
    request: Request,
    cx: &RequestCx,
) -> Result<Exchanged, ServerError> {
    let mut next = request.clone();
    for round in 0..ROUNDS {
        let result = server.request(next, cx).await?;
        let Some(waiting) = Waiting::read(&result)? else {
            return Ok(match Told::created(&request, &result)? {
                Some(task) => Exchanged::Task(task, result),
                None => Exchanged::Done(result),
            });
        };
        if waiting.questions.is_empty() {
            rest(round, &cx.cancel).await?;
        }
        let Some(answers) = ask(server, &waiting, &request, cx).await? else {
            return Ok(Exchanged::Waits(waiting));
        };
        next = waiting.resume(&request, answers);
    }
    Err(ServerError::Garbled(format!("it still asks after {ROUNDS} rounds")))
}

/// Leaves a server alone that has nothing to ask and no result yet.
pub(super) async fn rest(round: u32, cancel: &CancellationToken) -> Result<(), ServerError> {
    tokio::select! {
        () = cancel.cancelled() => Err(ServerError::Cancelled),
        () = tokio::time::sleep(COME_BACK.delay(round)) => Ok(()),
    }
}

/// Asks one question after the other; `None` when one is to be answered later.
pub(super) async fn ask(
    server: &dyn ToolServer,
    waiting: &Waiting,
    request: &Request,
    cx: &RequestCx,
) -> Result<Option<BTreeMap<String, Answer>>, ServerError> {
    let spec = server.spec();
    let mut answers = BTreeMap::new();
    for (key, question) in &waiting.questions {
        let asked = Asked {
            server: spec.name.clone(),
            tool: request.tool().map(str::to_owned),
            question: question.clone(),
        };
        let answer = match spec.questions {
            Questions::Off => Answer::Decline,
            Questions::Allowed => tokio::select! {
                () = cx.cancel.cancelled() => return Err(ServerError::Cancelled),
                answer = cx.elicit.ask(asked) => answer,
                () = tokio::time::sleep(spec.limits.ceiling) => {
                    return Err(ServerError::TimedOut(spec.limits.ceiling));
                }
            },
        };
        if answer == Answer::Later {
            return Ok(None);
        }
        answers.insert(key.clone(), answer);
    }
    Ok(Some(answers))
}
