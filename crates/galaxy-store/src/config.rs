//! What a store needs to know to open.

use std::{path::PathBuf, sync::Arc};

use galaxy_base::{Clock, SecretString};

use crate::audit::Seal;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the data is.
    pub engine: Engine,
    /// Where the time comes from.
    pub clock: Clock,
    /// Names this process among those that share a database; any short text that is unique.
    pub instance: String,
    /// Seals what is written down of what happened.
    pub seal: Arc<dyn Seal>,
    /// Where a test wants the process to die.
    pub fault: Option<Fault>,
}

/// A death of the process that a test asked for, so that it can look at what is left. Commits of
/// SQLite are counted from one after the start; PostgreSQL has its own tests of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Everything of this commit was written, and nothing of it will be seen.
    BeforeCommit(u64),
    /// This commit is done, and nobody was told.
    AfterCommit(u64),
}

/// Which database keeps the data.
#[derive(Debug, Clone)]
pub enum Engine {
    /// A folder of this machine, for one process; the database in it is `galaxy.db`.
    Sqlite(PathBuf),
    /// A server that several processes share.
    Postgres {
        /// Where it is, as a URL; it may hold a password.
        url: SecretString,
        /// How many connections this process may open.
        max_connections: u32,
    },
}
