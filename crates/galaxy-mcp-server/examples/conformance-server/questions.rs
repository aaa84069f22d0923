//! Tools (and a prompt) that ask before they answer. What is asked is the same in every revision;
//! how, is the handler's.

use serde_json::{Map, Value, json};

use super::plain::text;

/// A question under its key: method and parameters.
pub(crate) type Question = (&'static str, &'static str, Value);

/// What a tool asks in `round`; none when it does not ask (any more).
pub(crate) fn of(tool: &str, arguments: &Value, round: usize) -> Option<Vec<Question>> {
    let said =
        |name: &str, otherwise: &str| arguments[name].as_str().unwrap_or(otherwise).to_owned();
    let asked = match (tool, round) {
        ("test_elicitation", 0) => vec![elicit(
            "user",
            &said("message", "Please provide your information"),
            json!({ "username": { "type": "string", "description": "User's response" },
                "email": { "type": "string", "description": "User's email address" } }),
            &["username", "email"],
        )],
        ("test_elicitation_sep1034_defaults", 0) => {
            vec![elicit("values", "Please provide values", defaults(), &[])]
        }
        ("test_elicitation_sep1330_enums", 0) => {
            vec![elicit("choices", "Please choose", choices(), &[])]
        }
        ("test_sampling", 0) => vec![sample("answer", &said("prompt", "Hello"))],
        ("test_streaming_elicitation", 0) => vec![name_of("streaming_elicitation")],
        ("test_input_required_result_elicitation", 0) => vec![name_of("user_name")],
        ("test_input_required_result_sampling", 0) => {
            vec![sample("capital_question", "What is the capital of France?")]
        }
        ("test_input_required_result_list_roots", 0) => vec![roots()],
        (
            "test_input_required_result_request_state"
            | "test_input_required_result_tampered_state",
            0,
        ) => vec![elicit(
            "confirm",
            "Please confirm",
            json!({ "ok": { "type": "boolean" } }),
            &["ok"],
        )],
        (
            "test_input_required_result_multiple_inputs"
            | "test_input_required_result_capabilities",
            0,
        ) => vec![name_of("user_name"), sample("greeting", "Generate a greeting"), roots()],
        ("test_input_required_result_multi_round", 0) => vec![name_of("step1")],
        ("test_input_required_result_multi_round", 1) => vec![elicit(
            "step2",
            "What is your favorite color?",
            json!({ "color": { "type": "string" } }),
            &["color"],
        )],
        ("test_input_required_result_prompt", 0) => vec![elicit(
            "user_context",
            "What context should the prompt use?",
            json!({ "context": { "type": "string" } }),
            &["context"],
        )],
        _ => return None,
    };
    Some(asked)
}

/// Whether a tool gives a state away with its questions.
pub(crate) fn has_state(tool: &str) -> bool {
    let with_state = ["request_state", "tampered_state", "multiple_inputs", "multi_round"];
    with_state.iter().any(|it| tool.ends_with(it))
}

/// What a tool makes of all that was said.
pub(crate) fn result(tool: &str, said: &Map<String, Value>) -> Value {
    let first = said.values().next().cloned().unwrap_or_default();
    let content = |key: &str| first["content"][key].as_str().unwrap_or("friend").to_owned();
    let action = first["action"].as_str().unwrap_or("none");
    text(&match tool {
        "test_sampling" => format!("LLM response: {}", sampled(&first)),
        "test_elicitation" => {
            format!("User response: action={action}, content={}", first["content"])
        }
        "test_elicitation_sep1034_defaults" | "test_elicitation_sep1330_enums" => {
            format!("Elicitation completed: action={action}, content={}", first["content"])
        }
        "test_input_required_result_elicitation" => format!("Hello, {}!", content("name")),
        "test_input_required_result_sampling" => format!("Sampling response: {}", sampled(&first)),
        "test_input_required_result_list_roots" => {
            let roots = first["roots"].as_array().cloned().unwrap_or_default();
            let roots: Vec<&str> = roots.iter().filter_map(|it| it["uri"].as_str()).collect();
            format!("Client roots: [{}]", roots.join(", "))
        }
        "test_input_required_result_request_state"
        | "test_input_required_result_tampered_state" => "Confirmed: state-ok".to_owned(),
        "test_input_required_result_multiple_inputs" => "All inputs received".to_owned(),
        "test_input_required_result_prompt" => {
            let words = format!("Prompt with elicited context: {}", content("context"));
            let says = json!({ "role": "user", "content": { "type": "text", "text": words } });
            return json!({ "messages": [says] });
        }
        other => format!("{other} is complete"),
    })
}

fn sampled(said: &Value) -> String {
    let content = said["content"].get(0).unwrap_or(&said["content"]);
    content["text"].as_str().unwrap_or("no text").to_owned()
}

fn elicit(key: &'static str, message: &str, properties: Value, required: &[&str]) -> Question {
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let params = json!({ "mode": "form", "message": message, "requestedSchema": schema });
    (key, "elicitation/create", params)
}

fn name_of(key: &'static str) -> Question {
    elicit(key, "What is your name?", json!({ "name": { "type": "string" } }), &["name"])
}

fn sample(key: &'static str, prompt: &str) -> Question {
    let message = json!({ "role": "user", "content": { "type": "text", "text": prompt } });
    (key, "sampling/createMessage", json!({ "messages": [message], "maxTokens": 100 }))
}

fn roots() -> Question {
    ("client_roots", "roots/list", json!({}))
}

fn defaults() -> Value {
    json!({
        "name": { "type": "string", "description": "User name", "default": "John Doe" },
        "age": { "type": "integer", "description": "User age", "default": 30 },
        "score": { "type": "number", "description": "User score", "default": 95.5 },
        "status": { "type": "string", "description": "User status",
            "enum": ["active", "inactive", "pending"], "default": "active" },
        "verified": { "type": "boolean", "description": "Verified", "default": true },
    })
}

fn choices() -> Value {
    let titled = |names: [&str; 3]| {
        let one = |(at, title): (usize, &str)| json!({ "const": format!("value{}", at + 1), "title": title });
        names.into_iter().enumerate().map(one).collect::<Vec<_>>()
    };
    let plain = ["option1", "option2", "option3"];
    json!({
        "untitledSingle": { "type": "string", "enum": plain },
        "titledSingle": { "type": "string",
            "oneOf": titled(["First Option", "Second Option", "Third Option"]) },
        "legacyEnum": { "type": "string", "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"] },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
        "titledMulti": { "type": "array",
            "items": { "anyOf": titled(["First Choice", "Second Choice", "Third Choice"]) } },
    })
}
