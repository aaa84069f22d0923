//! Gives a provider that keeps failing a rest, and everybody else a quick answer meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use tokio::time::Instant;

pub use self::circuit::{BreakerState, Rules, Sign};
use self::circuit::{Circuit, Pass};
use crate::{
    answer::{Answer, Event},
    error::ModelError,
    provider::{Model, Profile},
    request::Request,
    start::shows,
};

mod circuit;

/// Gauge: 1 while the breaker of `provider` lets nothing through.
pub const BREAKER_OPEN: &str = "galaxy_model_breaker_open";

/// The breaker of one provider, shared by all its models.
#[derive(Debug)]
pub struct Breaker {
    provider: String,
    circuit: Mutex<Circuit>,
}

impl Breaker {
    /// A closed breaker for the provider of that name.
    pub fn new(provider: impl Into<String>, rules: Rules) -> Arc<Self> {
        let circuit = Mutex::new(Circuit::new(rules, Instant::now()));
        Arc::new(Self { provider: provider.into(), circuit })
    }

    /// Whether requests go through at the moment.
    pub fn state(&self) -> BreakerState {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner).state(Instant::now())
    }

    fn admit(self: &Arc<Self>) -> Result<Ticket, ModelError> {
        let mut circuit = self.circuit.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = circuit.admit(Instant::now());
        let pass = admitted.map_err(|retry_after| ModelError::Resting { retry_after })?;
        Ok(Ticket { breaker: self.clone(), pass, sign: Sign::Nothing, used: false })
    }

    fn record(&self, pass: Pass, sign: Sign) {
        let now = Instant::now();
        let state = {
            let mut circuit = self.circuit.lock().unwrap_or_else(PoisonError::into_inner);
            circuit.record(pass, sign, now);
            circuit.state(now)
        };
        let open = match state {
            BreakerState::Closed => 0.0,
            BreakerState::Open { .. } | BreakerState::HalfOpen => 1.0,
        };
        metrics::gauge!(BREAKER_OPEN, "provider" => self.provider.clone()).set(open);
    }
}

/// What an error says about the health of the provider. Saying no is a sign of life.
pub const fn sign(err: &ModelError) -> Sign {
    match err {
        ModelError::Unavailable { .. }
        | ModelError::TimedOut { .. }
        | ModelError::Truncated { .. } => Sign::Failing,
        ModelError::Unauthorized { .. }
        | ModelError::Quota { .. }
        | ModelError::UnknownModel { .. }
        | ModelError::RateLimited { .. }
        | ModelError::TooLong { .. }
        | ModelError::Rejected { .. } => Sign::Alive,
        ModelError::Resting { .. } | ModelError::Disabled | ModelError::Cancelled => Sign::Nothing,
    }
}

/// A model behind its provider's breaker.
pub struct Guarded {
    inner: Arc<dyn Model>,
    breaker: Arc<Breaker>,
}

impl Guarded {
    /// Asks `inner` only while `breaker` lets it.
    pub fn new(inner: Arc<dyn Model>, breaker: Arc<Breaker>) -> Self {
        Self { inner, breaker }
    }
}

impl Model for Guarded {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            let mut ticket = self.breaker.admit()?;
            match self.inner.answer(request).await {
                Ok(answer) => Ok(answer.inspect(move |it| ticket.see(it)).boxed()),
                Err(err) => {
                    ticket.sign = sign(&err);
                    Err(err)
                }
            }
        }
        .boxed()
    }
}

/// One admitted request. Reports how it went when it ends, whoever ends it.
struct Ticket {
    breaker: Arc<Breaker>,
    pass: Pass,
    sign: Sign,
    used: bool,
}

impl Ticket {
    fn see(&mut self, next: &Result<Event, ModelError>) {
        match next {
            Err(err) => self.sign = sign(err),
            Ok(event) if shows(event) && self.sign == Sign::Nothing => {
                self.sign = Sign::Alive;
                // Long answers must not keep everybody waiting for a probe that has done its part.
                if self.pass == Pass::Probe {
                    self.report();
                    (self.pass, self.used) = (Pass::Ordinary, false);
                }
            }
            Ok(_) => (),
        }
    }

