//! Looking at a data folder from outside.

use std::path::Path;

use rusqlite::Connection;

/// What SQLite finds wrong with the database of a data folder that nobody uses: one line each, or
/// just `ok`.
///
/// # Panics
/// When it cannot be opened.
pub fn integrity(folder: &Path) -> Vec<String> {
    let conn = Connection::open(folder.join("galaxy.db")).expect("there is a database");
    let lines = |pragma: &str| -> rusqlite::Result<Vec<String>> {
        let mut asked = conn.prepare(pragma)?;
        asked.query_map([], |row| row.get(0))?.collect()
    };
    let mut found = lines("PRAGMA integrity_check").expect("a database can be checked");
    // Each line names the table of the row that refers to one that is not there.
    let broken = lines("PRAGMA foreign_key_check").expect("a database can be checked");
    found.extend(broken.into_iter().map(|table| format!("a row of {table} refers to nothing")));
    found
}
