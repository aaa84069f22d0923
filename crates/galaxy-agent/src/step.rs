//! Decides what a run does next, from its transcript alone.

use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_domain::{
    CallId, Effect, Item, Stop, Transcript, Usage,
    elicitation::Answer,
    tool::Decision,
    transcript::{Elicited, Finish, OpenCall, Question},
};

use crate::policy::{Judgement, Policy};

/// A person's yes has to be used within this time; after it the call is refused.
pub const YES_IS_GOOD_FOR: Duration = Duration::from_secs(600);

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask the model.
    Sample,
    /// Answer these calls.
    Settle(Vec<(CallId, Ruling)>),
    /// A person has to look at these calls; the run is put down until then.
    Park(Vec<(CallId, Question)>),
    /// Nothing more to do.
    Stop(Stop),
}

/// What happens to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// Run it.
    Run,
    /// Answer it with a no, for this reason.
    Deny(Option<String>),
    /// It makes no sense: tell the model why.
    Refuse(String),
    /// It was under way when a process died. Say so; do not run it again.
    Lost,
}

/// Bounds on one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How often the model may be asked before a person says to go on.
    pub samples: usize,
    /// Tokens the run may cost, in and out, before a person says to go on.
    pub tokens: u64,
    /// Identical calls in a row (same tool, same arguments) before the run is stopped.
    pub repeats: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { samples: 25, tokens: 2_000_000, repeats: 4 }
    }
}

/// Returns what `transcript` calls for at the moment `now`.
///
/// Calls that need nobody's consent are settled first, so that a run parks only once everything
/// else is done.
pub fn next_step(
    transcript: &Transcript,
    policy: &dyn Policy,
    limits: &Limits,
    now: Timestamp,
) -> Step {
    if let Some(step) = settle(transcript, policy, now) {
        return step;
    }
    match transcript.items().iter().rev().find(|item| !matches!(item, Item::Usage { .. })) {
        None => Step::Stop(Stop::Finished),
        Some(Item::Stopped { stop }) => Step::Stop(stop.clone()),
        Some(Item::Assistant { finish, .. }) => Step::Stop(end_of(*finish)),
        Some(
            Item::User { .. }
            | Item::Sampling { .. }
            | Item::Delta { .. }
            | Item::Asked { .. }
            | Item::Approval { .. }
            | Item::Began { .. }
            | Item::TaskCreated { .. }
            | Item::Elicited { .. }
            | Item::Answered { .. }
            | Item::Progress { .. }
            | Item::Reply { .. }
            | Item::Usage { .. }
            | Item::Resumed { .. },
        ) => exhausted(transcript, limits).map_or(Step::Sample, Step::Stop),
    }
}

/// How a run ends whose model asked for nothing more.
fn end_of(finish: Finish) -> Stop {
    match finish {
        Finish::Stop | Finish::Calls | Finish::Refused => Stop::Finished,
        Finish::Length => Stop::Incomplete {
            message: "The model ran into its limit of output. Continue the answer to get the rest."
                .to_owned(),
        },
        Finish::Cancelled => Stop::Cancelled,
        Finish::Broken => Stop::Incomplete {
            message: "The answer broke off. Continue it, or ask again.".to_owned(),
        },
    }
}

fn exhausted(transcript: &Transcript, limits: &Limits) -> Option<Stop> {
    let usage = usage_since_resume(transcript);
    let limit = if transcript.samples_since_resume() >= limits.samples {
        format!("The run took {} steps, which is the limit.", limits.samples)
    } else if usage.input + usage.output >= limits.tokens {
        format!("The run cost {} tokens, which is the limit.", limits.tokens)
    } else if repeats(transcript) >= limits.repeats {
        format!("The model asked for the same call {} times in a row.", limits.repeats)
    } else {
        return None;
    };
    Some(Stop::Exhausted { limit })
}

/// What the answers cost together since a person last said to go on.
fn usage_since_resume(transcript: &Transcript) -> Usage {
    let newest = transcript.items().iter().rev();
    let mut sum = Usage::default();
    for item in newest.take_while(|item| !matches!(item, Item::Resumed { .. })) {
        if let Item::Usage { usage, .. } = item {
            sum += *usage;
        }
    }
    sum
}

/// How many of the newest answers ask for exactly the same calls.
fn repeats(transcript: &Transcript) -> usize {
    let mut asked = transcript.items().iter().rev().map_while(|item| match item {
        Item::Assistant { calls, .. } => {
            Some(Some(calls.iter().map(|it| (&it.tool, &it.input)).collect::<Vec<_>>()))
        }
        Item::Resumed { .. } | Item::User { .. } => None,
        Item::Sampling { .. }
        | Item::Delta { .. }
        | Item::Asked { .. }
        | Item::Approval { .. }
        | Item::Began { .. }
        | Item::TaskCreated { .. }
        | Item::Elicited { .. }
        | Item::Answered { .. }
        | Item::Progress { .. }
        | Item::Reply { .. }
        | Item::Usage { .. }
        | Item::Stopped { .. } => Some(None),
    });
    let Some(newest) = asked.by_ref().flatten().next().filter(|it| !it.is_empty()) else {
        return 0;
    };
    1 + asked.flatten().take_while(|it| *it == newest).count()
}

