//! Reading a registry elsewhere: at most once an hour, by one process, from where it was.
//!
//! **Invariant:** a registry that fails takes nothing away. What is here stays, and it is shown
//! since when it may be stale and why.

use std::{sync::Arc, time::Duration};

use galaxy_base::{Backoff, Clock, Timestamp, random, text::clip};
use galaxy_registry::{Page, Upstream, UpstreamError, Wanted, listed::digest, upstream::Sent};
use galaxy_store::{
    Store,
    registry::{
        RegistryEntry,
        mirrors::{Mirror, MirrorPage},
    },
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{App, AppError};

/// How often it is seen whether a registry is due.
const TICK: Duration = Duration::from_secs(60);
/// A registry is read no more often, and up to a tenth later, so that not all come at once.
const REST: Duration = Duration::from_secs(3_600);
/// A process that reads holds the registry so long, from page to page.
const HOLD: Duration = Duration::from_secs(300);
/// When a registry is tried again.
const AGAIN: Backoff =
    Backoff { first: Duration::from_secs(300), longest: Duration::from_secs(6 * 3_600) };
/// Nobody has to wait longer because a registry said so.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);
/// Pages of one reading; what follows is read in the next.
const MOST_PAGES: usize = 1_000;
/// Entries that are kept.
const MOST_ENTRIES: i64 = 100_000;
/// What was wrong is kept up to this length, in characters.
const TROUBLE_CHARS: usize = 300;

/// How a registry is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MirrorState {
    /// Which one; `None` when none is.
    pub address: Option<String>,
    /// How many entries are here, in their newest versions.
    pub entries: i64,
    /// When all of it was read the last time.
    pub done_at: Option<Timestamp>,
    /// When it is read again.
    pub due_at: Option<Timestamp>,
    /// What went wrong the last time.
    pub trouble: Option<String>,
}

/// How a reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirrored {
    /// It was not due, or another process reads it.
    NotNow,
    /// All of it was read; so many entries were new or changed.
    Done(u64),
    /// It failed, and is tried again.
    Failed,
}

/// What reads a registry.
pub struct Mirroring {
    store: Store,
    upstream: Arc<dyn Upstream>,
    clock: Clock,
    stopping: CancellationToken,
}

impl App {
    /// What reads the registry, if one is read.
    pub fn mirroring(&self) -> Option<Mirroring> {
        let upstream = self.upstream.clone()?;
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let stopping = self.servers.tasks.stopping().clone();
        Some(Mirroring { store, upstream, clock, stopping })
    }

    /// How far the registry was read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mirror_state(&self) -> Result<MirrorState, AppError> {
        let entries = self.store.count_registry_entries().await?;
        let Some(upstream) = &self.upstream else {
            return Ok(MirrorState { entries, ..MirrorState::default() });
        };
        let mirror = self.store.mirror(upstream.address()).await?.unwrap_or_default();
        Ok(MirrorState {
            address: Some(upstream.address().to_owned()),
            entries,
            done_at: mirror.done_at,
            due_at: Some(mirror.due_at).filter(|it| it.as_millis() > 0),
            trouble: mirror.trouble,
        })
    }
}

impl Mirroring {
    /// Reads the registry whenever it is due, until the process stops.
    pub(crate) async fn go_on(self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let work = async {
            loop {
                ticks.tick().await;
                if let Err(err) = self.read().await {
                    tracing::warn!(error = %err, "the registry was not read");
                }
            }
        };
        self.stopping.run_until_cancelled(work).await;
    }

