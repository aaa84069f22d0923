//! Lists of what a server offers, kept as long as they are good.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use galaxy_tool::server::ServerError;
use serde_json::{Value, json};
use tokio::time::Instant;

/// However short-lived a server calls a list, it is kept so long: every call looks at it.
const SHORTEST: Duration = Duration::from_secs(2);
/// However long-lived a server calls a list, it is read again after so long.
const LONGEST: Duration = Duration::from_secs(3600);
/// A list that changes all the time is read again at most so often …
const RENEWALS: usize = 5;
/// … within so long.
const RENEWALS_WITHIN: Duration = Duration::from_secs(10);
/// More pages than this are not read.
const PAGES: usize = 64;

/// A list that is kept.
#[derive(Debug)]
struct Kept<T> {
    list: Arc<T>,
    /// Which change of the list it includes.
    version: u64,
    until: Instant,
}

/// Keeps a list.
#[derive(Debug)]
pub(crate) struct Cache<T> {
    kept: Option<Kept<T>>,
    renewals: VecDeque<Instant>,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { kept: None, renewals: VecDeque::new() }
    }
}

impl<T> Cache<T> {
    /// The list, if it is good: neither too old nor changed since. In a storm of changes the list
    /// of a moment ago has to do.
    pub(crate) fn get(&mut self, version: u64, now: Instant) -> Option<Arc<T>> {
        let kept = self.kept.as_ref().filter(|it| it.until > now)?;
        let recently = |it: &Instant| now.duration_since(*it) < RENEWALS_WITHIN;
        let is_storm = self.renewals.iter().filter(|it| recently(it)).count() >= RENEWALS;
        (kept.version == version || is_storm).then(|| kept.list.clone())
    }

    /// Keeps a list that was asked for when `version` was current.
    pub(crate) fn put(
        &mut self,
        list: T,
        version: u64,
        good_for: Duration,
        now: Instant,
    ) -> Arc<T> {
        let list = Arc::new(list);
        let until = now + good_for.clamp(SHORTEST, LONGEST);
        self.kept = Some(Kept { list: list.clone(), version, until });
        self.renewals.push_back(now);
        if self.renewals.len() > RENEWALS {
            self.renewals.pop_front();
        }
        list
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Pages that have been read.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    /// What was on them.
    pub(crate) items: Vec<Value>,
    /// How long the server says they are good.
    pub(crate) good_for: Option<Duration>,
    read: usize,
    cursor: Option<Value>,
}

impl Pages {
    /// The parameters that ask for the next page.
    pub(crate) fn ask(&self) -> Value {
        self.cursor.as_ref().map_or_else(|| json!({}), |it| json!({ "cursor": it }))
    }

    /// Adds a page, whose items stand under `key`; tells whether there is more to read. What is
    /// beyond `max` items is not read any more, but one item more than that is kept, so that the
    /// cut can be seen.
    ///
    /// # Errors
    /// [`ServerError::Garbled`] for what is no page.
    pub(crate) fn add(
        &mut self,
        mut page: Value,
        key: &str,
        max: usize,
    ) -> Result<bool, ServerError> {
        let Some(Value::Array(items)) = page.get_mut(key).map(Value::take) else {
            return Err(ServerError::Garbled(format!("a list without `{key}`")));
        };
        self.items.extend(items);
        self.read += 1;
        let ttl = page.get("ttlMs").and_then(Value::as_u64).map(Duration::from_millis);
        self.good_for = self.good_for.into_iter().chain(ttl).min();
        self.cursor = page.get("nextCursor").filter(|it| it.is_string()).cloned();
        Ok(self.cursor.is_some() && self.items.len() <= max && self.read < PAGES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_list_is_good_until_it_changes_or_is_old() {
        let mut cache = Cache::default();
        let now = Instant::now();
        assert!(cache.get(0, now).is_none());
        cache.put("one", 0, Duration::from_secs(60), now);
        assert_eq!(cache.get(0, now).as_deref(), Some(&"one"));
        assert!(cache.get(1, now).is_none(), "it changed");
        assert!(cache.get(0, now + Duration::from_secs(60)).is_none(), "it is old");
        cache.put("short", 1, Duration::ZERO, now);
        assert!(cache.get(1, now + Duration::from_secs(1)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_storm_of_changes_the_list_of_a_moment_ago_has_to_do() {
        let mut cache = Cache::default();
        let now = Instant::now();
        for version in 0..5 {
            assert!(cache.get(version, now).is_none());
            cache.put(version, version, Duration::from_secs(60), now);
        }
        assert_eq!(cache.get(99, now).as_deref(), Some(&4));
        assert!(cache.get(99, now + RENEWALS_WITHIN).is_none());
    }

    #[test]
    fn pages_are_read_until_there_is_no_more_or_it_is_enough() {
        let mut pages = Pages::default();
        assert_eq!(pages.ask(), json!({}));
        let page = |n: u64| json!({ "tools": [n, n], "nextCursor": "more", "ttlMs": 1000 * n });
        assert_eq!(pages.add(page(3), "tools", 3), Ok(true));
        assert_eq!(pages.ask(), json!({ "cursor": "more" }));
        assert_eq!(pages.add(page(2), "tools", 3), Ok(false), "four are one too many");
        assert_eq!((pages.items.len(), pages.good_for), (4, Some(Duration::from_secs(2))));
        assert_eq!(Pages::default().add(json!({ "tools": [1] }), "tools", 3), Ok(false));
        assert!(Pages::default().add(json!({}), "tools", 3).is_err());
    }
}
