//! A call in a run, round by round: what its server asks is put to the person of the run, and the
//! call is put down until they have answered.

use std::{collections::BTreeMap, sync::Arc};

use galaxy_base::text::{clip, visible};
use galaxy_domain::{
    Part,
    elicitation::{Elicitation, ROUNDS, WayBack},
};
use serde_json::Value;

use crate::{
    server::{
        ToolServer,
        elicit::Answer,
        entrusted::{self, answer},
        error::ServerError,
        exchange::{Waiting, rest},
        held::{Flight, News, Put},
        inquiry, output,
        remote::told,
        request::Request,
        sign_in::told_in,
        task::Told,
    },
    tool::{Asks, Output, Resumed, ToolCx, ToolError},
};

/// What the model is told of questions that nobody was asked.
const DECLINED: &str = "[A question of this tool was declined without asking the person: tools may \
                        not ask for passwords, keys or other secrets, nor for what cannot be shown \
                        as a simple form.]";
/// The key of the question of a server that waits on the line.
const ON_THE_LINE: &str = "question";
/// A longer state is not kept: it is stored with every round.
const STATE_BYTES: usize = 64 * 1024;
/// More of a tool's name is cut.
const NAME_CHARS: usize = 128;

/// Makes the call, or goes on with it.
///
/// # Errors
/// [`ToolError::Waits`] when a person has to answer first.
pub(super) async fn rounds(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    pin: &str,
    cx: &ToolCx,
    asks: &Asks,
) -> Result<Output, ToolError> {
    let mut flight = depart(server, request, cx, asks)?;
    let mut declined = asks.declined;
    let mut round = 0;
    while round < ROUNDS {
        match flight.next(&cx.cancel).await {
            News::Ended(result) => {
                let refused = |err| match round {
                    0 => told_in(server, request, Some(asks), &err),
                    _ => told(&err),
                };
                let result = result.map_err(|err| noted(refused(err), declined))?;
                if let Some(task) = Told::created(request, &result).map_err(|err| told(&err))? {
                    let spec = server.spec();
                    return Err(entrusted::noted(spec, task, entrusted::bound_to(spec, pin), asks));
                }
                let Some(waiting) = Waiting::read(&result).map_err(|err| told(&err))? else {
                    cx.whole.keep(&result);
                    return output(&result, declined);
                };
                let next = put_down(server, request, &waiting)?;
                declined |= !waiting.questions.is_empty();
                if waiting.questions.is_empty() {
                    rest(round, &cx.cancel).await.map_err(|err| told(&err))?;
                }
                flight = Flight::start(server, next, &cx.notes, asks);
            }
            News::Asks(put) => {
                flight = hold(server, request, flight, put, asks)?;
                declined = true;
            }
        }
        round += 1;
    }
    let words = format!("it still asks after {ROUNDS} rounds");
    Err(told(&ServerError::Garbled(words)))
}

/// The request under way: for the first time, once more with the answers, or the one that was held.
fn depart(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    cx: &ToolCx,
    asks: &Asks,
) -> Result<Flight, ToolError> {
    let Some(Resumed { elicitation, answers }) = &asks.resumed else {
        return Ok(Flight::start(server, request.clone(), &cx.notes, asks));
    };
    match &elicitation.back {
        WayBack::Again { state } => {
            let waiting = Waiting { questions: BTreeMap::new(), state: state.clone() };
            let said = answers.iter().map(|(key, it)| (key.clone(), answer(it)));
            let nobody = elicitation.declined.iter().map(|key| (key.clone(), Answer::Decline));
            let again = waiting.resume(request, said.chain(nobody).collect());
            Ok(Flight::start(server, again, &cx.notes, asks))
        }
        // With a task there is nothing to depart from; without one it is a first request.
        WayBack::Afresh | WayBack::Task => {
            Ok(Flight::start(server, request.clone(), &cx.notes, asks))
        }
        WayBack::Held { .. } => {
            let said = answers.values().next().map_or(Answer::Cancel, answer);
            let held = asks.holds.take_up(asks.run, &asks.call, said, &cx.notes);
            held.ok_or(ToolError::Lost)
        }
    }
}

/// The next request where nobody has to be asked.
fn put_down(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    waiting: &Waiting,
) -> Result<Request, ToolError> {
    let screened = inquiry::screen(&waiting.questions);
    if screened.questions.is_empty() {
        let declined = screened.declined.into_iter().map(|key| (key, Answer::Decline));
        return Ok(waiting.resume(request, declined.collect()));
    }
    if waiting.state.as_ref().is_some_and(|it| it.len() > STATE_BYTES) {
        return Err(told(&ServerError::TooLarge("a state to give back".to_owned())));
    }
    let back = WayBack::Again { state: waiting.state.clone() };
    Err(ToolError::Waits(Box::new(Elicitation {
        questions: screened.questions,
        declined: screened.declined,
        ..asked_by(server, request, back)
    })))
}

/// Puts a call down whose server waits on the line; gives it back where nobody is asked.
fn hold(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    flight: Flight,
    put: Put,
    asks: &Asks,
) -> Result<Flight, ToolError> {
    let Ok(inquiry) = inquiry::read(&put.asked.question) else {
        put.decline();
        return Ok(flight);
    };
    match asks.holds.hold(asks.run, &asks.call, flight, put) {
        Ok(until) => Err(ToolError::Waits(Box::new(Elicitation {
            questions: [(ON_THE_LINE.to_owned(), inquiry)].into(),
            ..asked_by(server, request, WayBack::Held { until })
        }))),
        Err(full) => {
            let (flight, put) = *full;
            put.decline();
            Ok(flight)
        }
    }
}

/// A round of questions without any yet.
pub(super) fn asked_by(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    back: WayBack,
) -> Elicitation {
    Elicitation {
        server: server.spec().name.to_string(),
        tool: clip(&visible(request.tool().unwrap_or_default()), NAME_CHARS),
        questions: BTreeMap::new(),
        declined: Vec::new(),
        back,
    }
}

/// What the model gets to see of `result`; told, if questions were declined.
pub(super) fn output(result: &Value, declined: bool) -> Result<Output, ToolError> {
    let mut output = output::read(result).map_err(|err| noted(err, declined))?;
    if declined {
        output.push(Part::text(DECLINED));
    }
    Ok(output)
}

/// `err` with a note for the model.
pub(super) fn noted(err: ToolError, declined: bool) -> ToolError {
    match err {
        ToolError::Tell(message) if declined => ToolError::Tell(format!("{message}\n{DECLINED}")),
        ToolError::Tell(_)
        | ToolError::Internal(_)
        | ToolError::Waits(_)
        | ToolError::Task(_)
        | ToolError::Lost => err,
    }
}
