//! The two engines behind one statement text.
//!
//! **Invariant:** everything is written through [`Db::write`], which tells the rest of the process
//! about a change only after its commit.

pub(crate) mod group;
pub(crate) mod job;
pub(crate) mod lane;
pub(crate) mod migrate;
pub(crate) mod news;
pub(crate) mod postgres;
pub(crate) mod row;
pub(crate) mod rows;
pub(crate) mod sqlite;
pub(crate) mod statement;
pub(crate) mod tx;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use galaxy_base::{Clock, Tasks};
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{mpsc, oneshot};

use crate::{
    audit::chain::Chains,
    config::{Config, Engine},
    error::StoreError,
};
use job::{Job, Reply, TypedJob};
use news::News;
pub(crate) use row::row;
pub(crate) use statement::statement;
pub(crate) use tx::Tx;

/// How sure a commit has to be before it is acknowledged. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Survives the death of the process; the newest may be lost with the power.
    Relaxed,
    /// Survives the loss of power too.
    Synced,
}

/// A connection of either engine.
#[derive(Debug)]
pub(crate) enum Conn {
    /// To a file.
    Sqlite(sqlite::Lent),
    /// To a server.
    Postgres(PoolConnection<Postgres>),
}

impl Conn {
    /// Itself; lets one macro serve connections and transactions.
    pub(crate) const fn conn(&mut self) -> &mut Self {
        self
    }
}

/// How long a write may wait for room in the queue, or for a connection.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// An open database.
#[derive(Debug)]
pub(crate) struct Db {
    pools: Pools,
    news: Arc<News>,
    health: Arc<Health>,
    clock: Clock,
    tasks: Tasks,
    chains: Arc<Chains>,
}

#[derive(Debug)]
enum Pools {
    Sqlite { readers: Arc<sqlite::Readers>, queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>> },
    Postgres { pool: PgPool },
}

/// Whether the database may still be written to.
#[derive(Debug, Default)]
pub(crate) struct Health {
    failure: Mutex<Option<String>>,
}

impl Health {
    /// Why nothing may be written any more, if so.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forbids every further write: after a failed sync nobody knows what is on the disk.
    pub(crate) fn fail(&self, reason: String) {
        tracing::error!(reason, "the database failed; nothing is written any more");
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }
}

impl Db {
    /// Connects and migrates.
    pub(crate) async fn open(config: Config) -> Result<Self, StoreError> {
        let tasks = Tasks::default();
        let health = Arc::<Health>::default();
        let clock = config.clock;
        let is_shared = matches!(config.engine, Engine::Postgres { .. });
        let chains = Arc::new(Chains::new(config.seal, config.instance.clone(), is_shared));
        match config.engine {
            Engine::Sqlite(folder) => {
                let news = Arc::new(News::default());
                let opened = sqlite::open(&folder)?;
                let (queue, group) =
                    group::Group::new(opened.writer, &news, &health, &clock, &chains);
                let group = group.failing(config.fault);
                let lock = opened.lock;
                let ended = group.start(lock)?;
                // Whoever stops the tasks waits for the last commit.
                tasks.spawn(async move { ended.await.unwrap_or_default() });
                let pools =
                    Pools::Sqlite { readers: opened.readers, queue: Mutex::new(Some(queue)) };
                Ok(Self { pools, news, health, clock, tasks, chains })
            }
            Engine::Postgres { url, max_connections } => {
                let pool = postgres::open(&url, max_connections).await?;
                let news = Arc::new(News::shared(&pool, config.instance, &tasks));
                let pools = Pools::Postgres { pool };
                Ok(Self { pools, news, health, clock, tasks, chains })
            }
        }
    }

    /// A connection to read from.
    pub(crate) async fn reader(&self) -> Result<Conn, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Conn::Sqlite(readers.lend().await?),
            Pools::Postgres { pool } => Conn::Postgres(pool.acquire().await?),
        })
    }

    /// Makes one atomic change; see [`crate::Store::write`]. It is carried out even when nobody
    /// waits for it any more.
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
        if let Some(reason) = self.health.failure() {
            return Err(StoreError::unavailable(reason));
        }
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(TypedJob::new(strength, input, work, reply));
        match &self.pools {
            Pools::Sqlite { queue, .. } => {
                let queue = queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let queue = queue.ok_or_else(|| StoreError::unavailable("the store is closed"))?;
                let sent = queue.send_timeout(job, PATIENCE).await;
                sent.map_err(|_| StoreError::unavailable("too many changes are waiting"))?;
            }
            Pools::Postgres { pool } => {
                let (pool, news) = (pool.clone(), Arc::clone(&self.news));
                let (clock, chains) = (self.clock.clone(), Arc::clone(&self.chains));
                self.tasks.spawn(async move {
                    postgres::perform(&pool, job, &news, &clock, &chains).await;
                });
            }
        }
        match answer.await {
            Ok(Reply::Ended(end)) => end,
            Ok(Reply::Panicked(payload)) => std::panic::resume_unwind(payload),
            Err(_) => Err(StoreError::unavailable("the store is closed")),
        }
    }

    /// Whom to tell what was committed.
    pub(crate) fn news(&self) -> &News {
        &self.news
    }

    /// Where the time comes from.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What runs in the background.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The chains of the audit log that this process writes.
    pub(crate) fn chains(&self) -> &Arc<Chains> {
        &self.chains
    }

    /// Whether it may still be written to.
    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    /// Whether this is a PostgreSQL server.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.pools, Pools::Postgres { .. })
    }

    /// Carries out what is queued, then disconnects.
    pub(crate) async fn close(&self) {
        if let Pools::Sqlite { queue, .. } = &self.pools {
            queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        self.tasks.stop(Duration::from_secs(10)).await;
        match &self.pools {
            Pools::Sqlite { readers, .. } => readers.close(),
            Pools::Postgres { pool } => pool.close().await,
        }
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        // What listens to other processes would go on for ever.
        self.tasks.stopping().cancel();
    }
}
