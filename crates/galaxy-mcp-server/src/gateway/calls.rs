//! Calls of tools, and other requests, passed on; and the questions that come up meanwhile.
//!
//! How a client is asked is its own revision's: on the line, in its session, or by a result that it
//! comes back with. How the server behind asks is *its* revision's. Both are bridged here, so that
//! neither notices the other.

use std::sync::Arc;

use futures::FutureExt;
use galaxy_app::servers::Relayed;
use galaxy_domain::elicitation::ROUNDS;
use galaxy_tool::server::{Answer, Era, OnTask, Request, ServerError, ToolServer};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolResult, ErrorCode},
    service::RequestContext,
};
use serde_json::{Map, Value, json};

use super::{
    asked::{Asked, can_answer, is_modern, questions},
    flight::{Flight, Heard, News, Said},
    held::Held,
    line, log, progress,
    session::Session,
    states::{QUESTION, Start},
};
use crate::{answers, sessions::Standing};

/// Where a request says from which level on it wants the log.
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// By what people are asked.
pub(super) const ELICIT: &str = "elicitation/create";

/// Why a request is left whose server asks.
const CANNOT_ASK: &str = "the server wants to ask something, and this client cannot be asked it (or \
    the server may not ask): have an agent of Galaxy call the tool instead";

/// How the client of a request can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By a result, with which it comes back.
    Result,
    /// On the line.
    Line,
    /// Not at all.
    None,
}

/// How far a request came.
enum Leg {
    /// It is over.
    Over(Said),
    /// It is held, and this asks the client.
    Asks(Value),
}

impl Session {
    /// Passes a call on; the result is put aside as it came, and what is given keeps its place.
    pub(super) async fn call(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let asked = Asked::of(context)?;
        let name = asked.params.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some(said) = self.go(context, &asked).await? else {
            return Ok(answers::failed(CANNOT_ASK));
        };
        Ok(match said {
            Ok(Relayed::Answered(result)) => {
                self.slots.put(&context.id, self.with_own_name(&asked, result));
                CallToolResult::success(Vec::new())
            }
            Ok(Relayed::Failed(err)) => failed(&*asked.mounted.server, &err)?,
            Ok(Relayed::Asks) => answers::asks(name),
            Ok(Relayed::Unfit(wrong)) => answers::failed(format!("invalid arguments: {wrong}")),
            Ok(Relayed::Changed) => answers::failed(
                "the tool was not called: its server describes it differently now, and somebody \
                 has to allow it again",
            ),
            Ok(Relayed::Unknown) => return Err(answers::unknown(name)),
            Err(err) => answers::troubled(&err)?,
        })
    }

    /// Passes another request on, with the parameters as they came.
    pub(super) async fn pass(&self, context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
        let asked = Asked::of(context)?;
        let said = self.go(context, &asked).await?;
        match said.ok_or_else(|| ErrorData::invalid_request(CANNOT_ASK, None))? {
            Ok(Relayed::Answered(result)) => self.slots.put(&context.id, result),
            Ok(Relayed::Failed(err)) => return Err(refused(&*asked.mounted.server, &err)),
            Ok(Relayed::Asks | Relayed::Unfit(_) | Relayed::Changed | Relayed::Unknown) => {
                return Err(ErrorData::internal_error("only tools are judged", None));
            }
            Err(err) => return Err(answers::refused(&err)),
        }
        Ok(())
    }

    /// Takes a request to its end, or to a question that its client comes back with; none when the
    /// server wants to know what the client cannot be asked.
    async fn go(
        &self,
        context: &RequestContext<RoleServer>,
        asked: &Arc<Asked>,
    ) -> Result<Option<Said>, ErrorData> {
        let (asker, on_task) = (asked.asker(context), asked.on_task(context));
        let way = self.way(context, &asker);
        // What comes on the line is for a person, whom not every client can ask.
        let is_person_there = can_answer(&asker, &json!({ "method": ELICIT }));
        let on_the_line = if is_person_there { way } else { Way::None };
        let mut flight = match self.start(asked)? {
            Start::Fresh(params) => self.begin(asked, (asker.clone(), on_task), params),
            Start::Held(held) => {
                let said = asked.params.pointer(&format!("/inputResponses/{QUESTION}"));
                let Held { flight, put, .. } = *held;
                match said {
                    Some(said) if said.is_object() => put.answer(line::answer(said)),
                    // What is missing is asked for again.
                    Some(_) | None => return Ok(Some(self.hold(asked, flight, put))),
                }
                flight
            }
        };
        for _ in 0..ROUNDS {
            let result = match self.drive(context, asked, on_the_line, flight).await {
                Leg::Asks(result) => return Ok(Some(Ok(Relayed::Answered(result)))),
                Leg::Over(Ok(Relayed::Answered(result))) => result,
                Leg::Over(other) => return Ok(Some(other)),
            };
            let Some(wanted) = questions(&result) else {
                return Ok(Some(Ok(Relayed::Answered(result))));
            };
            if way == Way::None || !wanted.values().all(|it| can_answer(&asker, it)) {
                return Ok(None);
            }
            if way == Way::Result {
                return Ok(Some(Ok(Relayed::Answered(self.sealed(asked, result)))));
            }
            let Some(said) = line::ask_all(context, &wanted).await else { return Ok(None) };
            let params = answered(asked.params.clone(), said, result.get("requestState"));
            flight = self.begin(asked, (asker.clone(), on_task), params);
        }
        let message = format!("it still asks after {ROUNDS} rounds");
        Ok(Some(Ok(Relayed::Failed(ServerError::Garbled(message)))))
    }

