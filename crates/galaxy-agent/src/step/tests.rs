use galaxy_domain::{
    Effect, MessageId, Outcome, Part, PersonId, ToolCall, ToolServerId, Usage,
    elicitation::{Answer, Elicitation, Inquiry, WayBack},
    tool::Reach,
    transcript::Finish,
};
use serde_json::{Value, json};

use super::*;
use crate::policy::digest;

/// Judges a call by the name of its tool.
struct ByName;

impl Policy for ByName {
    fn judge(&self, call: &ToolCall) -> Judgement {
        match call.tool.as_str() {
            "read" => Judgement::Allow,
            "write" => Judgement::Ask,
            "person" => Judgement::Answer,
            "never" => Judgement::Deny("no".to_owned()),
            other => Judgement::Refuse(format!("no tool {other}")),
        }
    }

    fn bound_to(&self, tool: &str, input: &Value) -> Option<String> {
        Some(digest(tool, input))
    }
}

fn said() -> Item {
    Item::User { message: MessageId::fresh(), parts: vec![Part::text("go")] }
}

fn asks(calls: &[(&str, &str)]) -> Item {
    asks_with(calls, &Value::Null)
}

fn asks_with(calls: &[(&str, &str)], input: &Value) -> Item {
    let call = |(id, tool): &(&str, &str)| ToolCall {
        id: CallId((*id).to_owned()),
        tool: (*tool).to_owned(),
        input: input.clone(),
        opaque: None,
    };
    let calls: Vec<ToolCall> = calls.iter().map(call).collect();
    let finish = if calls.is_empty() { Finish::Stop } else { Finish::Calls };
    Item::Assistant { parts: vec![], calls, finish, model: "m".to_owned() }
}

fn replies(id: &str) -> Item {
    Item::Reply { call: CallId(id.to_owned()), outcome: Outcome::Aborted, took_ms: 0, whole: None }
}

fn decides(id: &str, decision: Decision) -> Item {
    Item::Approval { call: CallId(id.to_owned()), decision, by: PersonId::fresh() }
}

/// The question about a call of `tool` without arguments.
fn asked(id: &str, tool: &str) -> Item {
    let digest = digest(tool, &Value::Null);
    Item::Asked { call: CallId(id.to_owned()), question: Question::Approval, digest }
}

fn yes() -> Decision {
    Decision::Allow { reach: Reach::Once, input: None }
}

#[track_caller]
fn check(items: impl IntoIterator<Item = Item>, expected: &Step) {
    let mut transcript = Transcript::default();
    for item in items {
        transcript.push(item).unwrap();
    }
    let step = next_step(&transcript, &ByName, &Limits::default(), Timestamp::default());
    assert_eq!(step, *expected);
}

fn id(text: &str) -> CallId {
    CallId(text.to_owned())
}

#[test]
fn a_question_is_sampled_and_an_answer_ends_the_run() {
    check([said()], &Step::Sample);
    check([said(), asks(&[])], &Step::Stop(Stop::Finished));
    check([said(), asks(&[("a", "read")]), replies("a")], &Step::Sample);
}

#[test]
fn calls_that_need_nobody_go_first() {
    let calls = asks(&[("a", "write"), ("b", "read"), ("c", "never"), ("d", "magic")]);
    let settled = vec![
        (id("b"), Ruling::Run),
        (id("c"), Ruling::Deny(Some("no".to_owned()))),
        (id("d"), Ruling::Refuse("no tool magic".to_owned())),
    ];
    check([said(), calls.clone()], &Step::Settle(settled));
    let rest = [said(), calls, replies("b"), replies("c"), replies("d")];
    check(rest, &Step::Park(vec![(id("a"), Question::Approval)]));
}

#[test]
fn a_question_to_the_person_waits_for_an_answer() {
    let waiting = Step::Park(vec![(id("a"), Question::Answer)]);
    check([said(), asks(&[("a", "person")])], &waiting);
}

