//! Remembers for a moment what people's standing rules say, so that a busy client does not cost a
//! database query per call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use galaxy_agent::policy::Rules;
use galaxy_domain::PersonId;
use tokio::time::Instant;

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
    rules: HashMap<PersonId, (Arc<Rules>, Instant)>,
    changes: u64,
}

/// Proof that a look-up began at a certain point, so that its result is not kept if a rule was
/// changed meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Began(u64);

impl Remembered {
    /// The rules of `person`, if they were learnt a moment ago; else the start of a look-up.
    pub(crate) fn find(&self, person: PersonId) -> Result<Arc<Rules>, Began> {
        let now = Instant::now();
        self.locked(|state| match state.rules.get(&person) {
            Some((rules, until)) if *until > now => Ok(rules.clone()),
            Some(_) | None => Err(Began(state.changes)),
        })
    }

    /// Remembers what a look-up found, unless some rule was changed since it began.
    pub(crate) fn keep(&self, person: PersonId, rules: &Arc<Rules>, began: Began) {
        let now = Instant::now();
        self.locked(|state| {
            if state.changes != began.0 {
                return;
            }
            if state.rules.len() >= REMEMBERED {
                state.rules.retain(|_, (_, until)| *until > now);
            }
            if state.rules.len() >= REMEMBERED {
                state.rules.clear();
            }
            state.rules.insert(person, (rules.clone(), now + LIFE));
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

    #[tokio::test(start_paused = true)]
    async fn rules_are_remembered_for_a_moment_and_not_beyond_a_change() {
        let (remembered, person) = (Remembered::default(), PersonId::fresh());
        let rules = Arc::new(Rules::new(Toolbox::default(), &[]));
        let began = remembered.find(person).err().unwrap();
        remembered.keep(person, &rules, began);
        assert!(remembered.find(person).is_ok());
        tokio::time::advance(LIFE).await;
        let began = remembered.find(person).err().unwrap();
        remembered.forget(person);
        remembered.keep(person, &rules, began);
        assert!(remembered.find(person).is_err(), "it was read before the change");
    }
}
