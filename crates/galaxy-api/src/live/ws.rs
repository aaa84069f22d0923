//! One WebSocket for all topics of a page (RFC 6455).

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::ws::{Message, WebSocket},
    http::StatusCode,
};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use galaxy_app::{
    audit::Denial,
    error::code_of,
    follow::{Heard, Topic},
};
use galaxy_domain::Caller;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use super::wire::{self, COME_BACK_MS, Reset};
use crate::{api::Api, problem::Problem};

/// Topics that one page may follow at once.
const TOPICS: usize = 64;
/// Frames that wait for a slow page; its topics wait with them, and nobody else does.
const WAITING: usize = 256;
/// Bytes of such frames; one frame that is bigger waits alone.
const WAITING_BYTES: usize = 1024 * 1024;
/// No topic has a longer name.
const NAME: usize = 64;
/// How often the server says that it is there.
const PING: Duration = Duration::from_secs(20);
/// A page that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(45);
/// A page that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(15);
/// An open socket asks this often whether its page may still read.
const RECHECK: Duration = Duration::from_secs(2);

/// What a page says.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Order {
    Follow {
        topic: String,
        #[serde(default)]
        after: u64,
    },
    Leave {
        topic: String,
    },
    Pong,
}

/// What the server says besides events.
#[derive(Serialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
enum Word<'a> {
    Ping,
    Error { topic: &'a str, code: &'a str },
    ServerStopping { retry_ms: u64 },
}

/// Serves one page until it leaves, loses its rights, or the server stops.
pub(crate) async fn serve(api: Api, caller: Caller, address: IpAddr, socket: WebSocket) {
    let (sink, mut orders) = socket.split();
    let (frames, waiting) = mpsc::channel(WAITING);
    let frames = Frames { queue: frames, room: Arc::new(Semaphore::new(WAITING_BYTES)) };
    let mut desk = Desk {
        api: api.clone(),
        caller,
        address,
        frames,
        readers: HashMap::new(),
        tasks: JoinSet::new(),
    };
    // In a task of its own: it has to go on while an order is carried out.
    let mut writer = JoinSet::new();
    writer.spawn(write_all(sink, waiting));
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut recheck = interval(RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard_at = Instant::now();
    let stopping = api.backstage.stopping();
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            _ = writer.join_next() => return,
            () = &mut stopping => {
                desk.say(&Word::ServerStopping { retry_ms: COME_BACK_MS }).await;
                break;
            }
            order = orders.next() => {
                heard_at = Instant::now();
                match order {
                    Some(Ok(Message::Text(text))) => desk.take(&text).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => (),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                }
            }
            _ = ping.tick() => {
                if heard_at.elapsed() > SILENCE {
                    return;
                }
                desk.say(&Word::Ping).await;
            }
            _ = recheck.tick() => {
                if desk.api.app.access().recheck(&desk.caller).await.is_err() {
                    return;
                }
            }
        }
    }
    // The last word still has to get out.
    drop(desk);
    let _ = timeout(Duration::from_secs(1), writer.join_next()).await;
}

/// A frame, with the room it takes until it is sent.
type Frame = (String, OwnedSemaphorePermit);

/// The way to the writer.
#[derive(Clone)]
struct Frames {
    queue: mpsc::Sender<Frame>,
    room: Arc<Semaphore>,
}

/// The writer is gone.
struct Gone;

impl Frames {
    async fn send(&self, frame: String) -> Result<(), Gone> {
        let bytes = u32::try_from(frame.len().clamp(1, WAITING_BYTES)).unwrap_or(1);
        let room = self.room.clone().acquire_many_owned(bytes).await.map_err(|_| Gone)?;
        self.queue.send((frame, room)).await.map_err(|_| Gone)
    }
}

/// Sends what is queued until the page or the queue is gone.
async fn write_all(mut sink: SplitSink<WebSocket, Message>, mut waiting: mpsc::Receiver<Frame>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, WAITING).await > 0 {
        let (texts, _rooms): (Vec<String>, Vec<OwnedSemaphorePermit>) = batch.drain(..).unzip();
        let frames = texts.into_iter().map(|text| Ok(Message::Text(text.into())));
        let mut frames = futures::stream::iter(frames.collect::<Vec<_>>());
        match timeout(STUCK, sink.send_all(&mut frames)).await {
            Ok(Ok(())) => (),
            Ok(Err(_)) | Err(_) => return,
        }
    }
    let _ = timeout(Duration::from_secs(1), sink.close()).await;
}

/// The topics of one page.
struct Desk {
    api: Api,
    caller: Caller,
    /// From where the page came.
    address: IpAddr,
    frames: Frames,
    readers: HashMap<String, tokio::task::AbortHandle>,
    tasks: JoinSet<()>,
}

impl Desk {
    async fn say(&self, word: &Word<'_>) {
        // A page that is gone is noticed by the writer.
        let _ = timeout(STUCK, self.frames.send(wire::json(word))).await;
    }

    async fn take(&mut self, text: &str) {
        match serde_json::from_str(text) {
            Ok(Order::Follow { topic, after }) => {
                if let Err(problem) = self.follow(&topic, after).await {
                    let topic = if topic.len() > NAME { "" } else { &*topic };
                    self.say(&Word::Error { topic, code: problem.code }).await;
                }
            }
            Ok(Order::Leave { topic }) => self.leave(&topic),
            Ok(Order::Pong) => (),
            Err(_) => self.say(&Word::Error { topic: "", code: "bad_frame" }).await,
        }
    }

    fn leave(&mut self, topic: &str) {
        if let Some(reader) = self.readers.remove(topic) {
            reader.abort();
        }
        while self.tasks.try_join_next().is_some() {}
    }

    /// Writes down that the page wanted to follow what it may not.
    async fn note_denial(&self, problem: &Problem, topic: &str) {
        if problem.status != StatusCode::FORBIDDEN.as_u16() && !problem.is_hidden {
            return;
        }
        let denial = Denial {
            method: "GET",
            route: "/ws",
            target: Some(topic),
            is_hidden: problem.is_hidden,
            address: self.address,
        };
        self.api.app.note_denial(&self.caller, denial).await;
    }

    async fn follow(&mut self, name: &str, after: u64) -> Result<(), Problem> {
        let topic = wire::parse(name)?;
        self.leave(name);
        if self.readers.len() >= TOPICS {
            let detail = "A page follows at most 64 topics.";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many", detail));
        }
        let following = self.api.app.follow(&self.caller, topic, after).await;
        let following = following.map_err(Problem::from);
        if let Err(problem) = &following {
            self.note_denial(problem, name).await;
        }
        let mut following = following?;
        let frames = self.frames.clone();
        let reader = self.tasks.spawn(async move {
            let told = loop {
                match following.next().await {
                    Ok(heard) if send(&frames, topic, &heard).await.is_ok() => (),
                    Ok(_) => return,
                    Err(err) => break err,
                }
            };
            // The page must not wait for ever for what nobody reads any more.
            tracing::warn!(error = %told, "a topic cannot be read");
            let topic = wire::name(topic);
            let word = Word::Error { topic: &topic, code: code_of(told.kind()) };
            let _ = frames.send(wire::json(&word)).await;
        });
        self.readers.insert(name.to_owned(), reader);
        Ok(())
    }
}

async fn send(frames: &Frames, topic: Topic, heard: &Heard) -> Result<(), Gone> {
    match heard {
        Heard::Entries(entries) => {
            for logged in entries {
                frames.send(wire::write(topic, logged).json).await?;
            }
            Ok(())
        }
        Heard::Reset(seq) => frames.send(wire::json(&Reset::of(topic, *seq))).await,
    }
}
