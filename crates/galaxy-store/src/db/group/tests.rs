use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use futures::{FutureExt, future::join_all};
use galaxy_base::{Clock, Timestamp};
use galaxy_domain::{PersonId, RunId, TopicId, notice::Notice};
use tempfile::TempDir;
use tokio::sync::{Semaphore, oneshot};

use super::*;
use crate::{
    Config, Engine, Growth, Store, Watcher,
    audit::NoSeal,
    db::{job::Reply, statement},
};

const PUT: &str = "INSERT INTO settings (name, value) VALUES ($1, $2)";
const NAMES: &str = "SELECT name FROM settings ORDER BY rowid";

async fn open() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::Sqlite(folder.path().to_path_buf());
    let clock = Clock::fixed(Timestamp::from_millis(1));
    let config =
        Config { engine, clock, instance: "test".to_owned(), seal: Arc::new(NoSeal), fault: None };
    (folder, Store::open(config).await.unwrap())
}

async fn put(store: &Store, name: &'static str, end: fn() -> Result<(), StoreError>) -> Reply<()> {
    let written = store.write(Strength::Relaxed, (name, end), |tx, (name, end)| {
        Box::pin(async move {
            statement!(tx.execute(PUT, *name, "x"))?;
            end()
        })
    });
    match AssertUnwindSafe(written).catch_unwind().await {
        Ok(end) => Reply::Ended(end),
        Err(payload) => Reply::Panicked(payload),
    }
}

async fn names(store: &Store) -> Vec<String> {
    let mut conn = store.reader().await.unwrap();
    let rows: Vec<(String,)> = statement!(conn.fetch_all(NAMES)).unwrap();
    rows.into_iter().map(|(name,)| name).collect()
}

/// Keeps the writing task busy until `work` has queued everything it wants in one batch.
async fn in_one_batch<T>(store: &Store, work: impl Future<Output = T>) -> T {
    let (started, has_started) = oneshot::channel();
    let go = Arc::new(Semaphore::new(0));
    let input = (Mutex::new(Some(started)), Arc::clone(&go));
    let blocker = store.write(Strength::Relaxed, input, |_, (started, go)| {
        Box::pin(async move {
            started.lock().unwrap().take().unwrap().send(()).unwrap();
            go.acquire().await.unwrap().forget();
            Ok(())
        })
    });
    let rest = async {
        has_started.await.unwrap();
        // Futures are polled in order, so `work` has queued its changes before the gate opens;
        // unless the runtime makes it pause in between.
        let work = tokio::task::unconstrained(work);
        futures::join!(work, async { go.add_permits(1) }).0
    };
    let (blocked, done) = futures::join!(blocker, rest);
    blocked.unwrap();
    done
}

#[tokio::test]
async fn a_change_that_fails_or_panics_takes_no_other_down() {
    let (_folder, store) = open().await;
    let jobs = [
        put(&store, "first", || Ok(())),
        put(&store, "refused", || Err(StoreError::NotFound)),
        put(&store, "broken", || panic!("on purpose")),
        put(&store, "last", || Ok(())),
    ];
    let [first, refused, broken, last] =
        in_one_batch(&store, join_all(jobs)).await.try_into().ok().unwrap();
    assert!(matches!(first, Reply::Ended(Ok(()))));
    assert!(matches!(refused, Reply::Ended(Err(StoreError::NotFound))));
    assert!(matches!(broken, Reply::Panicked(_)));
    assert!(matches!(last, Reply::Ended(Ok(()))));
    assert_eq!(names(&store).await, ["first", "last"]);
}

#[tokio::test]
async fn a_lone_change_that_fails_or_panics_leaves_nothing() {
    let (_folder, store) = open().await;
    assert!(matches!(put(&store, "a", || Err(StoreError::Fenced)).await, Reply::Ended(Err(_))));
    assert!(matches!(put(&store, "b", || panic!("on purpose")).await, Reply::Panicked(_)));
    assert!(matches!(put(&store, "c", || Ok(())).await, Reply::Ended(Ok(()))));
    assert_eq!(names(&store).await, ["c"]);
}

#[tokio::test]
async fn changes_are_made_in_the_order_they_came() {
    let (_folder, store) = open().await;
    let write = |idx: usize| {
        store.write(Strength::Relaxed, format!("{idx:03}"), |tx, name| {
            Box::pin(async move { statement!(tx.execute(PUT, name.as_str(), "x")).map(drop) })
        })
    };
    let ends = in_one_batch(&store, join_all((0..700).map(write))).await;
    assert!(ends.iter().all(Result::is_ok));
    let expected: Vec<String> = (0..700).map(|idx| format!("{idx:03}")).collect();
    assert_eq!(names(&store).await, expected);
}

