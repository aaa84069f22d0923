//! The marketplace: tool servers that can be chosen from lists.
//!
//! There are two: the curated list that comes with the program, and what was read of a registry
//! elsewhere (`mirror`), if an administrator wants that. **Invariants:** an entry never does anything
//! by itself. What would be run or reached is resolved here, shown whole, and done only for whoever
//! sends back the digest of exactly that. Adding goes the way that every tool server goes, with the
//! same permissions.

mod add;
mod find;
mod list;
pub mod mirror;
mod resolution;
pub mod snapshot;
mod subregistry;
mod update;

use galaxy_base::Timestamp;
use galaxy_domain::ToolServerId;
use galaxy_registry::{Entry, Status, Touch};

pub use add::Adding;
pub use galaxy_registry as registry;
pub use list::{MarketPage, MarketQuery};
pub use mirror::MirrorState;
pub use resolution::{Choice, Resolution};
pub use subregistry::{RegistryItem, RegistryPage, RegistryQuery};
pub use update::UpdateResolution;

/// Which list an entry is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The one that comes with the program.
    Curated,
    /// The registry that is read.
    Registry,
}

impl Source {
    /// The name that is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Curated => "curated",
            Self::Registry => "registry",
        }
    }
}

/// An entry that can be chosen. What it says is untrusted, unless it is curated.
#[derive(Debug, Clone)]
pub struct Offer {
    /// What it says.
    pub entry: Entry,
    /// Which list it is in.
    pub source: Source,
    /// What became of it.
    pub status: Status,
    /// What it is about, where somebody looked.
    pub tags: Vec<String>,
    /// What it may touch, where somebody looked.
    pub touches: Vec<Touch>,
    /// When it was read; `None` for what comes with the program.
    pub fetched_at: Option<Timestamp>,
}

/// A version of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferVersion {
    /// The version.
    pub version: String,
    /// What became of it.
    pub status: Status,
    /// Whether it is the newest.
    pub is_latest: bool,
    /// When it came out, where that is known.
    pub published_at: Option<Timestamp>,
}

/// A tool server that was added from an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Names it.
    pub id: ToolServerId,
    /// What people read.
    pub title: String,
    /// The version that was added.
    pub version: String,
}

/// An entry with all that there is to see.
#[derive(Debug, Clone)]
pub struct OfferDetail {
    /// The entry, in one version.
    pub offer: Offer,
    /// All versions that are known here, the newest first.
    pub versions: Vec<OfferVersion>,
    /// Those of the caller's tool servers that were added from it.
    pub installed: Vec<Installed>,
}
