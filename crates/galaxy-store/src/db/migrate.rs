//! The schema and its versions: forward only, the same numbers and names for both engines.

use std::{fs, path::Path};

use galaxy_base::ExposeSecret;
use sqlx::{
    Connection, PgConnection, SqlSafeStr, SqliteConnection,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};

use crate::{
    config::Engine,
    db::{postgres, sqlite},
    error::StoreError,
};

/// Where the driver keeps what was applied.
const TABLE: &str = "_sqlx_migrations";

/// Number, name, text for SQLite, text for PostgreSQL.
const MIGRATIONS: [(i64, &str, &str, &str); 1] = [(
    1,
    "base",
    include_str!("../../migrations/sqlite/0001_base.sql"),
    include_str!("../../migrations/postgres/0001_base.sql"),
)];

/// Brings the database in `folder` up to date; an existing one is copied to `backups/` first.
pub(super) async fn sqlite(conn: &mut SqliteConnection, folder: &Path) -> Result<(), StoreError> {
    conn.ensure_migrations_table(TABLE).await.map_err(refused)?;
    let applied = versions(conn).await?;
    check_known(&applied)?;
    let first = MIGRATIONS.iter().find(|(version, ..)| !applied.contains(version));
    if let Some((version, ..)) = first
        && !applied.is_empty()
    {
        snapshot(conn, folder, *version).await?;
    }
    migrator(false).run_direct(None, conn, false).await.map_err(refused)
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
            let options = sqlite::options(&file).create_if_missing(false);
            let mut conn = SqliteConnection::connect_with(&options).await?;
            conn.ensure_migrations_table(TABLE).await.map_err(refused)?;
            versions(&mut conn).await?
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

async fn snapshot(
    conn: &mut SqliteConnection,
    folder: &Path,
    before: i64,
) -> Result<(), StoreError> {
    let failed = |err: std::io::Error| StoreError::unavailable(format!("backup: {err}"));
    let backups = folder.join("backups");
    fs::create_dir_all(&backups).map_err(failed)?;
    let half = backups.join(format!("before-{before}.db.part"));
    if half.exists() {
        fs::remove_file(&half).map_err(failed)?;
    }
    sqlx::query("VACUUM INTO $1").bind(half.display().to_string()).execute(&mut *conn).await?;
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
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;

    #[tokio::test]
    async fn a_snapshot_is_a_whole_database_and_replaces_a_half_made_one() {
        let folder = tempfile::tempdir().unwrap();
        let options = sqlite::options(&folder.path().join("galaxy.db"));
        let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
        super::sqlite(&mut conn, folder.path()).await.unwrap();
        let backups = folder.path().join("backups");
        assert!(!backups.exists(), "a new database has nothing to lose");

        fs::create_dir(&backups).unwrap();
        fs::write(backups.join("before-2.db.part"), "half").unwrap();
        snapshot(&mut conn, folder.path(), 2).await.unwrap();
        assert!(!backups.join("before-2.db.part").exists());
        let copy = SqliteConnectOptions::new().filename(backups.join("before-2.db"));
        let mut copy = SqliteConnection::connect_with(&copy).await.unwrap();
        assert_eq!(versions(&mut copy).await.unwrap(), [1]);
    }
}