#[tokio::test]
async fn only_a_batch_with_something_to_acknowledge_is_synced() {
    let (_folder, store) = open().await;
    let ask = |strength| {
        store.write(strength, (), |tx, ()| {
            Box::pin(async move {
                let (level,): (i64,) = statement!(tx.fetch_one("PRAGMA synchronous"))?;
                Ok(level)
            })
        })
    };
    let (normal, full) = (1, 2);
    let levels = |strengths: Vec<Strength>| {
        let asking = join_all(strengths.into_iter().map(ask));
        async { asking.await.into_iter().map(Result::unwrap).collect::<Vec<i64>>() }
    };
    let relaxed = levels(vec![Strength::Relaxed; 3]);
    assert_eq!(in_one_batch(&store, relaxed).await, [normal; 3]);
    let mixed = levels(vec![Strength::Relaxed, Strength::Synced, Strength::Relaxed]);
    assert_eq!(in_one_batch(&store, mixed).await, [full; 3]);
    assert_eq!(in_one_batch(&store, levels(vec![Strength::Relaxed])).await, [normal]);
}

#[derive(Default)]
struct Ear(Mutex<Vec<Growth>>);

impl Watcher for Ear {
    fn grew(&self, growth: Growth) {
        self.0.lock().unwrap().push(growth);
    }
    fn grew_elsewhere(&self, _: TopicId) {}
    fn queued(&self) {}
    fn stop_requested(&self, _: RunId) {}
    fn missed(&self) {}
}

#[tokio::test]
async fn only_what_was_committed_is_told() {
    let (_folder, store) = open().await;
    let ear = Arc::<Ear>::default();
    store.watch(Arc::clone(&ear) as Arc<dyn Watcher>);
    let tell = |person: PersonId, end: fn() -> Result<(), StoreError>| {
        let input = (store.workspace(), person, end);
        store.write(Strength::Relaxed, input, |tx, (workspace, person, end)| {
            Box::pin(async move {
                let task = galaxy_domain::TaskId::fresh();
                tx.notify_person(*workspace, *person, Notice::TaskDeleted { task });
                end()
            })
        })
    };
    let (heard, unheard) = (PersonId::fresh(), PersonId::fresh());
    let jobs = vec![
        tell(heard, || Ok(())),
        tell(unheard, || Err(StoreError::NotFound)),
        tell(heard, || Ok(())),
    ];
    in_one_batch(&store, join_all(jobs)).await;
    let told = std::mem::take(&mut *ear.0.lock().unwrap());
    assert!(told.iter().all(|growth| growth.topic == heard.into()));
    let numbers: Vec<u64> =
        told.iter().flat_map(|it| it.logged.iter().map(crate::Logged::seq)).collect();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test]
async fn a_full_disk_is_told_and_forgotten_when_there_is_room_again() {
    let (_folder, store) = open().await;
    let limit = |pages: &'static str| {
        store.write(Strength::Relaxed, pages, |tx, pages| {
            Box::pin(async move {
                let _: (i64,) = statement!(tx.fetch_one(*pages))?;
                Ok(())
            })
        })
    };
    let write = |name: &'static str| {
        store.write(Strength::Synced, name, |tx, name| {
            let text = "x".repeat(1_000_000);
            Box::pin(async move { statement!(tx.execute(PUT, *name, text.as_str())).map(drop) })
        })
    };
    limit("PRAGMA max_page_count = 1").await.unwrap();
    assert!(matches!(write("too much").await, Err(StoreError::Full)));
    assert!(names(&store).await.is_empty());
    limit("PRAGMA max_page_count = 1000000").await.unwrap();
    write("enough").await.unwrap();
    assert_eq!(names(&store).await, ["enough"]);
    assert_eq!(store.failure(), None);
}

#[tokio::test]
async fn closing_makes_the_changes_that_wait_and_refuses_later_ones() {
    let (folder, store) = open().await;
    let jobs = join_all([put(&store, "a", || Ok(())), put(&store, "b", || Ok(()))]);
    let (ends, ()) = futures::join!(jobs, store.close());
    assert!(ends.iter().all(|end| matches!(end, Reply::Ended(Ok(())))));
    let late = put(&store, "late", || Ok(())).await;
    assert!(matches!(late, Reply::Ended(Err(StoreError::Unavailable(_)))));
    drop(store);

    let engine = Engine::Sqlite(folder.path().to_path_buf());
    let instance = "again".to_owned();
    let config =
        Config { engine, clock: Clock::System, instance, seal: Arc::new(NoSeal), fault: None };
    assert_eq!(names(&Store::open(config).await.unwrap()).await, ["a", "b"]);
}
