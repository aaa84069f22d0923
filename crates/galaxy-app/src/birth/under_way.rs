//! Births under way in this process.

use std::sync::{Arc, Mutex, PoisonError};

use galaxy_domain::PersonId;

/// Births that are not stored yet, so that nobody has more models asked at once than they may have
/// runs, and no request has one asked twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Births(Arc<Mutex<Vec<Who>>>);

/// Whose it is, and what keeps others of its kind out.
type Who = (PersonId, Option<String>);

/// A birth, until it is stored or given up.
#[derive(Debug)]
pub(crate) struct UnderWay {
    births: Births,
    who: Who,
    /// How many others of this person were under way before it.
    pub(super) others: usize,
}

impl Births {
    /// Notes one down, unless there is one of the same `key`.
    pub(super) fn begin(&self, person: PersonId, key: Option<String>) -> Option<UnderWay> {
        let mut births = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let who = (person, key);
        if who.1.is_some() && births.contains(&who) {
            return None;
        }
        let others = births.iter().filter(|(other, _)| *other == person).count();
        births.push(who.clone());
        Some(UnderWay { births: self.clone(), who, others })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut births = self.births.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = births.iter().position(|it| *it == self.who) {
            births.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_born_once_at_a_time_and_others_are_counted() {
        let (births, ann, bo) = (Births::default(), PersonId::fresh(), PersonId::fresh());
        let first = births.begin(ann, Some("k".to_owned())).unwrap();
        assert_eq!(first.others, 0);
        assert!(births.begin(ann, Some("k".to_owned())).is_none());
        assert_eq!(births.begin(bo, Some("k".to_owned())).unwrap().others, 0);
        let second = births.begin(ann, None).unwrap();
        assert_eq!(second.others, 1);
        drop(first);
        assert_eq!(births.begin(ann, Some("k".to_owned())).unwrap().others, 1);
    }
}
