//! What a program is told of a run.

use galaxy_domain::{
    CallId, Item, RunState, Stop,
    elicitation::Inquiry,
    part::plain_text,
    transcript::{Finish, OpenCall, Question as Waits, Transcript},
};

use super::{Asks, CallReport, Reply};

/// What a run says that stands at `state`.
pub(super) fn told_of(transcript: &Transcript, state: RunState) -> Reply {
    let response = response(transcript.items());
    Reply { response, calls: calls(transcript), usage: transcript.usage(), state }
}

fn response(items: &[Item]) -> String {
    let said = items.iter().rev().find_map(|item| match item {
        Item::Assistant { parts, finish, .. } if *finish != Finish::Calls => {
            Some(plain_text(parts)).filter(|text| !text.is_empty())
        }
        Item::Stopped { stop } => why(stop),
        Item::User { .. }
        | Item::Sampling { .. }
        | Item::Delta { .. }
        | Item::Assistant { .. }
        | Item::Asked { .. }
        | Item::Approval { .. }
        | Item::Began { .. }
        | Item::TaskCreated { .. }
        | Item::Elicited { .. }
        | Item::Answered { .. }
        | Item::Progress { .. }
        | Item::Reply { .. }
        | Item::Usage { .. }
        | Item::Resumed { .. } => None,
    });
    said.unwrap_or_default()
}

fn why(stop: &Stop) -> Option<String> {
    match stop {
        Stop::Failed { message, .. } => Some(message.clone()),
        Stop::Exhausted { limit } => Some(limit.clone()),
        Stop::Finished | Stop::Parked | Stop::Cancelled | Stop::Incomplete { .. } => None,
    }
}

fn calls(transcript: &Transcript) -> Vec<CallReport> {
    let mut reports: Vec<CallReport> = Vec::new();
    let asks = |call: &CallId| transcript.open_call(call).and_then(asks);
    for item in transcript.items() {
        if let Item::Assistant { calls, .. } = item {
            reports.extend(calls.iter().map(|call| CallReport {
                id: call.id.clone(),
                tool: call.tool.clone(),
                input: call.input.clone(),
                outcome: None,
                asks: asks(&call.id),
            }));
        }
        if let Item::Reply { call, outcome, .. } = item
            && let Some(report) = reports.iter_mut().find(|it| it.id == *call)
        {
            report.outcome = Some(outcome.clone());
        }
    }
    reports
}

fn asks(open: &OpenCall) -> Option<Asks> {
    let message = |it: &Inquiry| match it {
        Inquiry::Form { message, .. } | Inquiry::Page { message, .. } => message.clone(),
        Inquiry::SignIn { .. } => "Sign in there, on the page Tools.".to_owned(),
    };
    match open.question()? {
        Waits::Approval => Some(Asks::Approval),
        Waits::Answer => Some(Asks::Answer),
        Waits::Form => open.waits_for().map(|it| Asks::Form {
            server: it.server.clone(),
            messages: it.questions.values().map(message).collect(),
        }),
    }
}
