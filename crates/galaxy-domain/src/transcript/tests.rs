use serde_json::Value;

use super::*;
use crate::{
    elicitation::{Elicitation, Inquiry, WayBack},
    id::{MessageId, PersonId},
    part::Part,
    remote_task::RemoteTask,
    run::Stop,
    tool::{Effect, Reach},
};

fn said() -> Item {
    Item::User { message: MessageId::fresh(), parts: vec![Part::text("go")] }
}

fn asks(ids: &[&str]) -> Item {
    let call = |id: &&str| ToolCall {
        id: CallId((*id).to_owned()),
        tool: "clock".to_owned(),
        input: Value::Null,
        opaque: None,
    };
    Item::Assistant {
        parts: vec![],
        calls: ids.iter().map(call).collect(),
        finish: Finish::Calls,
        model: "m".to_owned(),
    }
}

fn replies(id: &str) -> Item {
    Item::Reply { call: CallId(id.to_owned()), outcome: Outcome::Aborted, took_ms: 0, whole: None }
}

fn began(id: &str, effect: Effect) -> Item {
    Item::Began { call: CallId(id.to_owned()), effect, view: None }
}

fn entrusted(id: &str) -> Item {
    let task = RemoteTask {
        server: "far".to_owned(),
        id: "t".to_owned(),
        bound_to: "01".to_owned(),
        since: Timestamp::from_millis(5),
        ttl_ms: Some(60_000),
        poll_ms: None,
    };
    Item::TaskCreated { call: CallId(id.to_owned()), task, digest: "00".to_owned() }
}

fn asks_for(id: &str, round: u32, questions: &[&str]) -> Item {
    let page = |key: &&str| {
        let url = "https://example.org/".to_owned();
        ((*key).to_owned(), Inquiry::Page { message: "Sign".to_owned(), url })
    };
    let elicitation = Elicitation {
        server: "far".to_owned(),
        tool: "sign".to_owned(),
        questions: questions.iter().map(page).collect(),
        declined: Vec::new(),
        back: WayBack::Again { state: Some("s".to_owned()) },
    };
    Item::Elicited { call: CallId(id.to_owned()), round, elicitation, digest: "00".to_owned() }
}

fn hears(id: &str, questions: &[&str]) -> Item {
    let answer = |key: &&str| ((*key).to_owned(), Answer::Decline);
    let answers = questions.iter().map(answer).collect();
    Item::Answered { call: CallId(id.to_owned()), answers, by: PersonId::fresh() }
}

fn transcript(items: impl IntoIterator<Item = Item>) -> Result<Transcript, Misplaced> {
    let entry = |(idx, item)| Entry { seq: idx as u64 + 1, at: Timestamp::default(), item };
    Transcript::replay(items.into_iter().enumerate().map(entry))
}

#[test]
fn nobody_speaks_while_calls_are_open() {
    let mut run = transcript([said(), asks(&["a", "b"]), replies("a")]).unwrap();
    assert_eq!(run.push(asks(&[])), Err(Misplaced::CallsOpen(1)));
    let stopped = Item::Stopped { stop: Stop::Cancelled };
    assert_eq!(run.push(stopped.clone()), Err(Misplaced::CallsOpen(1)));
    run.push(replies("b")).unwrap();
    run.push(stopped).unwrap();
}

#[test]
fn a_call_is_answered_once_and_named_once() {
    let call = || CallId("a".to_owned());
    let twice = transcript([said(), asks(&["a"]), replies("a"), replies("a")]);
    assert_eq!(twice, Err(Misplaced::NoSuchCall(call())));
    assert_eq!(transcript([said(), asks(&["a", "a"])]), Err(Misplaced::CallRepeated(call())));
    let again = transcript([said(), asks(&["a"]), replies("a"), asks(&["a"])]);
    assert_eq!(again, Err(Misplaced::CallRepeated(call())));
}

#[test]
fn a_call_with_effects_begins_once() {
    let mut run = transcript([said(), asks(&["a", "b"])]).unwrap();
    run.push(began("a", Effect::Writes)).unwrap();
    let again = run.push(began("a", Effect::Writes));
    assert_eq!(again, Err(Misplaced::TooLate(CallId("a".to_owned()))));
    run.push(began("b", Effect::Reads)).unwrap();
    run.push(began("b", Effect::Reads)).unwrap();
}