    /// Waits for the end of `flight`; tells the client what is heard meanwhile, and asks it.
    async fn drive(
        &self,
        context: &RequestContext<RoleServer>,
        asked: &Arc<Asked>,
        way: Way,
        mut flight: Flight,
    ) -> Leg {
        let (token, level) = (context.meta.get_progress_token(), self.level(context));
        loop {
            match flight.next(&context.ct).await {
                News::Over(said) => return Leg::Over(said),
                News::Heard(Heard::Progress(note)) => {
                    if let Some(token) = &token {
                        progress::tell(context, token.clone(), note).await;
                    }
                }
                News::Heard(Heard::Log(params)) => {
                    if let Some(least) = &level {
                        log::send(&context.peer, params, least).await;
                    }
                }
                News::Heard(Heard::Asks(put)) => match way {
                    Way::None => put.answer(Answer::Decline),
                    Way::Line => {
                        let params = line::params(&put.question.question);
                        let said = line::ask(context, ELICIT, Some(params)).await;
                        put.answer(said.map_or(Answer::Cancel, |it| line::answer(&it)));
                    }
                    Way::Result => match self.hold(asked, flight, put) {
                        Ok(Relayed::Answered(asks)) => return Leg::Asks(asks),
                        other => return Leg::Over(other),
                    },
                },
            }
        }
    }

    /// How the client of `context`, which says that it can be asked what `asker` holds, is asked.
    fn way(&self, context: &RequestContext<RoleServer>, asker: &Value) -> Way {
        let can = ["elicitation", "sampling", "roots"];
        let can = can.iter().any(|it| asker.get(it).is_some_and(Value::is_object));
        match (is_modern(context), self.standing) {
            (true, Standing::Alone | Standing::Session) if can => Way::Result,
            (false, Standing::Session) if can => Way::Line,
            (_, Standing::Alone | Standing::Session) => Way::None,
        }
    }

    /// From which level on the client of `context` wants the log; none when it wants nothing.
    fn level(&self, context: &RequestContext<RoleServer>) -> Option<String> {
        match (is_modern(context), self.standing) {
            (true, Standing::Alone | Standing::Session) => log::asked_for(context),
            (false, Standing::Session) => Some(self.lasting.level().unwrap_or("info".to_owned())),
            (false, Standing::Alone) => None,
        }
    }

    /// Sends the request to the server behind.
    fn begin(&self, asked: &Arc<Asked>, client: (Value, OnTask), mut params: Value) -> Flight {
        let is_new = asked.mounted.server.health().era == Some(Era::Modern);
        if let Some(level) = self.lasting.level().filter(|_| is_new)
            && let Some(fields) = params.as_object_mut()
        {
            let meta = fields.entry("_meta").or_insert_with(|| json!({}));
            meta.as_object_mut().map(|it| it.insert(LOG_LEVEL.to_owned(), level.into()));
        }
        let (app, asked) = (self.app.clone(), asked.clone());
        Flight::begin(client, move |cx| {
            async move {
                if asked.method == "tools/call" {
                    return app.relay_call(&asked.caller, &asked.mounted, params, &cx).await;
                }
                let request = Request::new(&asked.method, params);
                Ok(match asked.mounted.server.request(request, &cx).await {
                    Ok(result) => Relayed::Answered(result),
                    Err(err) => Relayed::Failed(err),
                })
            }
            .boxed()
        })
    }
}

/// The request once more, with what was said to its questions.
fn answered(mut params: Value, said: Map<String, Value>, state: Option<&Value>) -> Value {
    if let Some(fields) = params.as_object_mut() {
        fields.insert("inputResponses".to_owned(), said.into());
        match state {
            Some(state) => fields.insert("requestState".to_owned(), state.clone()),
            None => fields.remove("requestState"),
        };
    }
    params
}

/// A call that the server did not answer: told to the model where it can help.
fn failed(server: &dyn ToolServer, err: &ServerError) -> Result<CallToolResult, ErrorData> {
    if matches!(err, ServerError::Said { .. }) {
        return Err(refused(server, err));
    }
    let doubt =
        if err.may_have_happened() { "; it may have taken effect all the same" } else { "" };
    Ok(answers::failed(format!("{}{doubt}", server.explain(err))))
}

/// The server's own errors go through as they are.
pub(super) fn refused(server: &dyn ToolServer, err: &ServerError) -> ErrorData {
    match err {
        ServerError::Said { code, message, data } => {
            let code = i32::try_from(*code).unwrap_or(ErrorCode::INTERNAL_ERROR.0);
            ErrorData::new(ErrorCode(code), message.clone(), data.clone())
        }
        ServerError::NeedsSignIn { .. }
        | ServerError::Refused(_)
        | ServerError::NotStarted(_)
        | ServerError::Unavailable { .. }
        | ServerError::Lost(_)
        | ServerError::TimedOut(_)
        | ServerError::Cancelled
        | ServerError::TaskLost(_)
        | ServerError::TooLarge(_)
        | ServerError::Garbled(_) => ErrorData::internal_error(server.explain(err), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_goes_back_with_the_answers_and_the_newest_state() {
        let said = Map::from_iter([("q".to_owned(), json!({ "action": "decline" }))]);
        let params = json!({ "name": "x", "requestState": "old" });
        let expected = json!({ "name": "x", "requestState": "new",
            "inputResponses": { "q": { "action": "decline" } } });
        assert_eq!(answered(params.clone(), said.clone(), Some(&json!("new"))), expected);
        assert!(answered(params, said, None).get("requestState").is_none());
    }
}
