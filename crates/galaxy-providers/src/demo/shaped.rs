//! JSON that fits a schema, made of the words of a request.

use serde_json::{Map, Value, json};

use super::fields::{choices, resolve, type_name};

/// Schemas may contain themselves; deeper values are left empty.
const DEEPEST: usize = 6;
/// Texts are not longer unless the schema says so.
const LONGEST: usize = 200;

/// A value that fits `schema`.
pub(super) fn fit(schema: &Value, text: &str) -> Value {
    value(schema, schema, text, 0)
}

fn value(schema: &Value, root: &Value, text: &str, depth: usize) -> Value {
    let schema = resolve(schema, root);
    if let Some(fixed) = schema.get("const").or_else(|| schema.get("default")) {
        return fixed.clone();
    }
    if let Some(texts) = choices(schema).filter(|it| !it.is_empty()) {
        let lower = text.to_lowercase();
        let said = texts.iter().find(|it| lower.contains(&it.to_lowercase()));
        return Value::String(said.unwrap_or(&texts[0]).clone());
    }
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|it| it.first()) {
        return first.clone();
    }
    let kind = type_name(schema).unwrap_or(match schema.get("properties") {
        Some(_) => "object",
        None => "string",
    });
    match kind {
        "object" => object(schema, root, text, depth),
        "array" => array(schema, root, text, depth),
        "integer" | "number" => number(schema, text, kind == "integer"),
        "boolean" => Value::Bool(!text.to_lowercase().contains("not")),
        "null" => Value::Null,
        _ => Value::String(string(schema, text)),
    }
}

fn object(schema: &Value, root: &Value, text: &str, depth: usize) -> Value {
    let mut fields = Map::new();
    let required = schema.get("required").and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|it| it.iter().any(|it| it.as_str() == Some(name)));
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            if depth < DEEPEST || is_required(name) && depth < 2 * DEEPEST {
                let said = said_about(name, text).unwrap_or(text);
                fields.insert(name.clone(), value(property, root, said, depth + 1));
            }
        }
    }
    Value::Object(fields)
}

fn array(schema: &Value, root: &Value, text: &str, depth: usize) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    if depth >= DEEPEST && bound("minItems").is_none_or(|it| it == 0) {
        return json!([]);
    }
    let count = bound("minItems").unwrap_or(1).max(1).min(bound("maxItems").unwrap_or(u64::MAX));
    let any = json!({});
    let items = schema.get("items").unwrap_or(&any);
    (0..count.min(100)).map(|_| value(items, root, text, depth + 1)).collect()
}

fn number(schema: &Value, text: &str, whole: bool) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let said = text.split(|it: char| !it.is_ascii_digit() && it != '.' && it != '-');
    let said = said.filter_map(|it| it.trim_end_matches('.').parse::<f64>().ok()).next();
    let least = bound("minimum").or(bound("exclusiveMinimum").map(|it| it + 1.0));
    let most = bound("maximum").or(bound("exclusiveMaximum").map(|it| it - 1.0));
    let number = said.unwrap_or(0.0).max(least.unwrap_or(f64::MIN)).min(most.unwrap_or(f64::MAX));
    #[expect(clippy::cast_possible_truncation, reason = "saturates; no schema asks for more")]
    if whole { json!(number.ceil() as i64) } else { json!(number) }
}

fn string(schema: &Value, text: &str) -> String {
    let bound = |name: &str| {
        schema.get(name).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok())
    };
    match schema.get("format").and_then(Value::as_str) {
        Some("date") => return "2026-01-01".to_owned(),
        Some("date-time") => return "2026-01-01T00:00:00Z".to_owned(),
        Some("time") => return "00:00:00Z".to_owned(),
        Some("email") => return "demo@example.com".to_owned(),
        Some("uri" | "url") => return "https://example.com".to_owned(),
        Some("uuid") => return "00000000-0000-4000-8000-000000000000".to_owned(),
        Some(_) | None => (),
    }
    let most = bound("maxLength").unwrap_or(LONGEST);
    let mut text: String = text.trim().chars().take(most).collect();
    let least = bound("minLength").unwrap_or(0).min(10_000);
    let missing = least.saturating_sub(text.chars().count());
    text.push_str(&".".repeat(missing));
    text
}

/// What `text` says about `name`: "age: 42" or "the age is 42".
fn said_about<'t>(name: &str, text: &'t str) -> Option<&'t str> {
    let lower = text.to_lowercase();
    let name = name.to_lowercase().replace('_', " ");
    // Lower-casing may move places; then there is nothing to point at.
    let at = lower.find(&name).filter(|_| lower.len() == text.len())?;
    let behind = text.get(at + name.len()..)?;
    let behind = behind.strip_prefix(':').or_else(|| behind.strip_prefix(" is "))?;
    let end = behind.find([',', ';', '\n']).unwrap_or(behind.len());
    Some(behind[..end].trim().trim_end_matches('.')).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_gets_a_value_that_fits() {
        let schema = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "maxLength": 5 },
                "age": { "type": "integer", "minimum": 0 },
                "mood": { "enum": ["bad", "good"] },
                "tags": { "type": "array", "items": { "type": "string" }, "minItems": 2 },
                "when": { "type": "string", "format": "date" },
                "next": { "$ref": "#" },
                "note": { "type": ["string", "null"] },
            },
            "required": ["name", "age"],
        });
        let value = fit(&schema, "name: Roberta, age is 42, in a good mood");
        assert_eq!(value["name"], "Rober");
        assert_eq!(value["age"], 42);
        assert_eq!(value["mood"], "good");
        assert_eq!(value["tags"].as_array().unwrap().len(), 2);
        assert_eq!(value["when"], "2026-01-01");
        assert!(value["next"]["name"].is_string() && value["note"].is_string());
        assert_eq!(fit(&json!({ "type": "number", "minimum": 3 }), "hi"), json!(3.0));
    }
}
