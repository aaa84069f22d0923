//! The open store.

use std::sync::Arc;

use futures::future::BoxFuture;
use galaxy_base::Clock;
use galaxy_domain::WorkspaceId;
use uuid::Uuid;

use crate::{
    audit::{Recorder, chain::Chains},
    config::Config,
    db::{Conn, Db, Strength, Tx, migrate, statement},
    error::StoreError,
    growth::Watcher,
    runs::append::Appender,
};

const LOCK: &str = "LOCK TABLE workspaces IN SHARE ROW EXCLUSIVE MODE";
const FIRST: &str = "SELECT id FROM workspaces ORDER BY created_at, id LIMIT 1";
const ORPHANS: &str = "UPDATE runs SET lease_until = $1 WHERE state = 'running'";
const ADD: &str = "INSERT INTO workspaces (id, name, created_at) VALUES ($1, 'default', $2)";

/// Everything that is kept. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    db: Arc<Db>,
    appender: Appender,
    recorder: Recorder,
    workspace: WorkspaceId,
}

impl Store {
    /// Connects to the database, or makes it, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has the folder open, [`StoreError::Newer`] when
    /// the schema is newer than this program, else what the database says.
    pub async fn open(config: Config) -> Result<Self, StoreError> {
        let db = Arc::new(Db::open(config).await?);
        let workspace = db.write(Strength::Synced, (), |tx, ()| Box::pin(first(tx))).await?;
        let (appender, recorder) = (Appender::start(&db), Recorder::start(&db));
        Ok(Self { inner: Arc::new(Inner { db, appender, recorder, workspace }) })
    }

    /// The names of the migrations that [`Store::open`] would apply.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn pending(config: Config) -> Result<Vec<String>, StoreError> {
        migrate::pending(&config.engine).await
    }

    /// From now on `watcher` is told what was committed.
    pub fn watch(&self, watcher: Arc<dyn Watcher>) {
        self.inner.db.news().watch(watcher);
    }

    /// Finishes the changes that are queued and disconnects. Whoever comes later is told that the
    /// store is unavailable.
    pub async fn close(&self) {
        self.inner.appender.close().await;
        self.inner.recorder.close().await;
        self.inner.db.close().await;
    }

    /// The first workspace, which every deployment has.
    pub fn workspace(&self) -> WorkspaceId {
        self.inner.workspace
    }

    /// Where the store takes its time from.
    pub fn clock(&self) -> &Clock {
        self.inner.db.clock()
    }

    /// Why nothing may be written any more, if so: a sync failed, and only a restart finds out
    /// what is on the disk.
    pub fn failure(&self) -> Option<String> {
        self.inner.db.health().failure()
    }

    /// Makes one atomic change: `work` runs inside a transaction, gets `input` back by reference
    /// (it may run more than once), and must not swallow the error of a statement. Gives what
    /// `work` gives, after the commit. The change is carried out even if the caller goes away.
    pub(crate) async fn write<I, T, F>(
        &self,
        strength: Strength,
        input: I,
        work: F,
    ) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, StoreError>>
            + Send
            + Sync
            + 'static,
    {
        self.inner.db.write(strength, input, work).await
    }

    /// A connection to read from; give it back soon.
    pub(crate) async fn reader(&self) -> Result<Conn, StoreError> {
        self.inner.db.reader().await
    }

    /// How sure a change has to be that nobody outside this process relies on.
    pub(crate) fn shared_strength(&self) -> Strength {
        if self.inner.db.is_postgres() { Strength::Synced } else { Strength::Relaxed }
    }

    /// Where runs' entries are written together.
    pub(crate) fn appender(&self) -> &Appender {
        &self.inner.appender
    }

    /// Where records of what has no effect are written together.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.inner.recorder
    }

    /// The chains of the audit log that this process writes.
    pub(crate) fn chains(&self) -> &Chains {
        self.inner.db.chains()
    }
}

/// The first workspace; made if there is none.
async fn first(tx: &mut Tx) -> Result<WorkspaceId, StoreError> {
    if tx.is_postgres() {
        // Processes that start together make one.
        statement!(tx.execute(LOCK))?;
    } else {
        // Whoever drove these runs has died, or the folder would not be ours: nobody needs to
        // wait until their leases run out.
        let now = tx.now.as_millis();
        statement!(tx.execute(ORPHANS, now))?;
    }
    let found: Option<(Uuid,)> = statement!(tx.fetch_optional(FIRST))?;
    if let Some((id,)) = found {
        return Ok(WorkspaceId::from_uuid(id));
    }
    let (id, now) = (WorkspaceId::fresh(), tx.now.as_millis());
    statement!(tx.execute(ADD, id.uuid(), now))?;
    Ok(id)
}

#[cfg(test)]
mod tests;
