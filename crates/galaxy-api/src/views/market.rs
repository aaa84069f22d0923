//! The marketplace as clients see it.

pub mod way;

use std::collections::BTreeMap;

use galaxy_app::{
    Mistake,
    market::{MarketPage, MirrorState, Offer, OfferDetail, Resolution, UpdateResolution},
};
use galaxy_domain::ToolServerId;
use serde::Serialize;
use utoipa::ToSchema;

pub use way::WayView;

use super::{
    event::time,
    names::{EntryStatusName, MarketSourceName, TouchName},
    tool_server::{LinkView, import::MistakeView},
};

/// An entry that can be chosen. What it says is untrusted, unless it is curated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OfferView {
    /// Names it.
    pub name: String,
    /// What people read.
    pub title: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Its version.
    pub version: String,
    /// Which list it is in.
    pub source: MarketSourceName,
    /// What became of it.
    pub status: EntryStatusName,
    /// What it is about, where somebody looked.
    pub tags: Vec<String>,
    /// What it may touch, where somebody looked.
    pub touches: Vec<TouchName>,
    /// Its page.
    #[schema(required)]
    pub website: Option<String>,
    /// Where its source is.
    #[schema(required)]
    pub repository: Option<String>,
    /// When it was read of the registry.
    #[schema(required)]
    pub fetched_at: Option<String>,
}

impl From<&Offer> for OfferView {
    fn from(offer: &Offer) -> Self {
        let entry = &offer.entry;
        Self {
            name: entry.name.clone(),
            title: entry.label().to_owned(),
            description: entry.description.clone(),
            version: entry.version.clone(),
            source: offer.source.into(),
            status: offer.status.into(),
            tags: offer.tags.clone(),
            touches: offer.touches.iter().map(TouchName::from).collect(),
            website: entry.website.clone(),
            repository: entry.repository.clone(),
            fetched_at: offer.fetched_at.map(time),
        }
    }
}

/// How far the registry was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MirrorView {
    /// Which one; `null` when none is.
    #[schema(required)]
    pub address: Option<String>,
    /// How many entries of registries are here.
    pub entries: i64,
    /// When all of it was read the last time.
    #[schema(required)]
    pub done_at: Option<String>,
    /// When it is read again.
    #[schema(required)]
    pub due_at: Option<String>,
    /// What went wrong the last time.
    #[schema(required)]
    pub trouble: Option<String>,
}

impl From<MirrorState> for MirrorView {
    fn from(state: MirrorState) -> Self {
        let MirrorState { address, entries, done_at, due_at, trouble } = state;
        Self { address, entries, done_at: done_at.map(time), due_at: due_at.map(time), trouble }
    }
}

/// One page of the marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MarketView {
    /// The entries, those of the curated list first.
    pub items: Vec<OfferView>,
    /// What to pass as `cursor` to get the next ones; `null` at the end.
    #[schema(required)]
    pub next: Option<String>,
    /// Everything that entries can be about.
    pub tags: Vec<String>,
    /// How far the registry was read.
    pub mirror: MirrorView,
}

impl From<MarketPage> for MarketView {
    fn from(page: MarketPage) -> Self {
        Self {
            items: page.offers.iter().map(OfferView::from).collect(),
            next: page.next,
            tags: page.tags.into_iter().map(str::to_owned).collect(),
            mirror: page.mirror.into(),
        }
    }
}

/// A version of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OfferVersionView {
    /// The version.
    pub version: String,
    /// What became of it.
    pub status: EntryStatusName,
    /// Whether it is the newest.
    pub latest: bool,
    /// When it came out.
    #[schema(required)]
    pub published_at: Option<String>,
}

/// A tool server that was added from an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InstalledView {
    /// Names it.
    #[schema(value_type = uuid::Uuid)]
    pub id: ToolServerId,
    /// What people read.
    pub title: String,
    /// The version that was added.
    pub version: String,
}

/// An entry with all that there is to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OfferDetailView {
    /// The entry, in one version.
    pub offer: OfferView,
    /// A name that its server could have here.
    pub short_name: String,
    /// How it can be had.
    pub ways: Vec<WayView>,
    /// All versions that are known here, the newest first.
    pub versions: Vec<OfferVersionView>,
    /// Those of one's tool servers that were added from it.
    pub installed: Vec<InstalledView>,
}

impl From<OfferDetail> for OfferDetailView {
    fn from(detail: OfferDetail) -> Self {
        let entry = &detail.offer.entry;
        let version = |it: galaxy_app::market::OfferVersion| OfferVersionView {
            version: it.version,
            status: it.status.into(),
            latest: it.is_latest,
            published_at: it.published_at.map(time),
        };
        let installed = |it: galaxy_app::market::Installed| InstalledView {
            id: it.id,
            title: it.title,
            version: it.version,
        };
        Self {
            offer: (&detail.offer).into(),
            short_name: entry.short_name(),
            ways: entry.ways.iter().map(WayView::from).collect(),
            versions: detail.versions.into_iter().map(version).collect(),
            installed: detail.installed.into_iter().map(installed).collect(),
        }
    }
}

/// What a choice comes to, exactly and whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResolutionView {
    /// The entry.
    pub entry: String,
    /// Its version.
    pub version: String,
    /// The way that was chosen.
    pub way: String,
    /// What would be run or reached; `null` while something is wrong.
    #[schema(required)]
    pub link: Option<LinkView>,
    /// Values of headers or of the environment, by name; `null` for those that nobody may see.
    pub values: BTreeMap<String, Option<String>>,
    /// What to send back to have exactly this done; `null` while something is wrong.
    #[schema(required)]
    pub digest: Option<String>,
    /// Everything that is wrong.
    pub mistakes: Vec<MistakeView>,
}

impl From<Resolution> for ResolutionView {
    fn from(it: Resolution) -> Self {
        let mistake = |Mistake { pointer, message }| MistakeView { pointer, message };
        Self {
            entry: it.entry,
            version: it.version,
            way: it.way,
            link: it.link.as_ref().map(LinkView::from),
            values: it.values,
            digest: it.digest,
            mistakes: it.mistakes.into_iter().map(mistake).collect(),
        }
    }
}

/// What a newer version comes to, beside what there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UpdateView {
    /// How the server is reached now.
    pub now: LinkView,
    /// The version that it has.
    pub from: String,
    /// What it would become.
    pub becomes: ResolutionView,
    /// How it can be had in that version.
    pub ways: Vec<WayView>,
    /// What was answered, as far as it may be seen, by the key of the question.
    pub inputs: BTreeMap<String, Vec<String>>,
}

impl From<UpdateResolution> for UpdateView {
    fn from(it: UpdateResolution) -> Self {
        Self {
            now: (&it.now).into(),
            from: it.from,
            becomes: it.resolution.into(),
            ways: it.offer.entry.ways.iter().map(WayView::from).collect(),
            inputs: it.inputs,
        }
    }
}
