use serde_json::json;

use super::*;

fn texts(result: &Value) -> Vec<String> {
    let told = |part| {
        let Part::Text { text } = part else { panic!("{part:?} is no text") };
        text
    };
    read(result).unwrap().into_iter().map(told).collect()
}

#[test]
fn every_kind_of_content_is_shown() {
    let result = json!({ "content": [
        { "type": "text", "text": "hello" },
        { "type": "audio", "mimeType": "audio/wav", "data": "AAAA".repeat(1024) },
        { "type": "resource_link", "uri": "file:///a", "name": "a", "title": "A", "mimeType": "text/plain" },
        { "type": "resource", "resource": { "uri": "file:///b", "text": "inside" } },
        { "type": "resource", "resource": { "uri": "file:///c", "blob": "AAAA" } },
        { "type": "image", "mimeType": "image/svg+xml", "data": "AAAA" },
        { "type": "hologram", "depth": 3 },
        "odd",
    ]});
    assert_eq!(
        texts(&result),
        [
            "hello",
            "[sound of 3 kB (audio/wav) is left out]",
            "[resource file:///a: A, text/plain]",
            "[file:///b]\ninside",
            "[file:///c of 0 kB (unknown) is left out]",
            "[an image of 0 kB (image/svg+xml) is left out]",
            r#"{"depth":3,"type":"hologram"}"#,
            "\"odd\"",
        ]
    );
}

#[test]
fn a_picture_stays_a_picture_until_there_is_no_more_room() {
    let large = "A".repeat(3 * 1024 * 1024);
    let image = json!({ "type": "image", "mimeType": "image/png", "data": large });
    let output = read(&json!({ "content": [image, image] })).unwrap();
    assert!(matches!(&output[0], Part::Image { media_type, .. } if media_type == "image/png"));
    assert_eq!(output[1], Part::text("[an image of 2304 kB (image/png) is left out]"));
}

#[test]
fn structured_content_is_told_once() {
    let told = json!({ "content": [{ "type": "text", "text": "{\"a\": 1}" }], "structuredContent": { "a": 1 } });
    assert_eq!(texts(&told), ["{\"a\": 1}"]);
    let untold = json!({ "content": [], "structuredContent": { "a": 1 } });
    assert_eq!(texts(&untold), ["{\"a\":1}"]);
}

#[test]
fn what_is_too_long_is_cut_visibly_and_only_once() {
    let long = json!({ "type": "text", "text": "x".repeat(50_000) });
    let result = texts(&json!({ "content": [long, long] }));
    assert!(result[0].contains("[2000 characters omitted]"));
    assert_eq!(result[1].trim(), "[50000 characters omitted]");
    let many: Vec<Value> = (0..300).map(|_| json!({ "type": "text", "text": "." })).collect();
    assert_eq!(texts(&json!({ "content": many })).pop().unwrap(), "[44 more pieces are left out]");
}

#[test]
fn a_tool_that_failed_tells_why() {
    let failed =
        json!({ "content": [{ "type": "text", "text": "no such file" }], "isError": true });
    assert_eq!(read(&failed).unwrap_err().to_string(), "no such file");
    let silent = read(&json!({ "isError": true })).unwrap_err();
    assert_eq!(silent.to_string(), "the tool failed and says nothing");
}
