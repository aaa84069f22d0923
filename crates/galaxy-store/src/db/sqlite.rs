//! Opening a data folder.

mod query;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    db::{PATIENCE, migrate},
    error::StoreError,
};
pub(crate) use query::Query;

/// How many connections read at once.
const READERS: usize = 8;
/// How many prepared statements a connection keeps; more than there are in the crate.
const STATEMENTS: usize = 256;
/// How a connection is used. Each checkpoint syncs the database file, so they should not come every
/// few commits; and a log that grew once shall not occupy the disk for ever.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 134217728;
    PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;";

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
pub(super) fn open(folder: &Path) -> Result<Opened, StoreError> {
    make_private(folder).map_err(|err| broken_folder(folder, &err))?;
    let lock = lock(folder)?;
    let file = database(folder);
    let mut writer = connect(&file, Access::Change)?;
    migrate::sqlite(&mut writer, folder)?;
    let readers =
        Arc::new(Readers { file, idle: Mutex::default(), free: Arc::new(Semaphore::new(READERS)) });
    Ok(Opened { writer: Lent { conn: Some(writer), home: None }, readers, lock })
}

/// Connections that only read.
///
/// They are used on the thread that asks: most statements take less time than a change of threads.
#[derive(Debug)]
pub(crate) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
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
            None => connect(&self.file, Access::Look)?,
        };
        Ok(Lent { conn: Some(conn), home: Some((Arc::clone(self), permit)) })
    }

    /// Disconnects, and has those that are lent disconnect when they come back.
    pub(super) fn close(&self) {
        self.free.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A connection to the file that goes back where it came from.
#[derive(Debug)]
pub(crate) struct Lent {
    conn: Option<Connection>,
    home: Option<(Arc<Readers>, OwnedSemaphorePermit)>,
}

impl Deref for Lent {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Connection {
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

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Read and write; makes the file if there is none.
    Change,
    /// Only read.
    Look,
}

/// Connects to the database in `file`.
pub(super) fn connect(file: &Path, access: Access) -> Result<Connection, StoreError> {
    let mode = match access {
        Access::Change => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Access::Look => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let conn = Connection::open_with_flags(file, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(PATIENCE)?;
    // Plans do not depend on values; otherwise statements are prepared again and again.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.execute_batch(PRAGMAS)?;
    Ok(conn)
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
