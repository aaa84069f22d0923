//! Entries of a registry out of a file and into one, for machines that reach no registry.

use std::io::Write;

use galaxy_base::Timestamp;
use galaxy_registry::snapshot::{self, Fetched, Snapshot};
use galaxy_store::{
    Store,
    registry::{EntryFilter, RegistryEntry},
};

use super::mirror::row;
use crate::AppError;

/// Entries that are read or kept at a time.
const BATCH: u32 = 200;

/// Why a snapshot was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The data cannot be read.
    #[error(transparent)]
    Store(#[from] galaxy_store::StoreError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Entries that are in it.
    pub entries: usize,
    /// Those that were new or newer.
    pub kept: u64,
}

/// Keeps what is in `snapshot`, as far as it is no older than what is here. Done twice, it is done
/// once.
///
/// # Errors
/// When the store fails.
pub async fn import(store: &Store, snapshot: Snapshot) -> Result<Taken, AppError> {
    let Snapshot { source, entries } = snapshot;
    let all = entries.len();
    let mut rows = entries.into_iter().map(|Fetched { sent, at }| row(sent, &source, at));
    let mut kept = 0;
    loop {
        let some: Vec<RegistryEntry> = rows.by_ref().take(BATCH as usize).collect();
        if some.is_empty() {
            return Ok(Taken { entries: all, kept });
        }
        kept += store.put_registry_entries(some).await?;
    }
}

/// Writes everything that was read of registries, what was taken out included; gives how many
/// entries that are.
///
/// # Errors
/// When the store fails, or the file.
pub async fn export(
    store: &Store,
    source: &str,
    now: Timestamp,
    file: &mut (dyn Write + Send),
) -> Result<usize, ExportError> {
    writeln!(file, "{}", snapshot::heading(source, now))?;
    let (mut count, mut after) = (0, None);
    loop {
        let filter = EntryFilter {
            // From the beginning of time on: what was taken out is told, too.
            updated_since: Some(Timestamp::default()),
            after: after.take(),
            limit: BATCH,
            ..EntryFilter::default()
        };
        let rows = store.registry_entries(&filter).await?;
        let Some(last) = rows.last() else { return Ok(count) };
        after = Some((last.name.clone(), last.version.clone()));
        for row in &rows {
            writeln!(file, "{}", snapshot::line(&row.body, row.fetched_at))?;
        }
        count += rows.len();
    }
}
