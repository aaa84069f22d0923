//! Pieces of JSON that several protocols write.

use std::borrow::Cow;

use galaxy_domain::transcript::Finish;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// An image as a `data:` URL, written without building it first.
#[derive(Debug)]
pub(crate) struct DataUrl<'a> {
    /// Its type.
    pub(crate) media_type: &'a str,
    /// Its bytes in base64.
    pub(crate) data: &'a str,
}

impl Serialize for DataUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("data:{};base64,{}", self.media_type, self.data))
    }
}

/// Arguments as JSON inside a string.
#[derive(Debug)]
pub(crate) struct AsText<'a>(pub(crate) &'a Value);

impl Serialize for AsText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&object(self.0))
    }
}

/// Arguments as the object that every protocol wants, also when the model wrote something else.
pub(crate) fn object(input: &Value) -> Cow<'_, Value> {
    match input {
        Value::Object(_) => Cow::Borrowed(input),
        Value::Null => Cow::Owned(json!({})),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Cow::Owned(json!({ "invalid_arguments": input }))
        }
    }
}

/// Whether `schema` meets OpenAI's rules for strict output: every object is closed and needs all
/// of its properties.
pub(crate) fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            let closed = match map.get("properties").and_then(Value::as_object) {
                Some(properties) => {
                    let required = map.get("required").and_then(Value::as_array);
                    let needs = |name: &String| {
                        required.is_some_and(|it| it.iter().any(|it| it.as_str() == Some(name)))
                    };
                    map.get("additionalProperties") == Some(&Value::Bool(false))
                        && properties.keys().all(needs)
                }
                None => map.get("type") != Some(&json!("object")),
            };
            closed && map.values().all(is_strict)
        }
        Value::Array(items) => items.iter().all(is_strict),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Why an answer ended, from what the provider said and whether it holds calls: some say "stop"
/// although they call, some say "calls" although they do not.
pub(crate) fn finish(said: Option<Finish>, calls: bool) -> Finish {
    match said {
        Some(Finish::Stop | Finish::Calls) | None if calls => Finish::Calls,
        Some(Finish::Stop | Finish::Calls) | None => Finish::Stop,
        Some(other) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_closed_schemas_are_strict() {
        let closed = |inner: Value| json!({"type": "object", "properties": {"a": inner}, "required": ["a"], "additionalProperties": false});
        assert!(is_strict(&closed(json!({"type": "string"}))));
        assert!(is_strict(&closed(json!({"type": "array", "items": closed(json!({}))}))));
        assert!(!is_strict(&closed(json!({"type": "object"}))));
        assert!(!is_strict(
            &json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false})
        ));
        assert!(!is_strict(&json!({"type": "object", "properties": {"a": {}}, "required": ["a"]})));
    }

    #[test]
    fn arguments_are_always_an_object() {
        assert_eq!(*object(&json!({"a": 1})), json!({"a": 1}));
        assert_eq!(*object(&json!(null)), json!({}));
        assert_eq!(*object(&json!("{oops")), json!({"invalid_arguments": "{oops"}));
    }
}
