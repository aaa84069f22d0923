//! How tool servers are, as far as anybody looked.

use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Permit,
    access::{Drive, Read},
    id::ToolServer,
    tool_server::{Check, ToolServerRow},
};

use super::record::{Record, columns};
use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
};

const NOTE: &str = "UPDATE tool_servers SET checked_at = $3, state = $4, latency_ms = $5,
        trouble = $6, era = COALESCE($7, era)
    WHERE id = $1 AND workspace_id = $2";
const ADD: &str = "INSERT INTO server_checks (server_id, at, workspace_id, state, latency_ms)
    SELECT id, $2, workspace_id, $3, $4 FROM tool_servers WHERE id = $1 AND workspace_id = $5
    ON CONFLICT DO NOTHING";
const LIST: &str = "SELECT at, state, latency_ms FROM server_checks
    WHERE server_id = $1 AND workspace_id = $2 AND at >= $3 ORDER BY at";
macro_rules! due {
    () => {
        "SELECT id FROM tool_servers WHERE enabled AND (checked_at IS NULL OR checked_at < $1)
            AND (owner_id IS NULL
                OR owner_id IN (SELECT people.id FROM people WHERE people.disabled = FALSE))
        ORDER BY checked_at, id LIMIT $2"
    };
}
const DUE: &str = concat!(
    "UPDATE tool_servers SET checked_at = $3, state = COALESCE(state, 'idle') WHERE id IN (",
    due!(),
    ") RETURNING ",
    columns!()
);
/// Processes that look at the same time look at different ones.
const DUE_SHARED: &str = concat!(
    "UPDATE tool_servers SET checked_at = $3, state = COALESCE(state, 'idle') WHERE id IN (",
    due!(),
    " FOR UPDATE SKIP LOCKED) RETURNING ",
    columns!()
);
const OLD: &str = "DELETE FROM server_checks WHERE at < $1";

impl Store {
    /// Notes how a server is, and how it speaks if that was learnt.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_check(
        &self,
        permit: Permit<Drive, ToolServer>,
        check: Check,
        era: Option<String>,
    ) -> Result<(), StoreError> {
        self.write(Strength::Relaxed, (permit, check, era), |tx, (permit, check, era)| {
            Box::pin(note(tx, *permit, check, era.as_deref()))
        })
        .await
    }

    /// How a server was since `since`, oldest first; without words about what was wrong.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checks(
        &self,
        permit: Permit<Read, ToolServer>,
        since: Timestamp,
    ) -> Result<Vec<Check>, StoreError> {
        let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let mut conn = self.reader().await?;
        let rows: Vec<(i64, String, Option<i64>)> =
            statement!(conn.fetch_all(LIST, server, workspace, since.as_millis()))?;
        let check = |(at, state, latency_ms)| Check {
            at: Timestamp::from_millis(at),
            state,
            latency_ms,
            trouble: None,
        };
        Ok(rows.into_iter().map(check).collect())
    }

    /// Takes up to `most` servers that nobody has looked at for `interval`, in any workspace; they
    /// count as looked at from now on, so that no other process takes them too. Those of people
    /// whose accounts are disabled are left alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_due_checks(
        &self,
        interval: Duration,
        most: u32,
    ) -> Result<Vec<ToolServerRow>, StoreError> {
        self.write(Strength::Relaxed, (interval, most), |tx, (interval, most)| {
            Box::pin(take(tx, *interval, *most))
        })
        .await
    }

    /// Forgets how servers were longer ago than `keep`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep_checks(&self, keep: Duration) -> Result<u64, StoreError> {
        self.write(Strength::Relaxed, keep, |tx, keep| {
            Box::pin(async move {
                let before = before(tx.now, *keep);
                statement!(tx.execute(OLD, before))
            })
        })
        .await
    }
}

async fn note(
    tx: &mut Tx,
    permit: Permit<Drive, ToolServer>,
    check: &Check,
    era: Option<&str>,
) -> Result<(), StoreError> {
    let (server, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let (at, state) = (check.at.as_millis(), check.state.as_str());
    let (latency, trouble) = (check.latency_ms, check.trouble.as_deref());
    statement!(tx.execute(NOTE, server, workspace, at, state, latency, trouble, era))?;
    statement!(tx.execute(ADD, server, at, state, latency, workspace))?;
    Ok(())
}

async fn take(
    tx: &mut Tx,
    interval: Duration,
    most: u32,
) -> Result<Vec<ToolServerRow>, StoreError> {
    let (now, before) = (tx.now.as_millis(), before(tx.now, interval));
    let text = if tx.is_postgres() { DUE_SHARED } else { DUE };
    let records: Vec<Record> = statement!(tx.fetch_all(text, before, i64::from(most), now))?;
    records.into_iter().map(Record::row).collect()
}

fn before(now: Timestamp, by: Duration) -> i64 {
    now.as_millis().saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}
