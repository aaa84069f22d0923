//! Asks the model once, showing the answer while it comes.

use std::{pin::pin, time::Duration};

use futures::{StreamExt, stream::FusedStream};
use galaxy_domain::{
    CallId, Item, ToolCall, Transcript, Usage,
    transcript::{Delta, Finish},
};
use galaxy_model::{Answer, Event, ModelError, Sampled};
use galaxy_store::{StoreError, Strength};
use tokio::time::{Instant, sleep_until};

use crate::{
    drive::{Deps, FirstPiece, Interrupted, RunError, Signals, request},
    log::Journal,
};

/// A reader sees a sign of life at least this often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// Pieces that wait for a slow store are joined; an answer that outruns the store by more than
/// this many bytes is not read on until the store has caught up.
const UNSAVED_BYTES: usize = 256 * 1024;

/// Samples once and stages what came of it: an [`Item::Assistant`] with its usage, also for what
/// there was of an answer that a stop or a failure cut short.
pub(crate) async fn sample(
    journal: &mut Journal<'_>,
    deps: &Deps,
    signals: &Signals,
) -> Result<Result<(), Interrupted>, RunError> {
    let profile = deps.model.profile();
    let asked = request(journal.transcript, deps);
    journal.stage(Item::Sampling { model: profile.name.clone(), because: None })?;
    let mut writing = Writing::new(journal, deps);
    let mut sampled = Sampled::default();
    let end = {
        let mut answering = pin!(deps.model.answer(asked));
        match writing.until(&mut answering, signals).await? {
            Err(interrupted) => Err(interrupted),
            Ok(Err(err)) => Err(Interrupted::Model(err)),
            Ok(Ok(answer)) => writing.read(answer, &mut sampled, signals).await?,
        }
    };
    writing.settle().await?;
    let model = sampled.switched.clone().unwrap_or_else(|| profile.name.clone());
    let begun = !sampled.parts.is_empty();
    match end {
        Ok(finish) => {
            let calls = renamed(std::mem::take(&mut sampled.calls), journal.transcript);
            conclude(journal, sampled, calls, finish, model)?;
            Ok(Ok(()))
        }
        // Calls of an answer that broke off are dropped: they may not be whole.
        Err(Interrupted::Stopped) => {
            if begun {
                conclude(journal, sampled, Vec::new(), Finish::Cancelled, model)?;
            }
            Ok(Err(Interrupted::Stopped))
        }
        Err(Interrupted::Model(_)) if begun => {
            conclude(journal, sampled, Vec::new(), Finish::Broken, model)?;
            Ok(Ok(()))
        }
        Err(other) => Ok(Err(other)),
    }
}

fn conclude(
    journal: &mut Journal<'_>,
    sampled: Sampled,
    calls: Vec<ToolCall>,
    finish: Finish,
    model: String,
) -> Result<(), RunError> {
    let Sampled { parts, usage, .. } = sampled;
    journal.stage(Item::Assistant { parts, calls, finish, model: model.clone() })?;
    if usage != Usage::default() {
        journal.stage(Item::Usage { model, usage })?;
    }
    Ok(())
}

/// Some providers number their calls anew in every answer; a run tells them apart.
fn renamed(mut calls: Vec<ToolCall>, transcript: &Transcript) -> Vec<ToolCall> {
    for idx in 0..calls.len() {
        let taken = |id: &CallId, before: &[ToolCall]| {
            transcript.knows_call(id) || before.iter().any(|call| call.id == *id)
        };
        let original = calls[idx].id.0.clone();
        let mut number = 2;
        while taken(&calls[idx].id, &calls[..idx]) {
            calls[idx].id = CallId(format!("{original}-{number}"));
            number += 1;
        }
    }
    calls
}

type Commit = futures::future::BoxFuture<'static, Result<u64, StoreError>>;

/// Stores the pieces of an answer while it is being read: one commit at a time, and between two
/// of them the pieces are joined.
struct Writing<'j, 'l, 'd> {
    journal: &'j mut Journal<'l>,
    deps: &'d Deps,
    pieces: Vec<Delta>,
    bytes: usize,
    commit: Option<Commit>,
    /// When the next commit may start.
    due: Instant,
    /// When something was last stored or staged.
    spoke: Instant,
    begun: bool,
}

impl<'j, 'l, 'd> Writing<'j, 'l, 'd> {
    fn new(journal: &'j mut Journal<'l>, deps: &'d Deps) -> Self {
        let now = Instant::now();
        let due = now + (deps.pace)();
        Self {
            journal,
            deps,
            pieces: Vec::new(),
            bytes: 0,
            commit: None,
            due,
            spoke: now,
            begun: false,
        }
    }

