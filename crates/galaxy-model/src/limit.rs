//! At most so many answers of one provider at a time.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    answer::{Answer, Event},
    error::ModelError,
    provider::{Model, Profile},
    request::Request,
};

/// How long a request waits for its place before it is told to come back.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A model that waits for a place at its provider. The place is given back with the answer's
/// last event, or when the answer is dropped.
pub struct Limited {
    inner: Arc<dyn Model>,
    places: Arc<Semaphore>,
}

impl Limited {
    /// Takes a place of `places`, which belong to the provider, for each answer of `inner`.
    pub fn new(inner: Arc<dyn Model>, places: Arc<Semaphore>) -> Self {
        Self { inner, places }
    }
}

impl Model for Limited {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            let place = match timeout(PATIENCE, self.places.clone().acquire_owned()).await {
                Ok(Ok(place)) => place,
                Ok(Err(_)) => return Err(ModelError::Cancelled),
                Err(_) => return Err(crowded()),
            };
            let answer = self.inner.answer(request).await?;
            Ok(Seated { answer, place: Some(place) }.boxed())
        }
        .boxed()
    }
}

fn crowded() -> ModelError {
    ModelError::RateLimited {
        retry_after: Some(PATIENCE),
        message: "all places that this deployment has at the provider are taken".to_owned(),
    }
}

struct Seated {
    answer: Answer,
    place: Option<OwnedSemaphorePermit>,
}

impl Stream for Seated {
    type Item = Result<Event, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.answer.poll_next_unpin(cx);
        let over = matches!(next, Poll::Ready(None | Some(Err(_) | Ok(Event::Finished(_)))));
        if over {
            self.place = None;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::{
        answer::collect,
        fake::{Fake, Play, Step, says},
    };

    fn limited(plays: impl IntoIterator<Item = Play>) -> (Limited, Arc<Fake>) {
        let fake = Arc::new(Fake::new(plays));
        (Limited::new(fake.clone(), Arc::new(Semaphore::new(1))), fake)
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_waits_until_the_first_is_done() {
        let (model, fake) = limited([says("one"), says("two")]);
        let first = model.answer(Request::default()).await.unwrap();
        let mut second = model.answer(Request::default());
        assert!(futures::poll!(&mut second).is_pending());
        assert_eq!(fake.asked(), 1);
        collect(first, |_| ()).await.unwrap();
        assert!(second.await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_and_leaving_gives_the_place_back() {
        let (model, fake) = limited([Play::Steps(vec![Step::Forever]), says("two")]);
        let first = model.answer(Request::default()).await.unwrap();
        let started = Instant::now();
        let err = model.answer(Request::default()).await.err().unwrap();
        assert_eq!((err.code(), started.elapsed()), ("model_rate_limited", PATIENCE));
        assert_eq!(fake.asked(), 1, "nothing was sent");
        drop(first);
        assert!(model.answer(Request::default()).await.is_ok());
    }
}
