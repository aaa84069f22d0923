//! The file that lists models.

use std::{collections::BTreeSet, fs, io};

use galaxy_providers::Protocol;
use url::Url;
use yaml_serde::{Mapping, Value};

use super::{CONTEXT_TOKENS, Configured, DEMO, MAX_CONCURRENT};
use crate::settings::{Given, schema};

/// What the file calls the built-in model.
const DEMO_PROVIDER: &str = "demo";
/// The least that a conversation needs, in tokens.
const LEAST_CONTEXT: u64 = 1_000;

/// The models of the file, and the variables it refers to.
pub(super) fn read(given: &mut Given) -> (Vec<Configured>, BTreeSet<String>) {
    let path = given.value(&schema::LLM_CONFIG);
    let source = path.display().to_string();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(err) if err.kind() == io::ErrorKind::NotFound && !given.is_set(&schema::LLM_CONFIG) => {
            return Default::default();
        }
        Err(err) => {
            given.refuse(schema::LLM_CONFIG.name, format!("cannot read {source}: {err}"));
            return Default::default();
        }
    };
    parse(given, &source, &text)
}

/// The models that `text` lists.
pub(super) fn parse(
    given: &mut Given,
    source: &str,
    text: &str,
) -> (Vec<Configured>, BTreeSet<String>) {
    let mut used = BTreeSet::new();
    let mut models: Vec<Configured> = Vec::new();
    for (at, entry) in entries(given, source, text).into_iter().enumerate() {
        let name = entry.get("name").and_then(Value::as_str).unwrap_or("without a name");
        let place = format!("{source}: models[{at}] ({name})");
        let mut fields = Fields { given: &mut *given, place, entry, used: &mut used };
        let Some(model) = model(&mut fields, source) else { continue };
        fields.refuse_rest();
        if models.iter().any(|it| it.name == model.name) {
            fields.refuse("name", "there is another model of that name");
        }
        models.push(model);
    }
    (models, used)
}

fn entries(given: &mut Given, source: &str, text: &str) -> Vec<Mapping> {
    let value: Value = match yaml_serde::from_str(text) {
        Ok(value) => value,
        Err(err) => {
            given.refuse(source, format!("is no YAML: {err}"));
            return Vec::new();
        }
    };
    let top = match value {
        Value::Null => return Vec::new(),
        Value::Mapping(top) => top,
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Sequence(_)
        | Value::Tagged(_) => {
            given.refuse(source, "must be a list of models under the key `models`");
            return Vec::new();
        }
    };
    for key in top.keys().filter(|key| key.as_str() != Some("models")) {
        given.refuse(source, format!("unknown key {}", shown(key)));
    }
    let items = match top.get("models") {
        None | Some(Value::Null) => return Vec::new(),
        Some(models) => models.as_sequence().cloned(),
    };
    let Some(items) = items else {
        given.refuse(source, "`models` must be a list");
        return Vec::new();
    };
    let mut entries = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        match item.as_mapping() {
            Some(entry) => entries.push(entry.clone()),
            None => given.refuse(&format!("{source}: models[{at}]"), "must have keys and values"),
        }
    }
    entries
}

/// The model of one entry, if it has a name, a provider and a model.
fn model(fields: &mut Fields<'_>, source: &str) -> Option<Configured> {
    let name = fields.text("name");
    let provider = fields.text("provider");
    let model = fields.text("model_name");
    let base_url = fields.url("base_url");
    let api_key = fields.text("api_key").map(Into::into);
    let context = fields.number("context_tokens", LEAST_CONTEXT, u64::from(u32::MAX));
    let tools = fields.flag("tools");
    let images = fields.flag("images");
    let reasoning = fields.flag("reasoning");
    let structured = fields.flag("structured");
    let fallbacks = fields.texts("fallbacks");
    let max_concurrent = fields.number("max_concurrent", 1, 100_000);

    let is_demo = provider.as_deref() == Some(DEMO_PROVIDER);
    let protocol = provider.as_deref().filter(|_| !is_demo).and_then(Protocol::parse);
    if let Some(text) = provider.filter(|_| !is_demo && protocol.is_none()) {
        let known: Vec<&str> = Protocol::ALL.iter().map(|it| it.as_str()).collect();
        let known = known.join(", ");
        fields.refuse("provider", format!("`{text}` is none of {known}, {DEMO_PROVIDER}"));
    } else if protocol.is_none() && !is_demo {
        fields.refuse("provider", "is missing");
    }
    if name.is_none() {
        fields.refuse("name", "is missing");
    } else if name.as_deref() == Some(DEMO) && !is_demo {
        fields.refuse("name", format!("`{DEMO}` is the built-in model"));
    }
    if model.is_none() && !is_demo {
        fields.refuse("model_name", "is missing");
    }
    let plain = Configured::new(&name?, protocol.unwrap_or(Protocol::OpenaiChat), "", source);
    Some(Configured {
        protocol,
        base_url,
        api_key,
        model: model.unwrap_or_default(),
        context_tokens: context.map_or(CONTEXT_TOKENS, |it| u32::try_from(it).unwrap_or(u32::MAX)),
        tools: tools.unwrap_or(true),
        images: images.unwrap_or(false),
        reasoning: reasoning.unwrap_or(false),
        structured: structured.unwrap_or(false),
        fallbacks,
        max_concurrent: max_concurrent
            .map_or(MAX_CONCURRENT, |it| usize::try_from(it).unwrap_or(MAX_CONCURRENT)),
        ..plain
    })
}

