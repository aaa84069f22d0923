//! Remembers for a moment whom a credential stands for, so that a busy client does not cost a
//! database query per request.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use galaxy_domain::{ApiKeyId, Caller, PersonId, SessionId};
use tokio::time::Instant;

/// How long something ended on another instance can still be used on this one.
pub(crate) const LIFE: Duration = Duration::from_secs(2);

/// How many credentials are remembered at once.
const REMEMBERED: usize = 10_000;

/// What was presented, or what a caller was let in by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Ticket {
    /// The digest of a session's secret.
    Cookie(String),
    /// A session whose token was verified.
    Session(SessionId),
    /// The digest of a key.
    Key(String),
    /// A key that was presented before.
    KeyId(ApiKeyId),
    /// An address that a trusted proxy vouched for.
    Proxied(String),
    /// The test person's address.
    Test(String),
    /// An account that needs no further credential.
    Account(PersonId),
}

/// Callers by what they presented.
#[derive(Default)]
pub(crate) struct Cache {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    callers: HashMap<Ticket, (Caller, Instant)>,
    changes: u64,
}

/// Proof that a look-up began at a certain point, so that its result is not kept if something was
/// ended meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Began(u64);

impl Cache {
    /// Whom `ticket` stands for, if that was learnt a moment ago; else the start of a look-up.
    pub(crate) fn find(&self, ticket: &Ticket) -> Result<Caller, Began> {
        let now = Instant::now();
        self.locked(|state| match state.callers.get(ticket) {
            Some((caller, until)) if *until > now => Ok(caller.clone()),
            Some(_) | None => Err(Began(state.changes)),
        })
    }

    /// Remembers what a look-up found, unless something was forgotten since it began.
    pub(crate) fn keep(&self, ticket: Ticket, caller: &Caller, began: Began) {
        let now = Instant::now();
        self.locked(|state| {
            if state.changes != began.0 {
                return;
            }
            if state.callers.len() >= REMEMBERED {
                state.callers.retain(|_, (_, until)| *until > now);
            }
            if state.callers.len() >= REMEMBERED {
                state.callers.clear();
            }
            state.callers.insert(ticket, (caller.clone(), now + LIFE));
        });
    }

    /// Forgets everything about a person, because something about them changed.
    pub(crate) fn forget(&self, person: PersonId) {
        self.locked(|state| {
            state.changes += 1;
            state.callers.retain(|_, (caller, _)| caller.person != person);
        });
    }

    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use galaxy_domain::{
        Role, WorkspaceId,
        access::{Credential, Proof},
    };

    use super::*;

    fn caller() -> Caller {
        Caller {
            person: PersonId::fresh(),
            workspace: WorkspaceId::fresh(),
            role: Role::Member,
            credential: Credential::Proxy,
            proof: Proof::Now,
            scopes: Vec::new(),
        }
    }

    fn ticket(number: usize) -> Ticket {
        Ticket::Cookie(number.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_is_remembered_for_a_moment() {
        let (cache, caller) = (Cache::default(), caller());
        let began = cache.find(&ticket(1)).unwrap_err();
        cache.keep(ticket(1), &caller, began);
        assert_eq!(cache.find(&ticket(1)).unwrap(), caller);
        tokio::time::advance(LIFE).await;
        assert!(cache.find(&ticket(1)).is_err());
    }

    #[tokio::test]
    async fn what_was_ended_during_a_look_up_is_not_remembered() {
        let (cache, caller) = (Cache::default(), caller());
        let began = cache.find(&ticket(1)).unwrap_err();
        cache.forget(caller.person);
        cache.keep(ticket(1), &caller, began);
        let began = cache.find(&ticket(1)).unwrap_err();
        cache.keep(ticket(1), &caller, began);
        cache.forget(PersonId::fresh());
        assert!(cache.find(&ticket(1)).is_ok());
        cache.forget(caller.person);
        assert!(cache.find(&ticket(1)).is_err());
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let (cache, caller) = (Cache::default(), caller());
        for number in 0..=REMEMBERED {
            let began = cache.find(&ticket(number)).unwrap_err();
            cache.keep(ticket(number), &caller, began);
        }
        assert!(cache.locked(|state| state.callers.len()) <= REMEMBERED);
        assert!(cache.find(&ticket(REMEMBERED)).is_ok());
    }
}
