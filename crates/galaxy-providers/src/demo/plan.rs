//! From a request to a reply: what to call, or what to say. Pure, so that the same conversation
//! always gets the same answer.

use galaxy_model::{Request, ToolSpec};
use serde_json::{Map, Value};

use super::{
    arguments::{Filled, fill},
    clause::Clause,
    lookup::{self, Found},
    matching::best,
    report::{self, Titles},
    shaped, talk,
    tools::Known,
    turn::Turn,
    words::{Verb, Word, is_connector, is_filler, words},
};

/// A tool to call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Order {
    pub(super) tool: String,
    pub(super) input: Value,
}

/// What the model answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) orders: Vec<Order>,
    /// The number of the first order.
    pub(super) first_call: u64,
}

/// What one clause of a message comes to.
#[derive(Debug, Clone, PartialEq)]
enum Wish {
    /// It says everything.
    Call(Order),
    /// It names a thing by its title: `listing` tells the id that `order` lacks.
    ByTitle { listing: String, order: Order, field: String, title: String },
    /// It leaves something out.
    Missing { tool: String, fields: Vec<String>, example: Option<String> },
}

/// Decides what to answer.
pub(super) fn plan(request: &Request) -> Reply {
    let turn = Turn::of(request);
    let tools: Vec<Known<'_>> = request.tools.iter().map(Known::new).collect();
    let wishes = wishes(&turn.text, &tools);
    let orders = match turn.rounds {
        0 => first_round(&wishes),
        1 => second_round(&wishes, &turn),
        _ => Vec::new(),
    };
    if !orders.is_empty() {
        return Reply { text: String::new(), orders, first_call: turn.next_call };
    }
    let text = match &request.schema {
        Some(schema) => shaped::fit(&schema.schema, &turn.text).to_string(),
        None => say(&wishes, &turn, &tools, &request.tools),
    };
    Reply { text, ..Reply::default() }
}

/// What the person wants, clause by clause.
fn wishes(text: &str, tools: &[Known<'_>]) -> Vec<Wish> {
    let all = words(text);
    let sentences = all.split_inclusive(|it| it.ends);
    let clauses = sentences.flat_map(|it| split(it, tools));
    clauses.filter_map(|clause| Some(wish(&clause, best(&clause, tools)?, tools))).collect()
}

/// Splits a sentence where both sides are requests of their own: "buy milk and eggs" is one.
fn split(sentence: &[Word], tools: &[Known<'_>]) -> Vec<Clause> {
    let mut clauses = Vec::new();
    let mut start = 0;
    for (at, word) in sentence.iter().enumerate() {
        let joins = !word.quoted && matches!(word.plain.as_str(), "and" | "then");
        let comma = !word.quoted && word.raw.ends_with(',');
        if at < start || !(joins || comma) {
            continue;
        }
        let left = Clause::new(&sentence[start..at + usize::from(comma)]);
        if let Some(tool) = best(&left, tools)
            && repeats(&sentence[at + 1..], tool)
        {
            // "Add a task to X and a task to Y": the verb stands for both.
            let verb = left.words[..left.body].to_vec();
            clauses.push(left);
            let rest = [&verb, &sentence[at + 1..]].concat();
            clauses.extend(split(&rest, tools));
            return clauses;
        }
        let right = Clause::new(&sentence[at + 1..]);
        if right.stands_alone() && best(&left, tools).is_some() && best(&right, tools).is_some() {
            clauses.push(left);
            start = at + 1;
        }
    }
    clauses.push(Clause::new(&sentence[start..]));
    clauses
}

/// Whether `words` go on with another thing of the kind that `tool` works on.
fn repeats(words: &[Word], tool: &Known<'_>) -> bool {
    let thing = words.iter().position(|it| !is_filler(&it.plain));
    let Some([thing, next, ..]) = thing.map(|at| &words[at..]) else { return false };
    tool.is_about(&thing.stem()) && (is_connector(&next.plain) || thing.raw.ends_with(':'))
}

fn wish(clause: &Clause, tool: &Known<'_>, tools: &[Known<'_>]) -> Wish {
    let Filled { input, mut missing, by_title } = fill(clause, tool);
    let name = tool.spec.name.clone();
    if missing.is_empty() {
        let order = Order { tool: name.clone(), input: Value::Object(input) };
        let Some((field, title)) = by_title else { return Wish::Call(order) };
        if let Some(listing) = listing(tool, tools) {
            return Wish::ByTitle { listing, order, field, title };
        }
        missing.push(field);
    }
    Wish::Missing { tool: name, fields: missing, example: tool.example() }
}

/// The tool that lists what `tool` works on, without wanting to know anything first.
fn listing(tool: &Known<'_>, tools: &[Known<'_>]) -> Option<String> {
    let lists = |it: &&Known<'_>| {
        let looks = matches!(it.verb, Some(Verb::List | Verb::Find | Verb::Get));
        let shares = it.nouns.iter().any(|noun| tool.is_about(noun));
        looks && shares && it.fields.iter().all(|it| !it.required)
    };
    tools.iter().find(lists).map(|it| it.spec.name.clone())
}

