//! How often people may do something.

use std::{
    collections::HashSet,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use galaxy_domain::PersonId;
use galaxy_store::Once;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};

use crate::AppError;

/// So many requests with a key are remembered as counted.
const COUNTED: usize = 10_000;

/// A limit for each person on one kind of request.
pub(crate) struct Pace {
    /// What is said to whoever is too fast.
    too_fast: &'static str,
    limiter: DefaultKeyedRateLimiter<PersonId>,
    /// Requests with a key that were counted a while ago.
    counted: Mutex<HashSet<(PersonId, String)>>,
}

impl Pace {
    /// So many in a minute, all at once if need be.
    pub(crate) fn per_minute(most: NonZeroU32, too_fast: &'static str) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_minute(most));
        Self { too_fast, limiter, counted: Mutex::default() }
    }

    /// Counts a request of `person`. One that is sent again for want of an answer counts once.
    ///
    /// # Errors
    /// [`AppError::TooMany`] when they are faster than they may be.
    pub(crate) fn count(&self, person: PersonId, once: Option<&Once>) -> Result<(), AppError> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let request = once.map(|it| (person, format!("{} {} {}", it.route, it.key, it.body_hash)));
        if request.as_ref().is_some_and(|it| counted.contains(it)) {
            return Ok(());
        }
        self.limiter.check_key(&person).map_err(|until| AppError::TooMany {
            message: self.too_fast.to_owned(),
            retry_after: until
                .wait_time_from(governor::clock::DefaultClock::default().now())
                .max(Duration::from_secs(1)),
        })?;
        if counted.len() >= COUNTED {
            counted.clear();
        }
        counted.extend(request);
        Ok(())
    }

    /// Forgets people who were quiet.
    pub(crate) fn sweep(&self) {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}
