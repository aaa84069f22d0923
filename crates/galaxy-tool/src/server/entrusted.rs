//! A call in a run whose server goes on with it by itself: noted in the run's log first, and then
//! looked after by whoever drives the run, for as long as it takes.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use galaxy_domain::{
    RemoteTask,
    elicitation::{Answer as Said, Elicitation, ROUNDS, WayBack},
};
use sha2::{Digest, Sha256};

use crate::{
    server::{
        ToolServer,
        attend::{Attendance, News, abandon},
        elicit::{Answer, Question},
        error::ServerError,
        inquiry,
        remote::told,
        request::{Request, RequestCx},
        rounds::{self, asked_by},
        sign_in,
        spec::{Questions, ServerSpec, Transport},
        task::Told,
    },
    tool::{Asks, Output, ToolCx, ToolError, UnderWay},
};

/// What becomes of a call whose server answered with a task: it is noted before it is looked after.
pub(super) fn noted(spec: &ServerSpec, told: Told, bound_to: String, asks: &Asks) -> ToolError {
    let millis = |it: Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
    ToolError::Task(Box::new(RemoteTask {
        server: spec.name.to_string(),
        id: told.id,
        bound_to,
        since: asks.holds.clock().now(),
        ttl_ms: told.ttl.map(millis),
        poll_ms: told.poll.map(millis),
    }))
}

/// What a task is bound to: the server, how it is reached, and the tool as it is defined (`pin`).
pub(super) fn bound_to(spec: &ServerSpec, pin: &str) -> String {
    let mut hasher = Sha256::new();
    let mut add = |piece: &str| {
        hasher.update((piece.len() as u64).to_le_bytes());
        hasher.update(piece);
    };
    let desk = spec.desk.as_ref().map(|it| it.server.to_string());
    add(&desk.unwrap_or_default());
    add(spec.name.as_str());
    match &spec.transport {
        Transport::Http { url, .. } => add(url.as_str()),
        Transport::Stdio { command, arguments, .. } => {
            add(&command.display().to_string());
            arguments.iter().for_each(|it| add(it));
        }
    }
    add(pin);
    hex::encode(hasher.finalize())
}

/// Looks after the task of a call until it ends, or a person has to be asked.
///
/// # Errors
/// [`ToolError::Waits`] for the latter.
pub(super) async fn take_up(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    pin: &str,
    cx: &ToolCx,
    (asks, under_way): (&Asks, &UnderWay),
) -> Result<Output, ToolError> {
    let task = &under_way.task;
    let spec = server.spec();
    if task.bound_to != bound_to(spec, pin) {
        return Err(ToolError::tell(
            "what came of the call is not known: its tool server is reached elsewhere now, or \
             describes the tool differently; it may have taken effect all the same",
        ));
    }
    let with = RequestCx {
        cancel: cx.cancel.clone(),
        progress: Arc::new(cx.notes.clone()),
        ..RequestCx::default()
    };
    let age = asks.holds.clock().now().since(task.since).max(Duration::from_millis(1));
    let mut attendance = Attendance::new(&**server, taken(task), (age, spec.limits.task), &with);
    attendance.answered.extend(under_way.answered.iter().cloned());
    attendance.answer(answers(asks));
    let mut declined = asks.declined;
    for _ in 0..ROUNDS {
        match attendance.next().await {
            News::Ended(Ok(result)) => {
                cx.whole.keep(&result);
                return rounds::output(&result, declined);
            }
            News::Ended(Err(err)) => return Err(ended(server, request, asks, &err, declined)),
            News::Asks(questions) => {
                let screened = screened(spec.questions, &questions);
                if !screened.questions.is_empty() {
                    return Err(ToolError::Waits(Box::new(Elicitation {
                        questions: screened.questions,
                        declined: screened.declined,
                        ..asked_by(server, request, WayBack::Task)
                    })));
                }
                declined = true;
                attendance.answer(screened.declined.into_iter().map(|it| (it, Answer::Decline)));
            }
        }
    }
    abandon(&**server, &task.id).await;
    Err(told(&ServerError::Garbled(format!("it still asks after {ROUNDS} rounds"))))
}

/// Says that nobody wants the task any more.
pub(super) async fn give_up(server: &dyn ToolServer, pin: &str, task: &RemoteTask) {
    if task.bound_to == bound_to(server.spec(), pin) {
        abandon(server, &task.id).await;
    }
}

/// Whoever may not ask anybody is not heard.
fn screened(may: Questions, questions: &BTreeMap<String, Question>) -> inquiry::Screened {
    match may {
        Questions::Allowed => inquiry::screen(questions),
        Questions::Off => inquiry::Screened {
            declined: questions.keys().cloned().collect(),
            ..inquiry::Screened::default()
        },
    }
}

/// A task as it was noted.
fn taken(task: &RemoteTask) -> Told {
    Told {
        id: task.id.clone(),
        message: None,
        ttl: task.ttl_ms.map(Duration::from_millis),
        poll: task.poll_ms.map(Duration::from_millis),
    }
}

/// What a person said last, if that is for the server.
fn answers(asks: &Asks) -> Vec<(String, Answer)> {
    let Some(resumed) = &asks.resumed else { return Vec::new() };
    if resumed.elicitation.back != WayBack::Task || resumed.elicitation.signs_in_at().is_some() {
        return Vec::new();
    }
    let said = resumed.answers.iter().map(|(key, it)| (key.clone(), answer(it)));
    let nobody = resumed.elicitation.declined.iter().map(|it| (it.clone(), Answer::Decline));
    said.chain(nobody).collect()
}

/// What a person says, as the server takes it.
pub(super) fn answer(said: &Said) -> Answer {
    match said {
        Said::Accept { content } => Answer::Accept(content.clone()),
        Said::Decline => Answer::Decline,
        Said::Cancel => Answer::Cancel,
    }
}

/// What the model is told, or the person is asked, when a task ends without a result.
fn ended(
    server: &Arc<dyn ToolServer>,
    request: &Request,
    asks: &Asks,
    err: &ServerError,
    declined: bool,
) -> ToolError {
    if matches!(err, ServerError::Cancelled) {
        return told(err);
    }
    let asked = sign_in::asked_in_task(server, request, asks, err);
    // It was worked on, so anything may have come of it.
    let in_doubt = || ToolError::tell(format!("{err}; it may have taken effect all the same"));
    rounds::noted(asked.unwrap_or_else(in_doubt), declined)
}