/// The keys of one entry; each is taken once, and what is left is unknown.
struct Fields<'a> {
    given: &'a mut Given,
    /// Where the entry is, for people.
    place: String,
    entry: Mapping,
    used: &'a mut BTreeSet<String>,
}

impl Fields<'_> {
    fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.given.refuse(&format!("{}: {field}", self.place), message);
    }

    fn refuse_rest(&mut self) {
        let rest: Vec<String> = self.entry.keys().map(shown).collect();
        for key in rest {
            self.given.refuse(&self.place, format!("unknown key {key}"));
        }
    }

    fn take(&mut self, field: &str) -> Option<Value> {
        self.entry.remove(field).filter(|value| !value.is_null())
    }

    fn text(&mut self, field: &str) -> Option<String> {
        let value = self.take(field)?;
        // A model may be called 4.5, which YAML takes for a number.
        let text = match (value.as_str(), value.as_f64()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(_)) => shown(&value).trim_matches('`').to_owned(),
            (None, None) => {
                self.refuse(field, "must be text");
                return None;
            }
        };
        let text = self.expand(field, &text)?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn texts(&mut self, field: &str) -> Vec<String> {
        let Some(value) = self.take(field) else { return Vec::new() };
        let items = value.as_sequence().map(|items| items.iter().map(Value::as_str).collect());
        let items: Option<Vec<&str>> = items.unwrap_or_default();
        let Some(items) = items else {
            self.refuse(field, "must be a list of names");
            return Vec::new();
        };
        items.into_iter().map(str::to_owned).collect()
    }

    fn url(&mut self, field: &str) -> Option<Url> {
        let text = self.text(field)?;
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            self.refuse(field, "is no http or https address");
        }
        url
    }

    fn flag(&mut self, field: &str) -> Option<bool> {
        let value = self.take(field)?;
        if value.as_bool().is_none() {
            self.refuse(field, "must be true or false");
        }
        value.as_bool()
    }

    fn number(&mut self, field: &str, least: u64, most: u64) -> Option<u64> {
        let value = self.take(field)?;
        let number = value.as_u64().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.refuse(field, format!("must be a whole number from {least} to {most}"));
        }
        number
    }

    /// Puts variables in for `${NAME}`; `None` when one is not set.
    fn expand(&mut self, field: &str, text: &str) -> Option<String> {
        let (mut expanded, mut rest, mut is_whole) = (String::new(), text, true);
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, tail)) = after.split_once('}') else {
                self.refuse(field, "`${` has no `}`");
                return None;
            };
            expanded.push_str(before);
            self.used.insert(name.to_owned());
            match self.given.variable(name) {
                Some(value) => expanded.push_str(&value),
                None => {
                    self.refuse(field, format!("the variable {name} is not set"));
                    is_whole = false;
                }
            }
            rest = tail;
        }
        expanded.push_str(rest);
        is_whole.then_some(expanded)
    }
}

/// A key or value as it stands in the file, on one line.
fn shown(value: &Value) -> String {
    let text = yaml_serde::to_string(value).unwrap_or_default();
    format!("`{}`", galaxy_base::text::headline(&text, 60))
}
