use galaxy_domain::Part;
use galaxy_model::{Message, ToolSpec, collect};
use serde_json::json;

use super::*;

fn user(text: &str) -> Message {
    Message::User { parts: vec![Part::text(text)] }
}

fn assistant(text: &str) -> Message {
    Message::Assistant { parts: vec![Part::text(text)], calls: vec![] }
}

fn calling(ids: &[&str]) -> Message {
    let call = |id: &&str| ToolCall {
        id: CallId((*id).to_owned()),
        tool: "math".to_owned(),
        input: json!({}),
        opaque: None,
    };
    Message::Assistant { parts: vec![], calls: ids.iter().map(call).collect() }
}

fn result(id: &str) -> Message {
    Message::Result {
        call: CallId(id.to_owned()),
        tool: "math".to_owned(),
        output: vec![Part::text("4")],
        is_error: false,
    }
}

fn request(messages: impl IntoIterator<Item = Message>) -> Request {
    Request { messages: messages.into_iter().collect(), ..Request::default() }
}

#[tokio::test]
async fn scripts_are_played_in_order_and_requests_kept() {
    let model = ScriptedModel::new([
        Script::calls("c1", "math", json!({ "expression": "2+2" })),
        Script::says("It is ").text("4.").usage(3, 2),
    ]);
    let first =
        collect(model.answer(request([user("2+2?")])).await.unwrap(), |_| ()).await.unwrap();
    assert_eq!((first.calls.len(), first.finish), (1, Some(Finish::Calls)));
    let messages = [user("2+2?"), calling(&["c1"]), result("c1")];
    let second = collect(model.answer(request(messages)).await.unwrap(), |_| ()).await.unwrap();
    assert_eq!(second.parts, [Part::text("It is 4.")]);
    assert_eq!((second.usage.input, second.finish), (3, Some(Finish::Stop)));
    assert_eq!((model.requests().len(), model.unplayed(), model.abandoned()), (2, 0, 0));
    let err = model.answer(request([user("more")])).await.err().unwrap();
    assert_eq!(err.detail(), Some("the script is over"));
}

#[tokio::test]
async fn malformed_requests_are_rejected_and_take_no_script() {
    let two =
        ToolSpec { name: "a".to_owned(), description: String::new(), input: json!({}).into() };
    let doubled = Request { tools: vec![two.clone(), two], ..request([user("hi")]) };
    let malformed = [
        (request([]), "no messages"),
        (request([user(" ")]), "blank"),
        (request([Message::User { parts: vec![] }]), "no content"),
        (request([assistant("hi"), user("hi")]), "begins with the model"),
        (request([user("hi"), assistant("hi")]), "nothing to answer"),
        (request([user("hi"), calling(&[]), user("hi")]), "no content"),
        (request([user("hi"), result("c1")]), "no open call"),
        (request([user("hi"), calling(&["c1"]), user("well?")]), "has no result"),
        (request([user("hi"), calling(&["c1", "c2"]), result("c1")]), "has no result"),
        (request([user("hi"), calling(&["c1", "c1"])]), "made before"),
        (request([user("hi"), calling(&["c1"]), result("c1"), result("c1")]), "no open call"),
        (doubled, "offered twice"),
    ];
    let model = ScriptedModel::new([Script::says("hi")]);
    for (request, reason) in malformed {
        let err = model.answer(request).await.err().unwrap();
        assert!(err.detail().unwrap().contains(reason), "{err:?} is not about {reason}");
    }
    assert_eq!(model.unplayed(), 1);
    let parallel = [user("hi"), calling(&["c1", "c2"]), result("c2"), result("c1")];
    assert!(model.answer(request(parallel)).await.is_ok());
}

#[tokio::test]
async fn a_gate_holds_the_stream_until_the_test_says_go() {
    let gate = Gate::new();
    let model = ScriptedModel::new([Script::says("one ").wait(&gate).text("two")]);
    let mut answer = model.answer(request([user("count")])).await.unwrap();
    assert_eq!(answer.next().await, Some(Ok(Event::Text("one ".to_owned()))));
    let mut rest = answer.next();
    assert!(futures::poll!(&mut rest).is_pending());
    gate.reached().await;
    gate.open();
    assert_eq!(rest.await, Some(Ok(Event::Text("two".to_owned()))));
}

#[tokio::test]
async fn an_answer_dropped_at_a_gate_is_counted_as_abandoned() {
    let gate = Gate::new();
    let held = Script::says("never").held_by(&gate);
    let model = ScriptedModel::new([held, Script::says("one").wait(&gate)]);
    let mut start = model.answer(request([user("hi")]));
    assert!(futures::poll!(&mut start).is_pending());
    gate.reached().await;
    drop(start);
    assert_eq!(model.abandoned(), 1);
    drop(model.answer(request([user("hi")])).await.unwrap());
    assert_eq!(model.abandoned(), 2);
}

#[tokio::test]
async fn errors_come_before_the_answer_or_in_its_middle() {
    let model = ScriptedModel::new([
        Script::refuses(ModelError::Quota { message: "no credit".to_owned() }),
        Script::says("half").fails(ModelError::truncated("reset")),
    ]);
    let err = model.answer(request([user("hi")])).await.err().unwrap();
    assert_eq!(err.code(), "model_quota");
    let answer = model.answer(request([user("hi")])).await.unwrap();
    let mut events = 0;
    let err = collect(answer, |_| events += 1).await.unwrap_err();
    assert_eq!((events, err.code()), (1, "model_truncated"));
    assert_eq!(model.abandoned(), 0);
}

#[tokio::test]
async fn an_improvised_answer_follows_its_request() {
    let model = ScriptedModel::improvising(|it| Script::says(&it.messages.len().to_string()));
    for _ in 0..3 {
        let answer = model.answer(request([user("hi")])).await.unwrap();
        assert_eq!(collect(answer, |_| ()).await.unwrap().parts, [Part::text("1")]);
    }
}
