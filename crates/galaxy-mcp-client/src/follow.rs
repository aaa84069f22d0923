//! Resources that somebody follows: who wants to hear of which.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// So many resources of a server are followed at once.
const MOST: usize = 256;

/// What is followed, and how often it changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Followed(Arc<Mutex<HashMap<String, watch::Sender<u64>>>>);

/// How somebody began to follow.
pub(crate) enum Joined {
    /// Somebody follows it already.
    Along(watch::Receiver<u64>),
    /// They are the first: the server has to be told.
    First(watch::Receiver<u64>),
    /// There are too many.
    Full,
}

impl Followed {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to follow `uri`.
    pub(crate) fn join(&self, uri: &str) -> Joined {
        let mut followed = self.lock();
        if let Some(known) = followed.get(uri) {
            return Joined::Along(known.subscribe());
        }
        if followed.len() >= MOST {
            return Joined::Full;
        }
        let (count, first) = watch::channel(0);
        followed.insert(uri.to_owned(), count);
        Joined::First(first)
    }

    /// The resource at `uri` changed, or may have.
    pub(crate) fn touch(&self, uri: &str) {
        if let Some(count) = self.lock().get(uri) {
            count.send_modify(|it| *it += 1);
        }
    }

    /// Returns once nobody follows `uri` any more; it is forgotten then.
    pub(crate) async fn left(&self, uri: &str) {
        loop {
            let Some(count) = self.lock().get(uri).cloned() else { return };
            count.closed().await;
            // Somebody may have come meanwhile; nobody can while the lock is held.
            let mut followed = self.lock();
            if followed.get(uri).is_none_or(|it| it.receiver_count() == 0) {
                followed.remove(uri);
                return;
            }
        }
    }

    /// Forgets `uri`: whoever waits hears that there is nothing to follow.
    pub(crate) fn forget(&self, uri: &str) {
        self.lock().remove(uri);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_resource_is_followed_until_the_last_one_leaves() {
        let followed = Followed::default();
        let Joined::First(mut first) = followed.join("a:b") else { panic!("there is nobody") };
        let Joined::Along(second) = followed.join("a:b") else { panic!("there is one") };
        followed.touch("a:b");
        followed.touch("a:c");
        assert!(first.has_changed().unwrap());
        assert_eq!(*first.borrow_and_update(), 1);
        drop(first);
        assert!(futures::FutureExt::now_or_never(followed.left("a:b")).is_none());
        drop(second);
        followed.left("a:b").await;
        assert!(matches!(followed.join("a:b"), Joined::First(_)));
        for at in 1..MOST {
            assert!(matches!(followed.join(&at.to_string()), Joined::First(_)));
        }
        assert!(matches!(followed.join("one more"), Joined::Full));
    }
}
