//! A provider of chat completions on this machine that does what it is told, faults included.
//!
//! What happens is a *script*: steps with a semicolon between them, such as `limited 1; say 20`,
//! and a remark after `#`. It is the newest message of a person that begins with one, else the
//! name of the requested model with dashes for blanks (`say-20-at-50`), else `say 8`.
//!
//! | Answers | |
//! |---|---|
//! | `say 20` | 20 tokens, as fast as they can be written; see [`said`] |
//! | `say 20 at 50 after 300` | 50 a second, the first after 300 ms |
//! | `call TOOL {…}` | asks for a call of the first tool offered whose name ends in `TOOL`; several in a row are one answer |
//! | `twice TOOL {…}` | the same with two calls of one id |
//!
//! | Faults | |
//! |---|---|
//! | `limited 2` | 429, to be tried again after 2 s |
//! | `fail 500` | that status, with an error as the protocol has it |
//! | `html` | 502 with a page of a proxy |
//! | `reset` | the connection is reset before anything is said |
//! | `cut 700` | the connection breaks off after 700 bytes of the body |
//! | `undone` | five tokens, then an orderly end without a reason and without `[DONE]` |
//! | `half-utf8` | five tokens, then a break in the middle of a character |
//! | `half-json TOOL` | a call whose arguments end in the middle |
//! | `huge` | one line of 10 MB |
//! | `stall 5` | five tokens, then nothing |
//! | `hang` | nothing at all |
//!
//! The first requests with a script meet its faults, one each; the last one again and again when
//! there is no answer. Answers follow the transcript: the first until there are results of tools,
//! then the second, and so on; a call that has its result and no further step is answered in words.

mod play;
mod request;
mod script;

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use galaxy_base::Tasks;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::Instant,
};

use play::Fate;
use request::{Asked, Incoming};

pub use play::said;

/// What became of requests so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Requests for an answer.
    pub asked: u64,
    /// Those that were played to their end, be it good or bad.
    pub played: u64,
    /// Those whose client went away before.
    pub hung_up: u64,
}

/// One request with a script that has faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// When it came.
    pub came: Instant,
    /// When its client went away, if that was before the end.
    pub hung_up: Option<Instant>,
}

/// A running provider; it is gone when this is dropped.
#[derive(Debug)]
pub struct FakeProvider {
    address: SocketAddr,
    desk: Arc<Desk>,
    tasks: Tasks,
}

/// What connections share.
#[derive(Debug, Default)]
struct Desk {
    counts: watch::Sender<Counts>,
    visits: Mutex<HashMap<String, Vec<Visit>>>,
}

impl FakeProvider {
    /// Starts on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> io::Result<Self> {
        Self::listen((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Starts on `address`.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn listen(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (desk, tasks) = (Arc::<Desk>::default(), Tasks::default());
        let (shared, connections) = (Arc::clone(&desk), tasks.clone());
        tasks.spawn(async move {
            let stopping = connections.stopping().clone();
            while let Some(Ok((socket, _))) = stopping.run_until_cancelled(listener.accept()).await
            {
                let (desk, stopping) = (Arc::clone(&shared), stopping.clone());
                connections.spawn(async move {
                    stopping.run_until_cancelled(serve(socket, &desk)).await;
                });
            }
        });
        Ok(Self { address, desk, tasks })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client is configured with.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What became of requests so far.
    pub fn counts(&self) -> Counts {
        *self.desk.counts.borrow()
    }

    /// Waits until the counts are as wanted.
    pub async fn until(&self, wanted: impl FnMut(&Counts) -> bool) {
        let mut counts = self.desk.counts.subscribe();
        // The other end is in this very struct.
        counts.wait_for(wanted).await.expect("the provider is there");
    }

    /// The requests so far with exactly this script, which has faults.
    pub fn visits(&self, script: &str) -> Vec<Visit> {
        let visits = self.desk.visits.lock().unwrap_or_else(PoisonError::into_inner);
        visits.get(script).cloned().unwrap_or_default()
    }

    /// Waits until there were so many requests with exactly this script.
    pub async fn until_visited(&self, script: &str, times: usize) {
        self.until(|_| self.visits(script).len() >= times).await;
    }

    /// Waits until a client with exactly this script has gone away, and says when.
    pub async fn until_hung_up(&self, script: &str) -> Instant {
        let gone = || self.visits(script).iter().find_map(|visit| visit.hung_up);
        self.until(|_| gone().is_some()).await;
        gone().expect("visits are never forgotten")
    }
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.tasks.stopping().cancel();
    }
}

impl Desk {
    /// Notes a visit with a script of faults; gives how many there were before.
    fn visit(&self, script: &str) -> usize {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        let visits = visits.entry(script.to_owned()).or_default();
        visits.push(Visit { came: Instant::now(), hung_up: None });
        visits.len() - 1
    }

    fn note_hung_up(&self, script: &str, visit: usize) {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(visit) = visits.get_mut(script).and_then(|visits| visits.get_mut(visit)) {
            visit.hung_up = Some(Instant::now());
        }
    }
}

/// Serves one connection until it ends.
async fn serve(mut socket: TcpStream, desk: &Desk) {
    // Tokens must not wait for each other.
    if socket.set_nodelay(true).is_err() {
        return;
    }
    let mut buffer = bytes::BytesMut::new();
    while let Ok(Some(incoming)) = request::next(&mut socket, &mut buffer).await {
        let fate = match incoming {
            Incoming::Asked(asked) => answer(&mut socket, desk, &asked).await,
            Incoming::Models => play::models(&mut socket).await,
            Incoming::Counts => {
                let counts = *desk.counts.borrow();
                play::json(&mut socket, 200, &serde_json::json!(counts)).await
            }
            Incoming::Other => {
                let error = serde_json::json!({ "error": { "message": "no such place" } });
                play::json(&mut socket, 404, &error).await
            }
        };
        match fate {
            Fate::Whole => (),
            Fate::Reset => {
                socket.set_zero_linger().ok();
                return;
            }
            Fate::Over | Fate::HungUp => return,
        }
    }
}

async fn answer(socket: &mut TcpStream, desk: &Desk, asked: &Asked) -> Fate {
    let script = match &asked.script {
        Ok(script) => script,
        Err(message) => {
            let error = serde_json::json!({ "error": { "message": message } });
            return play::json(socket, 400, &error).await;
        }
    };
    let visit = script.has_faults().then(|| desk.visit(&asked.text));
    desk.counts.send_modify(|counts| counts.asked += 1);
    let step = script.step(visit.unwrap_or_default(), asked.rounds);
    let fate = play::play(socket, &step, &asked.tools).await;
    match (&fate, visit) {
        (Fate::HungUp, Some(visit)) => desk.note_hung_up(&asked.text, visit),
        (Fate::HungUp | Fate::Whole | Fate::Over | Fate::Reset, _) => (),
    }
    desk.counts.send_modify(|counts| match &fate {
        Fate::HungUp => counts.hung_up += 1,
        Fate::Whole | Fate::Over | Fate::Reset => counts.played += 1,
    });
    fate
}

#[cfg(test)]
mod tests;
