#![doc = include_str!("../README.md")]

pub mod curated;
pub mod entry;
pub mod listed;
pub mod question;
pub mod resolve;
pub mod snapshot;
pub mod upstream;
pub mod version;

pub use curated::{Curated, Touch, curated};
pub use entry::{Entry, How, Package, PackageKind, Remote, Way};
pub use listed::{Listed, Status};
pub use question::{Format, Question};
pub use resolve::{Defect, Inputs, Reached, Worth, resolve};
pub use upstream::{Page, Upstream, UpstreamError, Wanted};
