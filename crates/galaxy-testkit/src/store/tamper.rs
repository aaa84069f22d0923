//! Changing what is stored behind the store's back, to see whether somebody notices.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{Home, StoreFixture};

impl StoreFixture {
    /// Whether this is PostgreSQL, for statements that need two texts.
    pub const fn is_postgres(&self) -> bool {
        matches!(self.home, Home::Database(_))
    }

    /// Carries out `statement` on the database, on a connection that the store knows nothing of.
    ///
    /// # Panics
    /// When that does not work.
    pub async fn tamper(&self, statement: &str) {
        match &self.home {
            Home::Folder(folder) => tamper(folder.path(), statement),
            Home::Database(database) => {
                let connection = PgConnection::connect(&database.url()).await;
                let mut connection = connection.expect("there is a database");
                connection
                    .execute(AssertSqlSafe(statement.to_owned()))
                    .await
                    .expect("the statement fits");
                connection.close().await.expect("a connection can be closed");
            }
        }
    }
}

/// Carries out `statement` on the SQLite database of a data folder.
///
/// # Panics
/// When that does not work.
pub fn tamper(folder: &Path, statement: &str) {
    let conn = rusqlite::Connection::open(folder.join("galaxy.db")).expect("there is a database");
    conn.pragma_update(None, "foreign_keys", false).expect("a pragma can be set");
    conn.execute_batch(statement).expect("the statement fits");
}
