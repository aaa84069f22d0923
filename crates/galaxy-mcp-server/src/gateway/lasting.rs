//! What a session remembers between its requests: from which level on its client wants the log, and
//! which resources it follows.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::{CancellationToken, DropGuard};

/// So many resources are followed in a session.
const MOST: usize = 64;

/// What a session remembers. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Lasting(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    over: CancellationToken,
    _over: DropGuard,
    level: Option<String>,
    followed: HashMap<String, DropGuard>,
}

impl Default for Inner {
    fn default() -> Self {
        let over = CancellationToken::new();
        let _over = over.clone().drop_guard();
        Self { over, _over, level: None, followed: HashMap::new() }
    }
}

impl Lasting {
    /// Fires when the session is over.
    pub(super) fn over(&self) -> CancellationToken {
        self.lock().over.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From which level on the client wants the log, if it said so.
    pub(super) fn level(&self) -> Option<String> {
        self.lock().level.clone()
    }

    /// The client wants the log from `level` on.
    pub(super) fn set_level(&self, level: String) {
        self.lock().level = Some(level);
    }

    /// Whether one more resource can be followed.
    pub(super) fn has_room(&self) -> bool {
        self.lock().followed.len() < MOST
    }

    /// The resource at `uri` is followed until the token fires that is given: when it is not
    /// followed any more, is followed anew, or the session is over.
    pub(super) fn follow(&self, uri: String) -> CancellationToken {
        let ends = CancellationToken::new();
        self.lock().followed.insert(uri, ends.clone().drop_guard());
        ends
    }

    /// The resource at `uri` is followed no longer.
    pub(super) fn leave(&self, uri: &str) {
        self.lock().followed.remove(uri);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_followed_ends_with_the_session_at_the_latest() {
        let lasting = Lasting::default();
        let [first, second] = ["a:1", "a:2"].map(|it| lasting.follow(it.to_owned()));
        lasting.leave("a:1");
        assert!(first.is_cancelled() && !second.is_cancelled());
        let anew = lasting.follow("a:2".to_owned());
        assert!(second.is_cancelled() && !anew.is_cancelled());
        drop(lasting);
        assert!(anew.is_cancelled());
    }
}
