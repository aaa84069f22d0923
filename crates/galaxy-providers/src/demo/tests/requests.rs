//! What plain requests are turned into.

use futures::FutureExt;
use proptest::prelude::*;
use serde_json::json;

use super::{asks, tools};

#[tokio::test]
async fn plain_requests_become_calls() {
    for (text, tool, input) in [
        ("add a task to buy groceries", "add_task", json!({ "title": "buy groceries" })),
        ("Please create a task to call the bank.", "add_task", json!({ "title": "call the bank" })),
        ("remind me to water the plants", "add_task", json!({ "title": "water the plants" })),
        ("Could you add buy milk to my tasks?", "add_task", json!({ "title": "buy milk" })),
        ("add a task: buy milk and eggs", "add_task", json!({ "title": "buy milk and eggs" })),
        (
            "create a todo called \"Write, and send\"",
            "add_task",
            json!({ "title": "Write, and send" }),
        ),
        (
            "add a high priority task to pay rent by 2026-03-01 #home",
            "add_task",
            json!({ "title": "pay rent", "priority": "high", "due": "2026-03-01", "tags": ["home"] }),
        ),
        (
            "add a task to call Bob with description about the loan",
            "add_task",
            json!({ "title": "call Bob", "description": "about the loan" }),
        ),
        ("list my tasks", "list_tasks", json!({})),
        ("What are my tasks?", "list_tasks", json!({})),
        ("show completed tasks", "list_tasks", json!({ "status": "completed" })),
        ("which tasks are still open?", "list_tasks", json!({ "status": "pending" })),
        ("what is 17*23", "math", json!({ "expression": "17*23" })),
        ("17 times 23", "math", json!({ "expression": "17*23" })),
        ("square root of 2", "math", json!({ "expression": "sqrt(2)" })),
        ("Hello! What is 15% of 80?", "math", json!({ "expression": "15% of 80" })),
        ("what is the weather in Paris", "get_weather", json!({ "city": "Paris" })),
        (
            "What's the weather like in New York today?",
            "get_weather",
            json!({ "city": "New York" }),
        ),
        (
            "search the web for rust async traits",
            "web_search",
            json!({ "query": "rust async traits" }),
        ),
        ("fetch https://example.com/a.", "web_fetch", json!({ "url": "https://example.com/a" })),
        (
            "send an email to bob@example.com about lunch saying see you at noon",
            "send_email",
            json!({ "to": "bob@example.com", "subject": "lunch", "body": "see you at noon" }),
        ),
        (
            "ask me which colour I like: red, green or blue",
            "ask_person",
            json!({ "question": "Which colour do you like?", "choices": ["red", "green", "blue"] }),
        ),
        ("run the query select a, b from t", "sql_query", json!({ "sql": "select a, b from t" })),
    ] {
        assert_eq!(json!(asks(text).await), json!([[tool, input]]), "{text}");
    }
}

#[tokio::test]
async fn several_requests_become_parallel_calls() {
    let made = asks("what is 2+2 and add a task to call Bob").await;
    let tasks = json!({ "title": "call Bob" });
    assert_eq!(json!(made), json!([["math", { "expression": "2+2" }], ["add_task", tasks]]));
    let made = asks("add a task to buy milk and another task to call Bob").await;
    let titles: Vec<_> = made.iter().map(|it| it.1["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["buy milk", "call Bob"]);
    let made = asks("Add a task to buy milk, then list my tasks. Also, what is 3 plus 4?").await;
    let names: Vec<&str> = made.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["add_task", "list_tasks", "math"]);
}

#[tokio::test]
async fn what_wants_no_tool_calls_none() {
    for text in [
        "hi",
        "I bought a boat yesterday",
        "tell me a story",
        "what can you do?",
        "why is the sky blue",
        "thanks!",
        "",
    ] {
        assert_eq!(asks(text).await, [], "{text}");
    }
}

#[tokio::test]
async fn titles_may_hold_anything() {
    for (text, title) in [
        ("add a task to finish the task force report", "finish the task force report"),
        ("add a task to list all birds", "list all birds"),
        ("add a task to prepare 3 high chairs", "prepare 3 high chairs"),
        ("add a task to ask Bob: tea or coffee", "ask Bob: tea or coffee"),
        ("create a new task named Write to Bob and Alice", "Write to Bob and Alice"),
        ("add the task \"delete the task\"", "delete the task"),
        ("remind me to call Mr. Smith about 2+2", "call Mr. Smith about 2+2"),
        ("Add task купить молоко", "купить молоко"),
        ("add buy milk as a task", "buy milk"),
    ] {
        assert_eq!(json!(asks(text).await), json!([["add_task", { "title": title }]]), "{text}");
    }
}

#[tokio::test]
async fn an_id_needs_no_lookup() {
    let id = "0190f3c2-7a10-7cc1-8d5e-0123456789ab";
    let made = asks(&format!("delete task {id}")).await;
    assert_eq!(json!(made), json!([["delete_task", { "task_id": id }]]));
}

#[tokio::test]
async fn numbers_go_where_they_are_named() {
    let made = asks("search the web for rust with limit 5").await;
    assert_eq!(made[0].1["limit"], 5);
    let made = asks("what is 1/3 to 30 digits").await;
    assert_eq!(made[0].1["expression"], "1/3");
}

proptest! {
    #[test]
    fn whatever_is_said_each_call_names_a_tool_and_has_what_it_needs(said in prop::collection::vec(
        prop_oneof![
            prop::sample::select(vec![
                "add", "a", "task", "to", "tasks", "list", "delete", "rename", "and", "then", "as", "done", "mark",
                "what", "is", "2+2", "the", "of", "weather", "in", "Paris", "ask", "me", "which:", "red,", "or",
                "\"", "'", "`", "#tag", "with", "title", "description", "2026-01-01", "5", "(", "!", ".", "high",
                "priority", "search", "web", "send", "email", "about", "https://a.b", "select", "get_weather", "sqrt",
            ]).prop_map(str::to_owned),
            ".{0,6}",
        ],
        0..14,
    )) {
        let made = asks(&said.join(" ")).now_or_never().expect("the demo model waits for nothing");
        for (name, input) in made {
            let tool = tools().into_iter().find(|it| it.name == name).expect("a tool on offer");
            let required = tool.input["required"].as_array().unwrap().clone();
            for field in required {
                prop_assert!(!input[field.as_str().unwrap()].is_null(), "{} lacks {}", name, field);
            }
        }
    }
}