    /// Waits for `work`, storing meanwhile.
    async fn until<T>(
        &mut self,
        work: &mut (impl Future<Output = T> + Unpin),
        signals: &Signals,
    ) -> Result<Result<T, Interrupted>, RunError> {
        loop {
            tokio::select! {
                biased;
                () = signals.stop.cancelled() => return Ok(Err(Interrupted::Stopped)),
                () = signals.hand_over.cancelled() => return Ok(Err(Interrupted::HandedOver)),
                stored = self.work_on() => stored?,
                done = &mut *work, if self.bytes < UNSAVED_BYTES => return Ok(Ok(done)),
            }
        }
    }

    /// Reads `answer` to its end, or as far as it gets.
    async fn read(
        &mut self,
        answer: Answer,
        sampled: &mut Sampled,
        signals: &Signals,
    ) -> Result<Result<Finish, Interrupted>, RunError> {
        let mut answer = answer.fuse();
        while !answer.is_terminated() {
            let mut next = answer.next();
            let event = match self.until(&mut next, signals).await? {
                Err(interrupted) => return Ok(Err(interrupted)),
                Ok(None) => break,
                Ok(Some(Err(err))) => return Ok(Err(Interrupted::Model(err))),
                Ok(Some(Ok(event))) => event,
            };
            self.take(&event)?;
            sampled.push(event);
            if let Some(finish) = sampled.finish {
                return Ok(Ok(finish));
            }
        }
        Ok(Err(Interrupted::Model(ModelError::truncated("the stream ended too early"))))
    }

    /// Takes in what a reader should see of `event`.
    fn take(&mut self, event: &Event) -> Result<(), RunError> {
        let piece = match event {
            Event::Text(text) => Delta::Text { text: text.clone() },
            Event::Reasoning(text) => Delta::Reasoning { text: text.clone() },
            Event::Arguments { call, tool, text } => {
                Delta::Arguments { call: call.clone(), tool: tool.clone(), text: text.clone() }
            }
            Event::Switched { model, because } => {
                let (model, because) = (model.clone(), Some(because.clone()));
                return self.journal.stage(Item::Sampling { model, because });
            }
            Event::Call(_) | Event::Opaque(_) | Event::Usage(_) | Event::Finished(_) => {
                return Ok(());
            }
        };
        self.add(piece);
        if !self.begun {
            // The first token is what a person waits for.
            self.begun = true;
            match self.deps.first {
                FirstPiece::AtOnce => self.due = Instant::now(),
                FirstPiece::Joined => (),
            }
        }
        Ok(())
    }

    fn add(&mut self, piece: Delta) {
        match (self.pieces.last_mut(), piece) {
            (Some(Delta::Text { text }), Delta::Text { text: more })
            | (Some(Delta::Reasoning { text }), Delta::Reasoning { text: more }) => {
                self.bytes += more.len();
                text.push_str(&more);
            }
            (
                Some(Delta::Arguments { call, text, .. }),
                Delta::Arguments { call: same, text: more, .. },
            ) if *call == same => {
                self.bytes += more.len();
                text.push_str(&more);
            }
            (_, piece) => {
                self.bytes += match &piece {
                    Delta::Text { text }
                    | Delta::Reasoning { text }
                    | Delta::Arguments { text, .. } => text.len(),
                };
                self.pieces.push(piece);
            }
        }
    }

    /// Does the next bit of storing that is due; waits until there is one.
    async fn work_on(&mut self) -> Result<(), RunError> {
        if let Some(commit) = &mut self.commit {
            commit.await?;
            self.commit = None;
            return Ok(());
        }
        if self.pieces.is_empty() && !self.journal.has_unsaved() {
            sleep_until(self.spoke + SIGN_OF_LIFE).await;
            // An empty thought: "still here".
            self.add(Delta::Reasoning { text: String::new() });
            self.due = Instant::now();
        }
        sleep_until(self.due).await;
        self.start()
    }

    fn start(&mut self) -> Result<(), RunError> {
        for delta in self.pieces.drain(..) {
            self.journal.stage(Item::Delta { delta })?;
        }
        self.bytes = 0;
        let now = Instant::now();
        self.due = now + (self.deps.pace)();
        self.spoke = now;
        self.commit = Some(self.journal.start_commit(Strength::Relaxed));
        Ok(())
    }

    /// Waits for the commit that is under way. Pieces that were not stored are dropped: the whole
    /// message, which replaces them, is stored next.
    async fn settle(self) -> Result<(), RunError> {
        if let Some(commit) = self.commit {
            commit.await?;
        }
        Ok(())
    }
}
