//! Tools of servers that ask the person of a run, against a server made of a closure.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::{Clock, Tasks, Timestamp};
use galaxy_domain::{
    CallId, Caller, Id, Part, Role, RunId,
    access::Credential,
    elicitation::{Answer, Elicitation, Inquiry, WayBack},
    part::plain_text,
};
use galaxy_testkit::FakeToolServer;
use galaxy_tool::{
    Asks, Notes, Output, Resumed, ToolCx, ToolError,
    server::{
        Asked, Declines, Elicit, Holds, OnEnd, Question, Questions, Request, RequestCx,
        ServerError, ToolServer, remote_tools,
    },
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

/// A call in a run, and the process it is made in.
struct Scene {
    server: Arc<FakeToolServer>,
    holds: Arc<Holds>,
    tasks: Tasks,
    run: RunId,
    cancel: CancellationToken,
}

impl Scene {
    fn new<F>(answers: impl Fn(Request, RequestCx) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Value, ServerError>> + Send + 'static,
    {
        let mut spec = FakeToolServer::spec("far");
        spec.questions = Questions::Allowed;
        let server = Arc::new(FakeToolServer::new(spec, answers));
        server.offer(vec![json!({ "name": "pay", "description": "Pays.", "inputSchema": {} })]);
        let tasks = Tasks::default();
        let holds = Holds::new(tasks.clone(), Clock::fixed(NOW));
        Self { server, holds, tasks, run: Id::fresh(), cancel: CancellationToken::new() }
    }

    /// The same call after a restart, or in another process.
    fn elsewhere(self) -> Self {
        let tasks = Tasks::default();
        Self { holds: Holds::new(tasks.clone(), Clock::fixed(NOW)), tasks, ..self }
    }

    async fn call(&self, resumed: Option<Resumed>) -> Result<Output, ToolError> {
        let port: Arc<dyn ToolServer> = self.server.clone();
        let list = port.tools().await.unwrap();
        let declines: Arc<dyn Elicit> = Arc::new(Declines);
        let tool = remote_tools(&port, &list, &declines, |_| true).pop().unwrap();
        let holds = self.holds.clone();
        let call = CallId("c".to_owned());
        let cx = ToolCx {
            caller: Caller {
                person: Id::fresh(),
                workspace: Id::fresh(),
                role: Role::Member,
                credential: Credential::TestMode,
                scopes: Vec::new(),
            },
            run: Some(self.run),
            conversation: None,
            cancel: self.cancel.clone(),
            notes: Notes::channel().0,
            asks: Some(Asks { run: self.run, call, holds, resumed, declined: false }),
        };
        tool.call(json!({ "sum": 7 }), &cx).await
    }

    /// Makes the call and expects a question.
    async fn waits(&self, resumed: Option<Resumed>) -> Elicitation {
        match self.call(resumed).await {
            Err(ToolError::Waits(elicitation)) => *elicitation,
            other => panic!("{other:?}"),
        }
    }
}

/// The same answer to all of `elicitation`.
fn with(elicitation: Elicitation, answer: &Answer) -> Option<Resumed> {
    let keys = elicitation.questions.keys().cloned();
    let answers: BTreeMap<_, _> = keys.map(|key| (key, answer.clone())).collect();
    Some(Resumed { elicitation, answers })
}

fn yes() -> Answer {
    Answer::Accept { content: json!({ "colour": "red" }) }
}

fn said(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

/// A question for the field `name`.
fn form(name: &str) -> Value {
    json!({ "message": "Which?", "requestedSchema": {
        "type": "object", "properties": { name: { "type": "string" } } } })
}

fn needs(questions: &[(&str, &str)], state: &str) -> Value {
    let asked = |(key, name): &(&str, &str)| {
        ((*key).to_owned(), json!({ "method": "elicitation/create", "params": form(name) }))
    };
    let asked: serde_json::Map<String, Value> = questions.iter().map(asked).collect();
    json!({ "resultType": "input_required", "requestState": state, "inputRequests": asked })
}

fn state(request: &Request) -> Option<&str> {
    request.params.as_ref()?.get("requestState")?.as_str()
}

/// Waits on the line for an answer to a question for the field `name`, and says what came.
async fn on_the_line(cx: &RequestCx, name: &str) -> Value {
    let server = FakeToolServer::spec("far").name;
    let question = Question::read(&form(name)).unwrap();
    let asked = Asked { server, tool: Some("pay".to_owned()), question };
    cx.elicit.ask(asked).await.into_result()
}

#[tokio::test]
async fn a_modern_server_is_left_and_asked_again_with_the_answers() {
    let scene = Scene::new(|request, _| async move {
        Ok(match state(&request) {
            None => needs(&[("a", "colour"), ("b", "size")], "one"),
            Some("one") => needs(&[("a", "again")], "two"),
            Some(_) => said(&request.params.unwrap()["inputResponses"].to_string()),
        })
    });
    let first = scene.waits(None).await;
    assert_eq!((&*first.server, &*first.tool, first.questions.len()), ("far", "pay", 2));
    assert_eq!(first.back, WayBack::Again { state: Some("one".to_owned()) });
    assert_eq!(scene.holds.count(), 0, "nobody has to hold it");

    let scene = scene.elsewhere();
    let second = scene.waits(with(first, &yes())).await;
    let resent = scene.server.requests()[1].params.clone().unwrap();
    assert_eq!((&resent["arguments"]["sum"], &resent["requestState"]), (&json!(7), &json!("one")));
    let accepted = json!({ "action": "accept", "content": { "colour": "red" } });
    assert_eq!(resent["inputResponses"], json!({ "a": accepted, "b": accepted }));
    let output = scene.call(with(second, &Answer::Decline)).await.unwrap();
    assert_eq!(output, [Part::text(r#"{"a":{"action":"decline"}}"#)]);
}

#[tokio::test]
async fn nobody_is_asked_for_a_secret_and_the_model_is_told() {
    let scene = Scene::new(|request, _| async move {
        Ok(match state(&request) {
            None => needs(&[("a", "password")], "one"),
            Some(_) => said(&request.params.unwrap()["inputResponses"].to_string()),
        })
    });
    let told = plain_text(&scene.call(None).await.unwrap());
    assert!(told.starts_with(r#"{"a":{"action":"decline"}}"#), "{told}");
    assert!(told.contains("without asking the person"), "{told}");
}

#[tokio::test]
async fn of_two_questions_only_the_harmless_one_is_put() {
    let scene = Scene::new(|request, _| async move {
        Ok(match state(&request) {
            None => needs(&[("a", "colour"), ("b", "apiKey")], "one"),
            Some(_) => said(&request.params.unwrap()["inputResponses"].to_string()),
        })
    });
    let asked = scene.waits(None).await;
    assert_eq!(asked.questions.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(asked.declined, ["b"]);
    let told = plain_text(&scene.call(with(asked, &Answer::Cancel)).await.unwrap());
    let both = r#"{"a":{"action":"cancel"},"b":{"action":"decline"}}"#;
    assert!(told.starts_with(both), "{told}");
}

#[tokio::test]
async fn a_server_that_may_not_ask_any_more_is_left() {
    let mut spec = FakeToolServer::spec("far");
    spec.questions = Questions::Off;
    let off = Arc::new(FakeToolServer::new(spec, |request, _| async move {
        Ok(match state(&request) {
            None => needs(&[("a", "colour")], "one"),
            Some(_) => said(&request.params.unwrap()["inputResponses"].to_string()),
        })
    }));
    off.offer(vec![json!({ "name": "pay", "description": "Pays.", "inputSchema": {} })]);
    let allowed = Scene::new(|_, _| async { Ok(needs(&[("a", "colour")], "one")) });
    let asked = allowed.waits(None).await;
    let scene = Scene { server: off, ..allowed };
    let told = plain_text(&scene.call(None).await.unwrap());
    assert_eq!(told, r#"{"a":{"action":"decline"}}"#, "it is declined without anybody");
    let err = scene.call(with(asked, &yes())).await.unwrap_err();
    assert!(err.to_string().contains("may not ask people any more"), "{err}");
    assert_eq!(scene.server.requests().len(), 2, "it is not called again");
}

#[tokio::test]
async fn a_state_that_is_too_long_is_not_kept() {
    let scene =
        Scene::new(|_, _| async { Ok(needs(&[("a", "colour")], &"x".repeat(64 * 1024 + 1))) });
    let err = scene.call(None).await.unwrap_err();
    assert!(err.to_string().contains("sent too much"), "{err}");
}

#[tokio::test(start_paused = true)]
async fn a_server_on_the_line_is_held_until_the_answer_goes_down_it() {
    let scene = Scene::new(|_, cx| async move {
        let first = on_the_line(&cx, "colour").await;
        let second = on_the_line(&cx, "size").await;
        Ok(said(&json!([first, second]).to_string()))
    });
    let first = scene.waits(None).await;
    assert!(
        matches!(&first.questions["question"], Inquiry::Form { fields, .. } if fields[0].name == "colour")
    );
    assert_eq!(first.back, WayBack::Held { until: NOW.after(Duration::from_secs(600)) });
    assert_eq!(scene.holds.count(), 1);
    tokio::time::advance(Duration::from_secs(100)).await;

    let second = scene.waits(with(first, &yes())).await;
    assert_eq!(second.back, WayBack::Held { until: NOW.after(Duration::from_secs(500)) });
    let output = scene.call(with(second, &Answer::Decline)).await.unwrap();
    let accepted = r#"{"action":"accept","content":{"colour":"red"}}"#;
    assert_eq!(output, [Part::text(format!(r#"[{accepted},{{"action":"decline"}}]"#))]);
    assert_eq!(scene.server.requests().len(), 1, "it is one call");
    assert_eq!(scene.holds.count(), 0);
}

#[tokio::test]
async fn a_held_call_does_not_survive_its_process() {
    let scene = Scene::new(|_, cx| async move {
        on_the_line(&cx, "colour").await;
        Ok(said("done"))
    });
    let asked = scene.waits(None).await;
    let scene = scene.elsewhere();
    let end = scene.call(with(asked, &yes())).await;
    assert!(matches!(end, Err(ToolError::Lost)), "{end:?}");
    assert_eq!(scene.server.requests().len(), 1, "it is not called again");
}

#[tokio::test]
async fn a_secret_on_the_line_is_declined_and_the_call_goes_on() {
    let scene =
        Scene::new(
            |_, cx| async move { Ok(said(&on_the_line(&cx, "access_token").await.to_string())) },
        );
    let told = plain_text(&scene.call(None).await.unwrap());
    assert!(told.starts_with(r#"{"action":"decline"}"#) && told.contains("without asking"));
    assert_eq!(scene.holds.count(), 0);
}

/// A server that asks on the line and tells when the question is taken back.
fn taken_back() -> (Scene, Arc<tokio::sync::Notify>) {
    let gone = Arc::new(tokio::sync::Notify::new());
    let tell = gone.clone();
    let scene = Scene::new(move |_, cx| {
        let tell = tell.clone();
        async move {
            let _told = when_dropped(move || tell.notify_one());
            on_the_line(&cx, "colour").await;
            Ok(said("done"))
        }
    });
    (scene, gone)
}

/// Does something when it is dropped.
struct Guard<F: FnMut()>(F);

impl<F: FnMut()> Drop for Guard<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn when_dropped<F: FnMut()>(work: F) -> Guard<F> {
    Guard(work)
}

#[tokio::test]
async fn what_is_held_of_a_stopped_run_is_cancelled() {
    let (scene, gone) = taken_back();
    scene.waits(None).await;
    scene.holds.cancel(Id::fresh());
    assert_eq!(scene.holds.count(), 1, "another run's");
    scene.holds.cancel(scene.run);
    gone.notified().await;
    assert_eq!(scene.holds.count(), 0);
}

#[tokio::test]
async fn what_is_held_ends_with_the_process() {
    let (scene, gone) = taken_back();
    scene.waits(None).await;
    assert!(scene.tasks.stop(Duration::from_secs(5)).await, "nothing keeps the process");
    gone.notified().await;
    assert_eq!(scene.holds.count(), 0);
}

/// Remembers what it hears.
#[derive(Default)]
struct Hears(Mutex<Vec<(RunId, CallId, String)>>);

impl OnEnd for Hears {
    fn ended(
        &self,
        run: RunId,
        call: CallId,
        result: Result<Output, ToolError>,
    ) -> BoxFuture<'_, ()> {
        let words = result.map_or_else(|err| err.to_string(), |it| plain_text(&it));
        self.0.lock().unwrap().push((run, call, words));
        async {}.boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_call_that_ends_by_itself_is_told() {
    for (patience, words) in [
        (Some(Duration::from_secs(60)), "nobody answered"),
        (None, "did not answer within 600 seconds; it may have taken effect"),
    ] {
        let scene = Scene::new(move |_, cx| async move {
            match patience {
                Some(patience) => {
                    let asking = on_the_line(&cx, "colour");
                    let _ = tokio::time::timeout(patience, asking).await;
                    Ok(said("nobody answered"))
                }
                None => Ok(on_the_line(&cx, "colour").await),
            }
        });
        let hears = Arc::new(Hears::default());
        scene.holds.tell(hears.clone());
        scene.waits(None).await;
        assert_eq!(hears.0.lock().unwrap().len(), 0);
        tokio::time::sleep(Duration::from_secs(601)).await;
        let heard = hears.0.lock().unwrap().clone();
        let [(run, call, said)] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((*run, &*call.0), (scene.run, "c"));
        assert!(said.contains(words), "{said}");
        assert_eq!(scene.holds.count(), 0);
    }
}

#[tokio::test]
async fn a_call_that_is_stopped_tells_the_server() {
    let (scene, gone) = taken_back();
    scene.cancel.cancel();
    // Whoever calls gives it a moment for a last word, and then drops it.
    let call = scene.call(None);
    assert!(call.now_or_never().is_none());
    gone.notified().await;
    assert_eq!(scene.holds.count(), 0);
}