fn settle(transcript: &Transcript, policy: &dyn Policy, now: Timestamp) -> Option<Step> {
    let mut ready = Vec::new();
    let mut waiting = Vec::new();
    for open in transcript.open_calls() {
        match rule(open, policy, now) {
            Ok(ruling) => ready.push((open.call.id.clone(), ruling)),
            Err(question) => waiting.push((open.call.id.clone(), question)),
        }
    }
    match (ready.is_empty(), waiting.is_empty()) {
        (false, _) => Some(Step::Settle(ready)),
        (true, false) => Some(Step::Park(waiting)),
        (true, true) => None,
    }
}

/// What happens to `open`, or what a person has to be asked first.
fn rule(open: &OpenCall, policy: &dyn Policy, now: Timestamp) -> Result<Ruling, Question> {
    if let Some(round) = open.put_down() {
        return go_on(open, round, policy, now);
    }
    if let Some(entrusted) = &open.task {
        let changed = "the tool has changed since its server began with the call, and what comes \
                       of it is not taken; the server may go on with it";
        return Ok(take_on(open, &entrusted.digest, policy, changed));
    }
    if open.began.is_some_and(|effect: Effect| !effect.is_repeatable()) {
        return Ok(Ruling::Lost);
    }
    let judgement = policy.judge(&open.call);
    match (&open.decision, judgement) {
        (_, Judgement::Refuse(wrong)) => Ok(Ruling::Refuse(wrong)),
        (_, Judgement::Deny(reason)) => Ok(Ruling::Deny(Some(reason))),
        (Some(Decision::Deny { reason }), _) => Ok(Ruling::Deny(reason.clone())),
        (_, Judgement::Answer) => Err(Question::Answer),
        (Some(Decision::Allow { .. }), Judgement::Allow | Judgement::Ask) => {
            Ok(void(open, policy, now)
                .map_or(Ruling::Run, |why| Ruling::Deny(Some(why.to_owned()))))
        }
        (None, Judgement::Allow) => Ok(Ruling::Run),
        (None, Judgement::Ask) => Err(Question::Approval),
    }
}

/// What happens to a call that was put down with a question of its tool. The yes to it was used
/// when it began, so its age does not count any more; but the tool must be the one that asked.
fn go_on(
    open: &OpenCall,
    round: &Elicited,
    policy: &dyn Policy,
    now: Timestamp,
) -> Result<Ruling, Question> {
    let Some(answers) = &round.answers else {
        // A server that waited on the line does so no longer.
        let over = round.elicitation.is_over(now);
        return if over { Ok(Ruling::Lost) } else { Err(Question::Form) };
    };
    let is_no = |it: &Answer| !matches!(it, Answer::Accept { .. });
    if round.elicitation.signs_in_at().is_some() && answers.values().any(is_no) {
        let why = match open.task {
            None => "the person did not sign in at the tool server; nothing was done",
            Some(_) => {
                "the person did not sign in at the tool server again, which may go on with the call"
            }
        };
        return Ok(Ruling::Deny(Some(why.to_owned())));
    }
    let changed = "the tool has changed since it asked; call it again";
    Ok(take_on(open, &round.digest, policy, changed))
}

/// What happens to a call that had begun when its tool and arguments had this `digest`: the yes to
/// it is used up, but what forbids it counts, and so does a tool that has `changed`.
fn take_on(open: &OpenCall, digest: &str, policy: &dyn Policy, changed: &str) -> Ruling {
    match policy.judge(&open.call) {
        Judgement::Refuse(wrong) => Ruling::Refuse(wrong),
        Judgement::Deny(reason) => Ruling::Deny(Some(reason)),
        Judgement::Allow | Judgement::Ask | Judgement::Answer => {
            let current = policy.bound_to(&open.call.tool, open.input());
            let same = current.as_deref() == Some(digest);
            if same { Ruling::Run } else { Ruling::Deny(Some(changed.to_owned())) }
        }
    }
}

/// Why a person's yes to `open` does not count any more, if so: it is good for a while, and for
/// the tool and the arguments that were shown. What the person changed is part of the yes itself.
fn void(open: &OpenCall, policy: &dyn Policy, now: Timestamp) -> Option<&'static str> {
    let current = policy.bound_to(&open.call.tool, &open.proposed);
    if open.shown.is_none() || open.shown != current {
        return Some("the tool has changed since the person agreed; ask again");
    }
    let late = open.decided_at.is_none_or(|at| now.since(at) > YES_IS_GOOD_FOR);
    late.then_some("the approval came too long ago; ask again")
}

#[cfg(test)]
mod tests;
