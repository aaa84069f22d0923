//! Looking at a data folder from outside.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

/// What SQLite finds wrong with the database of a data folder that nobody uses: one line each, or
/// just `ok`.
///
/// # Panics
/// When it cannot be opened.
pub async fn integrity(folder: &Path) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(folder.join("galaxy.db"));
    let mut connection = options.connect().await.expect("there is a database");
    let found = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection).await;
    let mut found: Vec<String> = found.expect("a database can be checked");
    let broken = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await;
    let broken = broken.expect("a database can be checked").len();
    if broken > 0 {
        found.push(format!("{broken} rows refer to rows that are not there"));
    }
    connection.close().await.expect("a connection can be closed");
    found
}
