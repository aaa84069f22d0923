//! Why a store call did not work.

use std::error::Error;

use galaxy_domain::Kind;
use rusqlite::ErrorCode;

/// Why a store call did not work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not there, or not in this workspace; the difference is nobody's business.
    #[error("not found")]
    NotFound,
    /// The state of things does not allow it; says why.
    #[error("{0}")]
    Conflict(String),
    /// Another worker drives the run now, or its log has moved on.
    #[error("another worker drives this run")]
    Fenced,
    /// The person has as many of these under way as they may.
    #[error("at most {limit} at once")]
    TooMany {
        /// How many are allowed.
        limit: usize,
    },
    /// The idempotency key was used before, with another request.
    #[error("this idempotency key was used before with another request")]
    Mismatch,
    /// Another process has the data folder open; says which folder.
    #[error("{0}")]
    InUse(String),
    /// The database was made by a newer version of this program.
    #[error(
        "the database is at schema version {found}, and this program knows versions up to {known}: \
         start the newer program, or restore the backup from before the upgrade"
    )]
    Newer {
        /// The version of the database.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The disk is full; reading still works.
    #[error("the disk is full")]
    Full,
    /// The database does not answer, or not in time. Trying again can help.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// What is stored makes no sense.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Sorts it.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Conflict(_) | Self::Fenced | Self::InUse(_) | Self::Newer { .. } => {
                Kind::Conflict
            }
            Self::TooMany { .. } => Kind::TooMany,
            Self::Mismatch => Kind::Invalid,
            Self::Full | Self::Unavailable(_) => Kind::Unavailable,
            Self::Corrupt(_) => Kind::Internal,
        }
    }

    /// The database is unavailable, for a reason that no library gave.
    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(reason.into().into())
    }

    /// What others are told whose changes were lost together with the one that failed with this.
    pub(crate) fn shared(&self) -> Self {
        match self {
            Self::Full => Self::Full,
            Self::NotFound
            | Self::Conflict(_)
            | Self::Fenced
            | Self::TooMany { .. }
            | Self::Mismatch
            | Self::InUse(_)
            | Self::Newer { .. }
            | Self::Unavailable(_)
            | Self::Corrupt(_) => Self::unavailable(self.to_string()),
        }
    }

    /// Whether PostgreSQL gave up a transaction only because of others that ran beside it.
    pub(crate) fn is_race(&self) -> bool {
        matches!(self.code().as_deref(), Some("40001" | "40P01"))
    }

    /// Whether the connection broke before the database said anything.
    pub(crate) fn is_broken_connection(&self) -> bool {
        match self.source_as() {
            Some(sqlx::Error::Io(_)) => true,
            // The server shuts down or its backend was killed (PostgreSQL, appendix A, class 57).
            _ => matches!(self.code().as_deref(), Some("57P01" | "57P02" | "57P03")),
        }
    }

    /// Whether the machine failed to read or write (SQLite's `SQLITE_IOERR` and its kin).
    pub(crate) fn is_io_failure(&self) -> bool {
        let failed = self.source_as().and_then(rusqlite::Error::sqlite_error_code);
        failed == Some(ErrorCode::SystemIoFailure)
    }

    fn source_as<E: Error + 'static>(&self) -> Option<&E> {
        match self {
            Self::Unavailable(source) => source.downcast_ref(),
            Self::NotFound
            | Self::Conflict(_)
            | Self::Fenced
            | Self::TooMany { .. }
            | Self::Mismatch
            | Self::InUse(_)
            | Self::Newer { .. }
            | Self::Full
            | Self::Corrupt(_) => None,
        }
    }

    /// What PostgreSQL calls it.
    fn code(&self) -> Option<String> {
        Some(self.source_as::<sqlx::Error>()?.as_database_error()?.code()?.into_owned())
    }
}

/// Sorts what SQLite says. A broken uniqueness is a [`StoreError::Conflict`], as below.
impl From<rusqlite::Error> for StoreError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "foreign enums that grow")]
    fn from(err: rusqlite::Error) -> Self {
        use rusqlite::{Error, ffi};
        match &err {
            Error::QueryReturnedNoRows => Self::NotFound,
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => Self::Corrupt(err.to_string()),
            Error::SqliteFailure(failure, _) => match (failure.code, failure.extended_code) {
                (
                    _,
                    ffi::SQLITE_CONSTRAINT_UNIQUE
                    | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                    | ffi::SQLITE_CONSTRAINT_ROWID,
                ) => Self::Conflict("it exists already".to_owned()),
                (ErrorCode::DiskFull, _) => Self::Full,
                (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => {
                    Self::Corrupt(err.to_string())
                }
                _ => Self::Unavailable(err.into()),
            },
            _ => Self::Unavailable(err.into()),
        }
    }
}

/// Sorts what PostgreSQL says. A broken uniqueness is a [`StoreError::Conflict`]; whoever knows
/// better what collided says so instead.
impl From<sqlx::Error> for StoreError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
    fn from(err: sqlx::Error) -> Self {
        match err {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Corrupt(err.to_string())
            }
            sqlx::Error::Database(ref database) => {
                if database.is_unique_violation() {
                    return Self::Conflict("it exists already".to_owned());
                }
                match database.code().as_deref() {
                    // disk_full (PostgreSQL, appendix A).
                    Some("53100") => Self::Full,
                    _ => Self::Unavailable(err.into()),
                }
            }
            _ => Self::Unavailable(err.into()),
        }
    }
}
