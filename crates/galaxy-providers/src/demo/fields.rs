//! What a tool takes, read from its JSON Schema.

use serde_json::Value;

/// An argument of a tool.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) kind: Kind,
}

/// What an argument is, by its type and, where that says little, by its name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Text,
    /// To be calculated.
    Expression,
    Url,
    /// A program or a statement, taken as it is written.
    Code,
    Date,
    /// Names a thing that people call by its title.
    Id,
    /// One of these.
    Choice(Vec<String>),
    Whole,
    Number,
    Flag,
    /// Texts.
    List,
    /// Nothing the demo model can fill.
    Other,
}

impl Field {
    /// The words of its name, in lower case.
    pub(super) fn words(&self) -> Vec<String> {
        name_words(&self.name)
    }
}

/// The arguments of a schema: the required ones first, in the schema's order.
pub(super) fn fields(schema: &Value) -> Vec<Field> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|it| it.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let optional = properties.keys().map(String::as_str).filter(|it| !required.contains(it));
    let names = required.iter().copied().chain(optional);
    let field = |name: &str| {
        let kind = kind(name, resolve(properties.get(name)?, schema));
        Some(Field { name: name.to_owned(), required: required.contains(&name), kind })
    };
    names.filter_map(field).collect()
}

/// Follows a reference inside the schema and looks past "or null".
pub(super) fn resolve<'a>(property: &'a Value, root: &'a Value) -> &'a Value {
    let target = property.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix('#'));
    let property = target.and_then(|it| root.pointer(it)).unwrap_or(property);
    if choices(property).is_some() {
        return property;
    }
    let variants = ["anyOf", "oneOf", "allOf"].iter().find_map(|it| property.get(it)?.as_array());
    match variants.and_then(|it| it.iter().find(|it| !is_null(it))) {
        // One step only: a schema that refers to itself has no end.
        Some(variant) => {
            let target = variant.get("$ref").and_then(Value::as_str);
            let target = target.and_then(|it| it.strip_prefix('#'));
            target.and_then(|it| root.pointer(it)).unwrap_or(variant)
        }
        None => property,
    }
}

/// The type of a property, leaving "or null" out.
pub(super) fn type_name(property: &Value) -> Option<&str> {
    let kind = property.get("type")?;
    let Some(types) = kind.as_array() else { return kind.as_str() };
    types.iter().filter_map(Value::as_str).find(|it| *it != "null")
}

/// The texts a property may be, if it says so.
pub(super) fn choices(property: &Value) -> Option<Vec<String>> {
    if let Some(texts) = property.get("enum").and_then(Value::as_array) {
        return Some(texts.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    }
    // How a schema writes a choice whose values are documented one by one.
    let variants = property.get("oneOf").or_else(|| property.get("anyOf"))?.as_array()?;
    let texts: Option<Vec<String>> = variants
        .iter()
        .filter(|it| !is_null(it))
        .map(|it| it.get("const").and_then(Value::as_str).map(str::to_owned))
        .collect();
    texts.filter(|it| !it.is_empty())
}

/// The words of a name in `snake_case`, `kebab-case` or `camelCase`, in lower case.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        after_lower = letter.is_lowercase();
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|it| !it.is_empty());
    words
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

fn kind(name: &str, property: &Value) -> Kind {
    if let Some(choices) = choices(property).filter(|it| !it.is_empty()) {
        return Kind::Choice(choices);
    }
    match type_name(property) {
        Some("boolean") => Kind::Flag,
        Some("integer") => Kind::Whole,
        Some("number") => Kind::Number,
        Some("array") => Kind::List,
        Some("string") | None => text_kind(name, property.get("format").and_then(Value::as_str)),
        Some(_) => Kind::Other,
    }
}

fn text_kind(name: &str, format: Option<&str>) -> Kind {
    match format {
        Some("uri" | "url" | "iri") => return Kind::Url,
        Some("date" | "date-time") => return Kind::Date,
        Some("uuid") => return Kind::Id,
        Some(_) | None => (),
    }
    let words = name_words(name);
    match words.last().map(String::as_str) {
        Some("id" | "uuid") => Kind::Id,
        Some("url" | "uri" | "link" | "href") => Kind::Url,
        Some("due" | "date" | "deadline" | "when") => Kind::Date,
        Some("at") if words.len() > 1 => Kind::Date,
        Some("expression" | "expr" | "formula" | "equation" | "calculation") => Kind::Expression,
        Some("code" | "script" | "source" | "sql" | "statement") => Kind::Code,
        Some(_) | None => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_known_by_type_and_name() {
        let schema = json!({
            "type": "object",
            "properties": {
                "task_id": { "type": "string" },
                "title": { "type": ["string", "null"] },
                "due": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                "status": { "$ref": "#/$defs/Status" },
                "priority": { "anyOf": [{ "$ref": "#/$defs/Priority" }, { "type": "null" }] },
                "limit": { "type": "integer" },
                "pageUrl": { "type": "string" },
                "tags": { "type": "array", "items": { "type": "string" } },
            },
            "required": ["title", "task_id"],
            "$defs": {
                "Status": { "enum": ["all", "pending"] },
                "Priority": { "oneOf": [{ "const": "low" }, { "const": "high" }, { "type": "null" }] },
            },
        });
        let fields = fields(&schema);
        let names: Vec<&str> = fields.iter().take(2).map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["title", "task_id"]);
        let kind = |name: &str| fields.iter().find(|it| it.name == name).unwrap().kind.clone();
        let choice = |texts: [&str; 2]| Kind::Choice(texts.map(str::to_owned).to_vec());
        assert_eq!(kind("task_id"), Kind::Id);
        assert_eq!(kind("title"), Kind::Text);
        assert_eq!(kind("due"), Kind::Date);
        assert_eq!(kind("status"), choice(["all", "pending"]));
        assert_eq!(kind("priority"), choice(["low", "high"]));
        assert_eq!(kind("limit"), Kind::Whole);
        assert_eq!(kind("pageUrl"), Kind::Url);
        assert_eq!(kind("tags"), Kind::List);
    }

    #[test]
    fn names_fall_into_words() {
        assert_eq!(name_words("get_currentWeather-now"), ["get", "current", "weather", "now"]);
    }
}