    /// Reads the registry now, if it is due.
    ///
    /// # Errors
    /// Only when the store fails; what the registry does wrong is noted.
    pub async fn read(&self) -> Result<Mirrored, AppError> {
        let address = self.upstream.address();
        let Some(mirror) = self.store.take_mirror(address, HOLD).await? else {
            return Ok(Mirrored::NotNow);
        };
        match self.read_pages(&mirror).await {
            Ok(kept) => {
                tracing::info!(registry = address, kept, "the registry was read");
                Ok(Mirrored::Done(kept))
            }
            Err(Stop::Store(err)) => Err(err),
            Err(Stop::Upstream(err)) => {
                let rest = rest_after(&err, mirror.failures);
                tracing::warn!(registry = address, error = %err, ?rest, "the registry failed");
                let anew = matches!(err, UpstreamError::Refused(_));
                let trouble = clip(&err.to_string(), TROUBLE_CHARS);
                self.store.fail_mirror(address, trouble, rest, anew).await?;
                Ok(Mirrored::Failed)
            }
        }
    }

    async fn read_pages(&self, mirror: &Mirror) -> Result<u64, Stop> {
        let address = self.upstream.address();
        let (mut cursor, mut newest) = (mirror.position.clone(), mirror.newest);
        let mut kept = 0;
        for _ in 0..MOST_PAGES {
            let wanted = Wanted { updated_since: mirror.since, cursor: cursor.clone() };
            let Page { entries, next, passed_over } = self.upstream.page(wanted).await?;
            if passed_over > 0 {
                tracing::warn!(registry = address, passed_over, "entries that make no sense");
            }
            newest = entries.iter().map(|it| Some(it.listed.changed_at)).fold(newest, Ord::max);
            let now = self.clock.now();
            let entries = entries.into_iter().map(|it| row(it, address, now)).collect();
            match next {
                None => {
                    let rest = REST.mul_f64(1.0 + random::fraction() / 10.0);
                    return Ok(
                        kept + self.store.finish_mirror(address, entries, newest, rest).await?
                    );
                }
                Some(next) if cursor.as_ref() == Some(&next) => {
                    return Err(nonsense("its pages do not end"));
                }
                Some(next) => {
                    let (position, hold) = (next.clone(), HOLD);
                    let page = MirrorPage { entries, position, newest, hold };
                    kept += self.store.note_mirror_page(address, page).await?;
                    cursor = Some(next);
                }
            }
            if self.store.count_registry_entries().await? > MOST_ENTRIES {
                return Err(nonsense("it has more entries than are kept here"));
            }
        }
        Err(nonsense("it has more pages than are read at a time"))
    }
}

/// An entry as it is kept.
pub(super) fn row(sent: Sent, source: &str, fetched_at: Timestamp) -> RegistryEntry {
    let listed = &sent.listed;
    RegistryEntry {
        name: listed.entry.name.clone(),
        version: listed.entry.version.clone(),
        sha256: digest(&sent.text),
        fetched_at,
        source: source.to_owned(),
        status: listed.status.as_str().to_owned(),
        is_latest: listed.is_latest,
        published_at: listed.published_at,
        changed_at: listed.changed_at,
        words: listed.words(),
        body: sent.text,
    }
}

/// When to try again.
fn rest_after(err: &UpstreamError, failures: u32) -> Duration {
    let bound = AGAIN.bound(failures);
    let patience = bound / 2 + (bound / 2).mul_f64(random::fraction());
    match err {
        UpstreamError::Busy { retry_after: Some(after) } => (*after).max(patience).min(LONGEST),
        UpstreamError::Busy { retry_after: None }
        | UpstreamError::Refused(_)
        | UpstreamError::Unavailable(_)
        | UpstreamError::Nonsense(_) => patience,
    }
}

/// Why a reading ended before its end.
enum Stop {
    Upstream(UpstreamError),
    Store(AppError),
}

fn nonsense(words: &str) -> Stop {
    Stop::Upstream(UpstreamError::Nonsense(words.to_owned()))
}

impl From<UpstreamError> for Stop {
    fn from(err: UpstreamError) -> Self {
        Self::Upstream(err)
    }
}

impl From<galaxy_store::StoreError> for Stop {
    fn from(err: galaxy_store::StoreError) -> Self {
        Self::Store(err.into())
    }
}
