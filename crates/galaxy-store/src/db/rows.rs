//! Statements about several rows at once, whose text depends only on their number.

use std::sync::{Arc, OnceLock};

use sqlx::AssertSqlSafe;

/// How many rows one statement is about at most.
pub(crate) const ROWS: usize = 64;

/// The texts of one statement for every number of rows, each put together once, so that the
/// engines keep them prepared.
pub(crate) struct Texts {
    texts: [OnceLock<Arc<str>>; ROWS + 1],
    make: fn(usize) -> String,
}

impl Texts {
    /// Statements that `make` puts together for a number of rows. The text holds placeholders
    /// only, never values.
    pub(crate) const fn new(make: fn(usize) -> String) -> Self {
        Self { texts: [const { OnceLock::new() }; ROWS + 1], make }
    }

    /// The statement about `rows` rows, from 1 to [`ROWS`].
    pub(crate) fn rows(&self, rows: usize) -> AssertSqlSafe<Arc<str>> {
        let text = self.texts[rows].get_or_init(|| Arc::from((self.make)(rows)));
        AssertSqlSafe(Arc::clone(text))
    }
}

/// `($1, $2), ($3, $4)` for two rows of two columns.
pub(crate) fn values(rows: usize, columns: usize) -> String {
    let row = |row: usize| format!("({})", list(row * columns, columns));
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `$3, $4` for two placeholders after two others.
pub(crate) fn list(after: usize, count: usize) -> String {
    (1..=count).map(|it| format!("${}", after + it)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_through() {
        assert_eq!(values(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(list(2, 2), "$3, $4");
    }
}
