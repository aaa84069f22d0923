//! Births under way in this process.

use std::sync::{Arc, Mutex, PoisonError};

use galaxy_domain::PersonId;
use tokio_util::sync::CancellationToken;

/// Births that are not stored yet, so that nobody has more models asked at once than they may have
/// runs, and no request has one asked twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Births(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    person: PersonId,
    /// What keeps others of its kind out.
    key: Option<String>,
    /// Set when it is stored or given up.
    over: CancellationToken,
}

/// A birth, until it is stored or given up.
#[derive(Debug)]
pub(crate) struct UnderWay {
    births: Births,
    over: CancellationToken,
    /// How many others of this person were under way before it.
    pub(super) others: usize,
}

impl Births {
    /// Notes one down. Where there is one of the same `key`, waits for its end and gives none:
    /// what comes second must not be stored first.
    pub(super) async fn begin(&self, person: PersonId, key: Option<String>) -> Option<UnderWay> {
        match self.enter(person, key) {
            Ok(under_way) => Some(under_way),
            Err(before) => {
                before.cancelled().await;
                None
            }
        }
    }

    fn enter(&self, person: PersonId, key: Option<String>) -> Result<UnderWay, CancellationToken> {
        let mut births = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = |it: &&Entry| it.person == person;
        if let Some(same) = births.iter().filter(theirs).find(|it| key.is_some() && it.key == key) {
            return Err(same.over.clone());
        }
        let others = births.iter().filter(theirs).count();
        let over = CancellationToken::new();
        births.push(Entry { person, key, over: over.clone() });
        Ok(UnderWay { births: self.clone(), over, others })
    }

    fn leave(&self, over: &CancellationToken) {
        // Those that wait look at it only afterwards.
        over.cancel();
        let mut births = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        births.retain(|it| !it.over.is_cancelled());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.births.leave(&self.over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_born_once_at_a_time_and_others_are_counted() {
        let (births, ann, bo) = (Births::default(), PersonId::fresh(), PersonId::fresh());
        let key = || Some("k".to_owned());
        let first = births.enter(ann, key()).unwrap();
        assert_eq!(first.others, 0);
        let before = births.enter(ann, key()).unwrap_err();
        assert!(!before.is_cancelled());
        assert_eq!(births.enter(bo, key()).unwrap().others, 0);
        let second = births.enter(ann, None).unwrap();
        assert_eq!(second.others, 1);
        drop(first);
        assert!(before.is_cancelled());
        assert_eq!(births.enter(ann, key()).unwrap().others, 1);
    }
}
