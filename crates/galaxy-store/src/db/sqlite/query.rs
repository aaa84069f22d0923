//! Statements on SQLite, carried out at once on the thread that asks.

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::{db::row::FromRow, error::StoreError};

/// A statement whose values are being filled in.
pub(crate) struct Query<'c> {
    statement: CachedStatement<'c>,
    /// How many values were given.
    bound: usize,
}

impl<'c> Query<'c> {
    /// Prepares `sql`, or takes it prepared from an earlier time.
    pub(crate) fn new(conn: &'c Connection, sql: &str) -> Result<Self, StoreError> {
        Ok(Self { statement: conn.prepare_cached(sql)?, bound: 0 })
    }

    /// Gives the value of the next placeholder: first `$1`, then `$2`, and so on.
    ///
    /// To SQLite `$1` is a name, and names are numbered as they occur in the text.
    pub(crate) fn bind(mut self, value: impl ToSql) -> Result<Self, StoreError> {
        self.bound += 1;
        let place = if self.number_at(self.bound) == Some(self.bound) {
            self.bound
        } else {
            let name = format!("${}", self.bound);
            let place = self.statement.parameter_index(&name)?;
            place.ok_or_else(|| StoreError::Corrupt(format!("a statement has no {name}")))?
        };
        self.statement.raw_bind_parameter(place, value)?;
        Ok(self)
    }

    /// The same for a text in which the placeholders occur in their order, which saves the search.
    pub(crate) fn bind_next(mut self, value: impl ToSql) -> Result<Self, StoreError> {
        self.bound += 1;
        debug_assert_eq!(self.number_at(self.bound), Some(self.bound), "placeholders out of order");
        self.statement.raw_bind_parameter(self.bound, value)?;
        Ok(self)
    }

    /// The number in the name of the placeholder that occurs as the one at `place`.
    fn number_at(&self, place: usize) -> Option<usize> {
        self.statement.parameter_name(place)?.strip_prefix('$')?.parse().ok()
    }

    /// Carries it out; gives how many rows it changed.
    pub(crate) fn execute(mut self) -> Result<u64, StoreError> {
        Ok(self.statement.raw_execute()? as u64)
    }

    /// All rows.
    pub(crate) fn fetch_all<T: FromRow>(mut self) -> Result<Vec<T>, StoreError> {
        let mut rows = self.statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(T::from_row(row)?);
        }
        Ok(found)
    }

    /// The first row, if there is one. The statement is carried out to its end.
    pub(crate) fn fetch_optional<T: FromRow>(self) -> Result<Option<T>, StoreError> {
        Ok(self.fetch_all()?.into_iter().next())
    }

    /// The first row.
    pub(crate) fn fetch_one<T: FromRow>(self) -> Result<T, StoreError> {
        self.fetch_optional()?.ok_or(StoreError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_to_the_placeholders_with_their_numbers() {
        let conn = Connection::open_in_memory().unwrap();
        let mut query = Query::new(&conn, "SELECT $2, $1, $2 || $3").unwrap();
        for value in ["one", "two", "three"] {
            query = query.bind(value).unwrap();
        }
        let row: (String, String, String) = query.fetch_one().unwrap();
        assert_eq!(row, ("two".to_owned(), "one".to_owned(), "twothree".to_owned()));
    }

    #[test]
    fn a_value_without_a_placeholder_is_a_mistake() {
        let conn = Connection::open_in_memory().unwrap();
        let query = Query::new(&conn, "SELECT $2").unwrap();
        assert!(query.bind(1).is_err());
    }
}
