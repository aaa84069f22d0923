//! Tries again what may work the second time, as long as nothing was said yet.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::Backoff;
use tokio::time::sleep;

use crate::{
    answer::Answer,
    error::ModelError,
    provider::{Model, Profile},
    request::Request,
    start::begun,
};

/// How often and how fast to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Tries in all, the first one counted.
    pub tries: u32,
    /// How long to wait when the provider did not say.
    pub backoff: Backoff,
    /// The longest a provider may make us wait; when it asks for more, the error is told instead.
    pub longest_wait: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        let backoff =
            Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(8) };
        Self { tries: 3, backoff, longest_wait: Duration::from_secs(30) }
    }
}

/// What to do about a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Tell the caller.
    No,
    /// Try again after a random wait of at most this.
    Within(Duration),
    /// Try again after exactly this: the provider asked for it.
    After(Duration),
}

impl Policy {
    /// What to do after try number `tried` (the first is 1) ended with `err`.
    pub fn again(&self, tried: u32, err: &ModelError) -> Again {
        if tried >= self.tries || !err.is_retryable() {
            return Again::No;
        }
        match err.retry_after() {
            Some(wait) if wait > self.longest_wait => Again::No,
            Some(wait) => Again::After(wait),
            None => Again::Within(self.backoff.bound(tried - 1)),
        }
    }
}

/// How many retries a provider is spared: each request earns a tenth of one, so that a provider
/// in trouble gets at most a tenth more load, whatever the policy says.
#[derive(Debug)]
pub struct Budget {
    /// In tenths of a retry.
    tenths: Mutex<u32>,
}

/// A quiet provider has at most this many retries saved up.
const SAVED: u32 = 10;
const TENTHS: u32 = 10;

impl Default for Budget {
    fn default() -> Self {
        Self { tenths: Mutex::new(SAVED * TENTHS) }
    }
}

impl Budget {
    /// Counts a request.
    pub fn earn(&self) {
        let mut tenths = self.tenths.lock().unwrap_or_else(PoisonError::into_inner);
        *tenths = (*tenths + 1).min(SAVED * TENTHS);
    }

    /// Takes one retry out, if there is one.
    pub fn spend(&self) -> bool {
        let mut tenths = self.tenths.lock().unwrap_or_else(PoisonError::into_inner);
        let left = tenths.checked_sub(TENTHS);
        *tenths = left.unwrap_or(*tenths);
        left.is_some()
    }
}

/// A model that is asked again when that can help. Its answer begins with the first event that
/// shows something; from there on it fails like the one inside.
pub struct Retry {
    inner: Arc<dyn Model>,
    policy: Policy,
    budget: Arc<Budget>,
}

impl Retry {
    /// Retries `inner`; `budget` belongs to its provider.
    pub fn new(inner: Arc<dyn Model>, policy: Policy, budget: Arc<Budget>) -> Self {
        Self { inner, policy, budget }
    }

    async fn once(&self, request: Request) -> Result<Answer, ModelError> {
        begun(self.inner.answer(request).await?).await
    }
}

impl Model for Retry {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            self.budget.earn();
            let mut tried = 1;
            loop {
                let err = match self.once(request.clone()).await {
                    Ok(answer) => return Ok(answer),
                    Err(err) => err,
                };
                let wait = match self.policy.again(tried, &err) {
                    Again::No => return Err(err),
                    Again::After(wait) => wait,
                    Again::Within(_) => self.policy.backoff.delay(tried - 1),
                };
                if !self.budget.spend() {
                    return Err(err);
                }
                let (model, code) = (&self.profile().name, err.code());
                tracing::debug!(model, tried, code, wait_ms = wait.as_millis(), "asking again");
                sleep(wait).await;
                tried += 1;
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use tokio::time::Instant;

    use super::*;
    use crate::{
        answer::{Event, collect},
        fake::{Fake, Play, Step, says, unavailable},
    };

    fn limited(secs: u64) -> ModelError {
        ModelError::RateLimited {
            retry_after: Some(Duration::from_secs(secs)),
            message: "slow down".to_owned(),
        }
    }

    fn retry(plays: impl IntoIterator<Item = Play>) -> (Retry, Arc<Fake>) {
        let fake = Arc::new(Fake::new(plays));
        (Retry::new(fake.clone(), Policy::default(), Arc::default()), fake)
    }

    #[test]
    fn only_what_can_help_is_tried_again() {
        let policy = Policy::default();
        let first = Again::Within(Duration::from_millis(500));
        assert_eq!(policy.again(1, &unavailable()), first);
        assert_eq!(policy.again(2, &unavailable()), Again::Within(Duration::from_secs(1)));
        assert_eq!(policy.again(3, &unavailable()), Again::No);
        assert_eq!(policy.again(1, &limited(30)), Again::After(Duration::from_secs(30)));
        assert_eq!(policy.again(1, &limited(31)), Again::No);
        assert_eq!(policy.again(1, &ModelError::Disabled), Again::No);
        assert_eq!(policy.again(1, &ModelError::truncated("cut")), Again::No);
    }

    #[test]
    fn ten_requests_earn_one_retry() {
        let budget = Budget::default();
        assert_eq!((0..20).filter(|_| budget.spend()).count(), 10);
        (0..9).for_each(|_| budget.earn());
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend() && !budget.spend());
    }

    #[tokio::test(start_paused = true)]
    async fn the_third_try_may_work() {
        let cut = Play::Steps(vec![Step::Fail(ModelError::truncated("reset"))]);
        let (model, fake) = retry([Play::Refuse(unavailable()), cut, says("hello")]);
        let answer = model.answer(Request::default()).await.unwrap();
        assert_eq!(collect(answer, |_| ()).await.unwrap().parts.len(), 1);
        assert_eq!(fake.asked(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_no_fourth_try() {
        let (model, fake) = retry([]);
        let err = model.answer(Request::default()).await.err().unwrap();
        assert_eq!((err, fake.asked()), (unavailable(), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn the_provider_is_asked_again_when_it_said() {
        let (model, _) = retry([Play::Refuse(limited(7)), says("hello")]);
        let started = Instant::now();
        assert!(model.answer(Request::default()).await.is_ok());
        assert_eq!(started.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_said_twice() {
        let cut = Play::Steps(vec![
            Step::Event(Event::Text("half an ans".to_owned())),
            Step::Fail(ModelError::truncated("reset")),
        ]);
        let (model, fake) = retry([cut, says("another")]);
        let mut answer = model.answer(Request::default()).await.unwrap();
        assert!(answer.next().await.unwrap().is_ok());
        assert_eq!(answer.next().await.unwrap().unwrap_err().code(), "model_truncated");
        assert_eq!(fake.asked(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_budget_ends_the_tries() {
        let budget = Arc::new(Budget::default());
        while budget.spend() {}
        let fake = Arc::new(Fake::new([]));
        let model = Retry::new(fake.clone(), Policy::default(), budget);
        model.answer(Request::default()).await.err().unwrap();
        assert_eq!(fake.asked(), 1);
    }
}
