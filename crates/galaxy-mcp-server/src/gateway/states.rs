//! What a client comes back with: the state that a server gave away with its questions, or the name
//! of a call that is held. Both are sealed for the caller and the server.

use std::sync::Arc;

use galaxy_app::servers::Relayed;
use galaxy_base::random;
use galaxy_tool::server::{Answer, ServerError};
use rmcp::ErrorData;
use serde_json::{Value, json};

use super::{
    asked::Asked,
    calls::ELICIT,
    flight::{Flight, Put, Said},
    held::Held,
    line,
    session::Session,
};

/// The key of a question that came on the line.
pub(super) const QUESTION: &str = "question";
/// What a state of the server behind begins with, and what one of a held call does.
const THEIRS: char = 's';
const OURS: char = 'h';

/// What a request begins with.
pub(super) enum Start {
    /// Itself.
    Fresh(Value),
    /// The answer to a question of a call that is held.
    Held(Box<Held>),
}

impl Session {
    /// Holds a call whose server asks, and asks the client by a result.
    pub(super) fn hold(&self, asked: &Arc<Asked>, flight: Flight, put: Put) -> Said {
        let question = line::params(&put.question.question);
        let name = random::token();
        let held = Held { what: what(asked), flight, put };
        if let Err(held) = self.holding.hold(name.clone(), held) {
            held.put.answer(Answer::Decline);
            let message = "too many questions wait for answers already".to_owned();
            return Ok(Relayed::Failed(ServerError::Unavailable { message, retry_after: None }));
        }
        let state = self.app.seal_state(&asked.caller, asked.mounted.id, &format!("{OURS}{name}"));
        let question = json!({ "method": ELICIT, "params": question });
        Ok(Relayed::Answered(json!({
            "resultType": "input_required", "requestState": state,
            "inputRequests": { QUESTION: question },
        })))
    }

    /// What the server wants back is the caller's alone.
    pub(super) fn sealed(&self, asked: &Asked, mut result: Value) -> Value {
        if let Some(Value::String(state)) = result.get_mut("requestState") {
            let theirs = format!("{THEIRS}{state}");
            *state = self.app.seal_state(&asked.caller, asked.mounted.id, &theirs);
        }
        result
    }

    /// What the request begins with: whatever state it brings is opened.
    pub(super) fn start(&self, asked: &Arc<Asked>) -> Result<Start, ErrorData> {
        let mut params = asked.params.clone();
        let Some(Value::String(state)) = params.get_mut("requestState") else {
            return Ok(Start::Fresh(params));
        };
        let opened = self.app.open_state(&asked.caller, asked.mounted.id, state);
        let foreign = || ErrorData::invalid_params("`requestState` is not yours", None);
        let opened = opened.ok_or_else(foreign)?;
        if let Some(name) = opened.strip_prefix(OURS) {
            let held = self.holding.take(name, &what(asked));
            let over = "nobody waits for this answer any more, or it is another request's";
            let held = held.ok_or_else(|| ErrorData::invalid_params(over, None))?;
            return Ok(Start::Held(Box::new(held)));
        }
        *state = opened.strip_prefix(THEIRS).ok_or_else(foreign)?.to_owned();
        Ok(Start::Fresh(params))
    }
}

/// What a request asks for: its method, and what it names.
fn what(asked: &Asked) -> (String, String) {
    let name = asked.params.get("name").or_else(|| asked.params.get("uri"));
    (asked.method.clone(), name.and_then(Value::as_str).unwrap_or_default().to_owned())
}
