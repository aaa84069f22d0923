//! What servers ask people.

use std::sync::Arc;

use galaxy_base::{Clock, Tasks};
use galaxy_domain::{
    CallId, RunId,
    elicitation::{Answer as Said, Elicitation, WayBack},
    part::plain_text,
};
use galaxy_tool::{
    Asks, Resumed, ToolCx, ToolError,
    server::{
        Answer, Declines, Elicit, Exchanged, Holds, Question, Questions, Request, RequestCx,
        remote_tools,
    },
};
use serde_json::{Value, json};

use crate::{
    faults::cx,
    house::{Says, call, open, plain, stdio, text, web},
    web::fixture,
};

fn with(says: &Arc<Says>) -> RequestCx {
    RequestCx { elicit: says.clone(), ..RequestCx::default() }
}

#[tokio::test]
async fn a_question_is_put_to_whoever_made_the_call() {
    for spec in [stdio(&["modern"]), stdio(&["legacy"]), web(&fixture("modern").await.0)] {
        let server = open(spec);
        let says = Says::new(Answer::Accept(json!({ "name": "Ada" })));
        let result = call(&server, "ask", &with(&says)).await.unwrap();
        let answer: Value = serde_json::from_str(text(&result)).unwrap();
        assert_eq!(answer, json!({ "action": "accept", "content": { "name": "Ada" } }));
        let asked = says.asked.lock().unwrap().clone();
        assert_eq!((asked.len(), asked[0].tool.as_deref()), (1, Some("ask")));
        assert!(
            matches!(&asked[0].question, Question::Form { message, .. } if message == "Who are you?")
        );
        server.close().await;
    }
}

#[tokio::test]
async fn where_questions_are_off_nobody_hears_them() {
    for era in ["modern", "legacy"] {
        let mut spec = stdio(&[era]);
        spec.questions = Questions::Off;
        let server = open(spec);
        let says = Says::new(Answer::Accept(json!({})));
        let result = call(&server, "ask", &with(&says)).await.unwrap();
        assert_eq!(text(&result), r#"{"action":"decline"}"#);
        assert!(says.asked.lock().unwrap().is_empty());
        server.close().await;
    }
}

#[tokio::test]
async fn without_anybody_a_question_is_declined() {
    let server = open(stdio(&["legacy"]));
    let result = plain(&server, "ask").await.unwrap();
    assert_eq!(text(&result), r#"{"action":"decline"}"#);
    server.close().await;
}

#[tokio::test]
async fn a_question_for_later_survives_the_connection() {
    let server = open(stdio(&["modern"]));
    let request = Request::call("ask", json!({}));
    let later = with(&Says::new(Answer::Later));
    let left = server.exchange(request.clone(), &later).await.unwrap();
    let Exchanged::Waits(waiting) = left else { panic!("{left:?}") };
    server.close().await;
    let answers = [("name".to_owned(), Answer::Decline)].into();
    let resumed = waiting.resume(&request, answers);
    let done = server.exchange(resumed, &later).await.unwrap();
    let Exchanged::Done(result) = done else { panic!("{done:?}") };
    assert_eq!(text(&result), r#"{"action":"decline"}"#);
    server.close().await;
}

/// The context of a call in a run.
fn in_run(run: RunId, holds: &Arc<Holds>, resumed: Option<Resumed>) -> ToolCx {
    let (call, holds) = (CallId("c".to_owned()), holds.clone());
    ToolCx { asks: Some(Asks { run, call, holds, resumed, task: None, declined: false }), ..cx() }
}

/// "Ada", to all that was asked.
fn ada(elicitation: Elicitation) -> Resumed {
    let answer = |key: &String| {
        let content = json!({ "name": "Ada" });
        (key.clone(), Said::Accept { content })
    };
    let answers = elicitation.questions.keys().map(answer).collect();
    Resumed { elicitation, answers }
}

#[tokio::test]
async fn a_call_in_a_run_is_put_down_and_goes_on_in_both_eras() {
    for era in ["modern", "legacy"] {
        let server = open(stdio(&[era]));
        let list = server.tools().await.unwrap();
        let elicit: Arc<dyn Elicit> = Arc::new(Declines);
        let ask = remote_tools(&server, &list, &elicit, |it| it.name == "ask").pop().unwrap();
        let (run, holds) = (RunId::fresh(), Holds::new(Tasks::default(), Clock::System));
        let end = ask.call(json!({}), &in_run(run, &holds, None)).await;
        let Err(ToolError::Waits(asked)) = end else { panic!("{end:?}") };
        assert_eq!((&*asked.server, &*asked.tool), ("peer", "ask"));
        let held = matches!(asked.back, WayBack::Held { .. });
        assert_eq!((held, holds.count()), (era == "legacy", usize::from(held)));
        let resumed = in_run(run, &holds, Some(ada(*asked)));
        let told = plain_text(&ask.call(json!({}), &resumed).await.unwrap());
        let answer: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(answer, json!({ "action": "accept", "content": { "name": "Ada" } }));
        assert_eq!(holds.count(), 0);
        server.close().await;
    }
}

#[tokio::test]
async fn a_program_that_ends_while_a_person_thinks_ends_its_call() {
    let server = open(stdio(&["legacy"]));
    let list = server.tools().await.unwrap();
    let elicit: Arc<dyn Elicit> = Arc::new(Declines);
    let ask = remote_tools(&server, &list, &elicit, |it| it.name == "ask").pop().unwrap();
    let (run, holds) = (RunId::fresh(), Holds::new(Tasks::default(), Clock::System));
    let end = ask.call(json!({}), &in_run(run, &holds, None)).await;
    let Err(ToolError::Waits(asked)) = end else { panic!("{end:?}") };
    server.close().await;
    let resumed = in_run(run, &holds, Some(ada(*asked)));
    match ask.call(json!({}), &resumed).await {
        // Whether its end was noticed first or the answer found nobody.
        Err(ToolError::Lost | ToolError::Tell(_)) => (),
        other => panic!("{other:?}"),
    }
    assert_eq!(holds.count(), 0);
}