#[test]
fn a_tool_asks_only_while_its_call_is_under_way() {
    let late = Err(Misplaced::TooLate(CallId("a".to_owned())));
    let mut run = transcript([said(), asks(&["a"])]).unwrap();
    assert_eq!(run.push(asks_for("a", 1, &["q"])), late);
    run.push(began("a", Effect::Reaches)).unwrap();
    assert_eq!(run.push(hears("a", &["q"])), late, "nothing was asked");
    run.push(asks_for("a", 1, &["q"])).unwrap();
    assert_eq!(run.push(asks_for("a", 1, &["q"])), late);
    assert_eq!(
        run.push(asks_for("b", 1, &["q"])),
        Err(Misplaced::NoSuchCall(CallId("b".to_owned())))
    );
    let open = run.open_calls().next().unwrap();
    assert_eq!((open.question(), open.rounds), (Some(Question::Form), 1));
}

#[test]
fn a_call_that_was_put_down_begins_again_once_it_has_its_answers() {
    let late = Err(Misplaced::TooLate(CallId("a".to_owned())));
    for effect in [Effect::Reaches, Effect::Reads] {
        let items = [said(), asks(&["a"]), began("a", effect), asks_for("a", 1, &["p", "q"])];
        let mut run = transcript(items).unwrap();
        assert_eq!(run.push(began("a", effect)), late);
        for wrong in [&["p"][..], &["p", "q", "r"], &["p", "r"]] {
            let misplaced = Misplaced::NotAsked(CallId("a".to_owned()));
            assert_eq!(run.push(hears("a", wrong)), Err(misplaced));
        }
        run.push(hears("a", &["q", "p"])).unwrap();
        assert_eq!(run.push(hears("a", &["q", "p"])), late);
        run.push(began("a", effect)).unwrap();
        assert_eq!(run.open_calls().next().unwrap().question(), None);
        // Once more only where it does no harm; and the tool may ask again.
        assert_eq!(run.push(began("a", effect)).is_ok(), effect.is_repeatable());
        assert_eq!(run.push(asks_for("a", 1, &["q"])), late);
        run.push(asks_for("a", 2, &["q"])).unwrap();
        assert_eq!(run.open_calls().next().unwrap().rounds, 2);
        run.push(replies("a")).unwrap();
    }
}

#[test]
fn a_server_goes_on_with_a_call_that_is_under_way_once() {
    let late = Err(Misplaced::TooLate(CallId("a".to_owned())));
    let mut run = transcript([said(), asks(&["a"])]).unwrap();
    assert_eq!(run.push(entrusted("a")), late, "it has not begun");
    run.push(began("a", Effect::Reaches)).unwrap();
    run.push(entrusted("a")).unwrap();
    assert_eq!(run.push(entrusted("a")), late, "one call is one task");
    assert_eq!(run.push(began("a", Effect::Reaches)), late, "it is not made again");
    run.push(asks_for("a", 1, &["q"])).unwrap();
    run.push(hears("a", &["q"])).unwrap();
    run.push(began("a", Effect::Reaches)).unwrap();
    let open = run.open_calls().next().unwrap();
    assert_eq!(open.task.as_ref().map(|it| &*it.task.id), Some("t"));
    assert!(open.answered.contains("q"), "it is not asked for again");
    run.push(replies("a")).unwrap();
    assert_eq!(run.push(entrusted("a")), Err(Misplaced::NoSuchCall(CallId("a".to_owned()))));
}

#[test]
fn an_edited_argument_replaces_the_models() {
    let mut run = transcript([said(), asks(&["a"])]).unwrap();
    let decision = Decision::Allow { reach: Reach::Once, input: Some(Value::Bool(true)) };
    let call = CallId("a".to_owned());
    let approval = Item::Approval { call: call.clone(), decision, by: PersonId::fresh() };
    run.push(approval.clone()).unwrap();
    assert_eq!(run.open_call(&call).unwrap().input(), &Value::Bool(true));
    assert_eq!(run.push(approval), Err(Misplaced::TooLate(call)));
}

