//! Which event a stored entry becomes.

use std::time::Duration;

use galaxy_domain::{CallId, Item, Outcome, PersonId, Stop, tool::Decision, transcript::Delta};

use super::{CallView, RunEventBody, ViewOfCall, parts, time};
use crate::views::elicitation::ElicitationView;

pub(super) fn body(item: &Item) -> RunEventBody {
    match item {
        Item::User { message, parts: said } => {
            RunEventBody::RunStarted { message_id: *message, parts: parts(said) }
        }
        Item::Sampling { model, because } => {
            RunEventBody::StepStarted { model: model.clone(), because: because.clone() }
        }
        Item::Delta { delta } => piece(delta),
        Item::Assistant { parts: said, calls, finish, model } => RunEventBody::MessageDone {
            parts: parts(said),
            calls: calls.iter().map(CallView::from).collect(),
            finish: finish.into(),
            model: model.clone(),
        },
        Item::Asked { call, question, digest } => RunEventBody::ToolApproval {
            call: call.0.clone(),
            question: question.into(),
            digest: digest.clone(),
        },
        Item::Approval { call, decision, by } => decided(call, decision, *by),
        Item::Began { call, effect, view } => RunEventBody::ToolStarted {
            call: call.0.clone(),
            effect: effect.into(),
            view: view.as_ref().map(ViewOfCall::from),
        },
        Item::TaskCreated { call, task, .. } => RunEventBody::ToolTask {
            call: call.0.clone(),
            server: task.server.clone(),
            since: time(task.since),
            until: task.ttl_ms.map(|ttl| time(task.since.after(Duration::from_millis(ttl)))),
        },
        Item::Elicited { call, round, elicitation, .. } => RunEventBody::ToolElicited {
            call: call.0.clone(),
            elicitation: ElicitationView::of(*round, elicitation),
        },
        Item::Answered { call, answers, by } => RunEventBody::ToolAnswered {
            call: call.0.clone(),
            answers: answers.iter().map(|(key, it)| (key.clone(), it.into())).collect(),
            by: *by,
        },
        Item::Progress { call, share, note } => {
            RunEventBody::ToolProgress { call: call.0.clone(), share: *share, note: note.clone() }
        }
        Item::Reply { call, outcome, took_ms, .. } => finished(call, outcome, *took_ms),
        Item::Usage { model, usage } => RunEventBody::UsageUpdated {
            model: model.clone(),
            input: usage.input,
            cached: usage.cached,
            output: usage.output,
            reasoning: usage.reasoning,
        },
        Item::Stopped { stop } => stopped(stop),
        Item::Resumed { by } => RunEventBody::RunResumed { by: *by },
    }
}

fn piece(delta: &Delta) -> RunEventBody {
    match delta {
        Delta::Text { text } => RunEventBody::MessageDelta { text: text.clone() },
        Delta::Reasoning { text } => RunEventBody::ReasoningDelta { text: text.clone() },
        Delta::Arguments { call, tool, text } => RunEventBody::ToolArgsDelta {
            call: call.0.clone(),
            tool: tool.clone(),
            text: text.clone(),
        },
    }
}

fn decided(call: &CallId, decision: &Decision, by: PersonId) -> RunEventBody {
    let call = call.0.clone();
    match decision {
        Decision::Allow { reach, input } => RunEventBody::ToolDecided {
            call,
            decision: decision.into(),
            reach: Some(reach.into()),
            input: input.clone(),
            reason: None,
            by,
        },
        Decision::Deny { reason } => RunEventBody::ToolDecided {
            call,
            decision: decision.into(),
            reach: None,
            input: None,
            reason: reason.clone(),
            by,
        },
    }
}

fn finished(call: &CallId, ended: &Outcome, took_ms: u64) -> RunEventBody {
    let (output, message) = match ended {
        Outcome::Done { output } => (parts(output), None),
        Outcome::Failed { message } => (Vec::new(), Some(message.clone())),
        Outcome::Denied { reason } => (Vec::new(), reason.clone()),
        Outcome::Aborted | Outcome::Unknown => (Vec::new(), None),
    };
    let (call, outcome) = (call.0.clone(), ended.into());
    RunEventBody::ToolFinished { call, outcome, output, message, took_ms }
}

fn stopped(stop: &Stop) -> RunEventBody {
    let message = match stop {
        Stop::Failed { code, message, detail } => {
            return RunEventBody::RunFailed {
                code: code.clone(),
                message: message.clone(),
                detail: detail.clone(),
            };
        }
        Stop::Exhausted { limit } => Some(limit.clone()),
        Stop::Incomplete { message } => Some(message.clone()),
        Stop::Finished | Stop::Parked | Stop::Cancelled => None,
    };
    RunEventBody::RunFinished { state: stop.state().into(), message }
}

/// Adds the piece `more` to `last`, if it goes on with the same thing.
pub(super) fn append(last: &mut RunEventBody, more: &RunEventBody) -> bool {
    match (last, more) {
        (RunEventBody::MessageDelta { text }, RunEventBody::MessageDelta { text: more })
        | (RunEventBody::ReasoningDelta { text }, RunEventBody::ReasoningDelta { text: more }) => {
            text.push_str(more);
            true
        }
        (
            RunEventBody::ToolArgsDelta { call, text, .. },
            RunEventBody::ToolArgsDelta { call: same, text: more, .. },
        ) if call == same => {
            text.push_str(more);
            true
        }
        _ => false,
    }
}
