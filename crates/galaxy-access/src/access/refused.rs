//! Keys that were refused a moment ago, so that it is not written down at every request.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use galaxy_domain::ApiKeyId;
use tokio::time::Instant;

/// How long a refusal is no news.
const QUIET: Duration = Duration::from_secs(60);
/// How many keys are remembered.
const REMEMBERED: usize = 1_000;

/// Keys, and when that they were refused was last news.
#[derive(Default)]
pub(super) struct Refused(Mutex<HashMap<ApiKeyId, Instant>>);

impl Refused {
    /// Whether this key was not refused for a while.
    pub(super) fn is_news(&self, key: ApiKeyId) -> bool {
        let now = Instant::now();
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.get(&key).is_some_and(|at| now.duration_since(*at) < QUIET) {
            return false;
        }
        if keys.len() >= REMEMBERED {
            keys.clear();
        }
        keys.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_key_that_is_refused_again_and_again_is_news_once_a_minute() {
        let (refused, key) = (Refused::default(), ApiKeyId::fresh());
        assert!(refused.is_news(key));
        assert!(!refused.is_news(key));
        assert!(refused.is_news(ApiKeyId::fresh()));
        tokio::time::advance(QUIET).await;
        assert!(refused.is_news(key));
    }
}
