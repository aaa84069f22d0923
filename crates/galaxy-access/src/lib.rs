#![doc = include_str!("../README.md")]

pub mod access;
pub mod decide;
pub mod error;

mod cache;
mod fields;
mod passwords;
mod secrets;
mod throttle;
mod tokens;

pub use access::{
    Access, AccessConfig, FRESH,
    authenticate::Presented,
    keys::{KeyRequest, MadeKey},
    people::PersonRequest,
    sign_in::{SignedIn, Tokens},
};
pub use decide::{
    Action, Denied, Fresh, Remedy, Resource, Stale, acting_for, administer, administer_person,
    drive, drive_conversation, drive_log, follow, founding, fresh, holding, in_scope, look,
    look_after, on_behalf, operate, own, require, supervise, use_tool, within,
};
pub use error::AccessError;
pub use galaxy_store::people::PersonChange;
