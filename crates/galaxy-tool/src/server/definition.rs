//! What a server says about its tools, and the pin that notices when it says something else.

use std::{collections::BTreeSet, sync::Arc};

use galaxy_base::text::visible;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::server::{
    names,
    spec::ServerName,
    view::{self, ToolView},
};

/// A longer description is not shown in part: its tool is left out.
const DESCRIPTION_CHARS: usize = 16_000;
/// Bytes of a schema, as JSON text; a tool with a larger one is left out.
const SCHEMA_BYTES: usize = 100_000;

/// A tool, as its server describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// How the server calls it. Only to be sent back; show [`Definition::offered`].
    pub name: String,
    /// How it is offered: `server__tool`, at most 64 of `[a-zA-Z0-9_-]`.
    pub offered: String,
    /// A name for people; everything hidden in it is visible.
    pub title: Option<String>,
    /// The whole description; everything hidden in it is visible.
    pub description: String,
    /// JSON Schema of the arguments; 2020-12 unless it says otherwise.
    pub input_schema: Value,
    /// JSON Schema of the structured result, if the server gives one.
    pub output_schema: Option<Value>,
    /// The server says that the tool changes nothing. It need not be true.
    pub claims_to_read_only: bool,
    /// What it is shown with, and who may call it.
    pub view: ToolView,
    /// What [`pin`] makes of it.
    pub pin: String,
    /// All of it, as it came.
    pub raw: Arc<Value>,
}

/// A tool that is not offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which, with everything in the name visible.
    pub tool: String,
    /// Why.
    pub reason: String,
}

/// The tools of a server.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolList {
    /// Those that can be offered, in the server's order.
    pub tools: Vec<Definition>,
    /// Those that cannot.
    pub left_out: Vec<LeftOut>,
}

impl ToolList {
    /// Reads what `server` listed, at most `max` tools of it. Of two tools that would be offered
    /// under one name, the one that the server calls exactly so stays, else the first.
    pub fn read(server: &ServerName, listed: Vec<Value>, max: usize) -> Self {
        let mut list = Self::default();
        let surplus = listed.len().saturating_sub(max);
        for raw in listed.into_iter().take(max) {
            match Definition::read(server, raw) {
                Ok(definition) => list.tools.push(definition),
                Err(left_out) => list.left_out.push(left_out),
            }
        }
        list.without_doubles(server);
        if surplus > 0 {
            let reason = format!("only the first {max} tools of a server are offered");
            list.left_out.push(LeftOut { tool: format!("{surplus} more"), reason });
        }
        list
    }

    /// The tool that is offered as `offered`.
    pub fn get(&self, offered: &str) -> Option<&Definition> {
        self.tools.iter().find(|it| it.offered == offered)
    }

    fn without_doubles(&mut self, server: &ServerName) {
        let is_exact = |it: &Definition| it.offered == names::plain(server, &it.name);
        let exact: BTreeSet<String> =
            self.tools.iter().filter(|it| is_exact(it)).map(|it| it.offered.clone()).collect();
        let mut taken = BTreeSet::new();
        for definition in std::mem::take(&mut self.tools) {
            let loses = exact.contains(&definition.offered) && !is_exact(&definition);
            if loses || !taken.insert(definition.offered.clone()) {
                let reason = format!("another tool is offered as `{}`", definition.offered);
                self.left_out.push(LeftOut { tool: visible(&definition.name), reason });
            } else {
                self.tools.push(definition);
            }
        }
    }
}

impl Definition {
    /// Reads one tool of `server`.
    ///
    /// # Errors
    /// Why it cannot be offered.
    pub fn read(server: &ServerName, raw: Value) -> Result<Self, LeftOut> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str);
        let Some(name) = text("name").filter(|it| !it.is_empty()) else {
            return Err(LeftOut { tool: "?".to_owned(), reason: "it has no name".to_owned() });
        };
        let left_out =
            |reason: String| LeftOut { tool: galaxy_base::text::clip(&visible(name), 100), reason };
        let input_schema = match raw.get("inputSchema") {
            Some(Value::Object(fields)) => fields.clone(),
            Some(_) | None => return Err(left_out("it has no schema of its input".to_owned())),
        };
        let description = text("description").unwrap_or_default();
        if description.chars().count() > DESCRIPTION_CHARS {
            let reason = format!("its description is longer than {DESCRIPTION_CHARS} characters");
            return Err(left_out(reason));
        }
        if Value::Object(input_schema.clone()).to_string().len() > SCHEMA_BYTES {
            return Err(left_out(format!("its schema is larger than {SCHEMA_BYTES} bytes")));
        }
        let hints = raw.get("annotations");
        let title = text("title").or_else(|| hints?.get("title")?.as_str());
        Ok(Self {
            name: name.to_owned(),
            offered: names::offered(server, name),
            title: title.map(visible),
            description: visible(description),
            input_schema: Value::Object(with_type(input_schema)),
            output_schema: raw.get("outputSchema").cloned(),
            claims_to_read_only: hints
                .and_then(|it| it.get("readOnlyHint"))
                .is_some_and(|it| it == &Value::Bool(true)),
            view: ToolView::read(&raw),
            pin: pin(server, &raw),
            raw: Arc::new(raw),
        })
    }
}

/// Model APIs insist on an object; a schema that says nothing of the kind means one.
fn with_type(mut schema: Map<String, Value>) -> Map<String, Value> {
    schema.entry("type").or_insert_with(|| Value::String("object".to_owned()));
    schema
}

/// SHA-256 in hexadecimal over all that a person relies on who allows a tool: the server, and the
/// tool's name, title, description, schemas, annotations, and what it says about its view and who
/// may call it. The order of fields does not matter.
pub fn pin(server: &ServerName, definition: &Value) -> String {
    let said = ["name", "title", "description", "inputSchema", "outputSchema", "annotations"];
    let mut text = Value::String(server.as_str().to_owned()).to_string();
    for key in said {
        text.push('\n');
        canonical(definition.get(key).unwrap_or(&Value::Null), &mut text);
    }
    // A tool without a view has the digest that it had before there were views.
    for part in view::said(definition).unwrap_or_default() {
        text.push('\n');
        canonical(part, &mut text);
    }
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Writes JSON with the fields of objects in order and no spaces.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (key, value) in fields {
                text.push_str(&Value::String(key.clone()).to_string());
                text.push(':');
                canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
