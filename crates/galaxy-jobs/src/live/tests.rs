use std::sync::Mutex;

use galaxy_base::Timestamp;
use galaxy_domain::{ConversationId, Id, WorkspaceId, notice::Notice};

use super::*;

/// A log in memory that tells of every entry.
#[derive(Default)]
struct Log {
    live: Arc<Live>,
    entries: Arc<Mutex<Vec<Logged>>>,
}

impl Log {
    fn write(&self, topic: TopicId) -> Logged {
        let mut entries = self.entries.lock().unwrap();
        let seq = entries.len() as u64 + 1;
        let conversation = ConversationId::fresh();
        let notice = Notice::ConversationDeleted { conversation };
        let entry = Logged::Notice { seq, at: Timestamp::default(), notice };
        entries.push(entry.clone());
        let _ = topic;
        entry
    }

    fn tell(&self, topic: TopicId, entry: Logged) {
        let workspace: WorkspaceId = Id::fresh();
        self.live.grew(Growth { topic, workspace, logged: Arc::from([entry]) });
    }

    fn follow(
        &self,
        topic: TopicId,
        after: u64,
    ) -> Tail<impl Fn(u64) -> std::future::Ready<Result<Replay, StoreError>>> {
        let entries = self.entries.clone();
        let read = move |after: u64| {
            let entries = entries.lock().unwrap();
            let skip = usize::try_from(after).unwrap();
            let logged = entries.iter().skip(skip).take(REPLAY).cloned().collect();
            let last = entries.len() as u64;
            std::future::ready(Ok(Replay { logged, last, reset: after > last }))
        };
        self.live.follow(topic, after, read)
    }
}

async fn seqs<R, F>(tail: &mut Tail<R>, enough: usize) -> Vec<u64>
where
    R: Fn(u64) -> F,
    F: Future<Output = Result<Replay, StoreError>>,
{
    let mut seen = Vec::new();
    while seen.len() < enough {
        match tail.next().await.unwrap() {
            Heard::Entries(entries) => seen.extend(entries.iter().map(Logged::seq)),
            Heard::Reset(seq) => panic!("reset to {seq}"),
        }
    }
    seen
}

#[tokio::test]
async fn a_reader_gets_the_log_and_then_what_is_new() {
    let (log, topic) = (Log::default(), TopicId::fresh());
    for _ in 0..3 {
        log.write(topic);
    }
    let mut tail = log.follow(topic, 1);
    assert_eq!(seqs(&mut tail, 2).await, [2, 3]);
    let entry = log.write(topic);
    log.tell(topic, entry);
    assert_eq!(seqs(&mut tail, 1).await, [4]);
}

#[tokio::test]
async fn what_is_heard_twice_is_told_once() {
    let (log, topic) = (Log::default(), TopicId::fresh());
    let mut tail = log.follow(topic, 0);
    let first = log.write(topic);
    log.tell(topic, first.clone());
    assert_eq!(seqs(&mut tail, 1).await, [1]);
    log.tell(topic, first);
    let second = log.write(topic);
    log.tell(topic, second);
    assert_eq!(seqs(&mut tail, 1).await, [2]);
}

#[tokio::test]
async fn a_hole_is_filled_from_the_log() {
    let (log, topic) = (Log::default(), TopicId::fresh());
    let mut tail = log.follow(topic, 0);
    let first = log.write(topic);
    log.tell(topic, first);
    assert_eq!(seqs(&mut tail, 1).await, [1]);
    // The second is written and not told; the third is told.
    log.write(topic);
    let third = log.write(topic);
    log.tell(topic, third);
    assert_eq!(seqs(&mut tail, 2).await, [2, 3]);
}

#[tokio::test]
async fn a_slow_reader_loses_nothing() {
    let (log, topic) = (Log::default(), TopicId::fresh());
    let mut tail = log.follow(topic, 0);
    for _ in 0..BEHIND * 3 {
        let entry = log.write(topic);
        log.tell(topic, entry);
    }
    let expected: Vec<u64> = (1..=(BEHIND as u64) * 3).collect();
    assert_eq!(seqs(&mut tail, BEHIND * 3).await, expected);
}

#[tokio::test]
async fn another_process_only_says_that_there_is_more() {
    let (log, topic) = (Log::default(), TopicId::fresh());
    let mut tail = log.follow(topic, 0);
    log.write(topic);
    assert_eq!(seqs(&mut tail, 1).await, [1]);
    log.write(topic);
    log.live.grew_elsewhere(topic);
    assert_eq!(seqs(&mut tail, 1).await, [2]);
    log.write(topic);
    log.live.missed();
    assert_eq!(seqs(&mut tail, 1).await, [3]);
}

#[tokio::test]
async fn whoever_watches_hears_what_is_committed_from_then_on() {
    let (log, topic) = (Log::default(), TopicId::fresh());
    let first = log.write(topic);
    log.tell(topic, first);
    let mut watch = log.live.watch(topic);
    let second = log.write(topic);
    log.tell(topic, second);
    let Stir::Entries(entries) = watch.next().await else { panic!("it is known what came") };
    assert_eq!(entries.iter().map(Logged::seq).collect::<Vec<_>>(), [2]);
    log.live.grew_elsewhere(topic);
    assert!(matches!(watch.next().await, Stir::Unknown));
    for _ in 0..BEHIND * 3 {
        let entry = log.write(topic);
        log.tell(topic, entry);
    }
    assert!(matches!(watch.next().await, Stir::Unknown), "there was too much of it");
    drop(watch);
    assert_eq!(log.live.topics(), 0);
}

#[tokio::test]
async fn a_topic_without_readers_is_forgotten() {
    let (log, topic) = (Log::default(), TopicId::fresh());
    let tail = log.follow(topic, 0);
    let mut other = log.follow(topic, 0);
    drop(tail);
    assert_eq!(log.live.topics(), 1);
    let entry = log.write(topic);
    log.tell(topic, entry);
    assert_eq!(seqs(&mut other, 1).await, [1], "one that stays still hears");
    drop(other);
    assert_eq!(log.live.topics(), 0);
}
