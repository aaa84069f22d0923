//! Remembers for a moment what people's standing rules say, so that a busy client does not cost a
//! database query per call.
//!
//! **Invariant:** rules are only ever found for the very shelf that they were made for. A rule about
//! a tool that was not on it would be missed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use galaxy_agent::policy::Rules;
use galaxy_domain::PersonId;
use tokio::time::Instant;

use crate::servers::shelf::Shelf;

/// How long a rule that was changed on another instance can still be missed on this one.
const LIFE: Duration = Duration::from_secs(2);
/// The rules of so many people are remembered at once.
const REMEMBERED: usize = 10_000;

/// Rules by person.
#[derive(Default)]
pub(crate) struct Remembered {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rules: HashMap<PersonId, Entry>,
    changes: u64,
}

struct Entry {
    rules: Arc<Rules>,
    shelf: Arc<Shelf>,
    until: Instant,
}

/// Proof that a look-up began at a certain point, so that its result is not kept if a rule was
/// changed meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Began(u64);

impl Remembered {
    /// The rules of `person` for the tools of `shelf`, if they were learnt a moment ago; else the
    /// start of a look-up.
    pub(crate) fn find(&self, person: PersonId, shelf: &Arc<Shelf>) -> Result<Arc<Rules>, Began> {
        let now = Instant::now();
        self.locked(|state| match state.rules.get(&person) {
            Some(it) if it.until > now && Arc::ptr_eq(&it.shelf, shelf) => Ok(it.rules.clone()),
            Some(_) | None => Err(Began(state.changes)),
        })
    }

    /// Remembers what a look-up found, unless some rule was changed since it began.
    pub(crate) fn keep(
        &self,
        person: PersonId,
        shelf: &Arc<Shelf>,
        rules: &Arc<Rules>,
        began: Began,
    ) {
        let now = Instant::now();
        self.locked(|state| {
            if state.changes != began.0 {
                return;
            }
            if state.rules.len() >= REMEMBERED {
                state.rules.retain(|_, it| it.until > now);
            }
            if state.rules.len() >= REMEMBERED {
                state.rules.clear();
            }
            let (rules, shelf) = (rules.clone(), shelf.clone());
            state.rules.insert(person, Entry { rules, shelf, until: now + LIFE });
        });
    }

    /// Forgets the rules of a person, because one was changed.
    pub(crate) fn forget(&self, person: PersonId) {
        self.locked(|state| {
            state.changes += 1;
            state.rules.remove(&person);
        });
    }

    /// Forgets all rules, because there are other tools now.
    pub(crate) fn forget_all(&self) {
        self.locked(|state| {
            state.changes += 1;
            state.rules.clear();
        });
    }

    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use galaxy_tool::Toolbox;

    use super::*;

    fn shelf() -> Arc<Shelf> {
        let empty = Toolbox::default();
        Arc::new(Shelf { toolbox: empty.clone(), everything: empty, servers: Vec::new() })
    }

    #[tokio::test(start_paused = true)]
    async fn rules_are_remembered_for_a_moment_and_not_beyond_a_change() {
        let (remembered, person, shelf) = (Remembered::default(), PersonId::fresh(), shelf());
        let rules = Arc::new(Rules::new(Toolbox::default(), &[]));
        let began = remembered.find(person, &shelf).err().unwrap();
        remembered.keep(person, &shelf, &rules, began);
        assert!(remembered.find(person, &shelf).is_ok());
        tokio::time::advance(LIFE).await;
        let began = remembered.find(person, &shelf).err().unwrap();
        remembered.forget(person);
        remembered.keep(person, &shelf, &rules, began);
        assert!(remembered.find(person, &shelf).is_err(), "it was read before the change");
    }

    #[tokio::test]
    async fn rules_for_other_tools_are_not_taken() {
        let (remembered, person, one) = (Remembered::default(), PersonId::fresh(), shelf());
        let rules = Arc::new(Rules::new(Toolbox::default(), &[]));
        let began = remembered.find(person, &one).err().unwrap();
        remembered.keep(person, &one, &rules, began);
        assert!(remembered.find(person, &shelf()).is_err());
        assert!(remembered.find(person, &one).is_ok());
    }
}
