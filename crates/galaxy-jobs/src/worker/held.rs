//! What a worker knows of the runs it carries.

use std::{
    collections::HashMap,
    sync::{Mutex, atomic::AtomicUsize},
};

use galaxy_domain::{PersonId, RunId};

use super::Ends;

/// Runs that this process carries.
#[derive(Default)]
pub(super) struct Held {
    pub(super) runs: Mutex<HashMap<RunId, Hold>>,
    pub(super) count: AtomicUsize,
}

/// A run that this process carries.
pub(super) struct Hold {
    /// Of its claim.
    pub(super) fence: i64,
    pub(super) owner: PersonId,
    pub(super) ends: Ends,
    /// Whether it is stored: before that it has no lease to keep.
    pub(super) is_stored: bool,
}

/// Whether a run that is to be carried is there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It was claimed for this process.
    Stored,
    /// It is about to be; [`Worker::stored`] tells when it is.
    Soon,
}
