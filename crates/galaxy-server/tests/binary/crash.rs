//! Killed again and again, in the middle of work.
//!
//! Clients go on through all of it, as good clients do: they send again, under the same key, what
//! was not acknowledged, and read streams again that broke off. What they were told once has to
//! stay true.

mod ledger;
mod visitor;

use std::{net::SocketAddr, time::Duration};

use futures::future::join_all;
use galaxy_testkit::{FakeProvider, store::integrity};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    client::Call,
    process::{PATIENCE, Setup},
};
use ledger::{Kept, Talk};
use visitor::Visitor;

/// How often it is killed.
const KILLS: u32 = 50;
/// Clients that talk.
const TALKERS: usize = 6;
/// Clients that make tasks.
const MAKERS: usize = 2;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    /// A number in a range.
    fn roll(&mut self, from: u64, to: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from + (self.0 >> 33) % (to - from)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_nothing_that_was_told_and_repeat_no_effect() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), FakeProvider::start().await.unwrap());
    let setup = Setup::new(folder.path()).asking(&provider.base_url());
    let (addresses, server) = watch::channel(None);
    let done = CancellationToken::new();
    let talking = join_all((0..TALKERS).map(|name| talk(name, Visitor::new(&server), &done)));
    let making = join_all((0..MAKERS).map(|name| make(name, Visitor::new(&server), &done)));
    let killing = async {
        kill_again_and_again(&setup, &addresses).await;
        done.cancel();
        let galaxy = setup.start().await;
        addresses.send_replace(Some(galaxy.address));
        galaxy
    };
    let all = timeout(Duration::from_secs(300), futures::future::join3(talking, making, killing));
    let (talks, made, galaxy) = all.await.expect("every run comes to rest");

    let kept = Kept::read(&galaxy.client).await;
    for talk in &talks {
        talk.check(&galaxy.client, &kept).await;
    }
    for (title, id) in made.iter().flatten() {
        assert_eq!(kept.tasks(title), [id.as_str()], "the task {title}");
    }
    let said: usize = talks.iter().map(|talk| talk.runs.len()).sum();
    let unknown: usize = talks.iter().map(Talk::unknown).sum();
    let made = made.iter().flatten().count();
    println!("{said} messages, {made} tasks, {unknown} effects of unknown end");
    assert!(said >= TALKERS && made >= MAKERS, "{said} messages, {made} tasks");
    let active = galaxy.client.done(&Call::get("/api/runs?active=true")).await;
    assert_eq!(active["items"], json!([]));
    galaxy.kill().await;
    assert_eq!(integrity(&setup.data()), ["ok"]);
    let verified = setup.run(&["verify"]).await;
    let (found, said) = (text(&verified.stdout), text(&verified.stderr));
    assert!(verified.status.success(), "{found}\n{said}");
    println!("{found}");
    let file = folder.path().join("records.jsonl");
    let exported = setup.run(&["audit", "export", file.to_str().unwrap()]).await;
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let records = std::fs::read_to_string(file).unwrap();
    let records: Vec<_> = records.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    talks.iter().for_each(|talk| talk.check_records(&records));
    println!("{} records", records.len());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn kill_again_and_again(setup: &Setup, addresses: &watch::Sender<Option<SocketAddr>>) {
    let mut dice = Dice(20_251_117);
    for kill in 0..KILLS {
        let Ok(mut galaxy) = setup.launch().await else { panic!("it does not start any more") };
        // Some die before they are ready, in whatever they do first.
        let is_early = kill % 10 == 9;
        if !is_early {
            let started = Instant::now();
            assert!(galaxy.becomes_ready().await, "never ready\n{}", galaxy.log());
            assert!(started.elapsed() < PATIENCE);
            addresses.send_replace(Some(galaxy.address));
        }
        let life = if is_early { dice.roll(0, 20) } else { dice.roll(20, 400) };
        sleep(Duration::from_millis(life)).await;
        addresses.send_replace(None);
        galaxy.kill().await;
    }
}

/// Talks until `done`: each message after the answer to the one before.
async fn talk(name: usize, mut visitor: Visitor, done: &CancellationToken) -> Talk {
    let new = Call::post("/api/conversations", json!({ "title": format!("Talk {name}") }));
    let made = visitor.insist(&new.once(format!("talk-{name}"))).await;
    let mut talk = Talk::new(made["id"].as_str().unwrap());
    while !done.is_cancelled() {
        let number = talk.runs.len();
        let title = format!("tool-{name}-{number}");
        let text = match number % 3 {
            0 => format!("call add_task {{\"title\":\"{title}\"}}; say 4 at 100 # {title}"),
            1 => format!("say 40 at 200 # {name}-{number}"),
            _ => format!("say 200 # {name}-{number}"),
        };
        let call = Call::message(&talk.conversation, &text).once(format!("say-{name}-{number}"));
        let said = visitor.insist(&call).await;
        let run = said["run_id"].as_str().unwrap().to_owned();
        let events = visitor.follow(&run).await;
        talk.add(text, title, run, events);
    }
    talk
}

/// Makes tasks until `done`; gives titles and ids.
async fn make(
    name: usize,
    mut visitor: Visitor,
    done: &CancellationToken,
) -> Vec<(String, String)> {
    let mut made: Vec<(String, String)> = Vec::new();
    while !done.is_cancelled() {
        let title = format!("made-{name}-{}", made.len());
        let call = Call::post("/api/tasks", json!({ "title": title })).once(&*title);
        let task = visitor.insist(&call).await;
        let again = visitor.insist(&call).await;
        assert_eq!(task["id"], again["id"], "one key, two tasks");
        made.push((title, task["id"].as_str().unwrap().to_owned()));
    }
    made
}