    fn report(&mut self) {
        if !self.used {
            self.used = true;
            self.breaker.record(self.pass, self.sign);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.report();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use galaxy_domain::transcript::Finish;
    use tokio::time::advance;

    use super::*;
    use crate::{
        answer::collect,
        fake::{Fake, Play, Step, says, unavailable},
    };

    fn guarded(plays: impl IntoIterator<Item = Play>) -> (Guarded, Arc<Fake>) {
        let fake = Arc::new(Fake::new(plays));
        let breaker = Breaker::new("acme", Rules { at_least: 2, ..Rules::default() });
        (Guarded::new(fake.clone(), breaker), fake)
    }

    async fn ask(model: &Guarded) -> Result<(), ModelError> {
        collect(model.answer(Request::default()).await?, |_| ()).await.map(drop)
    }

    fn text() -> Step {
        Step::Event(Event::Text("word".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_provider_is_left_alone_and_then_probed() {
        let refused = || Play::Refuse(unavailable());
        let (model, fake) = guarded([refused(), refused(), says("back"), says("well")]);
        assert!(ask(&model).await.is_err());
        assert_eq!(model.breaker.state(), BreakerState::Closed);
        assert!(ask(&model).await.is_err());
        let resting = ModelError::Resting { retry_after: Duration::from_secs(30) };
        assert_eq!(ask(&model).await, Err(resting));
        assert_eq!(fake.asked(), 2, "nothing is sent while the provider rests");
        advance(Duration::from_secs(30)).await;
        assert_eq!(model.breaker.state(), BreakerState::HalfOpen);
        assert_eq!(ask(&model).await, Ok(()));
        assert_eq!(model.breaker.state(), BreakerState::Closed);
        assert_eq!(ask(&model).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_no_is_a_sign_of_life_and_a_broken_answer_is_not() {
        let rejected =
            || Play::Refuse(ModelError::Rejected { message: "too many tools".to_owned() });
        let (model, _) = guarded([rejected(), rejected(), rejected()]);
        for _ in 0..3 {
            ask(&model).await.unwrap_err();
        }
        assert_eq!(model.breaker.state(), BreakerState::Closed);

        let cut = || Play::Steps(vec![text(), Step::Fail(ModelError::truncated("reset"))]);
        let (model, _) = guarded([cut(), cut()]);
        for _ in 0..2 {
            ask(&model).await.unwrap_err();
        }
        assert!(matches!(model.breaker.state(), BreakerState::Open { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_closes_the_breaker_with_its_first_word() {
        let refused = || Play::Refuse(unavailable());
        let long = Play::Steps(vec![
            text(),
            Step::Wait(Duration::from_secs(60)),
            Step::Event(Event::Finished(Finish::Stop)),
        ]);
        let (model, _) = guarded([refused(), refused(), long]);
        for _ in 0..2 {
            ask(&model).await.unwrap_err();
        }
        advance(Duration::from_secs(30)).await;
        let mut answer = model.answer(Request::default()).await.unwrap();
        answer.next().await.unwrap().unwrap();
        assert_eq!(model.breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_whose_caller_leaves_gives_its_place_away() {
        let refused = || Play::Refuse(unavailable());
        let (model, _) = guarded([refused(), refused(), Play::Hang, says("back")]);
        for _ in 0..2 {
            ask(&model).await.unwrap_err();
        }
        advance(Duration::from_secs(30)).await;
        let mut probe = model.answer(Request::default());
        assert!(futures::poll!(&mut probe).is_pending());
        assert!(matches!(ask(&model).await, Err(ModelError::Resting { .. })));
        drop(probe);
        assert_eq!(ask(&model).await, Ok(()));
    }
}
