//! What a tool gave, in words.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    lookup,
    tools::Known,
    turn::{Done, Turn},
    words::Verb,
};

/// More rows of a list are counted, not shown.
const ROWS: usize = 20;
/// More columns of a table are left out.
const COLUMNS: usize = 5;

/// The titles of things that tools named in this turn, by id.
pub(super) struct Titles(HashMap<String, String>);

impl Titles {
    /// Collects them.
    pub(super) fn of(turn: &Turn<'_>) -> Self {
        let mut titles = HashMap::new();
        for done in &turn.done {
            let Ok(output) = serde_json::from_str::<Value>(&done.output) else { continue };
            let listed = lookup::list(&output).map(|it| it.1.iter().collect()).unwrap_or_default();
            let things: Vec<&Value> = [listed, vec![&output]].concat();
            for thing in things {
                if let (Some(id), Some(title)) = (lookup::id(thing, "id"), lookup::title(thing)) {
                    titles.insert(id, title.to_owned());
                }
            }
        }
        Self(titles)
    }

    /// The title of the thing that a call was about.
    fn meant_by(&self, input: &Value) -> Option<&str> {
        let values = input.as_object()?.values();
        values.filter_map(Value::as_str).find_map(|it| self.0.get(it)).map(String::as_str)
    }
}

/// Tells what came of a call. `tool` is missing when it is not on offer any more.
pub(super) fn report(done: &Done<'_>, tool: Option<&Known<'_>>, titles: &Titles) -> String {
    let (name, text) = (done.tool, done.output.trim());
    if done.is_error {
        let why = if text.is_empty() { "it did not say why" } else { text };
        return format!("`{name}` did not work: {why}");
    }
    let verb = tool.and_then(|it| it.verb);
    let subject = tool.map(Known::subject).unwrap_or_default();
    if text.is_empty() {
        return format!("`{name}` is done; it had nothing to say.");
    }
    if verb == Some(Verb::Ask) {
        return format!("You answered: **{}**", answer(text));
    }
    let output = serde_json::from_str::<Value>(text).ok();
    match output {
        Some(Value::Object(fields)) => object(&fields, verb, &subject, done, titles),
        Some(Value::Array(things)) => list("results", &things, done.input),
        Some(Value::String(text)) => text,
        Some(Value::Null | Value::Bool(_) | Value::Number(_)) | None => text.to_owned(),
    }
}

/// A person's answer: plain text, or JSON that holds it.
fn answer(text: &str) -> String {
    let value = serde_json::from_str::<Value>(text).ok();
    let inner = value.as_ref().and_then(|it| match it {
        Value::Object(fields) => {
            ["answer", "answers", "choice", "choices", "text"].iter().find_map(|it| fields.get(*it))
        }
        Value::Array(_) | Value::String(_) => Some(it),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    });
    match inner {
        Some(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            items.join("**, **")
        }
        Some(one) => plain(one),
        None => text.to_owned(),
    }
}

fn object(
    fields: &Map<String, Value>,
    verb: Option<Verb>,
    subject: &str,
    done: &Done<'_>,
    titles: &Titles,
) -> String {
    // {"task": {…}} is about what is inside.
    let mut nested = fields.values().filter_map(Value::as_object);
    if let (Some(inner), None) = (nested.next(), nested.next())
        && fields.len() == 1
    {
        return object(inner, verb, subject, done, titles);
    }
    let whole = Value::Object(fields.clone());
    if let Some((name, things)) = lookup::list(&whole)
        && lookup::title(&whole).is_none()
    {
        return list(name, things, done.input);
    }
    let changed = match verb {
        Some(Verb::Add) => "Added",
        Some(Verb::Complete) => "Completed",
        Some(Verb::Delete) => "Deleted",
        Some(Verb::Update) => "Updated",
        Some(Verb::Send) => "Sent",
        Some(Verb::List | Verb::Find | Verb::Get | Verb::Ask | Verb::Compute | Verb::Run)
        | None => "",
    };
    let title = lookup::title(&whole).or_else(|| titles.meant_by(done.input));
    if let (false, Some(title)) = (changed.is_empty(), title) {
        return format!("{changed} the {subject} **{title}**.");
    }
    let facts: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("- {}: {}", label(name), plain(value)))
        .collect();
    let tool = done.tool;
    match &facts[..] {
        [] => format!("`{tool}` is done."),
        facts => format!("This is what `{tool}` found:\n\n{}", facts.join("\n")),
    }
}

/// A list: with boxes where things can be done, as a table where they have no titles.
fn list(name: &str, things: &[Value], input: &Value) -> String {
    let status = ["status", "state", "filter"].iter().find_map(|it| input.get(it)?.as_str());
    let status = status.filter(|it| *it != "all").map(|it| format!("{it} ")).unwrap_or_default();
    let name = label(name);
    if things.is_empty() {
        return format!("There are no {status}{name}.");
    }
    let one = name.strip_suffix('s').unwrap_or(&name);
    let head = match things.len() {
        1 => format!("There is 1 {status}{one}:"),
        count => format!("There are {count} {status}{name}:"),
    };
    let rows = if things.iter().all(|it| it.is_object() && lookup::title(it).is_none()) {
        table(things)
    } else {
        things.iter().take(ROWS).map(item).collect::<Vec<_>>().join("\n")
    };
    let more = things.len().saturating_sub(ROWS);
    let more = if more > 0 { format!("\n\n… and {more} more.") } else { String::new() };
    format!("{head}\n\n{rows}{more}")
}

fn item(thing: &Value) -> String {
    let tick = match lookup::is_done(thing) {
        Some(true) => "[x] ",
        Some(false) => "[ ] ",
        None => "",
    };
    let title = lookup::title(thing).map(str::to_owned).unwrap_or_else(|| plain(thing));
    let extras = ["due", "due_at", "priority", "url", "snippet"].iter().filter_map(|it| {
        let text = plain(thing.get(it).filter(|it| !it.is_null())?);
        // What is as usual need not be said.
        (!text.is_empty() && text != "normal").then(|| format!("{}: {text}", label(it)))
    });
    let extras: Vec<String> = extras.collect();
    let extras =
        if extras.is_empty() { String::new() } else { format!(" ({})", extras.join(", ")) };
    format!("- {tick}{title}{extras}")
}

fn table(things: &[Value]) -> String {
    let first = things.first().and_then(Value::as_object);
    let columns: Vec<&String> =
        first.map(|it| it.keys().take(COLUMNS).collect()).unwrap_or_default();
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        row(columns.iter().map(|it| label(it)).collect()),
        row(columns.iter().map(|_| "---".to_owned()).collect()),
    ];
    for thing in things.iter().take(ROWS) {
        let cell = |it: &&String| thing.get(it.as_str()).map(plain).unwrap_or_default();
        lines.push(row(columns.iter().map(|it| cell(it).replace('|', "\\|")).collect()));
    }
    lines.join("\n")
}

fn label(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace('\n', " "),
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
