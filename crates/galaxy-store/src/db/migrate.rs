//! The schema and its versions: forward only, the same numbers and names for both engines.

use std::{fs, path::Path};

use galaxy_base::ExposeSecret;
use rusqlite::Connection;
use sqlx::{
    Connection as _, PgConnection, SqlSafeStr,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};

use crate::{
    config::Engine,
    db::{
        postgres,
        sqlite::{self, Query},
    },
    error::StoreError,
};

/// Where the driver for PostgreSQL keeps what was applied.
const TABLE: &str = "_sqlx_migrations";
/// The same in SQLite.
const NOTES: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY, description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";
const NOTED: &str = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
const NOTE: &str = "INSERT INTO _sqlx_migrations
    (version, description, success, checksum, execution_time) VALUES (?1, ?2, TRUE, ?3, ?4)";

/// Number, name, text for SQLite, text for PostgreSQL.
const MIGRATIONS: [(i64, &str, &str, &str); 8] = [
    (
        1,
        "base",
        include_str!("../../migrations/sqlite/0001_base.sql"),
        include_str!("../../migrations/postgres/0001_base.sql"),
    ),
    (
        2,
        "ended_topics",
        include_str!("../../migrations/sqlite/0002_ended_topics.sql"),
        include_str!("../../migrations/postgres/0002_ended_topics.sql"),
    ),
    (
        3,
        "tool_servers",
        include_str!("../../migrations/sqlite/0003_tool_servers.sql"),
        include_str!("../../migrations/postgres/0003_tool_servers.sql"),
    ),
    (
        4,
        "signing_in",
        include_str!("../../migrations/sqlite/0004_signing_in.sql"),
        include_str!("../../migrations/postgres/0004_signing_in.sql"),
    ),
    (
        5,
        "registry",
        include_str!("../../migrations/sqlite/0005_registry.sql"),
        include_str!("../../migrations/postgres/0005_registry.sql"),
    ),
    (
        6,
        "audit",
        include_str!("../../migrations/sqlite/0006_audit.sql"),
        include_str!("../../migrations/postgres/0006_audit.sql"),
    ),
    (
        7,
        "fresh_sign_in",
        include_str!("../../migrations/sqlite/0007_fresh_sign_in.sql"),
        include_str!("../../migrations/postgres/0007_fresh_sign_in.sql"),
    ),
    (
        8,
        "owed_grants",
        include_str!("../../migrations/sqlite/0008_owed_grants.sql"),
        include_str!("../../migrations/postgres/0008_owed_grants.sql"),
    ),
];

/// Brings the database in `folder` up to date; an existing one is copied to `backups/` first.
pub(super) fn sqlite(conn: &mut Connection, folder: &Path) -> Result<(), StoreError> {
    let applied = applied(conn)?;
    check_known(&applied.iter().map(|(version, _)| *version).collect::<Vec<_>>())?;
    let migrations = migrator(false);
    for (version, checksum) in &applied {
        let known = migrations.iter().find(|it| it.version == *version);
        if known.is_none_or(|it| *it.checksum != **checksum) {
            return Err(StoreError::Corrupt(format!("migration {version} was another one")));
        }
    }
    let is_new = |it: &&Migration| !applied.iter().any(|(version, _)| *version == it.version);
    let mut fresh = migrations.iter().filter(is_new).peekable();
    if let Some(first) = fresh.peek()
        && !applied.is_empty()
    {
        snapshot(conn, folder, first.version)?;
    }
    for migration in fresh {
        let started = std::time::Instant::now();
        let tx = conn.transaction()?;
        tx.execute_batch(migration.sql.as_str())?;
        let took = i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let note = (migration.version, &*migration.description, &*migration.checksum, took);
        tx.execute(NOTE, note)?;
        tx.commit()?;
    }
    Ok(())
}

/// Number and digest of the migrations that were applied.
fn applied(conn: &Connection) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    conn.execute_batch(NOTES)?;
    Query::new(conn, NOTED)?.fetch_all()
}

/// Brings the database up to date. Processes that start together wait for one another.
pub(super) async fn postgres(conn: &mut PgConnection) -> Result<(), StoreError> {
    let migrator = migrator(true);
    conn.lock().await.map_err(refused)?;
    conn.ensure_migrations_table(TABLE).await.map_err(refused)?;
    check_known(&versions(conn).await?)?;
    // The advisory lock counts: the migrator takes and releases it once more.
    migrator.run_direct(None, conn, false).await.map_err(refused)?;
    conn.unlock().await.map_err(refused)
}

