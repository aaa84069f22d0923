//! Looking after a task of a server until it ends: asked about as often as the server wants, told of
//! what people answer, and cancelled when nobody wants it any more.
//!
//! **Invariant:** a server that cannot be reached for a while costs no task; everything else that
//! is wrong ends the wait, and so does time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use galaxy_base::Backoff;
use galaxy_domain::elicitation::ROUNDS;
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep, timeout};

use crate::server::{
    ToolServer,
    elicit::{Answer, Question},
    error::ServerError,
    exchange::{self, Waiting},
    request::{Progress, Request, RequestCx},
    task::{self, Stage, Told},
};

/// However often a server wants to be asked: not more often than this, and at least so often.
const POLL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));
/// How often one is asked that does not say.
const UNSAID: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(10) };
/// How long to leave a server alone that cannot be reached.
const AGAIN: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
/// A server may need so long until it has noticed an answer; what it still asks then is asked anew.
const NOTICED: Duration = Duration::from_secs(30);
/// What a server calls ended may reach us so much later.
const LATE: Duration = Duration::from_secs(30);
/// How long it may take to say that nobody wants a task any more.
const FAREWELL: Duration = Duration::from_millis(1500);
/// An error inside the server may pass; after so many in a row it does not.
const STUMBLES: u32 = 5;
/// What JSON-RPC says of parameters that make no sense: here, of a task that is not known.
const INVALID_PARAMS: i64 = -32602;
/// What it says of something that went wrong inside.
const INTERNAL_ERROR: i64 = -32603;

/// What comes next.
pub(super) enum News {
    /// Somebody has to answer these.
    Asks(BTreeMap<String, Question>),
    /// It is over.
    Ended(Result<Value, ServerError>),
}

/// A task that is looked after.
pub(super) struct Attendance<'a> {
    server: &'a dyn ToolServer,
    cx: &'a RequestCx,
    told: Told,
    /// How old it was when this began.
    age: Duration,
    /// How old it may get.
    longest: Duration,
    began: Instant,
    /// When answers were last on their way.
    answered_at: Instant,
    /// Questions that were answered.
    pub(super) answered: BTreeSet<String>,
    pending: BTreeMap<String, Answer>,
    looks: u32,
    troubles: u32,
    /// Whether the server is asked at once.
    hurry: bool,
}

impl<'a> Attendance<'a> {
    /// Looks after `told`, which is `age` old, until it is `longest` old.
    pub(super) fn new(
        server: &'a dyn ToolServer,
        told: Told,
        (age, longest): (Duration, Duration),
        cx: &'a RequestCx,
    ) -> Self {
        let now = Instant::now();
        Self {
            server,
            cx,
            told,
            age,
            longest,
            began: now,
            answered_at: now,
            answered: BTreeSet::new(),
            pending: BTreeMap::new(),
            looks: 0,
            troubles: 0,
            hurry: !age.is_zero(),
        }
    }

    /// Has the server told `answers` before it is asked again.
    pub(super) fn answer(&mut self, answers: impl IntoIterator<Item = (String, Answer)>) {
        for (key, answer) in answers {
            self.answered.insert(key.clone());
            self.pending.insert(key, answer);
        }
    }

