//! Reads a server's questions into what people may be asked.
//!
//! **Invariant:** nobody is asked for a secret, nothing in the words of a question is hidden, and
//! every cut is visible. What cannot be shown is not asked.

use std::collections::BTreeMap;

use galaxy_base::text::{clip, visible};
use galaxy_domain::elicitation::{Choice, Field, FieldKind, Format, Inquiry};
use serde_json::{Map, Value};
use url::Url;

use crate::server::elicit::Question;

mod secrets;

/// More of a message is cut.
const MESSAGE_CHARS: usize = 2_000;
/// More of a title or a description is cut.
const WORDS_CHARS: usize = 300;
/// Names and values go back as they came: a longer one is not asked.
const NAME_CHARS: usize = 200;
/// A form with more fields is not asked.
const FIELDS: usize = 32;
/// A field with more choices is not asked.
const CHOICES: usize = 200;
/// A longer address is not asked.
const URL_CHARS: usize = 2_000;

/// Why nobody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It wants a password, a key or another secret.
    #[error("it asks for a secret")]
    Secret,
    /// It cannot be shown as a form of simple fields, or as a page that is safe to open.
    #[error("it cannot be shown")]
    Strange,
}

/// Questions, sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Screened {
    /// What a person is asked.
    pub questions: BTreeMap<String, Inquiry>,
    /// What is declined.
    pub declined: Vec<String>,
}

/// Sorts questions into those that a person is asked and those that nobody is.
pub fn screen(questions: &BTreeMap<String, Question>) -> Screened {
    let mut screened = Screened::default();
    for (key, question) in questions {
        match read(question) {
            Ok(inquiry) if is_plain(key) => {
                screened.questions.insert(key.clone(), inquiry);
            }
            Ok(_) | Err(_) => screened.declined.push(key.clone()),
        }
    }
    screened
}

/// What a person is asked by `question`.
///
/// # Errors
/// Why nobody is.
pub fn read(question: &Question) -> Result<Inquiry, Unfit> {
    match question {
        Question::Form { message, schema } => {
            Ok(Inquiry::Form { message: words(message, MESSAGE_CHARS), fields: fields(schema)? })
        }
        Question::Page { message, url } => {
            Ok(Inquiry::Page { message: words(message, MESSAGE_CHARS), url: page(url)? })
        }
    }
}

/// An address that is shown as it is and leads where it seems to lead.
fn page(url: &str) -> Result<String, Unfit> {
    let url = Url::parse(url).map_err(|_| Unfit::Strange)?;
    let safe = matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.username().is_empty()
        && url.password().is_none();
    let text = url.to_string();
    let short = text.chars().count() <= URL_CHARS && visible(&text) == text;
    if safe && short { Ok(text) } else { Err(Unfit::Strange) }
}

