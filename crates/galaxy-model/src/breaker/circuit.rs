//! When to stop asking: the decision, without time or locks of its own.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// When to stop asking, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How far back answers count, in whole seconds.
    pub window_secs: u32,
    /// How many answers it takes to judge.
    pub at_least: u32,
    /// The share of failures, in percent, that opens the breaker.
    pub failing_percent: u32,
    /// How long nothing is asked.
    pub rest: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { window_secs: 30, at_least: 20, failing_percent: 50, rest: Duration::from_secs(30) }
    }
}

/// What an answer says about the health of its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It works, even if it said no.
    Alive,
    /// It is broken, overloaded or unreachable.
    Failing,
    /// Nothing: the caller went away first.
    Nothing,
}

/// Under which rule a request was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    Ordinary,
    /// It decides whether the provider is back.
    Probe,
}

/// Whether requests go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// All do.
    Closed,
    /// None does, for this long.
    Open {
        /// How long.
        left: Duration,
    },
    /// One does, to see whether the provider is back.
    HalfOpen,
}

/// What everybody else waits while one request probes.
const PROBING: Duration = Duration::from_secs(1);

/// The state of one provider's breaker.
#[derive(Debug)]
pub(crate) struct Circuit {
    rules: Rules,
    /// Second zero of the window's counts.
    origin: Instant,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Counts per second, oldest first: bounded by the window whatever the load.
    Closed(VecDeque<Second>),
    Open {
        until: Instant,
    },
    Probing,
}

#[derive(Debug, Clone, Copy)]
struct Second {
    number: u64,
    alive: u32,
    failing: u32,
}

impl Circuit {
    pub(crate) fn new(rules: Rules, now: Instant) -> Self {
        Self { rules, origin: now, phase: Phase::Closed(VecDeque::new()) }
    }

    /// Lets a request through, or says when to come back.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<Pass, Duration> {
        match &self.phase {
            Phase::Closed(_) => Ok(Pass::Ordinary),
            Phase::Open { until } if now < *until => Err(*until - now),
            Phase::Open { .. } => {
                self.phase = Phase::Probing;
                Ok(Pass::Probe)
            }
            Phase::Probing => Err(PROBING),
        }
    }

    /// Takes in how a request went.
    pub(crate) fn record(&mut self, pass: Pass, sign: Sign, now: Instant) {
        let open = Phase::Open { until: now + self.rules.rest };
        match (pass, sign) {
            (Pass::Probe, Sign::Alive) => self.phase = Phase::Closed(VecDeque::new()),
            (Pass::Probe, Sign::Failing) => self.phase = open,
            // The next request takes the probe's place.
            (Pass::Probe, Sign::Nothing) => self.phase = Phase::Open { until: now },
            (Pass::Ordinary, Sign::Nothing) => (),
            (Pass::Ordinary, Sign::Alive | Sign::Failing) => {
                let number = now.saturating_duration_since(self.origin).as_secs();
                if let Phase::Closed(seconds) = &mut self.phase {
                    count(seconds, number, sign, self.rules.window_secs);
                    if too_bad(seconds, &self.rules) {
                        self.phase = open;
                    }
                }
            }
        }
    }

    pub(crate) fn state(&self, now: Instant) -> BreakerState {
        match &self.phase {
            Phase::Closed(_) => BreakerState::Closed,
            Phase::Open { until } if now < *until => BreakerState::Open { left: *until - now },
            Phase::Open { .. } | Phase::Probing => BreakerState::HalfOpen,
        }
    }
}

fn count(seconds: &mut VecDeque<Second>, number: u64, sign: Sign, window_secs: u32) {
    while seconds.front().is_some_and(|it| it.number + u64::from(window_secs) <= number) {
        seconds.pop_front();
    }
    if seconds.back().is_none_or(|it| it.number != number) {
        seconds.push_back(Second { number, alive: 0, failing: 0 });
    }
    if let Some(second) = seconds.back_mut() {
        match sign {
            Sign::Alive => second.alive += 1,
            Sign::Failing => second.failing += 1,
            Sign::Nothing => (),
        }
    }
}

