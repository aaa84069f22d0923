//! Calls of servers that ask on the line, made by clients that are asked by a result: the call is
//! held here until the client comes back with the answer.
//!
//! **Invariant:** only whoever was asked can go on with a call (what names it is sealed for them),
//! and only with the request that it was. What is held does not survive the process; the server is
//! then told that nobody answers.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::flight::{Flight, Put};

/// So many calls are held; the question of one more is declined.
const MOST: usize = 256;
/// What is held for longer is given up: the request's own time is over by then.
const LONGEST: Duration = Duration::from_secs(600);

/// A call that waits for an answer.
pub(super) struct Held {
    /// What was asked for: method and name.
    pub(super) what: (String, String),
    pub(super) flight: Flight,
    pub(super) put: Put,
}

/// The calls that are held.
#[derive(Default)]
pub(crate) struct Holding(Mutex<HashMap<String, (Instant, Held)>>);

impl Holding {
    /// Holds a call under `name`. Gives it back where there is no room.
    pub(super) fn hold(&self, name: String, held: Held) -> Result<(), Box<Held>> {
        let now = Instant::now();
        let mut calls = self.lock();
        calls.retain(|_, (since, _)| now.duration_since(*since) < LONGEST);
        if calls.len() >= MOST {
            return Err(Box::new(held));
        }
        calls.insert(name, (now, held));
        Ok(())
    }

    /// Takes the call that is held under `name` up again, if it is one of `what`.
    pub(super) fn take(&self, name: &str, what: &(String, String)) -> Option<Held> {
        let mut calls = self.lock();
        calls.get(name).filter(|(_, held)| held.what == *what)?;
        calls.remove(name).map(|(_, held)| held)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, Held)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
