//! Where a page ends, as a text that a client gives back.

use galaxy_base::Timestamp;
use galaxy_domain::{TaskId, task::TaskRow};

use super::TaskSort;
use crate::{tasks::row::priority_number, terms};

/// How much of a title decides about its place.
const SORTED_CHARS: usize = 100;

/// A task's place in an order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What decides.
    pub(super) key: Key,
    /// Which task; decides among equals.
    pub(super) task: TaskId,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Number(i64),
    Text(String),
}

impl Key {
    pub(super) const fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Number(_) => None,
            Self::Text(text) => Some(text),
        }
    }
}

impl Place {
    /// Where `task` stands.
    pub(super) fn of(task: &TaskRow, sort: TaskSort) -> Self {
        let key = match sort {
            TaskSort::Created => Key::Number(task.created_at.as_millis()),
            TaskSort::Updated => Key::Number(task.updated_at.as_millis()),
            TaskSort::Due => Key::Number(task.due_at.map_or(i64::MAX, Timestamp::as_millis)),
            TaskSort::Priority => Key::Number(priority_number(task.priority)),
            TaskSort::Title => {
                let folded = terms::folded(&format!("{}\n{}", task.title, task.description));
                Key::Text(folded.chars().take(SORTED_CHARS).collect())
            }
        };
        Self { key, task: task.id }
    }

    /// Letters, digits and `-` only, so that it can stand in an address as it is.
    pub(super) fn write(&self, sort: TaskSort) -> String {
        let key = match &self.key {
            Key::Number(number) => number.to_string(),
            Key::Text(text) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        };
        format!("{}{}{key}", letter(sort), self.task)
    }

    /// The place that [`Place::write`] wrote for the same order.
    pub(super) fn read(cursor: &str, sort: TaskSort) -> Option<Self> {
        const ID_LENGTH: usize = 36;
        let rest = cursor.strip_prefix(letter(sort))?;
        let (task, key) = rest.split_at_checked(ID_LENGTH)?;
        let key = match sort {
            TaskSort::Created | TaskSort::Updated | TaskSort::Due | TaskSort::Priority => {
                Key::Number(key.parse().ok()?)
            }
            TaskSort::Title => Key::Text(unhex(key)?),
        };
        Some(Self { key, task: task.parse().ok()? })
    }
}

const fn letter(sort: TaskSort) -> char {
    match sort {
        TaskSort::Created => 'c',
        TaskSort::Updated => 'u',
        TaskSort::Due => 'd',
        TaskSort::Priority => 'p',
        TaskSort::Title => 't',
    }
}

fn unhex(text: &str) -> Option<String> {
    let pairs = text.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
    let text = String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()?;
    // PostgreSQL knows no such character.
    (!text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_text_and_others_are_refused() {
        let task = TaskId::fresh();
        for (key, sort) in [
            (Key::Number(-5), TaskSort::Created),
            (Key::Number(i64::MAX), TaskSort::Due),
            (Key::Text("brot & öl\n".to_owned()), TaskSort::Title),
        ] {
            let place = Place { key, task };
            let text = place.write(sort);
            assert!(text.chars().all(|it| it.is_ascii_alphanumeric() || it == '-'), "{text}");
            assert_eq!(Place::read(&text, sort), Some(place));
            assert_eq!(Place::read(&text, TaskSort::Updated), None);
        }
        for bad in ["", "t", "t\u{e9}", "c123", &format!("t{task}é"), &format!("t{task}00")] {
            assert_eq!(Place::read(bad, TaskSort::Title), None, "{bad}");
        }
    }
}
