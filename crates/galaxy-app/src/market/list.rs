//! The list: what is curated first, then what a registry says, each by name.

use galaxy_domain::Caller;
use galaxy_registry::{Curated, curated, curated::find};
use galaxy_store::registry::EntryFilter;

use super::{MirrorState, Offer, Source, find::mirrored};
use crate::{App, AppError};

/// A search is at most this long, in characters.
const SEARCH_CHARS: usize = 200;
/// What a cursor begins with, by the list that it is in.
const IN_CURATED: &str = "c:";
const IN_REGISTRY: &str = "r:";
/// What stands between name and version in a cursor; no name has it.
const BETWEEN: char = ':';

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarketQuery {
    /// Only those with all of these words in name, title, description or tags.
    pub search: Option<String>,
    /// Only those about this.
    pub tag: Option<String>,
    /// Only those of this list.
    pub source: Option<Source>,
    /// Where to begin: what the page before gave.
    pub cursor: Option<String>,
    /// How many at most.
    pub limit: u32,
}

/// One page of the list.
#[derive(Debug, Clone)]
pub struct MarketPage {
    /// The entries, in their newest versions.
    pub offers: Vec<Offer>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
    /// Everything that entries can be about.
    pub tags: Vec<&'static str>,
    /// How far the registry was read.
    pub mirror: MirrorState,
}

/// Where a page begins.
pub(super) enum Place {
    /// After this name of the curated list.
    Curated(String),
    /// After this name and version of the registry.
    Registry(String, String),
}

impl Place {
    /// Reads a cursor.
    pub(super) fn read(cursor: Option<&str>) -> Result<Self, AppError> {
        let Some(cursor) = cursor else { return Ok(Self::Curated(String::new())) };
        if let Some(name) = cursor.strip_prefix(IN_CURATED) {
            return Ok(Self::Curated(name.to_owned()));
        }
        let place = cursor.strip_prefix(IN_REGISTRY).and_then(|it| it.split_once(BETWEEN));
        let (name, version) =
            place.ok_or_else(|| AppError::invalid("/cursor", "comes from no page"))?;
        Ok(Self::Registry(name.to_owned(), version.to_owned()))
    }

    /// The cursor that stands for it.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Curated(name) => format!("{IN_CURATED}{name}"),
            Self::Registry(name, version) => format!("{IN_REGISTRY}{name}{BETWEEN}{version}"),
        }
    }
}

impl App {
    /// One page of what can be chosen.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a cursor that comes from nowhere.
    pub async fn market(
        &self,
        _caller: &Caller,
        query: MarketQuery,
    ) -> Result<MarketPage, AppError> {
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX).max(1);
        let mut offers = Vec::new();
        let mut next = None;
        let mut after = Some((String::new(), String::new()));
        match Place::read(query.cursor.as_deref())? {
            Place::Curated(name) if query.source != Some(Source::Registry) => {
                let found = chosen(&query, &name);
                let is_more = found.len() > limit;
                offers.extend(found.into_iter().take(limit).map(Offer::from));
                if is_more {
                    next = offers.last().map(|it| Place::Curated(it.entry.name.clone()).written());
                    after = None;
                }
            }
            Place::Curated(_) => (),
            Place::Registry(name, version) => after = Some((name, version)),
        }
        // Nobody says what the entries of a registry are about.
        let is_wanted = query.source != Some(Source::Curated) && query.tag.is_none();
        if let Some(after) = after.filter(|_| is_wanted) {
            next = self.add_mirrored(&query, after, limit, &mut offers).await?;
        }
        let mirror = self.mirror_state().await?;
        Ok(MarketPage { offers, next, tags: curated::tags(), mirror })
    }

    /// Fills the page up with entries of the registry; gives where the next one begins.
    async fn add_mirrored(
        &self,
        query: &MarketQuery,
        after: (String, String),
        limit: usize,
        offers: &mut Vec<Offer>,
    ) -> Result<Option<String>, AppError> {
        let room = limit - offers.len();
        let search = query.search.as_deref().map(searched).filter(|it| !it.is_empty());
        let filter = EntryFilter {
            search,
            latest: true,
            after: Some(after.clone()),
            limit: u32::try_from(room + 1).unwrap_or(u32::MAX),
            ..EntryFilter::default()
        };
        let mut rows = self.store.registry_entries(&filter).await?;
        let is_more = rows.len() > room;
        rows.truncate(room);
        // A page that the curated list fills ends before the first of the registry.
        let last = rows.last().map_or(after, |it| (it.name.clone(), it.version.clone()));
        let next = is_more.then(|| Place::Registry(last.0, last.1).written());
        let shown = rows.iter().filter(|it| find(&it.name).is_none()).filter_map(mirrored);
        offers.extend(shown);
        Ok(next)
    }
}

/// Curated entries after `name` that are wanted.
fn chosen(query: &MarketQuery, name: &str) -> Vec<&'static Curated> {
    let search = query.search.as_deref().map(searched).unwrap_or_default();
    let fits = |it: &&'static Curated| {
        let is_tagged = query.tag.as_ref().is_none_or(|tag| it.tags.contains(tag));
        let entry = &it.entry;
        let words = [&entry.name, entry.label(), &entry.description, &it.tags.join(" ")];
        let words = words.join(" ").to_lowercase();
        is_tagged && search.split_whitespace().all(|word| words.contains(word))
    };
    curated().iter().filter(|it| it.entry.name.as_str() > name).filter(fits).collect()
}

/// What is searched for, as the words are kept.
pub(super) fn searched(text: &str) -> String {
    text.trim().to_lowercase().chars().take(SEARCH_CHARS).collect()
}
