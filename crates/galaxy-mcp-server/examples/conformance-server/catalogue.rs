//! What the suite expects to be listed.

use serde_json::{Value, json};

/// A list is good for so long, in milliseconds.
const TTL: u64 = 60_000;

/// Tools that need nothing.
const PLAIN: [&str; 15] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_logging",
    "test_logging_tool",
    "test_error_handling",
    "test_tool_with_progress",
    "test_reconnection",
    "test_missing_capability",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_touch_resource",
    "test_elicitation_sep1034_defaults",
];

/// Tools that ask, and need nothing either.
const ASKING: [&str; 10] = [
    "test_elicitation_sep1330_enums",
    "test_streaming_elicitation",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_tampered_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_capabilities",
];

/// Tools that become tasks, and need nothing either.
const TASKS: [&str; 4] =
    ["failing_job", "protocol_error_job", "multi_input", "test_tool_with_task"];

/// The tools.
pub(crate) fn tools() -> Value {
    let plain = PLAIN
        .iter()
        .chain(&ASKING)
        .map(|name| tool(name, json!({ "type": "object", "properties": {} })));
    let others = [
        tool("test_sampling", one_text("prompt")),
        tool("test_elicitation", one_text("message")),
        tool("json_schema_2020_12_tool", new_schema()),
        tool("test_custom_header", custom_header()),
        tool("greet", one_text("name")),
        tool(
            "slow_compute",
            json!({ "type": "object", "properties": {
            "seconds": { "type": "integer", "minimum": 0 }, "label": { "type": "string" } } }),
        ),
        tool("confirm_delete", one_text("filename")),
    ];
    let nothing = json!({ "type": "object", "properties": {} });
    let tasks = TASKS.iter().map(|name| tool(name, nothing.clone()));
    whole("tools", plain.chain(others).chain(tasks).collect())
}

/// The schema of a tool whose argument is also a header.
pub(crate) fn custom_header() -> Value {
    json!({
        "type": "object", "required": ["value"],
        "properties": { "value": { "type": "string", "x-mcp-header": "Value" } },
    })
}

/// The resources.
pub(crate) fn resources() -> Value {
    let text = json!({ "uri": "test://static-text", "name": "Static Text Resource",
        "description": "A static text resource for testing", "mimeType": "text/plain" });
    let binary = json!({ "uri": "test://static-binary", "name": "Static Binary Resource",
        "description": "A static binary resource for testing", "mimeType": "image/png" });
    whole("resources", vec![text, binary])
}

/// Their templates.
pub(crate) fn templates() -> Value {
    let template = json!({ "uriTemplate": "test://template/{id}/data", "name": "Dynamic Resource",
        "description": "A resource with a parameter", "mimeType": "application/json" });
    whole("resourceTemplates", vec![template])
}

/// The prompts.
pub(crate) fn prompts() -> Value {
    let prompt = |name: &str| json!({ "name": name, "description": format!("The prompt {name}") });
    let mut with_arguments = prompt("test_prompt_with_arguments");
    with_arguments["arguments"] = json!([
        { "name": "arg1", "description": "First", "required": true },
        { "name": "arg2", "description": "Second", "required": false },
    ]);
    let others = [
        "test_simple_prompt",
        "test_prompt_with_embedded_resource",
        "test_prompt_with_image",
        "test_input_required_result_prompt",
    ];
    whole("prompts", others.map(prompt).into_iter().chain([with_arguments]).collect())
}

/// How an argument may go on.
pub(crate) fn completion() -> Value {
    json!({ "completion": { "values": ["paris", "park", "party"], "total": 3, "hasMore": false } })
}

/// A result that may be kept for a while.
pub(crate) fn cached(mut result: Value) -> Value {
    result["ttlMs"] = TTL.into();
    result["cacheScope"] = "public".into();
    result
}

fn whole(key: &str, items: Vec<Value>) -> Value {
    cached(json!({ key: items }))
}

/// A tool that says that it only reads: a server that is trusted need not ask a person first.
fn tool(name: &str, schema: Value) -> Value {
    json!({ "name": name, "description": format!("The tool {name}"), "inputSchema": schema,
        "annotations": { "readOnlyHint": true } })
}

fn one_text(name: &str) -> Value {
    json!({ "type": "object", "required": [name], "properties": { name: { "type": "string" } } })
}

fn new_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "address", "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
            }
        },
        "properties": { "name": { "type": "string" }, "address": { "$ref": "#/$defs/address" } },
        "allOf": [{ "anyOf": [{ "required": ["name"] }, { "required": ["address"] }] }],
        "if": { "required": ["address"] },
        "then": { "properties": { "address": { "required": ["street"] } } },
        "else": { "required": ["name"] },
        "additionalProperties": false
    })
}
