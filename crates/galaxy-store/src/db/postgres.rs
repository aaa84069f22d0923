//! A PostgreSQL server that several processes share.

use std::{any::Any, panic::AssertUnwindSafe, str::FromStr, sync::Arc, time::Duration};

use futures::FutureExt;
use galaxy_base::{Backoff, Clock, ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    audit::chain::Chains,
    db::{Conn, PATIENCE, Strength, Tx, job::Job, migrate, news::News},
    error::StoreError,
    growth::Aftermath,
};

/// How often a change is tried again that others got in the way of.
const TRIES: u32 = 3;
/// How many prepared statements a connection keeps; more than there are in the crate.
const STATEMENTS: usize = 512;
const PAUSE: Backoff =
    Backoff { first: Duration::from_millis(5), longest: Duration::from_millis(50) };

/// Connects and migrates.
pub(super) async fn open(url: &SecretString, connections: u32) -> Result<PgPool, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(connections.max(2))
        .acquire_timeout(PATIENCE)
        .connect_with(options(url.expose_secret())?)
        .await?;
    let mut conn = pool.acquire().await?;
    migrate::postgres(&mut conn).await?;
    drop(conn);
    Ok(pool)
}

/// How to connect to the server at `url`. A statement that hangs is ended by the server.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("galaxy")
        .statement_cache_capacity(STATEMENTS)
        .options([
            ("statement_timeout", "30s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ])
        .disable_statement_logging();
    Ok(options)
}

/// Makes the change in a transaction of its own and answers.
pub(super) async fn perform(
    pool: &PgPool,
    mut job: Box<dyn Job>,
    news: &News,
    clock: &Clock,
    chains: &Arc<Chains>,
) {
    let mut tries = 0;
    loop {
        match attempt(pool, job.as_mut(), clock, chains).await {
            Ok(after) => {
                news.publish(after);
                return job.answer(Ok(()));
            }
            Err(Trouble::Panicked(payload)) => return job.panicked(payload),
            Err(Trouble::Undone(err))
                if tries < TRIES && (err.is_race() || err.is_broken_connection()) =>
            {
                tokio::time::sleep(PAUSE.delay(tries)).await;
                tries += 1;
            }
            Err(Trouble::Undone(err) | Trouble::Unsure(err)) => return job.answer(Err(err)),
        }
    }
}

enum Trouble {
    /// Nothing is stored, so trying again does no harm.
    Undone(StoreError),
    /// The answer to the commit was lost. Only the caller's idempotency key can tell.
    Unsure(StoreError),
    /// Nothing is stored.
    Panicked(Box<dyn Any + Send>),
}

impl<E: Into<StoreError>> From<E> for Trouble {
    fn from(err: E) -> Self {
        Self::Undone(err.into())
    }
}

async fn attempt(
    pool: &PgPool,
    job: &mut dyn Job,
    clock: &Clock,
    chains: &Arc<Chains>,
) -> Result<Aftermath, Trouble> {
    let mut conn = pool.acquire().await?;
    let begin = match job.strength() {
        Strength::Relaxed => "BEGIN; SET LOCAL synchronous_commit = off",
        Strength::Synced => "BEGIN",
    };
    if let Err(err) = sqlx::raw_sql(begin).execute(&mut *conn).await {
        conn.close_on_drop();
        return Err(err.into());
    }
    let mut tx = Tx::new(Conn::Postgres(conn), clock.now(), chains);
    let made = AssertUnwindSafe(job.run(&mut tx)).catch_unwind().await;
    let end = if matches!(made, Ok(Ok(()))) { "COMMIT" } else { "ROLLBACK" };
    if let Conn::Postgres(conn) = tx.conn()
        && let Err(err) = sqlx::raw_sql(end).execute(&mut **conn).await
    {
        // Nobody knows what state it is in.
        conn.close_on_drop();
        tx.undone();
        if end == "COMMIT" {
            return Err(Trouble::Unsure(err.into()));
        }
    }
    if end == "COMMIT" {
        tx.kept()
    } else {
        tx.undone()
    }
    match made {
        Ok(Ok(())) => Ok(tx.take_aftermath()),
        Ok(Err(err)) => Err(Trouble::Undone(err)),
        Err(payload) => Err(Trouble::Panicked(payload)),
    }
}
