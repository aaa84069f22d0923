//! Processes that share a PostgreSQL.

use std::{sync::Arc, time::Duration};

use galaxy_domain::{RunId, TopicId};
use galaxy_store::{Growth, Store, Watcher};
use tokio::sync::mpsc;

use crate::scene::{LEASE, Scene, asking, conversation};

#[derive(Debug, PartialEq)]
enum Heard {
    Grew,
    GrewElsewhere(TopicId),
    Queued,
    Stop(RunId),
    Missed,
}

struct Ear(mpsc::Sender<Heard>);

impl Watcher for Ear {
    fn grew(&self, _: Growth) {
        self.0.try_send(Heard::Grew).unwrap();
    }
    fn grew_elsewhere(&self, topic: TopicId) {
        self.0.try_send(Heard::GrewElsewhere(topic)).unwrap();
    }
    fn queued(&self) {
        self.0.try_send(Heard::Queued).unwrap();
    }
    fn stop_requested(&self, run: RunId) {
        self.0.try_send(Heard::Stop(run)).unwrap();
    }
    fn missed(&self) {
        self.0.try_send(Heard::Missed).unwrap();
    }
}

/// Waits until `expected` is heard; gives what was heard before.
async fn until(heard: &mut mpsc::Receiver<Heard>, expected: &Heard) -> Vec<Heard> {
    let mut before = Vec::new();
    let listening = async {
        loop {
            match heard.recv().await.unwrap() {
                it if it == *expected => return,
                other => before.push(other),
            }
        }
    };
    let patience = Duration::from_secs(20);
    let found = tokio::time::timeout(patience, listening).await;
    assert!(found.is_ok(), "{expected:?} was not heard");
    before
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_commits_the_others_hear() {
    let fixture = galaxy_testkit::store::postgres().await;
    let other = Store::open(fixture.config("other")).await.unwrap();
    assert_eq!(other.workspace(), fixture.workspace());
    let (tx, mut heard) = mpsc::channel(1_000);
    other.watch(Arc::new(Ear(tx)));
    // It says once that it listens from now on; if that was said before anybody watched, a
    // change by the others makes up for it.
    let scene = Scene::new(&fixture).await;
    let said = scene.ask("is anybody there?").await;
    let run = said.run.unwrap();
    let expected = Heard::GrewElsewhere(run.into());
    let mut seen = Vec::new();
    for attempt in 0.. {
        assert!(attempt < 200, "nothing was heard: {seen:?}");
        match tokio::time::timeout(Duration::from_millis(100), heard.recv()).await {
            Ok(Some(it)) if it == expected || it == Heard::Missed => break,
            Ok(it) => seen.extend(it),
            Err(_) => continue,
        }
    }

    let claimed = fixture.claim("one", LEASE, 9, 9).await.unwrap();
    assert_eq!(claimed[0].id, run);
    until(&mut heard, &Heard::GrewElsewhere(scene.chat.into())).await;
    other.request_stop(scene.ann.may(run)).await.unwrap();
    until(&mut heard, &Heard::Stop(run)).await;

    let chat = conversation(&fixture, scene.ann, "").await;
    fixture.say(scene.ann.may(chat), asking("more"), None).await.unwrap();
    let before = until(&mut heard, &Heard::Queued).await;
    assert!(!before.contains(&Heard::Grew), "it wrote nothing itself");
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_find_one_workspace() {
    let fixture = galaxy_testkit::store::postgres().await;
    let (one, two) =
        futures::join!(Store::open(fixture.config("one")), Store::open(fixture.config("two")),);
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.workspace(), two.workspace()), (fixture.workspace(), fixture.workspace()));
    one.close().await;
    two.close().await;
}
