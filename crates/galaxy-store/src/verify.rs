//! Looks whether what is stored makes sense: for operators, and for tests that kill the server.
//!
//! **Invariant:** nothing is changed, and everything is read from one snapshot, so that a server
//! that works on the same PostgreSQL database raises no false alarm.

mod logs;
mod references;

use uuid::Uuid;

use crate::{
    Store,
    db::{Conn, statement},
    error::StoreError,
};

/// So many problems are told; the others are counted.
const TOLD: usize = 1_000;

/// Something that is stored and makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong, such as `run 018f…`.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Runs whose logs were read and replayed.
    pub runs: u64,
    /// Entries of these logs.
    pub entries: u64,
    /// Answers that were compared with the log they were folded from.
    pub answers: u64,
    /// Records of what happened, whose chains were followed.
    pub records: u64,
    /// Where these chains ended, as `chain:place:hash`.
    pub heads: Vec<String>,
    /// Rows of the tables, by their names.
    pub rows: Vec<(&'static str, u64)>,
    /// What is wrong; at most 1,000 of it.
    pub troubles: Vec<Trouble>,
    /// How much more is wrong.
    pub untold: u64,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.troubles.is_empty()
    }

    fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        if self.troubles.len() < TOLD {
            self.troubles.push(Trouble { place: place.into(), what: what.into() });
        } else {
            self.untold += 1;
        }
    }
}

const BEGIN_SQLITE: &str = "BEGIN";
const BEGIN_POSTGRES: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
const END: &str = "COMMIT";
const INTEGRITY: &str = "PRAGMA integrity_check";
const FOREIGN_KEYS: &str = "PRAGMA foreign_key_check";
/// A table, and how to count its rows.
type Counted = (&'static str, &'static str);
const TABLES: [Counted; 5] = [
    ("people", "SELECT COUNT(*) FROM people"),
    ("conversations", "SELECT COUNT(*) FROM conversations"),
    ("messages", "SELECT COUNT(*) FROM messages"),
    ("events", "SELECT COUNT(*) FROM events"),
    ("tasks", "SELECT COUNT(*) FROM tasks"),
];

impl Store {
    /// Reads everything and says what is wrong: with the database file (SQLite), with references
    /// between rows, with the logs of runs, with the answers made of them,
    /// and with the records of what happened.
    ///
    /// # Errors
    /// When the database cannot be read at all.
    pub async fn verify(&self) -> Result<Verified, StoreError> {
        let mut conn = self.reader().await?;
        let begin = match conn {
            Conn::Sqlite(_) => BEGIN_SQLITE,
            Conn::Postgres(_) => BEGIN_POSTGRES,
        };
        statement!(conn.execute(begin))?;
        let verified = look(&mut conn).await;
        // Whatever was found, the connection goes back as it came.
        statement!(conn.execute(END))?;
        drop(conn);
        let mut verified = verified?;
        let audit = self.check_audit(&[]).await?;
        verified.records = audit.records;
        verified.heads = audit.heads.iter().map(ToString::to_string).collect();
        audit.troubles.into_iter().for_each(|it| verified.add(it.place, it.what));
        verified.untold += audit.untold;
        Ok(verified)
    }
}

async fn look(conn: &mut Conn) -> Result<Verified, StoreError> {
    let mut verified = Verified::default();
    if matches!(conn, Conn::Sqlite(_)) {
        file(conn, &mut verified).await?;
    }
    for (name, count) in TABLES {
        let (rows,): (i64,) = statement!(conn.fetch_one(count))?;
        verified.rows.push((name, rows.unsigned_abs()));
    }
    references::check(conn, &mut verified).await?;
    logs::check(conn, &mut verified).await?;
    Ok(verified)
}

/// What SQLite itself finds. PostgreSQL has no such question, and keeps its foreign keys itself.
async fn file(conn: &mut Conn, verified: &mut Verified) -> Result<(), StoreError> {
    let found: Vec<(String,)> = statement!(conn.fetch_all(INTEGRITY))?;
    for (line,) in found.into_iter().filter(|(line,)| line != "ok") {
        verified.add("database file", line);
    }
    let broken: Vec<(String, Option<i64>, String, i64)> = statement!(conn.fetch_all(FOREIGN_KEYS))?;
    for (table, row, parent, _) in broken {
        let row = row.map_or_else(String::new, |row| format!(", row {row}"));
        verified.add(format!("table {table}{row}"), format!("refers to no row of {parent}"));
    }
    Ok(())
}

/// The name of a thing, as people find it elsewhere.
fn named(kind: &str, id: Uuid) -> String {
    format!("{kind} {id}")
}