#[test]
fn a_stopped_run_goes_on_only_when_resumed() {
    let stopped = Item::Stopped { stop: Stop::Cancelled };
    let mut run = transcript([said(), asks(&[]), stopped]).unwrap();
    assert_eq!(run.push(asks(&[])), Err(Misplaced::Stopped));
    run.push(Item::Resumed { by: PersonId::fresh() }).unwrap();
    assert_eq!(run.samples_since_resume(), 0);
    run.push(asks(&[])).unwrap();
    assert_eq!((run.samples(), run.samples_since_resume()), (2, 1));
}

#[test]
fn the_person_speaks_first_and_once() {
    assert_eq!(transcript([asks(&[])]), Err(Misplaced::NotTheFirst));
    assert_eq!(transcript([said(), said()]), Err(Misplaced::NotTheFirst));
}

#[test]
fn deltas_are_counted_and_not_kept() {
    let delta = Item::Delta { delta: Delta::Text { text: "hel".to_owned() } };
    let run = transcript([said(), delta.clone(), delta]).unwrap();
    assert_eq!((run.last_seq(), run.items().len()), (3, 1));
}

/// Stored transcripts outlive releases: this JSON must keep parsing.
#[test]
fn the_stored_form_is_stable() {
    let stored = [
        r#"{"kind":"reply","call":"a","outcome":{"kind":"aborted"},"took_ms":0}"#,
        r#"{"kind":"delta","delta":{"of":"text","text":"hi"}}"#,
        r#"{"kind":"began","call":"a","effect":"writes"}"#,
        r#"{"kind":"stopped","stop":{"kind":"exhausted","limit":"25 steps"}}"#,
        r#"{"kind":"usage","model":"m","usage":{"input":1,"cached":0,"output":2,"reasoning":0}}"#,
        r#"{"kind":"asked","call":"a","question":"approval","digest":"00"}"#,
        r#"{"kind":"elicited","call":"a","round":1,"elicitation":{"server":"far","tool":"sign","questions":{"q":{"kind":"page","message":"Sign","url":"https://example.org/"}},"back":{"kind":"again","state":"s"}},"digest":"00"}"#,
        r#"{"kind":"elicited","call":"a","round":1,"elicitation":{"server":"far","tool":"sign","questions":{"q":{"kind":"form","message":"Who?","fields":[{"name":"n","title":"Name","required":true,"kind":{"type":"text","max_length":9,"format":"email"}},{"name":"c","required":false,"kind":{"type":"number","whole":true,"minimum":1.0}},{"name":"o","required":false,"kind":{"type":"several","choices":[{"value":"x","title":"X"}],"least":1}}]}},"declined":["p"],"back":{"kind":"held","until":7}},"digest":"00"}"#,
        r#"{"kind":"task_created","call":"a","task":{"server":"far","id":"t","bound_to":"01","since":5},"digest":"00"}"#,
        r#"{"kind":"task_created","call":"a","task":{"server":"far","id":"t","bound_to":"01","since":5,"ttl_ms":60000,"poll_ms":500},"digest":"00"}"#,
        r#"{"kind":"elicited","call":"a","round":1,"elicitation":{"server":"far","tool":"sign","questions":{"q":{"kind":"page","message":"Sign","url":"https://example.org/"}},"back":{"kind":"task"}},"digest":"00"}"#,
        r#"{"kind":"answered","call":"a","answers":{"p":{"action":"accept","content":{"n":1}},"q":{"action":"decline"},"r":{"action":"cancel"}},"by":"0192f6c0-0000-7000-8000-000000000000"}"#,
    ];
    for text in stored {
        let item: Item = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&item).unwrap(), text);
        assert!(text.contains(&format!(r#"{{"kind":"{}""#, item.kind())));
    }
}

#[test]
fn a_log_without_its_passing_entries_keeps_its_numbers() {
    let entry = |(seq, item)| Entry { seq, at: Timestamp::default(), item };
    let stopped = Item::Stopped { stop: Stop::Finished };
    let mut run = Transcript::replay([(1, said()), (9, stopped)].map(entry)).unwrap();
    assert_eq!(run.last_seq(), 9);
    run.push(Item::Resumed { by: PersonId::fresh() }).unwrap();
    assert_eq!(run.last_seq(), 10);
}
