//! Live topics: whoever follows one gets its log from a number on, then everything new, each
//! entry once and in order.
//!
//! **Invariant:** a writer never waits for a reader. A reader that falls behind is told to read
//! the log again, which it does by itself in [`Tail::next`].

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use galaxy_domain::{RunId, TopicId};
use galaxy_store::{Growth, Logged, Replay, StoreError, Watcher};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

/// Commits that a slow reader may be behind before it reads from the log instead.
const BEHIND: usize = 64;
/// Entries that are read from the log at once.
pub const REPLAY: usize = 512;

/// What a topic's channel carries.
#[derive(Debug, Clone)]
enum Pulse {
    /// New entries, as they were committed.
    Grew(Arc<[Logged]>),
    /// There may be new entries, written by another process.
    Stirred,
}

/// The readers of this process, by topic; also wakes the worker.
#[derive(Debug, Default)]
pub struct Live {
    topics: Mutex<HashMap<TopicId, broadcast::Sender<Pulse>>>,
    stops: Mutex<HashMap<RunId, CancellationToken>>,
    /// Woken when a run may be claimed.
    pub(crate) queued: Notify,
}

impl Live {
    /// Starts to listen. Whatever is committed to `topic` from now on will be heard.
    fn listen(&self, topic: TopicId) -> broadcast::Receiver<Pulse> {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics.entry(topic).or_insert_with(|| broadcast::channel(BEHIND).0).subscribe()
    }

    fn pulse(&self, topic: TopicId, pulse: Pulse) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        // A channel nobody listens to is forgotten.
        if topics.get(&topic).is_some_and(|sender| sender.send(pulse).is_err()) {
            topics.remove(&topic);
        }
    }

    /// Forgets the channel of `topic` when the reader that goes is its last.
    fn left(&self, topic: TopicId) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if topics.get(&topic).is_some_and(|sender| sender.receiver_count() <= 1) {
            topics.remove(&topic);
        }
    }

    /// How many topics have readers.
    pub fn topics(&self) -> usize {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Follows `topic` from the entry after `after` on. `read` reads the log: everything after a
    /// number, at most [`REPLAY`] entries.
    pub fn follow<R, F>(self: &Arc<Self>, topic: TopicId, after: u64, read: R) -> Tail<R>
    where
        R: Fn(u64) -> F,
        F: Future<Output = Result<Replay, StoreError>>,
    {
        // Listening before the first read leaves no gap between the two.
        let pulses = self.listen(topic);
        Tail { live: self.clone(), topic, pulses, after, behind: true, read }
    }

    /// Hears of everything that is committed to `topic` from now on, without reading its log.
    pub fn watch(self: &Arc<Self>, topic: TopicId) -> Watch {
        Watch { pulses: self.listen(topic), live: self.clone(), topic }
    }

    /// Registers a run of this process, so that a stop reaches it at once.
    pub(crate) fn watch_run(&self, run: RunId) -> CancellationToken {
        let token = CancellationToken::new();
        let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        stops.insert(run, token.clone());
        token
    }

    pub(crate) fn forget_run(&self, run: RunId) {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
    }

    fn stop_run(&self, run: RunId) {
        if let Some(token) = self.stops.lock().unwrap_or_else(PoisonError::into_inner).get(&run) {
            token.cancel();
        }
    }
}

impl Watcher for Live {
    fn grew(&self, growth: Growth) {
        self.pulse(growth.topic, Pulse::Grew(growth.logged));
    }

    fn grew_elsewhere(&self, topic: TopicId) {
        self.pulse(topic, Pulse::Stirred);
    }

    fn queued(&self) {
        self.queued.notify_one();
    }

    fn stop_requested(&self, run: RunId) {
        self.stop_run(run);
    }

    fn missed(&self) {
        let topics: Vec<TopicId> =
            self.topics.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        for topic in topics {
            self.pulse(topic, Pulse::Stirred);
        }
        self.queued.notify_one();
    }
}

/// Something was committed to a topic.
#[derive(Debug, Clone)]
pub enum Stir {
    /// These entries.
    Entries(Arc<[Logged]>),
    /// Nobody here knows what: another process wrote it, or there was too much of it.
    Unknown,
}

/// Waits for news of one topic, for whoever looks for themselves what they come to.
pub struct Watch {
    live: Arc<Live>,
    topic: TopicId,
    pulses: broadcast::Receiver<Pulse>,
}

impl Watch {
    /// Waits for the next news. Safe to drop and call again.
    pub async fn next(&mut self) -> Stir {
        match self.pulses.recv().await {
            Ok(Pulse::Grew(logged)) => Stir::Entries(logged),
            Ok(Pulse::Stirred) | Err(broadcast::error::RecvError::Lagged(_)) => Stir::Unknown,
            // The channel was forgotten in a moment without readers.
            Err(broadcast::error::RecvError::Closed) => {
                self.pulses = self.live.listen(self.topic);
                Stir::Unknown
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.live.left(self.topic);
    }
}

/// What a reader hears.
#[derive(Debug, Clone)]
pub enum Heard {
    /// The next entries, in order and without a gap.
    Entries(Vec<Logged>),
    /// What the reader asked for is no longer in the log: it should fetch a snapshot and go on
    /// after this number.
    Reset(u64),
}

/// One reader of one topic.
pub struct Tail<R> {
    live: Arc<Live>,
    topic: TopicId,
    pulses: broadcast::Receiver<Pulse>,
    after: u64,
    /// Whether the log may hold entries that were not read yet.
    behind: bool,
    read: R,
}

impl<R, F> Tail<R>
where
    R: Fn(u64) -> F,
    F: Future<Output = Result<Replay, StoreError>>,
{
    /// Waits for the next entries. Safe to drop and call again.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn next(&mut self) -> Result<Heard, StoreError> {
        loop {
            if self.behind {
                let replay = (self.read)(self.after).await?;
                if replay.reset {
                    self.after = replay.last;
                    return Ok(Heard::Reset(replay.last));
                }
                match replay.logged.last() {
                    Some(last) => {
                        self.after = last.seq();
                        return Ok(Heard::Entries(replay.logged));
                    }
                    None => self.behind = false,
                }
            }
            match self.pulses.recv().await {
                Ok(Pulse::Grew(logged)) => {
                    if let Some(fresh) = self.fresh(&logged) {
                        return Ok(Heard::Entries(fresh));
                    }
                }
                Ok(Pulse::Stirred) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    self.behind = true;
                }
                // The channel was forgotten in a moment without readers.
                Err(broadcast::error::RecvError::Closed) => {
                    self.pulses = self.live.listen(self.topic);
                    self.behind = true;
                }
            }
        }
    }

    /// The entries of `logged` that come next; none if they were read already, or if some before
    /// them were not.
    fn fresh(&mut self, logged: &[Logged]) -> Option<Vec<Logged>> {
        let fresh: Vec<Logged> =
            logged.iter().filter(|entry| entry.seq() > self.after).cloned().collect();
        let (first, last) = (fresh.first()?.seq(), fresh.last()?.seq());
        if first != self.after + 1 {
            self.behind = true;
            return None;
        }
        self.after = last;
        Some(fresh)
    }
}

impl<R> Drop for Tail<R> {
    fn drop(&mut self) {
        // A topic that never grows again would otherwise be remembered for ever.
        self.live.left(self.topic);
    }
}

#[cfg(test)]
mod tests;
