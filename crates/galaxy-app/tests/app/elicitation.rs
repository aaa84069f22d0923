//! Tools of servers that ask the person of a run.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::FutureExt;
use galaxy_app::{
    AppError,
    follow::{Heard, Logged, Topic},
    runs::Response,
};
use galaxy_domain::{
    CallId, Caller, Item, Kind, Outcome, RunId, RunState, Stop,
    elicitation::{Answer, WayBack},
    part::plain_text,
    transcript::Question,
};
use galaxy_store::Store;
use galaxy_testkit::{FakeToolServer, Gate, Script, store::StoreFixture};
use galaxy_tool::{
    AnyTool,
    server::{
        Asked, Declines, Elicit, Question as Put, Questions, Request, RequestCx, ServerError,
        ToolServer, Trust, remote_tools,
    },
};
use serde_json::{Value, json};

use crate::house::{House, kind, worker};

galaxy_testkit::on_both_engines! {
    a_form_is_filled_in_and_the_call_goes_on,
    what_does_not_fit_answers_nothing,
    an_answer_finds_the_call_after_a_restart,
    a_stop_leaves_nothing_waiting,
    a_held_call_goes_on_where_it_is_held,
    a_held_call_is_unknown_after_a_restart,
    a_held_call_that_ends_by_itself_ends_the_wait,
    a_stop_takes_a_held_question_back,
}