/// The names of the migrations that opening the store would apply.
pub(crate) async fn pending(engine: &Engine) -> Result<Vec<String>, StoreError> {
    let applied = match engine {
        Engine::Sqlite(folder) => {
            let file = sqlite::database(folder);
            if !file.exists() {
                return Ok(missing(&[]));
            }
            let conn = sqlite::connect(&file, sqlite::Access::Change)?;
            applied(&conn)?.into_iter().map(|(version, _)| version).collect()
        }
        Engine::Postgres { url, .. } => {
            let options: PgConnectOptions = postgres::options(url.expose_secret())?;
            let mut conn = PgConnection::connect_with(&options).await?;
            conn.ensure_migrations_table(TABLE).await.map_err(refused)?;
            versions(&mut conn).await?
        }
    };
    check_known(&applied)?;
    Ok(missing(&applied))
}

fn missing(applied: &[i64]) -> Vec<String> {
    let missing = MIGRATIONS.iter().filter(|(version, ..)| !applied.contains(version));
    missing.map(|(version, name, ..)| format!("{version:04}_{name}")).collect()
}

fn migrator(postgres: bool) -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(version, name, for_sqlite, for_postgres)| {
        let text = if postgres { *for_postgres } else { *for_sqlite };
        let kind = MigrationType::Simple;
        Migration::new(*version, (*name).into(), kind, text.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

async fn versions<C: Migrate>(conn: &mut C) -> Result<Vec<i64>, StoreError> {
    let applied = conn.list_applied_migrations(TABLE).await.map_err(refused)?;
    Ok(applied.iter().map(|migration| migration.version).collect())
}

fn check_known(applied: &[i64]) -> Result<(), StoreError> {
    let known = MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or_default();
    match applied.iter().max() {
        Some(&found) if found > known => Err(StoreError::Newer { found, known }),
        Some(_) | None => Ok(()),
    }
}

fn snapshot(conn: &Connection, folder: &Path, before: i64) -> Result<(), StoreError> {
    let failed = |err: std::io::Error| StoreError::unavailable(format!("backup: {err}"));
    let backups = folder.join("backups");
    fs::create_dir_all(&backups).map_err(failed)?;
    let half = backups.join(format!("before-{before}.db.part"));
    if half.exists() {
        fs::remove_file(&half).map_err(failed)?;
    }
    conn.execute("VACUUM INTO ?1", [half.display().to_string()])?;
    fs::File::open(&half).and_then(|file| file.sync_all()).map_err(failed)?;
    let whole = backups.join(format!("before-{before}.db"));
    fs::rename(&half, &whole).map_err(failed)?;
    tracing::info!(backup = %whole.display(), "copied the database before migrating it");
    Ok(())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
fn refused(err: MigrateError) -> StoreError {
    match err {
        MigrateError::Execute(err) | MigrateError::ExecuteMigration(err, _) => err.into(),
        MigrateError::VersionMismatch(_) | MigrateError::Dirty(_) => {
            StoreError::Corrupt(err.to_string())
        }
        err => StoreError::Unavailable(err.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_migration_that_is_applied() {
        for engine in ["sqlite", "postgres"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
            let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
            let mut files: Vec<String> =
                names.map(|name| name.to_string_lossy().into_owned()).collect();
            files.sort_unstable();
            let known: Vec<String> = missing(&[]).iter().map(|it| format!("{it}.sql")).collect();
            assert_eq!(files, known, "{engine}");
        }
    }

    #[test]
    fn a_snapshot_is_a_whole_database_and_replaces_a_half_made_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("galaxy.db");
        let mut conn = sqlite::connect(&file, sqlite::Access::Change).unwrap();
        super::sqlite(&mut conn, folder.path()).unwrap();
        let backups = folder.path().join("backups");
        assert!(!backups.exists(), "a new database has nothing to lose");

        fs::create_dir(&backups).unwrap();
        fs::write(backups.join("before-2.db.part"), "half").unwrap();
        snapshot(&conn, folder.path(), 2).unwrap();
        assert!(!backups.join("before-2.db.part").exists());
        let copy = Connection::open(backups.join("before-2.db")).unwrap();
        assert_eq!(applied(&copy).unwrap(), applied(&conn).unwrap());
        assert_eq!(applied(&copy).unwrap().len(), MIGRATIONS.len());
    }

    #[test]
    fn a_migration_that_was_another_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("galaxy.db");
        let mut conn = sqlite::connect(&file, sqlite::Access::Change).unwrap();
        super::sqlite(&mut conn, folder.path()).unwrap();
        super::sqlite(&mut conn, folder.path()).unwrap();
        conn.execute_batch("UPDATE _sqlx_migrations SET checksum = x'00'").unwrap();
        let refused = super::sqlite(&mut conn, folder.path());
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    }
}
