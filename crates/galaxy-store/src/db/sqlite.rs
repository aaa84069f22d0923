//! Opening a data folder.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Sqlite, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    db::{PATIENCE, migrate},
    error::StoreError,
};

/// How many connections read at once.
const READERS: u32 = 4;
/// How many prepared statements a connection keeps; more than there are in the crate.
const STATEMENTS: usize = 256;

/// An open data folder.
pub(super) struct Opened {
    /// The only connection that writes.
    pub(super) writer: Lent,
    /// Connections that only read.
    pub(super) readers: Arc<Readers>,
    /// Held as long as the folder is in use.
    pub(super) lock: File,
}

/// Opens `folder`, makes it if there is none, and migrates the database in it.
pub(super) async fn open(folder: &Path) -> Result<Opened, StoreError> {
    make_private(folder).map_err(|err| broken_folder(folder, &err))?;
    let lock = lock(folder)?;
    let file = folder.join("galaxy.db");
    let writing = pool(1).connect_with(options(&file)).await?;
    let mut writer = writing.acquire().await?;
    migrate::sqlite(&mut writer, folder).await?;
    let reading = pool(READERS).connect_with(options(&file).read_only(true)).await?;
    let readers = Arc::new(Readers {
        pool: reading,
        idle: Mutex::default(),
        free: Arc::new(Semaphore::new(READERS as usize)),
    });
    Ok(Opened { writer: Lent { conn: Some(writer), home: None }, readers, lock })
}

/// Connections that only read. They are kept here, because giving one back to its pool costs a
/// task and a round trip to its thread.
#[derive(Debug)]
pub(crate) struct Readers {
    pool: SqlitePool,
    idle: Mutex<Vec<PoolConnection<Sqlite>>>,
    free: Arc<Semaphore>,
}

impl Readers {
    /// A connection, as soon as one is free.
    pub(super) async fn lend(self: &Arc<Self>) -> Result<Lent, StoreError> {
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.free).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(StoreError::unavailable("too many are reading, or the store is closed"));
        };
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => self.pool.acquire().await?,
        };
        Ok(Lent { conn: Some(conn), home: Some((Arc::clone(self), permit)) })
    }

    /// Waits for those that read and disconnects.
    pub(super) async fn close(&self) {
        // Nobody gets one from now on; those that are lent are dropped when they come back.
        self.free.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.pool.close().await;
    }
}

/// A connection to the file that goes back where it came from.
#[derive(Debug)]
pub(crate) struct Lent {
    conn: Option<PoolConnection<Sqlite>>,
    home: Option<(Arc<Readers>, OwnedSemaphorePermit)>,
}

impl Deref for Lent {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.conn.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.conn.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(conn), Some((home, _))) = (self.conn.take(), &self.home)
            && !home.free.is_closed()
        {
            home.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        }
    }
}

/// Where the database of `folder` is.
pub(super) fn database(folder: &Path) -> PathBuf {
    folder.join("galaxy.db")
}

/// How to connect to the database in `file`.
pub(super) fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .statement_cache_capacity(STATEMENTS)
        .pragma("temp_store", "MEMORY")
        .pragma("mmap_size", "134217728")
        // Each checkpoint syncs the database file, so they should not come every few commits.
        .pragma("wal_autocheckpoint", "4000")
        // Keeps a log that grew once from occupying the disk for ever.
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging()
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        // A file does not hang up, so there is nothing to test.
        .test_before_acquire(false)
}

fn make_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    // The names in a folder are durable only once the folder above it is.
    folder.parent().map_or(Ok(()), |parent| fs::File::open(parent)?.sync_all()).or(Ok(()))
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join("galaxy.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(|err| broken_folder(folder, &err))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(format!(
            "another process uses the data folder {}: stop it first, or give this one a folder \
             of its own",
            folder.display()
        ))),
        Err(TryLockError::Error(err)) => Err(broken_folder(folder, &err)),
    }
}

fn broken_folder(folder: &Path, err: &io::Error) -> StoreError {
    StoreError::unavailable(format!("the data folder {}: {err}", folder.display()))
}