fn said(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

fn form() -> Value {
    json!({ "message": "Which table?", "requestedSchema": {
        "type": "object", "required": ["seats"],
        "properties": { "seats": { "type": "integer", "minimum": 1 } } } })
}

/// The tool `book` of a server that answers like this. Its server is trusted, so that nobody has
/// to allow the call first.
fn tool<F>(answers: impl Fn(Request, RequestCx) -> F + Send + Sync + 'static) -> Arc<dyn AnyTool>
where
    F: Future<Output = Result<Value, ServerError>> + Send + 'static,
{
    let mut spec = FakeToolServer::spec("far");
    (spec.questions, spec.trust) = (Questions::Allowed, Trust::Trusted);
    let server = Arc::new(FakeToolServer::new(spec, answers));
    server.offer(vec![json!({ "name": "book", "description": "Books.", "inputSchema": {} })]);
    let port: Arc<dyn ToolServer> = server;
    let list = port.tools().now_or_never().unwrap().unwrap();
    let declines: Arc<dyn Elicit> = Arc::new(Declines);
    remote_tools(&port, &list, &declines, |_| true).pop().unwrap()
}

/// A server that is left while the person thinks.
fn leaves() -> Arc<dyn AnyTool> {
    tool(|request, _| async move {
        let params = request.params.unwrap();
        Ok(match params.get("requestState") {
            None => json!({ "resultType": "input_required", "requestState": "s",
                "inputRequests": { "t": { "method": "elicitation/create", "params": form() } } }),
            Some(_) => said(&params["inputResponses"]["t"].to_string()),
        })
    })
}

/// A server that waits on the line, until `gate` at the longest.
fn stays(gate: &Gate) -> Arc<dyn AnyTool> {
    let gate = gate.clone();
    tool(move |_, cx| {
        let gate = gate.clone();
        async move {
            let server = FakeToolServer::spec("far").name;
            let question = Put::read(&form()).unwrap();
            let asked = Asked { server, tool: Some("book".to_owned()), question };
            tokio::select! {
                answer = cx.elicit.ask(asked) => Ok(said(&answer.into_result().to_string())),
                () = gate.pass() => Ok(said("nobody was there")),
            }
        }
    })
}

/// A run whose call `c1` waits for an answer.
async fn parked(store: &Store, tool: Arc<dyn AnyTool>) -> (House, RunId) {
    let asks = Script::calls("c1", "far__book", json!({}));
    let house = House::of(store, [asks], vec![tool], worker("one")).await;
    house.app.start();
    let chat = house.chat().await;
    let run = house.send(chat, "Book a table").await.run.unwrap();
    if house.rests(run).await == RunState::Parked
        && house.run(run).await.transcript.open_calls().any(|it| it.waits_for().is_none())
    {
        crate::approvals::allow(&house, run, "c1", galaxy_domain::tool::Reach::Once).await.unwrap();
        assert_eq!(house.rests(run).await, RunState::Parked);
    }
    let detail = house.run(run).await;
    let open = detail.transcript.open_calls().next().unwrap();
    assert_eq!((open.question(), open.rounds), (Some(Question::Form), 1));
    assert!(store.verify().await.unwrap().is_good());
    house.model.then(Script::says("Done."));
    (house, run)
}

/// The same answer to all that the call asks.
fn response(house_says: &Answer, key: &str, round: u32) -> Response {
    let answers: BTreeMap<_, _> = [(key.to_owned(), house_says.clone())].into();
    Response { call: CallId("c1".to_owned()), round, answers }
}

fn seats(seats: impl Into<Value>) -> Answer {
    Answer::Accept { content: json!({ "seats": seats.into() }) }
}

async fn respond(
    house: &House,
    who: &Caller,
    run: RunId,
    response: Response,
) -> Result<RunState, AppError> {
    house.app.respond(who, run, response, None).await
}

/// What the call gave, as the model was told.
async fn told(house: &House, run: RunId) -> String {
    match house.replies(run).await.pop().unwrap() {
        Outcome::Done { output } => plain_text(&output),
        other => panic!("{other:?}"),
    }
}

async fn a_form_is_filled_in_and_the_call_goes_on(store: &StoreFixture) {
    for (answer, sent) in [
        (seats(4), r#"{"action":"accept","content":{"seats":4}}"#),
        (Answer::Decline, r#"{"action":"decline"}"#),
        (Answer::Cancel, r#"{"action":"cancel"}"#),
    ] {
        let (house, run) = parked(&store.store, leaves()).await;
        let state = respond(&house, &house.ann, run, response(&answer, "t", 1)).await.unwrap();
        assert_eq!(state, RunState::Queued);
        assert_eq!(house.rests(run).await, RunState::Finished);
        assert_eq!(told(&house, run).await, sent);
        let again = respond(&house, &house.ann, run, response(&answer, "t", 1)).await;
        assert_eq!(kind(again), Some(Kind::Conflict));
        let items = house.run(run).await.transcript.items().to_vec();
        let by = items.iter().find_map(|it| match it {
            Item::Answered { by, .. } => Some(*by),
            _ => None,
        });
        assert_eq!(by, Some(house.ann.person));
        house.tasks.stop(Duration::from_secs(5)).await;
    }
}

async fn what_does_not_fit_answers_nothing(store: &StoreFixture) {
    let (house, run) = parked(&store.store, leaves()).await;
    for (who, response, expected) in [
        (&house.bob, response(&seats(4), "t", 1), Kind::NotFound),
        (&house.ann, response(&seats(4), "t", 2), Kind::Conflict),
        (&house.ann, response(&seats(4), "t", 0), Kind::Conflict),
        (&house.ann, response(&seats(4), "other", 1), Kind::Invalid),
        (&house.ann, response(&seats(0), "t", 1), Kind::Invalid),
        (&house.ann, response(&seats("four"), "t", 1), Kind::Invalid),
    ] {
        let end = respond(&house, who, run, response.clone()).await;
        assert_eq!(kind(end), Some(expected), "{response:?}");
    }
    let Err(AppError::Invalid(mistakes)) =
        respond(&house, &house.ann, run, response(&seats(0), "t", 1)).await
    else {
        panic!("zero seats are none")
    };
    let told = (&*mistakes[0].pointer, &*mistakes[0].message);
    assert_eq!(told, ("/answers/t/content/seats", "at least 1"));
    let words = house.app.answer(&house.ann, run, CallId("c1".to_owned()), "4".to_owned(), None);
    assert_eq!(kind(words.await), Some(Kind::Conflict), "it is no question of the model");
    assert_eq!(house.run(run).await.row.state, RunState::Parked);
    respond(&house, &house.ann, run, response(&seats(4), "t", 1)).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
}

/// The application after its process has ended.
async fn restarted(store: &Store, house: House, tool: Arc<dyn AnyTool>) -> House {
    assert!(house.tasks.stop(Duration::from_secs(10)).await);
    let (ann, bob) = (house.ann, house.bob);
    let again = House::of(store, [Script::says("Back again.")], vec![tool], worker("two")).await;
    again.app.start();
    House { ann, bob, ..again }
}

async fn an_answer_finds_the_call_after_a_restart(store: &StoreFixture) {
    let (house, run) = parked(&store.store, leaves()).await;
    let house = restarted(&store.store, house, leaves()).await;
    respond(&house, &house.ann, run, response(&seats(2), "t", 1)).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(told(&house, run).await, r#"{"action":"accept","content":{"seats":2}}"#);
}

async fn a_stop_leaves_nothing_waiting(store: &StoreFixture) {
    let (house, run) = parked(&store.store, leaves()).await;
    assert_eq!(house.app.stop(&house.ann, run).await.unwrap(), RunState::Cancelled);
    assert_eq!(house.replies(run).await, [Outcome::Aborted]);
    assert_eq!(house.stop_of(run).await, Stop::Cancelled);
    let late = respond(&house, &house.ann, run, response(&seats(4), "t", 1)).await;
    assert_eq!(kind(late), Some(Kind::Conflict));
}

async fn a_held_call_goes_on_where_it_is_held(store: &StoreFixture) {
    let (house, run) = parked(&store.store, stays(&Gate::new())).await;
    let open = house.run(run).await.transcript.open_calls().next().cloned().unwrap();
    assert!(matches!(open.waits_for().unwrap().back, WayBack::Held { .. }));
    respond(&house, &house.ann, run, response(&seats(4), "question", 1)).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(told(&house, run).await, r#"{"action":"accept","content":{"seats":4}}"#);
}

async fn a_held_call_is_unknown_after_a_restart(store: &StoreFixture) {
    let (house, run) = parked(&store.store, stays(&Gate::new())).await;
    let house = restarted(&store.store, house, stays(&Gate::new())).await;
    assert_eq!(house.run(run).await.row.state, RunState::Parked, "it may still be asked");
    respond(&house, &house.ann, run, response(&seats(4), "question", 1)).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    assert_eq!(house.replies(run).await, [Outcome::Unknown]);
    let asked = house.asked();
    assert!(asked.last().unwrap().contains("do not repeat it"), "{asked:?}");
}

async fn a_held_call_that_ends_by_itself_ends_the_wait(store: &StoreFixture) {
    let gate = Gate::new();
    let (house, run) = parked(&store.store, stays(&gate)).await;
    let mut tail = house.app.follow(&house.ann, Topic::Run(run), 0).await.unwrap();
    gate.open();
    // Nobody has answered: the run goes on by itself.
    while let Heard::Entries(entries) = tail.next().await.unwrap() {
        if entries.iter().any(is_stopped) {
            break;
        }
    }
    assert_eq!(house.run(run).await.row.state, RunState::Finished);
    assert_eq!(told(&house, run).await, "nobody was there");
    let late = respond(&house, &house.ann, run, response(&seats(4), "question", 1)).await;
    assert_eq!(kind(late), Some(Kind::Conflict));
}

fn is_stopped(logged: &Logged) -> bool {
    matches!(logged, Logged::Item(entry) if matches!(entry.item, Item::Stopped { .. }))
}

async fn a_stop_takes_a_held_question_back(store: &StoreFixture) {
    let gate = Gate::new();
    let (house, run) = parked(&store.store, stays(&gate)).await;
    assert_eq!(house.app.stop(&house.ann, run).await.unwrap(), RunState::Cancelled);
    assert_eq!(house.replies(run).await, [Outcome::Unknown]);
    // What was held has been let go: the process can end at once.
    assert!(house.tasks.stop(Duration::from_secs(10)).await);
}
