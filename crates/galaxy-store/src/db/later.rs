//! Statements whose result nobody needs, kept until something needs the connection.
//!
//! SQLite's connection lives on a thread of its own, so every statement costs a change of threads
//! and back, which is more than most statements take. Written together they cost one.

use sqlx::{Arguments, AssertSqlSafe, Encode, SqlSafeStr, Sqlite, Type, sqlite::SqliteArguments};

use crate::error::StoreError;

/// Statements to run one after the other, as one text.
#[derive(Debug, Default)]
pub(crate) struct Later {
    text: String,
    values: SqliteArguments,
}

impl Later {
    /// Adds a statement; its values follow in the order of their placeholders.
    pub(crate) fn start(&mut self, sql: impl SqlSafeStr) {
        append(&mut self.text, sql.into_sql_str().as_str(), self.values.len());
    }

    /// Adds the next value of the statement that was started last.
    pub(crate) fn bind<'t, T>(&mut self, value: T) -> Result<(), StoreError>
    where
        T: Encode<'t, Sqlite> + Type<Sqlite>,
    {
        self.values.add(value).map_err(StoreError::Unavailable)
    }

    /// Everything that was added; afterwards there is nothing.
    pub(crate) fn take(&mut self) -> Option<(AssertSqlSafe<String>, SqliteArguments)> {
        if self.text.is_empty() {
            return None;
        }
        let Self { text, values } = std::mem::take(self);
        // Made of texts that are safe, and of numbers.
        Some((AssertSqlSafe(text), values))
    }

    /// Forgets everything that was added.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Appends `sql` to `text`, its placeholders counted on from `before`.
fn append(text: &mut String, sql: &str, before: usize) {
    if !text.is_empty() {
        text.push_str(";\n");
    }
    let mut pieces = sql.split('$');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.find(|it: char| !it.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(digits);
        let number = number.parse::<usize>().unwrap_or_default() + before;
        text.push_str(&format!("${number}{rest}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_later_statements_count_on() {
        let mut text = String::new();
        append(&mut text, "INSERT INTO a VALUES ($1, $2)", 0);
        append(&mut text, "UPDATE b SET c = $2 WHERE id = $1", 2);
        append(&mut text, "DELETE FROM d", 4);
        assert_eq!(
            text,
            "INSERT INTO a VALUES ($1, $2);\nUPDATE b SET c = $4 WHERE id = $3;\nDELETE FROM d"
        );
    }
}