/// The fields of a form: what has to be filled in comes first.
fn fields(schema: &Value) -> Result<Vec<Field>, Unfit> {
    let none = Map::new();
    let properties = match schema.get("properties") {
        Some(properties) => properties.as_object().ok_or(Unfit::Strange)?,
        None => &none,
    };
    if schema.get("type").is_some_and(|it| it != "object") || properties.len() > FIELDS {
        return Err(Unfit::Strange);
    }
    let required: Vec<&str> = match schema.get("required").and_then(Value::as_array) {
        Some(names) => names.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    if required.iter().any(|name| !properties.contains_key(*name)) {
        return Err(Unfit::Strange);
    }
    let field = |(name, property): (&String, &Value)| field(name, property, &required);
    let mut fields = properties.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    fields.sort_by_key(|field| !field.required);
    Ok(fields)
}

fn field(name: &str, property: &Value, required: &[&str]) -> Result<Field, Unfit> {
    let text = |key: &str| property.get(key).and_then(Value::as_str);
    if secrets::wants(name, text("title"), property) {
        return Err(Unfit::Secret);
    }
    if !is_plain(name) {
        return Err(Unfit::Strange);
    }
    Ok(Field {
        name: name.to_owned(),
        title: text("title").map(|it| words(it, WORDS_CHARS)),
        description: text("description").map(|it| words(it, WORDS_CHARS)),
        required: required.contains(&name),
        kind: kind(property)?,
    })
}

fn kind(property: &Value) -> Result<FieldKind, Unfit> {
    let whole = |key: &str| property.get(key).and_then(Value::as_u64);
    let number = |key: &str| property.get(key).and_then(Value::as_f64);
    let default = property.get("default");
    match property.get("type").and_then(Value::as_str) {
        Some("string") => match choices(property)? {
            Some(choices) => Ok(one(choices, default)),
            None => Ok(FieldKind::Text {
                min_length: whole("minLength"),
                max_length: whole("maxLength"),
                format: property.get("format").and_then(Value::as_str).and_then(format),
                default: default.and_then(Value::as_str).map(|it| words(it, WORDS_CHARS)),
            }),
        },
        Some(kind @ ("number" | "integer")) => Ok(FieldKind::Number {
            whole: kind == "integer",
            minimum: number("minimum"),
            maximum: number("maximum"),
            default: number("default"),
        }),
        Some("boolean") => Ok(FieldKind::Flag { default: default.and_then(Value::as_bool) }),
        Some("array") => {
            let items = property.get("items").ok_or(Unfit::Strange)?;
            let choices = choices(items)?.ok_or(Unfit::Strange)?;
            let none = Vec::new();
            let chosen = default.and_then(Value::as_array).unwrap_or(&none);
            let known = |it: &Value| {
                let value = it.as_str()?;
                choices.iter().any(|choice| choice.value == value).then(|| value.to_owned())
            };
            let default = chosen.iter().filter_map(known).collect();
            Ok(FieldKind::Several {
                choices,
                least: whole("minItems"),
                most: whole("maxItems"),
                default,
            })
        }
        Some(_) | None => Err(Unfit::Strange),
    }
}

fn one(choices: Vec<Choice>, default: Option<&Value>) -> FieldKind {
    let default = default.and_then(Value::as_str).map(str::to_owned);
    let default = default.filter(|it| choices.iter().any(|choice| choice.value == *it));
    FieldKind::One { choices, default }
}

/// What can be chosen: `enum` with or without `enumNames`, or titled constants.
fn choices(property: &Value) -> Result<Option<Vec<Choice>>, Unfit> {
    let list = |key: &str| property.get(key).and_then(Value::as_array);
    let titled = list("oneOf").or_else(|| list("anyOf"));
    let choices = match (list("enum"), titled) {
        (Some(values), _) => {
            let names = list("enumNames");
            let name = |idx: usize| names.and_then(|it| it.get(idx)).and_then(Value::as_str);
            let named = |(idx, value)| choice(value, name(idx));
            values.iter().enumerate().map(named).collect::<Result<Vec<_>, _>>()?
        }
        (None, Some(options)) => {
            let title = |it: &Value| it.get("title").and_then(Value::as_str).map(str::to_owned);
            let titled =
                |it: &Value| choice(it.get("const").ok_or(Unfit::Strange)?, title(it).as_deref());
            options.iter().map(titled).collect::<Result<Vec<_>, _>>()?
        }
        (None, None) => return Ok(None),
    };
    if choices.is_empty() || choices.len() > CHOICES {
        Err(Unfit::Strange)
    } else {
        Ok(Some(choices))
    }
}

fn choice(value: &Value, title: Option<&str>) -> Result<Choice, Unfit> {
    let value =
        value.as_str().filter(|it| it.chars().count() <= NAME_CHARS).ok_or(Unfit::Strange)?;
    Ok(Choice { value: value.to_owned(), title: words(title.unwrap_or(value), WORDS_CHARS) })
}

fn format(name: &str) -> Option<Format> {
    match name {
        "email" => Some(Format::Email),
        "uri" => Some(Format::Uri),
        "date" => Some(Format::Date),
        "date-time" => Some(Format::DateTime),
        _ => None,
    }
}

/// Whether `name` can go back as it came and be shown as it is.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= NAME_CHARS && visible(name) == name
}

fn words(text: &str, chars: usize) -> String {
    clip(&visible(text), chars)
}

#[cfg(test)]
mod tests;
