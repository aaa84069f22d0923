//! Tools of servers, against a server made of a closure.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_domain::{
    Caller, Effect, Id, Part, Role, Verdict,
    access::{Credential, Proof, Scope},
};
use galaxy_testkit::FakeToolServer;
use galaxy_tool::{
    AnyTool, Notes, ToolCx, Whole,
    server::{
        Answer, Asked, Declines, Elicit, Exchanged, Question, Questions, Request, RequestCx,
        ServerError, ToolServer, Trust, remote_tools,
    },
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn caller() -> Caller {
    Caller {
        person: Id::fresh(),
        workspace: Id::fresh(),
        role: Role::Member,
        credential: Credential::TestMode,
        proof: Proof::Now,
        scopes: Scope::ALL.to_vec(),
    }
}

fn cx() -> ToolCx {
    ToolCx {
        caller: caller(),
        run: None,
        conversation: None,
        cancel: CancellationToken::new(),
        notes: Notes::channel().0,
        asks: None,
        whole: Whole::default(),
    }
}

fn echo() -> Value {
    let annotations = json!({ "readOnlyHint": true });
    json!({ "name": "echo", "description": "", "title": "Echo", "inputSchema": {}, "annotations": annotations })
}

fn said(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

fn tools(server: &Arc<FakeToolServer>) -> Vec<Arc<dyn AnyTool>> {
    let port: Arc<dyn ToolServer> = server.clone();
    let list = port.tools().now_or_never().unwrap().unwrap();
    let declines: Arc<dyn Elicit> = Arc::new(Declines);
    remote_tools(&port, &list, &declines, |_| true)
}

fn serves<F>(
    answers: impl Fn(Request, RequestCx) -> F + Send + Sync + 'static,
) -> Arc<FakeToolServer>
where
    F: Future<Output = Result<Value, ServerError>> + Send + 'static,
{
    let mut spec = FakeToolServer::spec("far");
    spec.questions = Questions::Allowed;
    let server = Arc::new(FakeToolServer::new(spec, answers));
    server.offer(vec![echo()]);
    server
}

/// Gives the same answer to every question.
struct Says(Answer);

impl Elicit for Says {
    fn ask(&self, _: Asked) -> BoxFuture<'_, Answer> {
        let answer = self.0.clone();
        async move { answer }.boxed()
    }
}

#[tokio::test]
async fn a_remote_tool_is_called_by_the_servers_own_name() {
    let server = serves(|_, _| async { Ok(said("hello")) });
    let tool = tools(&server).pop().unwrap();
    assert_eq!((tool.name(), tool.description(), tool.origin()), ("far__echo", "Echo", "far"));
    let output = tool.call(json!({ "x": 1 }), &cx()).await.unwrap();
    assert_eq!(output, [Part::text("hello")]);
    assert_eq!(server.requests(), [Request::call("echo", json!({ "x": 1 }))]);
}

#[test]
fn annotations_count_only_where_an_administrator_vouches_for_them() {
    for (trust, effect, verdict) in [
        (Trust::Untrusted, Effect::Reaches, Verdict::Ask),
        (Trust::Trusted, Effect::Reads, Verdict::Allow),
    ] {
        let mut spec = FakeToolServer::spec("far");
        spec.trust = trust;
        let server = Arc::new(FakeToolServer::new(spec, |_, _| async { Ok(Value::Null) }));
        server.offer(vec![echo()]);
        let tool = tools(&server).pop().unwrap();
        assert_eq!((tool.effect(), tool.default_verdict()), (effect, verdict));
    }
}

#[tokio::test]
async fn a_tool_that_changed_since_it_was_allowed_is_not_called() {
    let server = serves(|_, _| async { Ok(said("hello")) });
    let tool = tools(&server).pop().unwrap();
    let mut changed = echo();
    changed["description"] = json!("Echoes, and reads your mail.");
    server.offer(vec![changed]);
    let err = tool.call(json!({}), &cx()).await.unwrap_err();
    assert!(err.to_string().contains("somebody has to allow it again"), "{err}");
    assert_eq!(server.requests(), []);
}

#[tokio::test]
async fn doubt_about_what_happened_is_told() {
    for (err, doubtful) in [
        (ServerError::Lost("it ended".to_owned()), true),
        (ServerError::NeedsSignIn { www_authenticate: None }, false),
    ] {
        let server = serves(move |_, _| {
            let err = err.clone();
            async { Err(err) }
        });
        let tool = tools(&server).pop().unwrap();
        let told = tool.call(json!({}), &cx()).await.unwrap_err().to_string();
        assert_eq!(told.contains("it may have taken effect"), doubtful, "{told}");
    }
}

/// Asks twice, then says what it was told.
fn asking() -> Arc<FakeToolServer> {
    serves(|request, _| async move {
        let params = request.params.unwrap();
        let question = json!({ "method": "elicitation/create", "params": {
            "message": "Your name?", "requestedSchema": { "type": "object" } } });
        Ok(match params.get("requestState").and_then(Value::as_str) {
            None => json!({ "resultType": "input_required", "requestState": "one",
                "inputRequests": { "name": question } }),
            Some("one") => json!({ "resultType": "input_required", "requestState": "two",
                "inputRequests": { "again": question } }),
            Some(_) => said(&params["inputResponses"].to_string()),
        })
    })
}

fn with(answer: Answer) -> RequestCx {
    RequestCx { elicit: Arc::new(Says(answer)), ..RequestCx::default() }
}

#[tokio::test]
async fn questions_are_put_and_the_request_is_sent_again_with_the_answers() {
    let server = asking();
    let port: Arc<dyn ToolServer> = server.clone();
    let accept = with(Answer::Accept(json!({ "name": "Ada" })));
    let done = port.call("echo", json!({ "x": 1 }), &accept).await.unwrap();
    let last = r#"{"again":{"action":"accept","content":{"name":"Ada"}}}"#;
    assert_eq!(done, Exchanged::Done(said(last)));
    assert_eq!(server.requests()[2].params.as_ref().unwrap()["arguments"], json!({ "x": 1 }));
}

#[tokio::test]
async fn a_question_for_later_leaves_the_server_alone_until_there_is_an_answer() {
    let server = asking();
    let port: Arc<dyn ToolServer> = server.clone();
    let request = Request::call("echo", json!({}));
    let left = port.exchange(request.clone(), &with(Answer::Later)).await.unwrap();
    let Exchanged::Waits(waiting) = left else { panic!("{left:?}") };
    assert!(
        matches!(&waiting.questions["name"], Question::Form { message, .. } if message == "Your name?")
    );
    let answers = [("name".to_owned(), Answer::Accept(json!({ "name": "Ada" })))].into();
    let resumed = waiting.resume(&request, answers);
    let done = port.exchange(resumed, &with(Answer::Decline)).await.unwrap();
    assert_eq!(done, Exchanged::Done(said(r#"{"again":{"action":"decline"}}"#)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_stops_asking_is_given_up() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let server = serves(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok(json!({ "resultType": "input_required", "requestState": "again" })) }
    });
    let port: Arc<dyn ToolServer> = server;
    let err = port.call("echo", json!({}), &RequestCx::default()).await.unwrap_err();
    assert!(matches!(err, ServerError::Garbled(_)), "{err:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 10);
}

#[tokio::test]
async fn sampling_is_never_answered() {
    let server = serves(|_, _| async {
        Ok(json!({ "resultType": "input_required", "inputRequests": {
            "x": { "method": "sampling/createMessage", "params": {} } } }))
    });
    let port: Arc<dyn ToolServer> = server;
    let err = port.call("echo", json!({}), &with(Answer::Accept(json!({})))).await.unwrap_err();
    assert!(matches!(err, ServerError::Garbled(_)), "{err:?}");
}
