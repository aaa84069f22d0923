//! Asking a client on the line, as clients of the older revisions are asked in their sessions.

use std::time::Duration;

use galaxy_base::random;
use galaxy_tool::server::{Answer, Question};
use rmcp::{
    RoleServer,
    model::{CustomRequest, ServerRequest},
    service::RequestContext,
};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

/// How long somebody may think.
const PATIENCE: Duration = Duration::from_secs(600);

/// A question in the protocol's words: parameters of `elicitation/create`.
pub(super) fn params(question: &Question) -> Value {
    match question {
        Question::Form { message, schema } => {
            json!({ "message": message, "requestedSchema": schema })
        }
        Question::Page { message, url } => json!({
            "mode": "url", "message": message, "url": url, "elicitationId": random::token()
        }),
    }
}

/// What a client says to a question, as the server behind takes it.
pub(super) fn answer(said: &Value) -> Answer {
    match said.get("action").and_then(Value::as_str) {
        Some("accept") => Answer::Accept(said.get("content").cloned().unwrap_or_else(|| json!({}))),
        Some("decline") => Answer::Decline,
        Some(_) | None => Answer::Cancel,
    }
}

/// Asks the client of `context` one thing; none when there is no answer.
pub(super) async fn ask(
    context: &RequestContext<RoleServer>,
    method: &str,
    params: Option<Value>,
) -> Option<Value> {
    let request = ServerRequest::CustomRequest(CustomRequest::new(method, params));
    let asking = timeout(PATIENCE, context.peer.send_request(request));
    let said = tokio::select! {
        said = asking => said.ok()?,
        () = context.ct.cancelled() => return None,
    };
    match said {
        Ok(said) => serde_json::to_value(said).ok(),
        Err(err) => {
            tracing::debug!(error = %err, "a client did not answer");
            None
        }
    }
}

/// Asks all `questions`, one after the other, and gives what was said under their keys; none when
/// one of them has no answer, except that nobody need answer for a person.
pub(super) async fn ask_all(
    context: &RequestContext<RoleServer>,
    questions: &Map<String, Value>,
) -> Option<Map<String, Value>> {
    let mut answers = Map::new();
    for (key, question) in questions {
        let method = question.get("method").and_then(Value::as_str)?;
        let said = ask(context, method, question.get("params").cloned()).await;
        let for_a_person = method == "elicitation/create";
        let said = said.or_else(|| for_a_person.then(|| json!({ "action": "cancel" })))?;
        answers.insert(key.clone(), said);
    }
    Some(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_written_as_every_revision_reads_it() {
        let schema = json!({ "type": "object" });
        let form = Question::Form { message: "Where?".to_owned(), schema: schema.clone() };
        assert_eq!(params(&form), json!({ "message": "Where?", "requestedSchema": schema }));
        assert_eq!(Question::read(&params(&form)), Some(form));
        let url = "https://example.org/".to_owned();
        let page = Question::Page { message: "There.".to_owned(), url };
        assert_eq!(Question::read(&params(&page)), Some(page));
    }

    #[test]
    fn what_is_no_answer_cancels() {
        assert_eq!(answer(&json!({ "action": "accept" })), Answer::Accept(json!({})));
        assert_eq!(answer(&json!({ "action": "decline" })), Answer::Decline);
        for odd in [json!({ "action": "shrug" }), json!({}), json!(7)] {
            assert_eq!(answer(&odd), Answer::Cancel);
        }
    }
}
