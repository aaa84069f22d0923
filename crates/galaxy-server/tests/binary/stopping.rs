//! Being told to stop, in the middle of work.

use std::time::Duration;

use futures::future::join_all;
use galaxy_testkit::{FakeProvider, provider};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};

use crate::{
    client::Call,
    process::{Galaxy, Setup},
    reader::{Event, Reader, end, said},
};

/// Streams that go on while the server is told to stop.
const STREAMS: usize = 5;
/// Tokens of each.
const TOKENS: u32 = 100;

/// Reads until the answer has begun.
async fn begun(galaxy: &Galaxy, run: &str) -> (Reader, Vec<Event>) {
    let mut reader = galaxy.client.events(run, 0).await.unwrap();
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &Event| event.name != "message.delta") {
        events.push(reader.next().await.unwrap().expect("the answer begins"));
    }
    (reader, events)
}

/// Makes tasks until the server takes no more; gives those that it took.
async fn make_tasks(galaxy: &Galaxy, name: usize) -> Vec<String> {
    let mut made = Vec::new();
    loop {
        let title = format!("{name}-{}", made.len());
        let call = Call::post("/api/tasks", json!({ "title": title })).once(&*title);
        match galaxy.client.send(&call).await {
            Ok(reply) => assert_eq!(reply.status, 201, "an accepted request failed: {reply:?}"),
            Err(_) => return made,
        }
        made.push(title);
    }
}

/// How the server answers the question whether it is ready; `None` when it answers no more.
async fn readiness(galaxy: &Galaxy) -> Option<u16> {
    galaxy.client.get("/health/ready").await.ok().map(|reply| reply.status)
}

#[tokio::test]
async fn a_stop_loses_nothing_and_runs_go_on_after_it() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), FakeProvider::start().await.unwrap());
    let setup = Setup::new(folder.path()).asking(&provider.base_url());
    let mut galaxy = setup.start().await;
    let mut streams = Vec::new();
    for stream in 0..STREAMS {
        let conversation = galaxy.client.conversation().await;
        let text = format!("say {TOKENS} at 50 # {stream}");
        let run = galaxy.client.say(&conversation, &text).await;
        let (reader, events) = begun(&galaxy, &run).await;
        streams.push((run, reader, events));
    }

    let told = Instant::now();
    let stop = async {
        galaxy.terminate();
        // It may be gone before anybody asks; what it never says any more is that it is ready.
        while let Some(status) = readiness(&galaxy).await {
            assert!(status == 503 || told.elapsed() < Duration::from_secs(1), "{status}");
        }
    };
    let making = join_all((0..4).map(|name| make_tasks(&galaxy, name)));
    let reading = join_all(streams.into_iter().map(async |(run, reader, mut events)| {
        events.extend(reader.rest().await.unwrap());
        (run, events)
    }));
    let (made, read, ()) = futures::join!(making, reading, stop);
    assert_eq!(galaxy.ends().await.code(), Some(0), "{}", galaxy.log());
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());

    let galaxy = setup.start().await;
    for (run, mut events) in read {
        let last = events.pop().unwrap();
        assert_eq!((&*last.name, last.seq), ("server-stopping", None), "{events:?}");
        let after = events.last().unwrap().seq.unwrap();
        let more = galaxy.client.events(&run, after).await.unwrap().rest().await.unwrap();
        assert_eq!(end(&more), "finished");
        assert_eq!(said(&more), provider::said(TOKENS));
        let numbers = events.iter().chain(&more).filter_map(|event| event.seq);
        assert!(numbers.eq(1..=more.last().unwrap().seq.unwrap()), "{run}");
    }
    let tasks = galaxy.client.all("/api/tasks").await;
    for title in made.into_iter().flatten() {
        let count = tasks.iter().filter(|task| task["title"] == title.as_str()).count();
        assert_eq!(count, 1, "{title}");
    }
}

#[tokio::test]
async fn whoever_waits_for_a_whole_answer_is_told_to_come_back_and_finds_it() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), FakeProvider::start().await.unwrap());
    let setup = Setup::new(folder.path()).asking(&provider.base_url());
    let mut galaxy = setup.start().await;
    let script = "stall 5; say 9";
    let call = Call::post("/api/chat", json!({ "message": script })).once("the-one");
    let asking = galaxy.client.send(&call);
    let stopping = async {
        provider.until_visited(script, 1).await;
        galaxy.terminate();
    };
    let (refused, ()) = futures::join!(asking, stopping);
    let refused = refused.unwrap();
    assert_eq!((refused.status, refused.headers.contains_key("retry-after")), (503, true));
    assert_eq!(galaxy.ends().await.code(), Some(0), "{}", galaxy.log());

    let galaxy = setup.start().await;
    let reply = galaxy.client.done(&call).await;
    assert_eq!(reply["response"], provider::said(9));
    assert_eq!(galaxy.client.all("/api/conversations").await.len(), 1);
}

#[tokio::test]
async fn the_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut galaxy = Setup::new(folder.path()).start().await;
    // A request whose body never comes holds up the stop.
    let mut socket = TcpStream::connect(galaxy.address).await.unwrap();
    let address = galaxy.address;
    let head = format!(
        "POST /api/tasks HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(readiness(&galaxy).await, Some(200));
    galaxy.terminate();
    while readiness(&galaxy).await.is_some() {}
    let told = Instant::now();
    galaxy.terminate();
    assert_eq!(galaxy.ends().await.code(), Some(1), "{}", galaxy.log());
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
}
