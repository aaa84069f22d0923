//! Entries of registries elsewhere, kept as they were sent.
//!
//! **Invariants:** an entry is kept to the letter. An older state never replaces a newer one. Of
//! each name at most one version is the latest. Entries are public and belong to no workspace:
//! there is nobody whose permit could be asked for.

pub mod mirrors;

use galaxy_base::Timestamp;

use crate::{
    Store, Strength,
    db::{Tx, row, statement},
    error::StoreError,
};

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryEntry {
    /// Names it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The text that was sent.
    pub body: String,
    /// SHA-256 of that, in hexadecimal.
    pub sha256: String,
    /// When it came.
    pub fetched_at: Timestamp,
    /// The address of the registry that sent it.
    pub source: String,
    /// What became of it: `active`, `deprecated` or `deleted`.
    pub status: String,
    /// Whether it is the newest version.
    pub is_latest: bool,
    /// When this version came out.
    pub published_at: Timestamp,
    /// When the registry last changed anything about it.
    pub changed_at: Timestamp,
    /// What a search looks at, in small letters.
    pub words: String,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only those with this text in their words, in small letters.
    pub search: Option<String>,
    /// Only those that changed since, those that were taken out among them.
    pub updated_since: Option<Timestamp>,
    /// Only the newest versions.
    pub latest: bool,
    /// Only this version.
    pub version: Option<String>,
    /// Only this name.
    pub name: Option<String>,
    /// Only those after this name and version.
    pub after: Option<(String, String)>,
    /// At most so many.
    pub limit: u32,
}

macro_rules! columns {
    () => {
        "name, version, body, sha256, fetched_at, source, status, is_latest, published_at,
        changed_at, words"
    };
}

const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM registry_entries
    WHERE ($1 = '' OR words LIKE $1 ESCAPE '!')
        AND changed_at >= $2 AND (status <> 'deleted' OR $3) AND (is_latest OR NOT $4)
        AND ($5 = '' OR name = $5) AND ($6 = '' OR version = $6)
        AND (name > $7 OR (name = $7 AND version > $8))
    ORDER BY name, version LIMIT $9"
);
const FIND: &str =
    concat!("SELECT ", columns!(), " FROM registry_entries WHERE name = $1 AND version = $2");
const LATEST: &str =
    concat!("SELECT ", columns!(), " FROM registry_entries WHERE name = $1 AND is_latest");
const COUNT: &str = "SELECT COUNT(*) FROM registry_entries WHERE is_latest AND status <> 'deleted'";
const PUT: &str = concat!(
    "INSERT INTO registry_entries (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (name, version) DO UPDATE SET body = excluded.body, sha256 = excluded.sha256,
        fetched_at = excluded.fetched_at, source = excluded.source, status = excluded.status,
        is_latest = excluded.is_latest, published_at = excluded.published_at,
        changed_at = excluded.changed_at, words = excluded.words
    WHERE excluded.changed_at > registry_entries.changed_at
        OR (excluded.changed_at = registry_entries.changed_at
            AND excluded.sha256 <> registry_entries.sha256)"
);
const ONE_LATEST: &str = "UPDATE registry_entries SET is_latest = FALSE
    WHERE name = $1 AND is_latest AND EXISTS (
        SELECT 1 FROM registry_entries o WHERE o.name = registry_entries.name AND o.is_latest
        AND (o.published_at > registry_entries.published_at
            OR (o.published_at = registry_entries.published_at
                AND o.version > registry_entries.version)))";

row! {
    #[derive(Debug)]
    struct Record {
        name: String,
        version: String,
        body: String,
        sha256: String,
        fetched_at: i64,
        source: String,
        status: String,
        is_latest: bool,
        published_at: i64,
        changed_at: i64,
        words: String,
    }
}

impl Record {
    fn entry(self) -> RegistryEntry {
        RegistryEntry {
            name: self.name,
            version: self.version,
            body: self.body,
            sha256: self.sha256,
            fetched_at: Timestamp::from_millis(self.fetched_at),
            source: self.source,
            status: self.status,
            is_latest: self.is_latest,
            published_at: Timestamp::from_millis(self.published_at),
            changed_at: Timestamp::from_millis(self.changed_at),
            words: self.words,
        }
    }
}

impl Store {
    /// Entries by name and version. Those that were taken out are there only for whoever asks for
    /// changes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registry_entries(
        &self,
        filter: &EntryFilter,
    ) -> Result<Vec<RegistryEntry>, StoreError> {
        let pattern = filter.search.as_deref().map(pattern).unwrap_or_default();
        let since = filter.updated_since.unwrap_or_default().as_millis();
        let (deleted, latest) = (filter.updated_since.is_some(), filter.latest);
        let name = filter.name.as_deref().unwrap_or_default();
        let version = filter.version.as_deref().unwrap_or_default();
        let (after, after_version) = filter.after.clone().unwrap_or_default();
        let mut conn = self.reader().await?;
        let records: Vec<Record> = statement!(conn.fetch_all(
            LIST,
            pattern.as_str(),
            since,
            deleted,
            latest,
            name,
            version,
            after.as_str(),
            after_version.as_str(),
            i64::from(filter.limit)
        ))?;
        Ok(records.into_iter().map(Record::entry).collect())
    }

    /// One version of an entry, or the newest, whatever became of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registry_entry(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<RegistryEntry>, StoreError> {
        let mut conn = self.reader().await?;
        let record: Option<Record> = match version {
            Some(version) => statement!(conn.fetch_optional(FIND, name, version))?,
            None => statement!(conn.fetch_optional(LATEST, name))?,
        };
        Ok(record.map(Record::entry))
    }

    /// How many entries there are, in their newest versions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_registry_entries(&self) -> Result<i64, StoreError> {
        let mut conn = self.reader().await?;
        let (count,): (i64,) = statement!(conn.fetch_one(COUNT))?;
        Ok(count)
    }

    /// Keeps entries, as far as they are new or newer than what is there; gives how many are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_registry_entries(
        &self,
        entries: Vec<RegistryEntry>,
    ) -> Result<u64, StoreError> {
        self.write(Strength::Synced, entries, |tx, entries| Box::pin(put(tx, entries))).await
    }
}

/// Keeps entries inside a change.
async fn put(tx: &mut Tx, entries: &[RegistryEntry]) -> Result<u64, StoreError> {
    let mut kept = 0;
    for entry in entries {
        kept += statement!(tx.execute(
            PUT,
            entry.name.as_str(),
            entry.version.as_str(),
            entry.body.as_str(),
            entry.sha256.as_str(),
            entry.fetched_at.as_millis(),
            entry.source.as_str(),
            entry.status.as_str(),
            entry.is_latest,
            entry.published_at.as_millis(),
            entry.changed_at.as_millis(),
            entry.words.as_str()
        ))?;
        if entry.is_latest {
            statement!(tx.execute(ONE_LATEST, entry.name.as_str()))?;
        }
    }
    Ok(kept)
}

/// What `LIKE` takes for "has this in it".
fn pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    for ch in search.chars() {
        if matches!(ch, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(ch);
    }
    pattern.push('%');
    pattern
}