fn first_round(wishes: &[Wish]) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    for wish in wishes {
        let order = match wish {
            Wish::Call(order) => order.clone(),
            Wish::ByTitle { listing, .. } => {
                Order { tool: listing.clone(), input: Value::Object(Map::new()) }
            }
            Wish::Missing { .. } => continue,
        };
        // Two lookups in one listing are one call; two equal orders are meant to be two.
        let lookup = matches!(wish, Wish::ByTitle { .. });
        if !(lookup && orders.contains(&order)) {
            orders.push(order);
        }
    }
    orders
}

fn second_round(wishes: &[Wish], turn: &Turn<'_>) -> Vec<Order> {
    let found = wishes.iter().filter_map(|wish| match wish {
        Wish::ByTitle { listing, order, field, title } => {
            match resolve(turn, listing, title, field) {
                Found::One(id) => {
                    let mut order = order.clone();
                    if let Some(input) = order.input.as_object_mut() {
                        input.insert(field.clone(), Value::String(id));
                    }
                    Some(order)
                }
                Found::Several(_) | Found::Nothing => None,
            }
        }
        Wish::Call(_) | Wish::Missing { .. } => None,
    });
    found.collect()
}

fn resolve(turn: &Turn<'_>, listing: &str, title: &str, field: &str) -> Found {
    let listed = turn.done.iter().find(|it| it.tool == listing && !it.is_error);
    let output = listed.and_then(|it| serde_json::from_str::<Value>(&it.output).ok());
    let things = output.as_ref().and_then(lookup::list);
    things.map_or(Found::Nothing, |(_, things)| lookup::find(things, title, field))
}

/// The answer in words.
fn say(wishes: &[Wish], turn: &Turn<'_>, tools: &[Known<'_>], specs: &[ToolSpec]) -> String {
    let mut said: Vec<String> = Vec::new();
    let titles = Titles::of(turn);
    let asked = |tool: &str| wishes.iter().any(|it| matches!(it, Wish::Call(o) if o.tool == tool));
    let looked_up = |tool: &str| {
        wishes.iter().any(|it| matches!(it, Wish::ByTitle { listing, .. } if listing == tool))
    };
    for done in &turn.done {
        if done.is_error || !looked_up(done.tool) || asked(done.tool) {
            let known = specs.iter().position(|it| it.name == done.tool).map(|at| &tools[at]);
            said.push(report::report(done, known, &titles));
        }
    }
    said.extend(wishes.iter().filter_map(|it| note(it, turn)));
    if said.is_empty() {
        return talk::talk(&turn.text, tools, turn.has_spoken);
    }
    if !turn.has_spoken {
        said.push(talk::NOTICE.to_owned());
    }
    said.join("\n\n")
}

/// What to say about a wish that could not be granted.
fn note(wish: &Wish, turn: &Turn<'_>) -> Option<String> {
    match wish {
        Wish::Call(_) => None,
        Wish::Missing { tool, fields, example } => {
            let fields: Vec<String> = fields.iter().map(|it| format!("**{it}**")).collect();
            let fields = fields.join(" and ");
            let example = example.as_ref().map(|it| format!(" Say for example: *{it}*."));
            let example = example.unwrap_or_default();
            Some(format!("To use `{tool}` I need to know {fields}.{example}"))
        }
        Wish::ByTitle { listing, title, field, .. } => {
            let failed = turn.done.iter().any(|it| it.tool == listing && it.is_error);
            match resolve(turn, listing, title, field) {
                Found::One(_) => None,
                Found::Nothing if failed => None,
                Found::Nothing => Some(format!("I found nothing called **{title}**.")),
                Found::Several(titles) => {
                    let titles: Vec<String> = titles.iter().map(|it| format!("- {it}")).collect();
                    let titles = titles.join("\n");
                    Some(format!("Which one do you mean by **{title}**?\n\n{titles}"))
                }
            }
        }
    }
}
