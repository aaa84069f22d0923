//! JSON Schemas of arguments: shown to the model, and held against what it sends.

use std::sync::Arc;

use jsonschema::Validator;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// At most this many violations are told at once.
const TOLD: usize = 5;

/// A JSON Schema (2020-12), ready to check values.
#[derive(Debug)]
pub struct Schema {
    json: Arc<Value>,
    text_len: usize,
    validator: Option<Validator>,
}

impl Schema {
    /// The schema of `T`, everything inline: models read no references.
    pub fn of<T: JsonSchema>() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|it| {
            it.inline_subschemas = true;
            it.meta_schema = None;
        });
        let mut json = settings.into_generator().into_root_schema_for::<T>().to_value();
        if let Some(fields) = json.as_object_mut() {
            // The name of a Rust type tells the model nothing.
            fields.remove("title");
        }
        Self::new(json)
    }

    /// Wraps a schema from elsewhere. One that makes no sense checks nothing: the tool itself
    /// then answers what is wrong.
    pub fn new(json: Value) -> Self {
        let validator = jsonschema::validator_for(&json).ok();
        let text_len = json.to_string().len();
        Self { json: Arc::new(json), text_len, validator }
    }

    /// The schema itself.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The same, for whoever keeps it: each question to a model holds the schemas of all tools.
    pub fn shared(&self) -> Arc<Value> {
        self.json.clone()
    }

    /// How long it is as text, in bytes.
    pub fn text_len(&self) -> usize {
        self.text_len
    }

    /// Checks `value`.
    ///
    /// # Errors
    /// What is wrong, each with its place, in words a model can act on.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let Some(validator) = &self.validator else { return Ok(()) };
        let wrong: Vec<String> = validator
            .iter_errors(value)
            .take(TOLD)
            .map(|err| {
                let place = err.instance_path().to_string();
                if place.is_empty() { err.to_string() } else { format!("{place}: {err}") }
            })
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Input {
        /// What to look for.
        query: String,
        limit: Option<u8>,
    }

    #[test]
    fn violations_name_their_place() {
        let schema = Schema::of::<Input>();
        assert_eq!(schema.check(&json!({ "query": "x" })), Ok(()));
        let wrong = schema.check(&json!({ "query": 7, "colour": "red" })).unwrap_err();
        assert!(wrong.contains("/query") && wrong.contains("colour"), "{wrong}");
        assert!(schema.check(&json!("{\"query\"")).is_err());
    }

    #[test]
    fn the_model_reads_the_fields_docs() {
        let schema = Schema::of::<Input>();
        assert_eq!(schema.json()["properties"]["query"]["description"], "What to look for.");
        assert_eq!(schema.json()["additionalProperties"], false);
    }
}
