//! Requests under way: who listens to their progress and answers their questions.

use std::{collections::HashMap, sync::Arc};

use galaxy_tool::server::{Progress, RequestCx};
use rmcp::model::{ProgressToken, RequestId};
use tokio::sync::{Mutex, MutexGuard, watch};

/// Signs of life of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Life {
    /// Grows with each sign.
    pub(crate) signs: u64,
    /// How many people are thinking about a question of it.
    pub(crate) asking: u32,
}

/// A request under way.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    /// Its id.
    pub(crate) id: RequestId,
    /// What goes with it.
    pub(crate) cx: RequestCx,
    /// The tool that is called, if one is.
    pub(crate) tool: Option<String>,
    /// Its signs of life.
    pub(crate) life: Arc<watch::Sender<Life>>,
    /// How far it last was.
    pub(crate) done: f64,
}

/// The requests under way on a connection, by the token of their progress.
///
/// The lock is held while a request is handed to rmcp, so that the first progress of a fast server
/// finds its request.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<ProgressToken, Flight>>);

impl Flights {
    /// Nobody else sees or changes the flights as long as this is held.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, HashMap<ProgressToken, Flight>> {
        self.0.lock().await
    }

    /// Hands progress to whoever listens. Progress that comes late or goes backwards is dropped:
    /// notifications overtake each other.
    pub(crate) async fn progress(&self, token: &ProgressToken, progress: Progress) {
        let mut flights = self.0.lock().await;
        let Some(flight) = flights.get_mut(token) else { return };
        flight.life.send_modify(|it| it.signs += 1);
        if progress.done > flight.done || flight.done.is_nan() {
            flight.done = progress.done;
            flight.cx.progress.progress(progress);
        }
    }

    /// The request that a question of the server belongs to: the one named by `origin`, or the
    /// only one there is. With several it cannot be told whose question it is, and nobody is
    /// asked for somebody else's call.
    pub(crate) async fn asker(&self, origin: Option<&RequestId>) -> Option<Flight> {
        let flights = self.0.lock().await;
        match origin {
            Some(id) => flights.values().find(|it| &it.id == id).cloned(),
            None => {
                let mut all = flights.values();
                let first = all.next()?;
                all.next().is_none().then(|| first.clone())
            }
        }
    }
}

impl Flight {
    /// Counts a question as being thought about until the guard is dropped.
    pub(crate) fn ask(&self) -> Asking {
        self.life.send_modify(|it| it.asking += 1);
        Asking(self.life.clone())
    }
}

/// A question that is being thought about.
pub(crate) struct Asking(Arc<watch::Sender<Life>>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.send_modify(|it| {
            it.asking = it.asking.saturating_sub(1);
            it.signs += 1;
        });
    }
}
