//! What is said when there is nothing to call, and how it is streamed.

use galaxy_model::{OutputSchema, collect};
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn without_a_fitting_tool_it_says_what_it_can_do() {
    let said = words(&Talk::with(tools()).say("why is the sky blue").await);
    for part in ["demo model", "`add_task`: say *add a task to buy groceries*", "LLM_API_KEY"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let said = words(&Talk::with(vec![]).say("what is 17*23").await);
    assert!(said.contains("no tools"), "{said}");
    let said = words(&Talk::with(tools()).say("add a task").await);
    assert!(said.contains("**title**"), "{said}");
}

#[tokio::test]
async fn a_probe_is_answered_in_three_words() {
    let mut talk = Talk::with(vec![]);
    talk.request.max_output_tokens = Some(3);
    let sampled = talk.say("hi").await;
    assert!(words(&sampled).split_whitespace().count() <= 3);
    assert_eq!(sampled.finish, Some(Finish::Length));
    assert_eq!((sampled.usage.input, sampled.usage.output), (1, 3));
}

#[tokio::test]
async fn long_answers_show_all_of_markdown_word_by_word() {
    for text in ["write a long answer", "tell me a story", "show markdown"] {
        let request = Request {
            messages: vec![Message::User { parts: vec![Part::text(text)] }],
            ..Request::default()
        };
        let mut pieces = 0;
        let answer = model().answer(request).await.unwrap();
        let sampled = collect(answer, |_| pieces += 1).await.unwrap();
        let said = words(&sampled);
        for part in ["# ", "1. ", "| Try this", "```rust"] {
            assert!(said.contains(part), "{text}: no {part}");
        }
        assert!(pieces > 200, "{text} came in {pieces} pieces");
    }
}

#[tokio::test]
async fn an_answer_with_a_schema_is_json_that_fits() {
    let mut talk = Talk::with(vec![]);
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string" }, "people": { "type": "integer" } },
        "required": ["city", "people"],
    });
    talk.request.schema = Some(OutputSchema { name: "place".to_owned(), schema });
    let said = words(&talk.say("city: Paris, people: 2100000").await);
    let value: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(value, json!({ "city": "Paris", "people": 2_100_000 }));
}

#[tokio::test]
async fn the_same_request_gets_the_same_events() {
    let request = Request {
        messages: vec![Message::User { parts: vec![Part::text("add a task to call Bob")] }],
        tools: tools(),
        ..Request::default()
    };
    let mut all = Vec::new();
    for _ in 0..2 {
        let answer = model().answer(request.clone()).await.unwrap();
        all.push(answer.collect::<Vec<_>>().await);
    }
    assert_eq!(all[0], all[1]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_demo_waits_before_each_word() {
    let request = Request {
        messages: vec![Message::User { parts: vec![Part::text("thanks")] }],
        ..Request::default()
    };
    let model = Demo::with_delay(Duration::from_millis(50));
    let started = tokio::time::Instant::now();
    let sampled = collect(model.answer(request).await.unwrap(), |_| ()).await.unwrap();
    let count = words(&sampled).split_whitespace().count();
    let expected = Duration::from_millis(50 * u64::try_from(count).unwrap());
    assert!(started.elapsed() >= expected);
}
