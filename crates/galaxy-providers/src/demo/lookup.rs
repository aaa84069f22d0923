//! Finds a thing by its title in what a listing tool gave.

use serde_json::Value;

/// What a title means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// One thing: its id.
    One(String),
    /// Several, by their titles.
    Several(Vec<String>),
    Nothing,
}

/// Fields that hold what people call a thing, best first.
const TITLES: [&str; 8] =
    ["title", "name", "label", "subject", "question", "summary", "text", "filename"];

/// The title of `thing`.
pub(super) fn title(thing: &Value) -> Option<&str> {
    TITLES.iter().find_map(|it| thing.get(it)?.as_str())
}

/// The id of `thing`; `field` is what a tool calls it.
pub(super) fn id(thing: &Value, field: &str) -> Option<String> {
    match [field, "id", "uuid"].iter().find_map(|it| thing.get(it))? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether `thing` is over and done with.
pub(super) fn is_done(thing: &Value) -> Option<bool> {
    ["completed", "done", "finished", "closed"].iter().find_map(|it| thing.get(it)?.as_bool())
}

/// The list in what a tool gave, with the name of the field it stands in.
pub(super) fn list(output: &Value) -> Option<(&str, &Vec<Value>)> {
    match output {
        Value::Array(things) => Some(("results", things)),
        Value::Object(fields) => {
            fields.iter().find_map(|(name, value)| Some((name.as_str(), value.as_array()?)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Looks for `wanted` among `things`: the same title first, then one that contains it or is
/// contained in it, then one with all its words. Things that are not done come first.
pub(super) fn find(things: &[Value], wanted: &str, field: &str) -> Found {
    let wanted = normal(wanted);
    let named: Vec<(String, &Value)> =
        things.iter().filter_map(|it| Some((normal(title(it)?), it))).collect();
    let same = |it: &str| it == wanted;
    let contains = |it: &str| it.contains(&wanted) || (it.len() > 3 && wanted.contains(it));
    let all_words = |it: &str| wanted.split(' ').all(|word| it.split(' ').any(|own| own == word));
    let tests: [&dyn Fn(&str) -> bool; 3] = [&same, &contains, &all_words];
    for (number, test) in tests.iter().enumerate() {
        let mut fitting: Vec<&Value> =
            named.iter().filter(|it| test(&it.0)).map(|it| it.1).collect();
        let open: Vec<&Value> =
            fitting.iter().copied().filter(|it| is_done(it) == Some(false)).collect();
        if !open.is_empty() {
            fitting = open;
        }
        match &fitting[..] {
            [] => (),
            // Nobody can tell two things of the same title apart: the first will do.
            [first, rest @ ..] if rest.is_empty() || number == 0 => {
                return id(first, field).map_or(Found::Nothing, Found::One);
            }
            several => {
                let titles = several.iter().filter_map(|it| title(it)).map(str::to_owned);
                return Found::Several(titles.collect());
            }
        }
    }
    Found::Nothing
}

fn normal(title: &str) -> String {
    let words = title.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_thing_is_found_by_what_people_call_it() {
        let things = json!([
            { "id": "1", "title": "Buy groceries" },
            { "id": "2", "title": "Buy a boat" },
            { "id": "3", "title": "Call Bob about the boat" },
            { "id": 4, "title": "Pay rent", "completed": true },
            { "id": "5", "title": "Pay rent", "completed": false },
        ]);
        let things = things.as_array().unwrap();
        let one = |id: &str| Found::One(id.to_owned());
        assert_eq!(find(things, "buy groceries", "task_id"), one("1"));
        assert_eq!(find(things, "Groceries!", "task_id"), one("1"));
        assert_eq!(find(things, "bob boat", "task_id"), one("3"));
        assert_eq!(find(things, "pay rent", "task_id"), one("5"));
        assert_eq!(find(things, "holiday", "task_id"), Found::Nothing);
        let several = vec!["Buy groceries".to_owned(), "Buy a boat".to_owned()];
        assert_eq!(find(things, "buy", "task_id"), Found::Several(several));
    }
}