    /// Waits for what comes next. Once `cx.cancel` is set, or the time is over, the server is told
    /// that nobody wants the task any more.
    pub(super) async fn next(&mut self) -> News {
        loop {
            let pause = if std::mem::take(&mut self.hurry) { Duration::ZERO } else { self.pause() };
            let left = self.left();
            tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => return self.leave(ServerError::Cancelled).await,
                () = sleep(pause.min(left)) => (),
            }
            if self.left().is_zero() {
                let err = match self.told.ttl {
                    Some(ttl) if ttl < self.longest => lost("has expired"),
                    Some(_) | None => ServerError::TimedOut(self.longest),
                };
                return self.leave(err).await;
            }
            match self.look().await {
                Ok(Some(news)) => return news,
                Ok(None) => self.troubles = 0,
                Err(err) if self.passes(&err) => {
                    self.troubles += 1;
                    self.tell(Some("the tool server cannot be reached; tried again".to_owned()));
                }
                Err(ServerError::Cancelled) => return self.leave(ServerError::Cancelled).await,
                Err(ServerError::Said { code: INVALID_PARAMS, .. }) => {
                    return News::Ended(Err(lost("is not known there any more")));
                }
                Err(err) => return News::Ended(Err(err)),
            }
        }
    }

    /// Tells the server what was answered, if anything was, and asks how far it is.
    async fn look(&mut self) -> Result<Option<News>, ServerError> {
        if !self.pending.is_empty() {
            let said = self.pending.iter().map(|(key, it)| (key.clone(), it.clone().into_result()));
            let said = Value::Object(said.collect::<Map<_, _>>());
            self.server.request(task::update(&self.told.id, &said), self.cx).await?;
            self.pending.clear();
            self.answered_at = Instant::now();
        }
        let result = self.server.request(task::get(&self.told.id), self.cx).await?;
        let (told, stage) = task::read(&self.told.id, &result)?;
        let changed = self.looks == 0 || told.message != self.told.message;
        self.looks += 1;
        self.told = told;
        Ok(match stage {
            Stage::Working => {
                if changed {
                    self.tell(self.told.message.clone());
                }
                None
            }
            Stage::Asks(mut questions) => {
                // What was answered may not have been noticed yet.
                if self.answered_at.elapsed() < NOTICED {
                    questions.retain(|key, _| !self.answered.contains(key));
                }
                (!questions.is_empty()).then_some(News::Asks(questions))
            }
            Stage::Done(result) => Some(News::Ended(Ok(result))),
            Stage::Failed(err) => Some(News::Ended(Err(err))),
            Stage::Cancelled => Some(News::Ended(Err(match &self.told.message {
                Some(why) => lost(&format!("was cancelled there: {why}")),
                None => lost("was cancelled there"),
            }))),
        })
    }

    /// Says that nobody wants it any more, and why the wait ends.
    async fn leave(&self, why: ServerError) -> News {
        abandon(self.server, &self.told.id).await;
        News::Ended(Err(why))
    }

    fn tell(&self, message: Option<String>) {
        let done = f64::from(self.looks + self.troubles);
        let message = Some(message.unwrap_or_else(|| "working".to_owned()));
        self.cx.progress.progress(Progress { done, total: None, message });
    }

    fn pause(&self) -> Duration {
        if self.troubles > 0 {
            return AGAIN.bound(self.troubles);
        }
        let (least, most) = POLL;
        self.told.poll.map_or_else(|| UNSAID.bound(self.looks), |it| it.clamp(least, most))
    }

    /// How long it may still take.
    fn left(&self) -> Duration {
        let kept = self.told.ttl.map_or(self.longest, |ttl| self.longest.min(ttl + LATE));
        kept.saturating_sub(self.age + self.began.elapsed())
    }

    /// Whether the task may well go on although the server could not be asked.
    fn passes(&self, err: &ServerError) -> bool {
        match err {
            ServerError::Unavailable { .. } | ServerError::Lost(_) | ServerError::TimedOut(_) => {
                true
            }
            ServerError::Said { code, .. } => *code == INTERNAL_ERROR && self.troubles < STUMBLES,
            ServerError::NeedsSignIn { .. }
            | ServerError::Refused(_)
            | ServerError::NotStarted(_)
            | ServerError::Cancelled
            | ServerError::TooLarge(_)
            | ServerError::TaskLost(_)
            | ServerError::Garbled(_) => false,
        }
    }
}

/// Says that nobody wants the task `id` any more; whether it stops is the server's to decide.
pub(super) async fn abandon(server: &dyn ToolServer, id: &str) {
    let cx = RequestCx::default();
    // There is nobody left to be told.
    let _ = timeout(FAREWELL, server.request(task::cancel(id), &cx)).await;
}

impl dyn ToolServer + '_ {
    /// What comes of `request` in the end, whose `result` is here: that itself, or what becomes of
    /// the task that the server made of it, within the time that a request may take. What the
    /// server asks meanwhile goes to [`RequestCx::elicit`]; when this gives up, the server is told.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn attended(
        &self,
        request: &Request,
        result: Value,
        cx: &RequestCx,
    ) -> Result<Value, ServerError> {
        let Some(told) = Told::created(request, &result)? else { return Ok(result) };
        let longest = self.spec().limits.ceiling;
        let mut attendance = Attendance::new(self, told, (Duration::ZERO, longest), cx);
        for _ in 0..ROUNDS {
            let questions = match attendance.next().await {
                News::Ended(ended) => return ended,
                News::Asks(questions) => questions,
            };
            let waiting = Waiting { questions, state: None };
            let Some(answers) = exchange::ask(self, &waiting, request, cx).await? else { break };
            attendance.answer(answers);
        }
        abandon(self, &attendance.told.id).await;
        Err(lost("was left: it needs answers from a person who is not there"))
    }
}

fn lost(why: &str) -> ServerError {
    ServerError::TaskLost(why.to_owned())
}