#[test]
fn a_decision_is_obeyed() {
    let so_far = || [said(), asks(&[("a", "write")]), asked("a", "write")];
    let run = Step::Settle(vec![(id("a"), Ruling::Run)]);
    check(so_far().into_iter().chain([decides("a", yes())]), &run);
    let edited = Decision::Allow { reach: Reach::Once, input: Some(json!({ "to": "Cy" })) };
    check(so_far().into_iter().chain([decides("a", edited)]), &run);
    let no = Decision::Deny { reason: Some("not today".to_owned()) };
    let denied = Step::Settle(vec![(id("a"), Ruling::Deny(Some("not today".to_owned())))]);
    check(so_far().into_iter().chain([decides("a", no)]), &denied);
}

#[test]
fn a_yes_to_something_else_is_a_no() {
    let changed = "the tool has changed since the person agreed; ask again".to_owned();
    let denied = Step::Settle(vec![(id("a"), Ruling::Deny(Some(changed)))]);
    let calls = || asks(&[("a", "write")]);
    // The tool was another when it was shown; the arguments were; nothing was shown at all.
    check([said(), calls(), asked("a", "send"), decides("a", yes())], &denied);
    let other = Item::Asked {
        call: id("a"),
        question: Question::Approval,
        digest: digest("write", &json!({ "to": "Bo" })),
    };
    check([said(), calls(), other, decides("a", yes())], &denied);
    check([said(), calls(), decides("a", yes())], &denied);
}

#[test]
fn a_stale_yes_is_a_no() {
    let mut transcript = Transcript::default();
    for item in [said(), asks(&[("a", "write")]), asked("a", "write"), decides("a", yes())] {
        transcript.push_at(item, Timestamp::from_millis(0)).unwrap();
    }
    let late = Timestamp::from_millis(0).after(YES_IS_GOOD_FOR + Duration::from_millis(1));
    let step = next_step(&transcript, &ByName, &Limits::default(), late);
    let Step::Settle(rulings) = step else { panic!("{step:?}") };
    let [(_, Ruling::Deny(Some(reason)))] = rulings.as_slice() else { panic!("{rulings:?}") };
    assert!(reason.contains("too long ago"), "{reason}");
}

#[test]
fn a_yes_does_not_lift_a_prohibition() {
    let step = Step::Settle(vec![(id("a"), Ruling::Deny(Some("no".to_owned())))]);
    let items = [said(), asks(&[("a", "never")]), asked("a", "never"), decides("a", yes())];
    check(items, &step);
}

#[test]
fn what_began_with_effects_is_lost_and_what_only_reads_runs_again() {
    let began = |call: &str, effect| Item::Began { call: id(call), effect, view: None };
    let items = [
        said(),
        asks(&[("a", "read"), ("b", "read")]),
        began("a", Effect::Writes),
        began("b", Effect::Reads),
    ];
    check(items, &Step::Settle(vec![(id("a"), Ruling::Lost), (id("b"), Ruling::Run)]));
}

/// A question of the tool `write`, which was asked when it was called without arguments.
fn elicits(call: &str, back: WayBack) -> Item {
    let form = Inquiry::Form { message: String::new(), fields: Vec::new() };
    let elicitation = Elicitation {
        server: "far".to_owned(),
        tool: "write".to_owned(),
        questions: [("q".to_owned(), form)].into(),
        declined: Vec::new(),
        back,
    };
    let digest = digest("write", &Value::Null);
    Item::Elicited { call: id(call), round: 1, elicitation, digest }
}

#[test]
fn a_call_that_asks_is_not_lost_but_waits_and_then_runs() {
    let began = || Item::Began { call: id("a"), effect: Effect::Writes, view: None };
    let again = || WayBack::Again { state: None };
    let answered = || {
        let answers = [("q".to_owned(), Answer::Cancel)].into();
        Item::Answered { call: id("a"), answers, by: PersonId::fresh() }
    };
    let so_far = || vec![said(), asks(&[("a", "write")]), asked("a", "write"), decides("a", yes())];
    let waits = [began(), elicits("a", again())];
    let question = Step::Park(vec![(id("a"), Question::Form)]);
    check(so_far().into_iter().chain(waits.clone()), &question);
    let run = Step::Settle(vec![(id("a"), Ruling::Run)]);
    let goes_on = waits.into_iter().chain([answered()]);
    check(so_far().into_iter().chain(goes_on.clone()), &run);
    let lost = Step::Settle(vec![(id("a"), Ruling::Lost)]);
    check(so_far().into_iter().chain(goes_on).chain([began()]), &lost);
    let past = WayBack::Held { until: Timestamp::from_millis(-1) };
    check(so_far().into_iter().chain([began(), elicits("a", past)]), &lost);
}

