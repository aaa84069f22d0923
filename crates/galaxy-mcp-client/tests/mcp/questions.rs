//! What servers ask people.

use std::sync::Arc;

use galaxy_tool::server::{Answer, Exchanged, Question, Questions, Request, RequestCx};
use serde_json::{Value, json};

use crate::{
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
