//! One `NOTIFY` per batch of commits, and the task that hears those of other processes.

use std::time::Duration;

use galaxy_base::Backoff;
use galaxy_domain::{RunId, TopicId};
use serde::{Deserialize, Serialize};
use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Slot, current};
use crate::{growth::Aftermath, json};

/// PostgreSQL refuses payloads of 8,000 bytes and more.
const PAYLOAD: usize = 7_999;
const CHANNEL: &str = "galaxy";
const NOTIFY: &str = "SELECT pg_notify('galaxy', $1)";
const PAUSE: Backoff =
    Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(5) };
/// An announcement that failed is made up for after this long, also when nothing else happens: a
/// reader elsewhere may wait for nothing but that.
const AGAIN: Duration = Duration::from_secs(1);
/// After this long without news the connection is tested: a dead peer says nothing either.
const SILENCE: Duration = Duration::from_secs(30);

/// What a commit brought, in a few words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Brief {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    topics: Vec<TopicId>,
    #[serde(default)]
    queued: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stops: Vec<RunId>,
    /// Too much to list.
    #[serde(default)]
    all: bool,
}

impl Brief {
    /// What others need to know of `after`.
    pub(super) fn of(after: &Aftermath) -> Self {
        let topics = after.grown.iter().map(|growth| growth.topic).collect();
        Self { topics, queued: after.queued, stops: after.stops.clone(), all: false }
    }

    fn add(&mut self, more: Self) {
        self.topics.extend(more.topics);
        self.queued |= more.queued;
        self.stops.extend(more.stops);
        self.all |= more.all;
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Announcement {
    from: String,
    #[serde(flatten)]
    brief: Brief,
}

/// The text to send, short enough in any case.
fn payload(from: &str, mut brief: Brief) -> String {
    brief.topics.sort_unstable();
    brief.topics.dedup();
    let text = json::write(&Announcement { from: from.to_owned(), brief });
    match text {
        Ok(text) if text.len() <= PAYLOAD => text,
        Ok(_) | Err(_) => {
            let brief = Brief { all: true, queued: true, ..Brief::default() };
            let all = Announcement { from: from.to_owned(), brief };
            json::write(&all).unwrap_or_default()
        }
    }
}

/// Announces what comes from `news` until its other end is gone, or until `stop` and nothing is
/// left.
pub(super) async fn announce(
    pool: PgPool,
    instance: String,
    mut news: mpsc::Receiver<Brief>,
    stop: CancellationToken,
) {
    let mut missed = false;
    loop {
        let next = tokio::select! {
            biased;
            next = news.recv() => next,
            () = stop.cancelled() => None,
            () = tokio::time::sleep(AGAIN), if missed => Some(Brief::default()),
        };
        let Some(mut brief) = next else { return };
        // A full queue means that some were dropped.
        brief.all |= missed || news.len() + 1 >= news.max_capacity();
        while let Ok(more) = news.try_recv() {
            brief.add(more);
        }
        if brief.all {
            brief = Brief { all: true, queued: true, ..Brief::default() };
        }
        let text = payload(&instance, brief);
        let sent = sqlx::query(NOTIFY).bind(text).execute(&pool).await;
        missed = sent.is_err();
        if let Err(err) = sent {
            tracing::warn!(error = %err, "other processes could not be told of new entries");
        }
    }
}

/// Hears what other processes committed; never ends by itself.
pub(super) async fn listen(pool: PgPool, instance: String, watcher: Slot) {
    let options = (*pool.connect_options()).clone();
    // A connection of its own, so that listening takes none from those who work.
    let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    let mut attempt = 0;
    loop {
        if let Ok(mut listener) = PgListener::connect_with(&own).await
            && listener.listen(CHANNEL).await.is_ok()
        {
            attempt = 0;
            // Whatever was said before somebody listened was missed.
            if let Some(watcher) = current(&watcher) {
                watcher.missed();
            }
            hear(&mut listener, &instance, &watcher).await;
        }
        tokio::time::sleep(PAUSE.delay(attempt)).await;
        attempt += 1;
    }
}

/// Passes on what is heard, until the connection is lost.
async fn hear(listener: &mut PgListener, instance: &str, watcher: &Slot) {
    loop {
        match tokio::time::timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(heard))) => pass_on(heard.payload(), instance, watcher),
            Ok(Ok(None) | Err(_)) => return,
            Err(_) => {
                let test = sqlx::query("SELECT 1").execute(&mut *listener);
                if !matches!(tokio::time::timeout(SILENCE, test).await, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}

fn pass_on(payload: &str, instance: &str, watcher: &Slot) {
    let Some(watcher) = current(watcher) else { return };
    let Ok(Announcement { from, brief }) = json::read::<Announcement>(payload) else {
        return watcher.missed();
    };
    if from == instance {
        return;
    }
    if brief.all {
        watcher.missed();
    }
    brief.topics.into_iter().for_each(|topic| watcher.grew_elsewhere(topic));
    if brief.queued {
        watcher.queued();
    }
    brief.stops.into_iter().for_each(|run| watcher.stop_requested(run));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_to_list_becomes_anything() {
        let brief = Brief { topics: vec![TopicId::fresh()], ..Brief::default() };
        let heard: Announcement = json::read(&payload("one", brief.clone())).unwrap();
        assert_eq!((heard.from.as_str(), heard.brief), ("one", brief));

        let topics = (0..500).map(|_| TopicId::fresh()).collect();
        let text = payload("one", Brief { topics, ..Brief::default() });
        assert!(text.len() <= PAYLOAD);
        assert!(json::read::<Announcement>(&text).unwrap().brief.all);
    }
}
