//! Whole conversations with the demo model.

mod offered;
mod requests;
mod talking;

use galaxy_model::{Sampled, ToolSpec, collect};
use serde_json::{Value, json};

use self::offered::tools;
use super::*;

/// A conversation with the demo model, as the agent loop would lead it.
struct Talk {
    request: Request,
}

impl Talk {
    fn with(tools: Vec<ToolSpec>) -> Self {
        Self { request: Request { tools, ..Request::default() } }
    }

    /// Says `text` and returns what the model does.
    async fn say(&mut self, text: &str) -> Sampled {
        self.request.messages.push(Message::User { parts: vec![Part::text(text)] });
        self.sample().await
    }

    async fn sample(&mut self) -> Sampled {
        let answer = model().answer(self.request.clone()).await.unwrap();
        let sampled = collect(answer, |_| ()).await.unwrap();
        let (parts, calls) = (sampled.parts.clone(), sampled.calls.clone());
        self.request.messages.push(Message::Assistant { parts, calls });
        sampled
    }

    /// Answers all open calls with the same words and lets the model go on.
    async fn answer(&mut self, output: &str) -> Sampled {
        self.reply(output, false).await
    }

    async fn reply(&mut self, output: &str, is_error: bool) -> Sampled {
        let Some(Message::Assistant { calls, .. }) = self.request.messages.last() else {
            panic!("the model did not speak last")
        };
        let results: Vec<Message> = calls
            .iter()
            .map(|it| Message::Result {
                call: it.id.clone(),
                tool: it.tool.clone(),
                output: vec![Part::text(output)],
                is_error,
            })
            .collect();
        self.request.messages.extend(results);
        self.sample().await
    }
}

fn calls(sampled: &Sampled) -> Vec<(&str, &Value)> {
    sampled.calls.iter().map(|it| (it.tool.as_str(), &it.input)).collect()
}

async fn asks(text: &str) -> Vec<(String, Value)> {
    let sampled = Talk::with(tools()).say(text).await;
    sampled.calls.into_iter().map(|it| (it.tool, it.input)).collect()
}

fn words(sampled: &Sampled) -> String {
    plain_text(&sampled.parts)
}

#[tokio::test]
async fn a_task_is_looked_up_by_its_title_first() {
    let listed = json!({ "tasks": [
        { "id": "t-1", "title": "Buy groceries", "completed": false },
        { "id": "t-2", "title": "Call Bob", "completed": false },
    ], "total": 2 });
    for (text, tool, input, said) in [
        (
            "complete the task buy groceries",
            "complete_task",
            json!({ "task_id": "t-1" }),
            "Completed the task **Buy groceries**",
        ),
        ("complete buy groceries", "complete_task", json!({ "task_id": "t-1" }), "Completed"),
        ("mark buy groceries as done", "complete_task", json!({ "task_id": "t-1" }), "Completed"),
        (
            "delete task call bob",
            "delete_task",
            json!({ "task_id": "t-2" }),
            "Deleted the task **Call Bob**",
        ),
        (
            "please delete the \"Call Bob\" task",
            "delete_task",
            json!({ "task_id": "t-2" }),
            "Deleted",
        ),
        (
            "rename task call Bob to call Alice",
            "update_task",
            json!({ "task_id": "t-2", "title": "call Alice" }),
            "Updated",
        ),
        (
            "change the description of the task buy groceries to milk and eggs",
            "update_task",
            json!({ "task_id": "t-1", "description": "milk and eggs" }),
            "Updated",
        ),
    ] {
        let mut talk = Talk::with(tools());
        let first = talk.say(text).await;
        assert_eq!(calls(&first), [("list_tasks", &json!({}))], "{text}");
        let second = talk.answer(&listed.to_string()).await;
        assert_eq!(calls(&second), [(tool, &input)], "{text}");
        assert_ne!(first.calls[0].id, second.calls[0].id);
        let last = talk.answer("{\"ok\":true}").await;
        assert!(last.calls.is_empty());
        assert!(words(&last).contains(said), "{text}: {}", words(&last));
    }
}

#[tokio::test]
async fn a_title_that_is_unknown_or_unclear_is_told() {
    let mut talk = Talk::with(tools());
    talk.say("delete the task holiday").await;
    let last = talk.answer("{\"tasks\":[],\"total\":0}").await;
    assert!(last.calls.is_empty() && words(&last).contains("nothing called **holiday**"));

    let mut talk = Talk::with(tools());
    talk.say("complete the task buy").await;
    let listed = json!([{ "id": "1", "title": "Buy milk" }, { "id": "2", "title": "Buy a boat" }]);
    let last = talk.answer(&listed.to_string()).await;
    assert!(last.calls.is_empty() && words(&last).contains("- Buy a boat"), "{}", words(&last));

    let last = talk.say("rename the task buy milk").await;
    assert!(words(&last).contains("**title**"), "{}", words(&last));
}

#[tokio::test]
async fn results_are_told_in_words() {
    for (text, output, said) in [
        ("what is 17*23", "17*23 = 391", "17*23 = 391"),
        (
            "add a task to call Bob",
            r#"{"id":"1","title":"call Bob","completed":false}"#,
            "Added the task **call Bob**.",
        ),
        (
            "list my tasks",
            r#"{"tasks":[{"id":"1","title":"A","completed":true},{"id":"2","title":"B","completed":false,"priority":"high"}],"total":2}"#,
            "There are 2 tasks:\n\n- [x] A\n- [ ] B (priority: high)",
        ),
        ("show completed tasks", r#"{"tasks":[],"total":0}"#, "There are no completed tasks."),
        (
            "what is the weather in Paris",
            r#"{"temperature":21,"sky":"clear"}"#,
            "- temperature: 21",
        ),
        ("ask me which colour I like: red or green", "green", "You answered: **green**"),
        ("search the web for rust", r#"[{"rank":1,"page":"x"}]"#, "| page | rank |"),
    ] {
        let mut talk = Talk::with(tools());
        talk.say(text).await;
        let last = talk.answer(output).await;
        assert!(words(&last).contains(said), "{text}: {}", words(&last));
        assert_eq!((last.calls.len(), last.finish), (0, Some(Finish::Stop)));
    }
}

#[tokio::test]
async fn denials_and_errors_are_told_plainly_and_nothing_is_tried_again() {
    let mut talk = Talk::with(tools());
    talk.say("add a task to call Bob").await;
    let last = talk.reply("the person said no: not today", true).await;
    assert!(last.calls.is_empty());
    let said = words(&last);
    assert!(said.contains("`add_task` did not work") && said.contains("not today"), "{said}");
}

#[tokio::test]
async fn every_conversation_is_told_once_that_this_is_a_demo() {
    let mut talk = Talk::with(tools());
    talk.say("what is 2+2").await;
    let first = talk.answer("2+2 = 4").await;
    assert!(words(&first).contains("demo model"), "{}", words(&first));
    talk.say("what is 2+3").await;
    let second = talk.answer("2+3 = 5").await;
    assert_eq!(words(&second), "2+3 = 5");
}