#[test]
fn a_call_that_waits_for_a_sign_in_is_made_afresh_or_denied() {
    let waits = |answer: Answer| {
        let mut asked = elicits("a", WayBack::Afresh);
        if let Item::Elicited { elicitation, .. } = &mut asked {
            let inquiry = Inquiry::SignIn { server: ToolServerId::fresh(), before: 0 };
            elicitation.questions = [("sign_in".to_owned(), inquiry)].into();
        }
        let answers = [("sign_in".to_owned(), answer)].into();
        let answered = Item::Answered { call: id("a"), answers, by: PersonId::fresh() };
        let began = Item::Began { call: id("a"), effect: Effect::Reaches, view: None };
        vec![said(), asks(&[("a", "write")]), began, asked, answered]
    };
    let yes = Answer::Accept { content: json!({}) };
    check(waits(yes), &Step::Settle(vec![(id("a"), Ruling::Run)]));
    for no in [Answer::Decline, Answer::Cancel] {
        let why = "the person did not sign in at the tool server; nothing was done".to_owned();
        check(waits(no), &Step::Settle(vec![(id("a"), Ruling::Deny(Some(why)))]));
    }
}

#[test]
fn limits_stop_a_run_and_a_person_can_lift_them() {
    let mut items = vec![said()];
    for step in 0..25 {
        let name = format!("c{step}");
        items.push(asks_with(&[(&name, "read")], &json!(step)));
        items.push(replies(&name));
    }
    let mut transcript = Transcript::default();
    for item in items {
        transcript.push(item).unwrap();
    }
    let next = |it: &Transcript| next_step(it, &ByName, &Limits::default(), Timestamp::default());
    let Step::Stop(stop) = next(&transcript) else { panic!("it goes on") };
    assert!(matches!(&stop, Stop::Exhausted { limit } if limit.contains("25 steps")));
    transcript.push(Item::Stopped { stop }).unwrap();
    transcript.push(Item::Resumed { by: PersonId::fresh() }).unwrap();
    assert_eq!(next(&transcript), Step::Sample);
}

#[test]
fn a_model_that_asks_the_same_again_and_again_is_stopped() {
    let mut items = vec![said()];
    for step in 0..4 {
        items.push(asks(&[(&format!("c{step}"), "read")]));
        items.push(replies(&format!("c{step}")));
    }
    let limit = "The model asked for the same call 4 times in a row.".to_owned();
    check(items, &Step::Stop(Stop::Exhausted { limit }));
}

#[test]
fn tokens_are_bounded() {
    let usage = Usage { input: 1_999_999, output: 1, ..Usage::default() };
    let items = [
        said(),
        asks(&[("a", "read")]),
        Item::Usage { model: "m".to_owned(), usage },
        replies("a"),
    ];
    let limit = "The run cost 2000000 tokens, which is the limit.".to_owned();
    let stop = Stop::Exhausted { limit };
    check(items.clone(), &Step::Stop(stop.clone()));
    let resumed = [Item::Stopped { stop }, Item::Resumed { by: PersonId::fresh() }];
    check(items.into_iter().chain(resumed), &Step::Sample);
}

#[test]
fn an_answer_that_was_cut_short_can_be_continued() {
    let cut = |finish| Item::Assistant {
        parts: vec![Part::text("half")],
        calls: vec![],
        finish,
        model: "m".to_owned(),
    };
    for finish in [Finish::Length, Finish::Broken] {
        let mut transcript = Transcript::default();
        transcript.push(said()).unwrap();
        transcript.push(cut(finish)).unwrap();
        let step = next_step(&transcript, &ByName, &Limits::default(), Timestamp::default());
        assert!(matches!(step, Step::Stop(Stop::Incomplete { .. })), "{step:?}");
    }
}
