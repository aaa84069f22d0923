//! Tools as a deployment offers them.

use galaxy_model::ToolSpec;
use serde_json::{Value, json};

fn tool(name: &str, description: &str, properties: Value, required: &[&str]) -> ToolSpec {
    let input = json!({ "type": "object", "properties": properties, "required": required });
    ToolSpec { name: name.to_owned(), description: description.to_owned(), input: input.into() }
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn maybe() -> Value {
    json!({ "type": ["string", "null"] })
}

/// The tools of a usual deployment, and some that nobody has thought of.
pub(super) fn tools() -> Vec<ToolSpec> {
    [tasks(), others()].concat()
}

fn tasks() -> Vec<ToolSpec> {
    let user = maybe;
    let priority = json!({ "anyOf": [{ "enum": ["low", "normal", "high"] }, { "type": "null" }] });
    let status = json!({ "enum": ["all", "pending", "completed"] });
    let list = json!({ "type": "array", "items": { "type": "string" } });
    vec![
        tool(
            "add_task",
            "Adds a task to the person's list.",
            json!({ "title": text(), "description": maybe(), "due": maybe(), "priority": priority, "tags": list, "user_id": user() }),
            &["title"],
        ),
        tool(
            "list_tasks",
            "Lists the person's tasks.",
            json!({ "status": status, "user_id": user() }),
            &[],
        ),
        tool(
            "complete_task",
            "Marks a task as done.",
            json!({ "task_id": text(), "user_id": user() }),
            &["task_id"],
        ),
        tool(
            "delete_task",
            "Deletes a task.",
            json!({ "task_id": text(), "user_id": user() }),
            &["task_id"],
        ),
        tool(
            "update_task",
            "Changes a task.",
            json!({ "task_id": text(), "title": maybe(), "description": maybe(), "user_id": user() }),
            &["task_id"],
        ),
    ]
}

fn others() -> Vec<ToolSpec> {
    let list = json!({ "type": "array", "items": { "type": "string" } });
    vec![
        tool(
            "math",
            "Calculates an expression exactly.",
            json!({ "expression": text(), "digits": { "type": ["integer", "null"] } }),
            &["expression"],
        ),
        tool(
            "ask_person",
            "Asks the person a question and waits for what they say.",
            json!({ "question": text(), "choices": list, "multiple": { "type": "boolean" } }),
            &["question"],
        ),
        tool("get_weather", "Tells the weather at a place.", json!({ "city": text() }), &["city"]),
        tool(
            "web_search",
            "Searches the web.",
            json!({ "query": text(), "limit": { "type": "integer" } }),
            &["query"],
        ),
        tool("web_fetch", "Reads a page of the web.", json!({ "url": text() }), &["url"]),
        tool(
            "send_email",
            "Sends an e-mail.",
            json!({ "to": text(), "subject": text(), "body": text() }),
            &["to", "subject", "body"],
        ),
        tool("sql_query", "Queries a database.", json!({ "sql": text() }), &["sql"]),
    ]
}
