//! Two applications on one PostgreSQL database, as two replicas are.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use galaxy_app::follow::{Following, Heard, Logged, Topic};
use galaxy_domain::{Effect, Item, Outcome, RunState, Verdict, notice::Notice, transcript::Delta};
use galaxy_jobs::WorkerConfig;
use galaxy_store::Store;
use galaxy_testkit::{FakeTool, Gate, Script, store::StoreFixture};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::house::{House, worker};

/// A lease that ends soon: it is measured by the database's own clock.
const SHORT: Duration = Duration::from_millis(400);

/// The other replica.
async fn replica(fixture: &StoreFixture, scripts: impl IntoIterator<Item = Script>) -> House {
    let store = Store::open(fixture.config("two")).await.unwrap();
    House::idle(&store, scripts, [], worker("two")).await
}

/// A replica at work, with a short lease and on a runtime of its own: whoever shuts that down in
/// the background has a process that dies without a word.
async fn doomed(fixture: &StoreFixture, scripts: Vec<Script>, tools: Vec<FakeTool>) -> Runtime {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.unwrap();
    let config = fixture.config("doomed");
    let begin = runtime.spawn(async move {
        let store = Store::open(config).await.unwrap();
        let heartbeat = SHORT / 4;
        let worker = WorkerConfig { lease: SHORT, heartbeat, ..worker("doomed") };
        House::idle(&store, scripts, tools, worker).await.app.start();
    });
    begin.await.unwrap();
    runtime
}

/// Reads on until an entry is what is looked for; gives all that was read.
async fn read_until(tail: &mut Following, enough: impl Fn(&Item) -> bool) -> Vec<Item> {
    let mut read = Vec::new();
    loop {
        let Heard::Entries(entries) = tail.next().await.unwrap() else { panic!("a gap") };
        for entry in entries {
            let Logged::Item(entry) = entry else { panic!("a notice in the log of a run") };
            assert_eq!(entry.seq, read.len() as u64 + 1, "each entry once and in order");
            read.push(entry.item);
        }
        if read.iter().any(&enough) {
            return read;
        }
    }
}

fn is_stopped(item: &Item) -> bool {
    matches!(item, Item::Stopped { .. })
}

fn says(item: &Item, text: &str) -> bool {
    matches!(item, Item::Delta { delta: Delta::Text { text: said } } if said == text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_on_one_is_followed_on_the_other() {
    let fixture = galaxy_testkit::store::postgres().await;
    let gate = Gate::new();
    let one = House::new(&fixture, [Script::says("It is ").wait(&gate).text("4.")]).await;
    let two = replica(&fixture, []).await;
    let chat = two.chat().await;
    // The message comes to the one, and the other has it answered.
    let run = two.send(chat, "What is 2+2?").await.run.unwrap();
    let mut tail = two.app.follow(&two.ann, Topic::Run(run), 0).await.unwrap();
    let begun = read_until(&mut tail, |item| says(item, "It is ")).await;
    assert!(!begun.iter().any(is_stopped), "it is followed while it is written");
    gate.open();
    assert_eq!(two.rests(run).await, RunState::Finished);
    assert_eq!(two.said(chat).await, ["What is 2+2?", "It is 4."]);
    let mut again = one.app.follow(&one.ann, Topic::Run(run), 0).await.unwrap();
    read_until(&mut again, is_stopped).await;
    assert!(two.model.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_on_one_is_stopped_on_the_other() {
    let fixture = galaxy_testkit::store::postgres().await;
    let gate = Gate::new();
    let one = House::new(&fixture, [Script::says("Once upon").wait(&gate)]).await;
    let two = replica(&fixture, []).await;
    let chat = one.chat().await;
    let run = one.send(chat, "A story").await.run.unwrap();
    gate.reached().await;
    assert_eq!(two.app.stop(&two.ann, run).await.unwrap(), RunState::Running);
    assert_eq!(two.rests(run).await, RunState::Cancelled);
    assert_eq!(one.model.abandoned(), 1);
    assert_eq!(two.said(chat).await, ["A story", "Once upon"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_on_one_is_gone_on_the_other() {
    let fixture = galaxy_testkit::store::postgres().await;
    let one = House::new(&fixture, [Script::says("Hi.")]).await;
    let two = replica(&fixture, []).await;
    let chat = one.chat().await;
    one.ask(chat, "Hello").await;
    let mut tails = Vec::new();
    for house in [&one, &two] {
        let mut tail = house.app.follow(&house.ann, Topic::Chat(chat), 0).await.unwrap();
        assert!(matches!(tail.next().await.unwrap(), Heard::Entries(_)));
        tails.push(tail);
    }
    one.app.delete_conversation(&one.ann, chat).await.unwrap();
    let deleted = Notice::ConversationDeleted { conversation: chat };
    for tail in &mut tails {
        let Heard::Entries(entries) = tail.next().await.unwrap() else { panic!("a gap") };
        assert!(
            matches!(&entries[..], [Logged::Notice { notice, .. }] if *notice == deleted),
            "{entries:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_one_dies_the_other_goes_on() {
    let fixture = galaxy_testkit::store::postgres().await;
    let gate = Gate::new();
    let process = doomed(&fixture, vec![Script::says("Half").wait(&gate)], Vec::new()).await;
    let two = replica(&fixture, [Script::says("Whole.")]).await;
    let chat = two.chat().await;
    let run = two.send(chat, "Tell me").await.run.unwrap();
    let mut tail = two.app.follow(&two.ann, Topic::Run(run), 0).await.unwrap();
    read_until(&mut tail, |item| says(item, "Half")).await;
    two.app.start();
    process.shutdown_background();
    assert_eq!(two.rests(run).await, RunState::Finished);
    assert_eq!(two.said(chat).await, ["Tell me", "Whole."]);
    assert_eq!(two.run(run).await.row.attempts, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_one_dies_the_other_repeats_no_effect() {
    let fixture = galaxy_testkit::store::postgres().await;
    let (gate, posted) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let tool = |gate: &Gate| {
        let (gate, posted) = (gate.clone(), posted.clone());
        let work = move |_, _| {
            let (gate, posted) = (gate.clone(), posted.clone());
            async move {
                posted.fetch_add(1, Ordering::SeqCst);
                gate.pass().await;
                Ok(vec![])
            }
        };
        FakeTool::new("post", Effect::Reaches, work).verdict(Verdict::Allow)
    };
    let scripts = vec![Script::calls("c1", "post", json!({}))];
    let process = doomed(&fixture, scripts, vec![tool(&gate)]).await;
    let open = Gate::new();
    open.open();
    let store = Store::open(fixture.config("two")).await.unwrap();
    let two = House::idle(&store, [Script::says("Who knows.")], [tool(&open)], worker("two"));
    let two = two.await;
    let run = two.send(two.chat().await, "Post it").await.run.unwrap();
    gate.reached().await;
    two.app.start();
    process.shutdown_background();
    assert_eq!(two.rests(run).await, RunState::Finished);
    assert_eq!(posted.load(Ordering::SeqCst), 1);
    assert_eq!(two.replies(run).await, [Outcome::Unknown]);
}