fn too_bad(seconds: &VecDeque<Second>, rules: &Rules) -> bool {
    let failing: u64 = seconds.iter().map(|it| u64::from(it.failing)).sum();
    let all = failing + seconds.iter().map(|it| u64::from(it.alive)).sum::<u64>();
    all >= u64::from(rules.at_least) && failing * 100 >= all * u64::from(rules.failing_percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, secs: u64) -> Instant {
        start + Duration::from_secs(secs)
    }

    fn broken(start: Instant) -> Circuit {
        let mut circuit = Circuit::new(Rules::default(), start);
        for number in 0..20 {
            let sign = if number % 2 == 0 { Sign::Alive } else { Sign::Failing };
            circuit.record(Pass::Ordinary, sign, start);
        }
        circuit
    }

    #[test]
    fn half_of_twenty_failing_opens_it_for_half_a_minute() {
        let start = Instant::now();
        let mut circuit = broken(start);
        assert_eq!(circuit.state(start), BreakerState::Open { left: Duration::from_secs(30) });
        assert_eq!(circuit.admit(after(start, 10)), Err(Duration::from_secs(20)));
        assert_eq!(circuit.state(after(start, 30)), BreakerState::HalfOpen);
    }

    #[test]
    fn few_failures_and_old_failures_do_not_count() {
        let start = Instant::now();
        let mut circuit = Circuit::new(Rules::default(), start);
        for second in 0..19 {
            circuit.record(Pass::Ordinary, Sign::Failing, after(start, second));
        }
        assert_eq!(circuit.state(after(start, 18)), BreakerState::Closed);
        // At second 31 the failures of seconds 0 and 1 are gone: 18 of 18 are too few to judge.
        circuit.record(Pass::Ordinary, Sign::Failing, after(start, 31));
        assert_eq!(circuit.state(after(start, 31)), BreakerState::Closed);
    }

    #[test]
    fn a_mostly_healthy_provider_stays_in_use() {
        let start = Instant::now();
        let mut circuit = Circuit::new(Rules::default(), start);
        for number in 0..1_000 {
            let sign = if number % 5 < 3 { Sign::Alive } else { Sign::Failing };
            circuit.record(Pass::Ordinary, sign, start);
        }
        assert_eq!(circuit.admit(start), Ok(Pass::Ordinary));
    }

    #[test]
    fn one_probe_decides() {
        let start = Instant::now();
        let later = after(start, 30);
        let mut circuit = broken(start);
        assert_eq!(circuit.admit(later), Ok(Pass::Probe));
        assert!(circuit.admit(later).is_err(), "one probe at a time");
        circuit.record(Pass::Probe, Sign::Failing, later);
        assert_eq!(circuit.state(later), BreakerState::Open { left: Duration::from_secs(30) });

        let later = after(start, 60);
        assert_eq!(circuit.admit(later), Ok(Pass::Probe));
        circuit.record(Pass::Probe, Sign::Alive, later);
        assert_eq!(circuit.state(later), BreakerState::Closed);
    }

    #[test]
    fn an_abandoned_probe_makes_room_for_the_next() {
        let start = Instant::now();
        let later = after(start, 30);
        let mut circuit = broken(start);
        assert_eq!(circuit.admit(later), Ok(Pass::Probe));
        circuit.record(Pass::Probe, Sign::Nothing, later);
        assert_eq!(circuit.admit(later), Ok(Pass::Probe));
    }

    #[test]
    fn answers_to_requests_from_before_the_rest_change_nothing() {
        let start = Instant::now();
        let mut circuit = broken(start);
        circuit.record(Pass::Ordinary, Sign::Alive, start);
        assert_eq!(circuit.state(start), BreakerState::Open { left: Duration::from_secs(30) });
    }
}
