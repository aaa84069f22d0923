//! Calls whose servers wait on the line while a person thinks: kept alive in memory, and taken up
//! by the run once there is an answer.
//!
//! **Invariant:** a held call ends: when its request's time is over, when the process stops, or
//! when its run is stopped. Whoever is interested is told ([`OnEnd`]). It does not survive the
//! process; what then became of it nobody knows.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use futures::future::BoxFuture;
use galaxy_base::{Clock, Tasks, Timestamp};
use galaxy_domain::{CallId, RunId};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    server::{elicit::Answer, output, remote::told},
    tool::{Notes, Output, ToolError},
};

mod flight;

pub(super) use flight::{Flight, News, Put};

/// At most this many calls are held; the question of one more is declined.
const HELD: usize = 256;

/// Hears of held calls that end while nobody has answered.
pub trait OnEnd: Send + Sync {
    /// The call ended by itself, and this came of it.
    fn ended(
        &self,
        run: RunId,
        call: CallId,
        result: Result<Output, ToolError>,
    ) -> BoxFuture<'_, ()>;
}

/// The calls that this process holds.
pub struct Holds {
    tasks: Tasks,
    clock: Clock,
    held: Mutex<HashMap<(RunId, CallId), Held>>,
    on_end: OnceLock<Arc<dyn OnEnd>>,
}

/// A call that is held.
struct Held {
    flight: Flight,
    reply: oneshot::Sender<Answer>,
    /// Ends the wait for its end.
    _watched: DropGuard,
}

impl fmt::Debug for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holds").field("held", &self.count()).finish_non_exhaustive()
    }
}

impl Holds {
    /// Holds nothing yet.
    pub fn new(tasks: Tasks, clock: Clock) -> Arc<Self> {
        Arc::new(Self { tasks, clock, held: Mutex::default(), on_end: OnceLock::new() })
    }

    /// Who hears of calls that end by themselves; the first to be named.
    pub fn tell(&self, on_end: Arc<dyn OnEnd>) {
        // Whoever wires the application does so once.
        let _ = self.on_end.set(on_end);
    }

    /// How many calls are held.
    pub fn count(&self) -> usize {
        self.held().len()
    }

    /// Gives up what is held of `run`; the servers are told.
    pub fn cancel(&self, run: RunId) {
        self.held().retain(|(of, _), _| *of != run);
    }

    /// Gives up one call, if it is held; its server is told.
    pub fn cancel_call(&self, run: RunId, call: &CallId) {
        self.held().remove(&(run, call.clone()));
    }

    /// What time it is where calls are held.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Holds a call whose server has asked; tells until when. Gives it back where there is no room.
    pub(super) fn hold(
        self: &Arc<Self>,
        run: RunId,
        call: &CallId,
        flight: Flight,
        put: Put,
    ) -> Result<Timestamp, Box<(Flight, Put)>> {
        let key = (run, call.clone());
        let mut held = self.held();
        if held.len() >= HELD || self.tasks.stopping().is_cancelled() {
            return Err(Box::new((flight, put)));
        }
        let left = flight.latest.saturating_duration_since(Instant::now());
        let watched = CancellationToken::new();
        self.watch(&key, &flight, watched.clone());
        held.insert(key, Held { flight, reply: put.reply, _watched: watched.drop_guard() });
        Ok(self.clock.now().after(left))
    }

    /// Gives `answer` to the server of a held call, which goes on; `None` if it is not held here.
    pub(super) fn take_up(
        &self,
        run: RunId,
        call: &CallId,
        answer: Answer,
        notes: &Notes,
    ) -> Option<Flight> {
        let Held { flight, reply, .. } = self.held().remove(&(run, call.clone()))?;
        flight.listen(notes);
        // A server that asked and went on without an answer will say so itself.
        let _ = reply.send(answer);
        Some(flight)
    }

    /// Tells of the end of a held call.
    fn watch(self: &Arc<Self>, key: &(RunId, CallId), flight: &Flight, gone: CancellationToken) {
        let (holds, (run, call)) = (self.clone(), key.clone());
        let stopping = self.tasks.stopping().clone();
        let mut ended = flight.ended();
        self.tasks.spawn(async move {
            let result = tokio::select! {
                biased;
                () = gone.cancelled() => return,
                () = stopping.cancelled() => return holds.cancel_call(run, &call),
                result = ended.wait_for(Option::is_some) => match result {
                    Ok(result) => result.clone(),
                    Err(_) => None,
                },
            };
            if let (Some(result), Some(on_end)) = (result, holds.on_end.get()) {
                let output = result.map_err(|err| told(&err));
                let output = output.and_then(|it| output::read(&it));
                on_end.ended(run, call.clone(), output).await;
            }
            holds.cancel_call(run, &call);
        });
    }

    fn held(&self) -> MutexGuard<'_, HashMap<(RunId, CallId), Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
