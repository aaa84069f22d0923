//! Slows guessing down: after five failures every further one doubles the wait.
//!
//! Failures are counted per account and per address. Nobody is locked out for good, and a person
//! whose account strangers hammer at can still sign in from an address they used before, because
//! such addresses have a count of their own. All of it is in memory and bounded; a restart forgets
//! it, which an attacker cannot cause.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use galaxy_base::{Backoff, Clock, Timestamp};

/// Failures that cost nothing yet.
const FREE: u32 = 5;

/// How many accounts and addresses are remembered at once.
const REMEMBERED: usize = 20_000;

/// After this long without a failure nothing is remembered.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);

/// The wait after the first failure that is not free, and the longest one.
const WAIT: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(15 * 60) };

/// Counts failed attempts to sign in.
pub(crate) struct Throttle {
    clock: Clock,
    state: Mutex<State>,
}

/// Who tries to open what.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    account: String,
    /// What counts as one address; `None` when the attempt comes from within an account.
    place: Option<IpAddr>,
}

#[derive(Default)]
struct State {
    counts: HashMap<Counted, Count>,
    /// Where each account was opened from.
    familiar: HashSet<(String, IpAddr)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counted {
    /// An account, tried from anywhere it was never opened from.
    Account(String),
    /// An account, tried from where it was opened before.
    Familiar(String, IpAddr),
    /// An address, whatever it tries.
    Place(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    last: Timestamp,
}

impl Attempt {
    /// An attempt to open `account` from `address`.
    pub(crate) fn new(account: &str, address: Option<IpAddr>) -> Self {
        Self { account: account.to_owned(), place: address.map(place) }
    }
}

impl Throttle {
    /// A throttle that has seen nothing.
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Whether the attempt may be made now; otherwise how long to wait.
    pub(crate) fn check(&self, attempt: &Attempt) -> Result<(), Duration> {
        let now = self.clock.now();
        self.locked(|state| {
            let waits = state.counted(attempt).into_iter().filter_map(|key| {
                let count = state.counts.get(&key)?;
                let wait = count.wait().saturating_sub(now.since(count.last));
                (!wait.is_zero()).then_some(wait)
            });
            waits.max().map_or(Ok(()), Err)
        })
    }

    /// Notes that the attempt failed.
    pub(crate) fn failed(&self, attempt: &Attempt) {
        let now = self.clock.now();
        self.locked(|state| {
            for key in state.counted(attempt) {
                if !state.counts.contains_key(&key) {
                    state.make_room(now);
                }
                let count = state.counts.entry(key).or_insert(Count { failures: 0, last: now });
                if now.since(count.last) > FORGOTTEN {
                    count.failures = 0;
                }
                count.failures = count.failures.saturating_add(1);
                count.last = now;
            }
        });
    }

    /// Notes that the attempt was right. The address keeps its count: whoever has an account of
    /// their own could otherwise guess at others without end.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        self.locked(|state| {
            for key in state.counted(attempt) {
                if !matches!(key, Counted::Place(_)) {
                    state.counts.remove(&key);
                }
            }
            if let Some(place) = attempt.place {
                if state.familiar.len() >= REMEMBERED {
                    state.familiar.clear();
                }
                state.familiar.insert((attempt.account.clone(), place));
            }
        });
    }

    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// What an attempt counts for.
    fn counted(&self, attempt: &Attempt) -> Vec<Counted> {
        let account = attempt.account.clone();
        let Some(place) = attempt.place else { return vec![Counted::Account(account)] };
        let known = (account, place);
        let familiar = self.familiar.contains(&known);
        let account =
            if familiar { Counted::Familiar(known.0, place) } else { Counted::Account(known.0) };
        vec![account, Counted::Place(place)]
    }

    /// Drops what is forgotten; if that is not enough, whoever waits the least.
    fn make_room(&mut self, now: Timestamp) {
        if self.counts.len() < REMEMBERED {
            return;
        }
        self.counts.retain(|_, count| now.since(count.last) <= FORGOTTEN);
        for failures in 1..=FREE + 10 {
            if self.counts.len() < REMEMBERED {
                return;
            }
            self.counts.retain(|_, count| count.failures > failures);
        }
        if self.counts.len() >= REMEMBERED {
            self.counts.clear();
        }
    }
}

impl Count {
    fn wait(self) -> Duration {
        self.failures.checked_sub(FREE).map_or(Duration::ZERO, |extra| WAIT.bound(extra))
    }
}

/// What counts as one address: one customer usually has a whole IPv6 network of 64 bits.
fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(four) => IpAddr::V4(four),
        IpAddr::V6(six) => {
            let network = u128::from(six) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

#[cfg(test)]
mod tests;
