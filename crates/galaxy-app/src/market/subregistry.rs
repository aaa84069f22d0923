//! Both lists as one registry, for other programs that read such registries.

use galaxy_base::Timestamp;
use galaxy_domain::Caller;
use galaxy_registry::{Curated, curated, curated::find};
use galaxy_store::registry::{EntryFilter, RegistryEntry};

use super::list::{Place, searched};
use crate::{App, AppError};

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryQuery {
    /// Only those with this text in name, title or description.
    pub search: Option<String>,
    /// Only what changed since, what was taken out included. What is curated is always told.
    pub updated_since: Option<Timestamp>,
    /// Only this version, or the `latest`.
    pub version: Option<String>,
    /// Where to begin: what the page before gave.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: u32,
}

/// An entry.
#[derive(Debug, Clone)]
pub enum RegistryItem {
    /// Of the list that comes with the program.
    Curated(&'static Curated),
    /// As another registry sent it.
    Mirrored(Box<RegistryEntry>),
}

impl From<RegistryEntry> for RegistryItem {
    fn from(entry: RegistryEntry) -> Self {
        Self::Mirrored(Box::new(entry))
    }
}

/// One page.
#[derive(Debug, Clone)]
pub struct RegistryPage {
    /// The entries.
    pub items: Vec<RegistryItem>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

impl App {
    /// One page of both lists.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a cursor that comes from nowhere.
    pub async fn registry(
        &self,
        _caller: &Caller,
        query: RegistryQuery,
    ) -> Result<RegistryPage, AppError> {
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX).max(1);
        let mut items = Vec::new();
        let mut after = (String::new(), String::new());
        match Place::read(query.cursor.as_deref())? {
            Place::Curated(name) => {
                let mut found = chosen(&query, &name);
                let is_more = found.len() > limit;
                found.truncate(limit);
                if let Some(last) = found.last().filter(|_| is_more) {
                    let next = Place::Curated(last.entry.name.clone()).written();
                    let items = found.into_iter().map(RegistryItem::Curated).collect();
                    return Ok(RegistryPage { items, next: Some(next) });
                }
                items.extend(found.into_iter().map(RegistryItem::Curated));
            }
            Place::Registry(name, version) => after = (name, version),
        }
        let room = limit - items.len();
        let mut rows = self.store.registry_entries(&filter(&query, after.clone(), room)).await?;
        let is_more = rows.len() > room;
        rows.truncate(room);
        // A page that the curated list fills ends before the first of the registry.
        let last = rows.last().map_or(after, |it| (it.name.clone(), it.version.clone()));
        let next = is_more.then(|| Place::Registry(last.0, last.1).written());
        let rows = rows.into_iter().filter(|it| find(&it.name).is_none());
        items.extend(rows.map(RegistryItem::from));
        Ok(RegistryPage { items, next })
    }

    /// All versions of an entry that are known here.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn registry_versions(
        &self,
        _caller: &Caller,
        name: &str,
    ) -> Result<Vec<RegistryItem>, AppError> {
        if let Some(curated) = find(name) {
            return Ok(vec![RegistryItem::Curated(curated)]);
        }
        let filter =
            EntryFilter { name: Some(name.to_owned()), limit: 1_000, ..EntryFilter::default() };
        let rows = self.store.registry_entries(&filter).await?;
        if rows.is_empty() {
            return Err(AppError::NotFound);
        }
        Ok(rows.into_iter().map(RegistryItem::from).collect())
    }

    /// One version of an entry, or the newest.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn registry_version(
        &self,
        _caller: &Caller,
        name: &str,
        version: Option<&str>,
    ) -> Result<RegistryItem, AppError> {
        if let Some(curated) = find(name) {
            let is_it = version.is_none_or(|it| it == curated.entry.version);
            return is_it.then_some(RegistryItem::Curated(curated)).ok_or(AppError::NotFound);
        }
        let row = self.store.registry_entry(name, version).await?;
        Ok(row.ok_or(AppError::NotFound)?.into())
    }
}

fn chosen(query: &RegistryQuery, name: &str) -> Vec<&'static Curated> {
    let search = query.search.as_deref().map(searched).unwrap_or_default();
    let version = query.version.as_deref().filter(|it| *it != "latest");
    let fits = |it: &&'static Curated| {
        let entry = &it.entry;
        let words = [&entry.name, entry.label(), &entry.description].join(" ").to_lowercase();
        version.is_none_or(|it| it == entry.version) && words.contains(&search)
    };
    curated().iter().filter(|it| it.entry.name.as_str() > name).filter(fits).collect()
}

fn filter(query: &RegistryQuery, after: (String, String), room: usize) -> EntryFilter {
    let search = query.search.as_deref().map(searched).filter(|it| !it.is_empty());
    EntryFilter {
        search,
        updated_since: query.updated_since,
        latest: query.version.as_deref() == Some("latest"),
        version: query.version.clone().filter(|it| it != "latest"),
        name: None,
        after: Some(after),
        limit: u32::try_from(room + 1).unwrap_or(u32::MAX),
    }
}
