//! What is known about a server, and told to whoever watches.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use galaxy_base::Clock;
use galaxy_tool::server::{
    Era, Health, LogSource, ServerError, ServerName, ServerSpec, Snapshot, State, Transport,
    Trouble,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    connect::Ears,
    connection::Connection,
    follow::Followed,
    log::Log,
    restarts::{Restarts, Turn},
};

/// What is known about a server.
pub(super) struct Status {
    name: ServerName,
    ears: Ears,
    clock: Clock,
    restarts: Mutex<Restarts>,
    era: Mutex<Option<Era>>,
    attempt: Mutex<CancellationToken>,
}

/// A connection that is being made. Dropped without an end, it never was.
pub(super) struct Attempt<'a> {
    status: &'a Status,
    given_up: CancellationToken,
}

impl Status {
    pub(super) fn new(spec: &ServerSpec, clock: Clock) -> Self {
        let era = spec.era;
        let secrets = match &spec.transport {
            Transport::Http { headers, .. } => headers,
            Transport::Stdio { environment, .. } => environment,
        };
        let secrets = secrets.iter().map(|(_, value)| value.clone());
        let (snapshot, _) = watch::channel(Snapshot {
            health: Health { era, ..Health::default() },
            ..Snapshot::default()
        });
        Self {
            name: spec.name.clone(),
            ears: Ears {
                log: Arc::new(Log::new(clock.clone(), secrets)),
                snapshot,
                followed: Followed::default(),
            },
            clock,
            restarts: Mutex::default(),
            era: Mutex::new(era),
            attempt: Mutex::default(),
        }
    }

    pub(super) fn ears(&self) -> Ears {
        self.ears.clone()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.ears.snapshot.borrow().clone()
    }

    /// How the server spoke last, as far as that worked out.
    pub(super) fn era(&self) -> Option<Era> {
        *lock(&self.era)
    }

    pub(super) fn turn(&self) -> Turn {
        lock(&self.restarts).turn(Instant::now())
    }

    /// What to tell who comes before the next try.
    pub(super) fn not_yet(&self, wait: Duration) -> ServerError {
        let trouble = self.snapshot().health.trouble.map(|it| it.error);
        let message = match trouble {
            Some(ServerError::Unavailable { message, .. } | ServerError::Lost(message)) => message,
            Some(other) => other.to_string(),
            None => "it failed".to_owned(),
        };
        let message = format!("{message} (tried again in {} s)", wait.as_secs() + 1);
        ServerError::Unavailable { message, retry_after: Some(wait) }
    }

    /// A connection is being made.
    pub(super) fn begin(&self) -> Attempt<'_> {
        let given_up = CancellationToken::new();
        *lock(&self.attempt) = given_up.clone();
        self.health(|it| it.state = State::Connecting);
        Attempt { status: self, given_up }
    }

    /// Gives up what is being made.
    pub(super) fn give_up(&self) {
        lock(&self.attempt).cancel();
    }

    /// The server answered.
    pub(super) fn answered(&self) {
        lock(&self.restarts).answered();
        let now = self.clock.now();
        self.ears.snapshot.send_if_modified(|it| {
            let news = it.health.state != State::Ready || it.health.trouble.is_some();
            it.health.state = State::Ready;
            it.health.trouble = None;
            it.health.checked = Some(now);
            news
        });
    }

    /// A list took so long.
    pub(super) fn took(&self, latency: Duration) {
        self.health(|it| it.latency = Some(latency));
    }

    /// A request went wrong, but the connection may be good.
    pub(super) fn trouble(&self, err: &ServerError) {
        self.ears.log.add(LogSource::Connection, &err.to_string());
        let trouble = Trouble { error: err.clone(), at: self.clock.now() };
        self.health(|it| {
            it.checked = Some(trouble.at);
            it.trouble = Some(trouble);
        });
    }

    /// There is no connection (any more).
    pub(super) fn failed(&self, err: &ServerError) {
        tracing::warn!(server = %self.name, error = %err, "a tool server failed");
        let state = match err {
            ServerError::NeedsSignIn { .. } => State::NeedsSignIn,
            ServerError::Refused(_) | ServerError::NotStarted(_) => State::Failed,
            ServerError::Cancelled => State::Idle,
            ServerError::Unavailable { .. }
            | ServerError::Lost(_)
            | ServerError::TimedOut(_)
            | ServerError::Said { .. }
            | ServerError::TaskLost(_)
            | ServerError::TooLarge(_)
            | ServerError::Garbled(_) => self.count_failure(),
        };
        self.trouble(err);
        let restarts = lock(&self.restarts).count(Instant::now());
        self.health(|it| {
            it.state = state;
            it.restarts = restarts;
        });
    }

    fn count_failure(&self) -> State {
        let (mut restarts, now) = (lock(&self.restarts), Instant::now());
        restarts.failed(now);
        match restarts.turn(now) {
            Turn::Rest(_) => State::Failed,
            Turn::Now | Turn::Wait(_) => State::BackingOff,
        }
    }

    /// It was closed on purpose.
    pub(super) fn closed(&self) {
        self.health(|it| it.state = State::Idle);
    }

    fn health(&self, change: impl FnOnce(&mut Health)) {
        self.ears.snapshot.send_modify(|it| change(&mut it.health));
    }
}

impl Attempt<'_> {
    /// Fires when nobody wants the connection any more.
    pub(super) async fn given_up(&self) {
        self.given_up.cancelled().await;
    }

    /// There is a connection. Whatever was known of the server's lists is out of date.
    pub(super) fn succeeded(self, connection: &Connection) {
        *lock(&self.status.era) = Some(connection.era);
        self.status.ears.snapshot.send_modify(|it| {
            it.health.state = State::Ready;
            it.health.era = Some(connection.era);
            it.health.server = Some(connection.info.clone());
            it.tools += 1;
            it.resources += 1;
            it.prompts += 1;
        });
    }

    /// There is none. What was remembered of how the server speaks may be wrong.
    pub(super) fn failed(self, err: &ServerError) {
        let says_nothing_of_it = matches!(
            err,
            ServerError::NeedsSignIn { .. } | ServerError::Refused(_) | ServerError::Cancelled
        );
        if !says_nothing_of_it {
            *lock(&self.status.era) = None;
        }
        self.status.failed(err);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.status.ears.snapshot.send_if_modified(|it| {
            let left = it.health.state == State::Connecting;
            if left {
                it.health.state = State::Idle;
            }
            left
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
