//! Results that need nobody.

use serde_json::{Value, json};

/// A red dot.
const IMAGE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";
/// Silence.
const AUDIO: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";

/// A result of one text.
pub(crate) fn text(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

/// What a tool answers at once.
pub(crate) fn call(tool: &str, arguments: &Value) -> Option<Value> {
    let image = json!({ "type": "image", "data": IMAGE, "mimeType": "image/png" });
    Some(match tool {
        "test_simple_text" => text("This is a simple text response for testing."),
        "test_image_content" => json!({ "content": [image] }),
        "test_audio_content" => json!({
            "content": [{ "type": "audio", "data": AUDIO, "mimeType": "audio/wav" }]
        }),
        "test_embedded_resource" => json!({ "content": [{ "type": "resource", "resource": {
            "uri": "test://embedded-resource", "mimeType": "text/plain",
            "text": "This is an embedded resource content."
        } }] }),
        "test_multiple_content_types" => json!({ "content": [
            { "type": "text", "text": "Multiple content types test:" },
            image,
            { "type": "resource", "resource": {
                "uri": "test://mixed-content-resource", "mimeType": "application/json",
                "text": r#"{"test":"data","value":123}"#
            } },
        ] }),
        "test_error_handling" => {
            let mut failed = text("This tool intentionally returns an error for testing");
            failed["isError"] = true.into();
            failed
        }
        "test_reconnection" => text("Reconnection test completed"),
        "test_custom_header" => text(arguments["value"].as_str()?),
        "greet" => text(&format!("Hello, {}!", arguments["name"].as_str()?)),
        "json_schema_2020_12_tool" => {
            text(&format!("Hello, {}!", arguments["name"].as_str().unwrap_or("world")))
        }
        _ => return None,
    })
}

/// What is at `uri`.
pub(crate) fn read(uri: &str) -> Option<Value> {
    let content = match uri {
        "test://static-text" => json!({ "uri": uri, "mimeType": "text/plain",
            "text": "This is the content of the static text resource." }),
        "test://static-binary" => json!({ "uri": uri, "mimeType": "image/png", "blob": IMAGE }),
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data =
                json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
            json!({ "uri": uri, "mimeType": "application/json", "text": data.to_string() })
        }
    };
    Some(super::catalogue::cached(json!({ "contents": [content] })))
}

/// What a prompt says.
pub(crate) fn prompt(name: &str, arguments: &Value) -> Option<Value> {
    let says = |content: Value| json!({ "role": "user", "content": content });
    let text = |text: &str| says(json!({ "type": "text", "text": text }));
    let argument = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
    let messages = match name {
        "test_simple_prompt" => json!([text("This is a simple prompt for testing.")]),
        "test_prompt_with_arguments" => json!([text(&format!(
            "Prompt with arguments: arg1='{}', arg2='{}'",
            argument("arg1"),
            argument("arg2")
        ))]),
        "test_prompt_with_embedded_resource" => {
            let uri = arguments["resourceUri"].as_str().unwrap_or("test://example-resource");
            json!([
                says(json!({ "type": "resource", "resource": { "uri": uri,
                    "mimeType": "text/plain", "text": "Embedded resource content for testing." } })),
                text("Please process the embedded resource above."),
            ])
        }
        "test_prompt_with_image" => json!([
            says(json!({ "type": "image", "data": IMAGE, "mimeType": "image/png" })),
            text("Please analyze the image above."),
        ]),
        _ => return None,
    };
    Some(json!({ "messages": messages }))
}
