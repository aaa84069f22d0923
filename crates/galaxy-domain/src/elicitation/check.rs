//! Whether answers fit their questions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Answer, Choice, Field, FieldKind, Format, Inquiry};

/// More characters than this are in no answer, whatever the server allows.
const CHARS: u64 = 10_000;

/// One thing that is wrong with answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where: a JSON Pointer (RFC 6901) into the answers.
    pub pointer: String,
    /// What, and what would be right.
    pub message: String,
}

pub(super) fn answers(
    questions: &BTreeMap<String, Inquiry>,
    answers: &BTreeMap<String, Answer>,
) -> Vec<Wrong> {
    let mut all = Vec::new();
    for key in answers.keys().filter(|key| !questions.contains_key(*key)) {
        all.push(wrong(&[key], "nobody asked this"));
    }
    for (key, question) in questions {
        match answers.get(key) {
            None => all.push(wrong(&[key], "say accept, decline or cancel")),
            Some(Answer::Accept { content }) => accepted(key, question, content, &mut all),
            Some(Answer::Decline | Answer::Cancel) => (),
        }
    }
    all
}

fn accepted(key: &str, question: &Inquiry, content: &Value, all: &mut Vec<Wrong>) {
    let Value::Object(content) = content else {
        all.push(wrong(&[key, "content"], "an object of values by field"));
        return;
    };
    let none = Vec::new();
    let fields = match question {
        Inquiry::Form { fields, .. } => fields,
        Inquiry::Page { .. } | Inquiry::SignIn { .. } => &none,
    };
    let known: BTreeSet<&str> = fields.iter().map(|field| &*field.name).collect();
    for name in content.keys().filter(|name| !known.contains(&***name)) {
        all.push(wrong(&[key, "content", name], "there is no such field"));
    }
    for field in fields {
        if let Err(message) = filled(field, content) {
            all.push(wrong(&[key, "content", &field.name], &message));
        }
    }
}

fn filled(field: &Field, content: &Map<String, Value>) -> Result<(), String> {
    match content.get(&field.name) {
        None if field.required => Err("has to be filled in".to_owned()),
        None => Ok(()),
        Some(value) => fits(&field.kind, value),
    }
}

fn fits(kind: &FieldKind, value: &Value) -> Result<(), String> {
    match kind {
        FieldKind::Text { min_length, max_length, format, .. } => {
            let text = value.as_str().ok_or("a text")?;
            let chars = text.chars().count() as u64;
            let most = max_length.unwrap_or(CHARS).min(CHARS);
            within(chars, *min_length, Some(most), "characters")?;
            format.map_or(Ok(()), |format| looks(format, text))
        }
        FieldKind::Number { whole, minimum, maximum, .. } => {
            let number = value.as_f64().ok_or("a number")?;
            if *whole && number.fract() != 0.0 {
                return Err("a whole number".to_owned());
            }
            match (minimum, maximum) {
                (Some(least), _) if number < *least => Err(format!("at least {least}")),
                (_, Some(most)) if number > *most => Err(format!("at most {most}")),
                (Some(_) | None, Some(_) | None) => Ok(()),
            }
        }
        FieldKind::Flag { .. } => value.as_bool().map(|_| ()).ok_or_else(|| "true or false".into()),
        FieldKind::One { choices, .. } => chosen(choices, value),
        FieldKind::Several { choices, least, most, .. } => {
            let values = value.as_array().ok_or("a list of choices")?;
            values.iter().try_for_each(|value| chosen(choices, value))?;
            let distinct: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
            if distinct.len() != values.len() {
                return Err("each choice once".to_owned());
            }
            within(values.len() as u64, *least, *most, "choices")
        }
    }
}

fn chosen(choices: &[Choice], value: &Value) -> Result<(), String> {
    let value = value.as_str().ok_or("one of the choices")?;
    let known = choices.iter().any(|choice| choice.value == value);
    if known { Ok(()) } else { Err("one of the choices".to_owned()) }
}

fn within(count: u64, least: Option<u64>, most: Option<u64>, what: &str) -> Result<(), String> {
    match (least, most) {
        (Some(least), _) if count < least => Err(format!("at least {least} {what}")),
        (_, Some(most)) if count > most => Err(format!("at most {most} {what}")),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// A glance at the form of `text`, so that a slip of the hand is told at once. The server has the
/// last word.
fn looks(format: Format, text: &str) -> Result<(), String> {
    let (good, example) = match format {
        Format::Email => (is_email(text), "an address such as ann@example.org"),
        Format::Uri => (is_uri(text), "an address such as https://example.org/"),
        Format::Date => (is_date(text), "a day such as 2026-11-30"),
        Format::DateTime => (is_moment(text), "a moment such as 2026-11-30T14:00:00Z"),
    };
    if good { Ok(()) } else { Err(example.to_owned()) }
}

fn is_email(text: &str) -> bool {
    let plain = !text.chars().any(|it| it.is_whitespace() || it.is_control());
    let parts = text.rsplit_once('@');
    plain && parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

fn is_uri(text: &str) -> bool {
    let plain = !text.chars().any(|it| it.is_whitespace() || it.is_control());
    let scheme = |it: &str| {
        it.starts_with(|it: char| it.is_ascii_alphabetic())
            && it.chars().all(|it| it.is_ascii_alphanumeric() || "+-.".contains(it))
    };
    plain && text.split_once(':').is_some_and(|(before, rest)| scheme(before) && !rest.is_empty())
}

fn is_date(text: &str) -> bool {
    let [year, month, day] = text.split('-').collect::<Vec<_>>()[..] else { return false };
    let number = |text: &str, digits: usize| {
        let plain = text.len() == digits && text.bytes().all(|it| it.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| plain)
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn is_moment(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't', ' ']) else { return false };
    let (clock, zone) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => return false,
    };
    let pair = |text: &str, most: u32| {
        text.len() == 2
            && text.bytes().all(|it| it.is_ascii_digit())
            && text.parse::<u32>().is_ok_and(|it| it <= most)
    };
    let (whole, part) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = whole.split(':').collect::<Vec<_>>()[..] else { return false };
    let zoned = matches!(zone, "Z" | "z")
        || zone[1..]
            .split_once(':')
            .is_some_and(|(hour, minute)| pair(hour, 23) && pair(minute, 59));
    let exact = !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    is_date(date) && pair(hour, 23) && pair(minute, 59) && pair(second, 60) && exact && zoned
}

fn wrong(path: &[&str], message: &str) -> Wrong {
    let escaped = path.iter().map(|it| format!("/{}", it.replace('~', "~0").replace('/', "~1")));
    Wrong { pointer: escaped.collect(), message: message.to_owned() }
}

#[cfg(test)]
mod tests;
