//! Finding entries in both lists. What is curated counts before what a registry says.

use galaxy_access::within;
use galaxy_domain::{Caller, access::Read, id::ToolServer};
use galaxy_registry::{Curated, Listed, Status, curated};
use galaxy_store::registry::{EntryFilter, RegistryEntry};

use super::{Installed, Offer, OfferDetail, OfferVersion, Source};
use crate::{App, AppError};

/// Versions of one entry that are shown.
const MOST_VERSIONS: u32 = 200;

impl From<&Curated> for Offer {
    fn from(curated: &Curated) -> Self {
        Self {
            entry: curated.entry.clone(),
            source: Source::Curated,
            status: Status::Active,
            tags: curated.tags.clone(),
            touches: curated.touches.clone(),
            fetched_at: None,
        }
    }
}

/// An entry of the registry; `None` when it cannot be read any more.
pub(super) fn mirrored(row: &RegistryEntry) -> Option<Offer> {
    let listed = Listed::read(&row.body).ok()?;
    Some(Offer {
        entry: listed.entry,
        source: Source::Registry,
        status: Status::read(&row.status),
        tags: Vec::new(),
        touches: Vec::new(),
        fetched_at: Some(row.fetched_at),
    })
}

impl App {
    /// An entry with its versions, and which of the caller's tool servers came from it. Without a
    /// version it is the newest.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn market_entry(
        &self,
        caller: &Caller,
        name: &str,
        version: Option<&str>,
    ) -> Result<OfferDetail, AppError> {
        let offer = self.offer(name, version).await?;
        let versions = self.offer_versions(&offer).await?;
        // A key that may not see tool servers is told of none.
        let rows = match within::<Read, ToolServer>(caller) {
            Ok(permit) => self.store.tool_servers(permit).await?,
            Err(_) => Vec::new(),
        };
        let installed = rows.into_iter().filter_map(|row| {
            let origin = row.origin.filter(|it| it.entry == name)?;
            Some(Installed { id: row.id, title: row.title, version: origin.version })
        });
        Ok(OfferDetail { offer, versions, installed: installed.collect() })
    }

    /// One version of an entry, or the newest.
    pub(super) async fn offer(&self, name: &str, version: Option<&str>) -> Result<Offer, AppError> {
        if let Some(curated) = curated::find(name) {
            let is_it = version.is_none_or(|it| it == curated.entry.version);
            return if is_it { Ok(curated.into()) } else { Err(AppError::NotFound) };
        }
        let row = self.store.registry_entry(name, version).await?.ok_or(AppError::NotFound)?;
        mirrored(&row).ok_or(AppError::NotFound)
    }

    async fn offer_versions(&self, offer: &Offer) -> Result<Vec<OfferVersion>, AppError> {
        if offer.source == Source::Curated {
            let version = offer.entry.version.clone();
            let only =
                OfferVersion { version, status: offer.status, is_latest: true, published_at: None };
            return Ok(vec![only]);
        }
        let filter = EntryFilter {
            name: Some(offer.entry.name.clone()),
            limit: MOST_VERSIONS,
            ..EntryFilter::default()
        };
        let mut rows = self.store.registry_entries(&filter).await?;
        rows.sort_by_key(|it| std::cmp::Reverse((it.is_latest, it.published_at)));
        let version = |row: RegistryEntry| OfferVersion {
            status: Status::read(&row.status),
            is_latest: row.is_latest,
            published_at: (row.published_at.as_millis() > 0).then_some(row.published_at),
            version: row.version,
        };
        Ok(rows.into_iter().map(version).collect())
    }
}
