//! A model for this crate's own tests. (The test kit depends on this crate and so cannot serve
//! its unit tests.)

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use galaxy_domain::transcript::Finish;
use tokio::time::sleep;

use crate::{
    answer::{Answer, Event},
    error::ModelError,
    provider::{Model, Profile, Provider},
    request::Request,
};

/// How one request goes.
pub(crate) enum Play {
    Steps(Vec<Step>),
    Refuse(ModelError),
    Hang,
}

/// A step of an answer.
pub(crate) enum Step {
    Event(Event),
    Fail(ModelError),
    Wait(Duration),
    Forever,
}

/// Says `text` and is done.
pub(crate) fn says(text: &str) -> Play {
    Play::Steps(vec![
        Step::Event(Event::Text(text.to_owned())),
        Step::Event(Event::Finished(Finish::Stop)),
    ])
}

pub(crate) fn profile(name: &str) -> Profile {
    Profile {
        name: name.to_owned(),
        model: format!("{name}-1"),
        protocol: "fake",
        context_tokens: 8_000,
        tools: true,
        images: false,
        reasoning: false,
        structured: false,
        demo: false,
    }
}

pub(crate) fn unavailable() -> ModelError {
    ModelError::Unavailable { retry_after: None, message: "out of order".to_owned() }
}

/// Plays what it is given, then refuses.
pub(crate) struct Fake {
    profile: Profile,
    plays: Mutex<VecDeque<Play>>,
    asked: Mutex<Vec<Request>>,
    abandoned: Arc<AtomicUsize>,
}

impl Fake {
    pub(crate) fn new(plays: impl IntoIterator<Item = Play>) -> Self {
        Self::with(profile("fake"), plays)
    }

    pub(crate) fn with(profile: Profile, plays: impl IntoIterator<Item = Play>) -> Self {
        Self {
            profile,
            plays: Mutex::new(plays.into_iter().collect()),
            asked: Mutex::default(),
            abandoned: Arc::default(),
        }
    }

    /// How many requests came.
    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub(crate) fn last_request(&self) -> Request {
        self.asked.lock().unwrap().last().unwrap().clone()
    }

    /// How many answers were dropped before their end.
    pub(crate) fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::SeqCst)
    }
}

struct Guard(Arc<AtomicUsize>, bool);

impl Guard {
    fn disarm(&mut self) {
        self.1 = true;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.1 {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Model for Fake {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async move {
            self.asked.lock().unwrap().push(request);
            let play = self.plays.lock().unwrap().pop_front();
            match play.unwrap_or_else(|| Play::Refuse(unavailable())) {
                Play::Refuse(err) => Err(err),
                Play::Hang => futures::future::pending().await,
                Play::Steps(steps) => {
                    let guard = Guard(self.abandoned.clone(), false);
                    let steps = VecDeque::from(steps);
                    Ok(stream::unfold((steps, guard), |(mut steps, mut guard)| async move {
                        loop {
                            match steps.pop_front() {
                                None => {
                                    guard.disarm();
                                    return None;
                                }
                                Some(Step::Event(event)) => {
                                    return Some((Ok(event), (steps, guard)));
                                }
                                Some(Step::Fail(err)) => {
                                    guard.disarm();
                                    return Some((Err(err), (steps, guard)));
                                }
                                Some(Step::Wait(time)) => sleep(time).await,
                                Some(Step::Forever) => futures::future::pending().await,
                            }
                        }
                    })
                    .boxed())
                }
            }
        }
        .boxed()
    }
}

/// A provider whose every model is the same fake, under the profile asked for.
pub(crate) struct FakeProvider {
    pub(crate) plays: Mutex<Vec<Arc<Fake>>>,
    pub(crate) lists: Mutex<VecDeque<Result<Vec<String>, ModelError>>>,
}

impl FakeProvider {
    /// A provider that gives `models` out in their order.
    pub(crate) fn new(models: impl IntoIterator<Item = Arc<Fake>>) -> Arc<Self> {
        let plays = Mutex::new(models.into_iter().collect());
        Arc::new(Self { plays, lists: Mutex::default() })
    }
}

impl Provider for FakeProvider {
    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async move { self.lists.lock().unwrap().pop_front().unwrap_or_else(|| Err(unavailable())) }
            .boxed()
    }

    fn model(&self, _profile: Profile) -> Arc<dyn Model> {
        self.plays.lock().unwrap().remove(0)
    }
}
