//! No wait without an end: the first event, silence between events, and the whole answer.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use crate::{
    answer::{Answer, Event},
    error::ModelError,
    provider::{Model, Profile},
    request::Request,
    start::shows,
};

/// How long each part of an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From the request to the first event.
    pub first: Duration,
    /// Between two events.
    pub silence: Duration,
    /// From the request to the last event.
    pub whole: Duration,
}

impl Patience {
    /// What suits a model: one that reasons may be silent for longer.
    pub const fn of(profile: &Profile) -> Self {
        let quiet = Duration::from_secs(if profile.reasoning { 180 } else { 60 });
        Self { first: quiet, silence: quiet, whole: Duration::from_secs(15 * 60) }
    }

    /// When the next event is due, and what it is late for if it does not come by then.
    fn due(&self, started: Instant, last: Option<Instant>) -> (Instant, Late) {
        let whole = (started + self.whole, Late::Whole(self.whole));
        let next = match last {
            None => (started + self.first, Late::First(self.first)),
            Some(last) => (last + self.silence, Late::Silence(self.silence)),
        };
        if next.0 <= whole.0 { next } else { whole }
    }
}

/// A model whose answers end in time.
pub struct Timed {
    inner: Arc<dyn Model>,
    patience: Patience,
}

impl Timed {
    /// Bounds the answers of `inner`.
    pub fn new(inner: Arc<dyn Model>, patience: Patience) -> Self {
        Self { inner, patience }
    }
}

impl Model for Timed {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            let started = Instant::now();
            let (due, late) = self.patience.due(started, None);
            let answer = timeout_at(due, self.inner.answer(request))
                .await
                .map_err(|_| late.error(false))??;
            let watched = Watched {
                answer: Some(answer),
                patience: self.patience,
                started,
                last: None,
                begun: false,
                alarm: Box::pin(sleep_until(due)),
            };
            Ok(watched.boxed())
        }
        .boxed()
    }
}

/// What did not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Late {
    First(Duration),
    Silence(Duration),
    Whole(Duration),
}

impl Late {
    fn error(self, begun: bool) -> ModelError {
        let message = match self {
            Self::First(by) => format!("no sign of an answer within {} s", by.as_secs_f64()),
            Self::Silence(by) => format!("nothing more came for {} s", by.as_secs_f64()),
            Self::Whole(by) => format!("the answer was not finished after {} s", by.as_secs_f64()),
        };
        if begun { ModelError::Truncated { message } } else { ModelError::TimedOut { message } }
    }
}

struct Watched {
    /// Gone once it is over, so that a late request is abandoned at once.
    answer: Option<Answer>,
    patience: Patience,
    started: Instant,
    last: Option<Instant>,
    begun: bool,
    /// Not moved by every event: it checks when it rings whether an event came meanwhile.
    alarm: Pin<Box<Sleep>>,
}

impl Stream for Watched {
    type Item = Result<Event, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(answer) = &mut self.answer else { return Poll::Ready(None) };
        if let Poll::Ready(next) = answer.poll_next_unpin(cx) {
            match &next {
                Some(Ok(event)) => {
                    self.begun |= shows(event);
                    self.last = Some(Instant::now());
                }
                Some(Err(_)) | None => self.answer = None,
            }
            return Poll::Ready(next);
        }
        loop {
            ready!(self.alarm.as_mut().poll(cx));
            let (due, late) = self.patience.due(self.started, self.last);
            if due <= Instant::now() {
                self.answer = None;
                return Poll::Ready(Some(Err(late.error(self.begun))));
            }
            self.alarm.as_mut().reset(due);
        }
    }
}

#[cfg(test)]
mod tests {
    use galaxy_domain::{Usage, transcript::Finish};

    use super::*;
    use crate::{
        answer::collect,
        fake::{Fake, Play, Step, profile},
    };

    fn timed(steps: Vec<Step>) -> (Timed, Arc<Fake>) {
        let fake = Arc::new(Fake::new([Play::Steps(steps)]));
        (Timed::new(fake.clone(), Patience::of(&profile("m"))), fake)
    }

    fn text() -> Step {
        Step::Event(Event::Text("word ".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_never_answers_times_out_and_is_hung_up_on() {
        let (model, fake) = timed(vec![Step::Forever]);
        let started = Instant::now();
        let mut answer = model.answer(Request::default()).await.unwrap();
        let err = answer.next().await.unwrap().unwrap_err();
        assert!(matches!(&err, ModelError::TimedOut { message } if message.contains("60 s")));
        assert_eq!(started.elapsed().as_secs(), 60);
        assert_eq!(fake.abandoned(), 1);
        assert!(answer.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn connecting_counts_as_waiting_for_the_first_event() {
        let fake = Arc::new(Fake::new([Play::Hang]));
        let model = Timed::new(fake, Patience::of(&profile("m")));
        let err = model.answer(Request::default()).await.err().unwrap();
        assert_eq!(err.code(), "model_timed_out");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_after_the_first_word_leaves_a_truncated_answer() {
        let (model, _) =
            timed(vec![text(), Step::Wait(Duration::from_secs(59)), text(), Step::Forever]);
        let answer = model.answer(Request::default()).await.unwrap();
        let started = Instant::now();
        let mut words = 0;
        let err = collect(answer, |_| words += 1).await.unwrap_err();
        assert_eq!((words, err.code()), (2, "model_truncated"));
        assert_eq!(started.elapsed().as_secs(), 59 + 60);
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_that_shows_nothing_is_no_beginning() {
        let (model, _) = timed(vec![Step::Event(Event::Usage(Usage::default())), Step::Forever]);
        let answer = model.answer(Request::default()).await.unwrap();
        assert_eq!(collect(answer, |_| ()).await.unwrap_err().code(), "model_timed_out");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_drips_for_ever_ends_after_a_quarter_of_an_hour() {
        let drip = std::iter::repeat_with(|| [Step::Wait(Duration::from_secs(30)), text()]);
        let (model, _) = timed(drip.take(40).flatten().collect());
        let started = Instant::now();
        let answer = model.answer(Request::default()).await.unwrap();
        let err = collect(answer, |_| ()).await.unwrap_err();
        assert!(err.detail().unwrap().contains("900 s"), "{err:?}");
        assert_eq!(started.elapsed().as_secs(), 900);
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_in_thought_may_be_silent_for_three_minutes() {
        let mut thinker = profile("m");
        thinker.reasoning = true;
        let steps = vec![
            Step::Wait(Duration::from_secs(179)),
            text(),
            Step::Event(Event::Finished(Finish::Stop)),
        ];
        let fake = Arc::new(Fake::new([Play::Steps(steps)]));
        let model = Timed::new(fake, Patience::of(&thinker));
        let answer = model.answer(Request::default()).await.unwrap();
        assert_eq!(collect(answer, |_| ()).await.unwrap().finish, Some(Finish::Stop));
    }
}
