//! How often a server that fails is started again: a pure decision.

use std::{collections::VecDeque, time::Duration};

use galaxy_base::Backoff;
use tokio::time::Instant;

/// So many failures within [`WINDOW`] are tolerated.
const TOLERATED: usize = 5;
/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(600);
/// How long to wait between tries.
const BACKOFF: Backoff =
    Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(60) };

/// Whether a server may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Now.
    Now,
    /// It failed; not before so long.
    Wait(Duration),
    /// It failed too often; not before so long.
    Rest(Duration),
}

/// The failures of a server.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    failures: VecDeque<Instant>,
    in_a_row: u32,
    not_before: Option<Instant>,
}

impl Restarts {
    /// It failed.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.forget_old(now);
        if self.failures.len() > TOLERATED {
            self.failures.pop_front();
        }
        self.failures.push_back(now);
        self.not_before = Some(now + BACKOFF.delay(self.in_a_row));
        self.in_a_row = self.in_a_row.saturating_add(1);
    }

    /// It answered: the next failure is again a first one. Failures are not forgotten, so that a
    /// server which dies after each answer comes to rest, too.
    pub(crate) fn answered(&mut self) {
        self.in_a_row = 0;
        self.not_before = None;
    }

    /// Whether it may be started.
    pub(crate) fn turn(&mut self, now: Instant) -> Turn {
        self.forget_old(now);
        match (self.failures.front(), self.not_before) {
            (Some(oldest), _) if self.failures.len() > TOLERATED => {
                Turn::Rest(*oldest + WINDOW - now)
            }
            (_, Some(then)) if then > now => Turn::Wait(then - now),
            (_, Some(_) | None) => Turn::Now,
        }
    }

    /// How many failures count.
    pub(crate) fn count(&mut self, now: Instant) -> u32 {
        self.forget_old(now);
        u32::try_from(self.failures.len()).unwrap_or(u32::MAX)
    }

    fn forget_old(&mut self, now: Instant) {
        while self.failures.front().is_some_and(|it| now.duration_since(*it) >= WINDOW) {
            self.failures.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn failures_are_waited_out_and_too_many_are_rested_out() {
        let mut restarts = Restarts::default();
        let start = Instant::now();
        assert_eq!(restarts.turn(start), Turn::Now);
        for at in 0..5 {
            restarts.failed(start);
            assert!(!matches!(restarts.turn(start), Turn::Rest(_)), "rests after {at}");
            assert_eq!(restarts.turn(start + Duration::from_secs(60)), Turn::Now);
        }
        restarts.failed(start);
        assert_eq!((restarts.turn(start), restarts.count(start)), (Turn::Rest(WINDOW), 6));
        restarts.answered();
        assert_eq!(restarts.turn(start), Turn::Rest(WINDOW), "an answer does not make it new");
        let later = start + WINDOW;
        assert_eq!((restarts.turn(later), restarts.count(later)), (Turn::Now, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_makes_the_next_failure_a_first_one() {
        let mut restarts = Restarts::default();
        let now = Instant::now();
        for _ in 0..4 {
            restarts.failed(now);
        }
        restarts.answered();
        assert_eq!(restarts.turn(now), Turn::Now);
        restarts.failed(now);
        assert_eq!(restarts.turn(now + BACKOFF.first), Turn::Now);
    }
}
