//! A change on its way to the connection that makes it.

use std::any::Any;

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use crate::{
    db::{Strength, Tx},
    error::StoreError,
};

/// A change to make, and whom to answer.
pub(crate) trait Job: Send {
    /// How sure its commit has to be.
    fn strength(&self) -> Strength;
    /// Makes the change. Called again when the engine asks to try again.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>>;
    /// Answers: committed, or why not.
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
    /// Hands a panic over to whoever asked for the change.
    fn panicked(self: Box<Self>, payload: Box<dyn Any + Send>);
}

/// What becomes of a change.
pub(crate) enum Reply<T> {
    /// It ended.
    Ended(Result<T, StoreError>),
    /// It panicked; nothing of it is stored.
    Panicked(Box<dyn Any + Send>),
}

/// A [`Job`] made of its input and what to do with it.
pub(crate) struct TypedJob<I, T, F> {
    strength: Strength,
    input: I,
    work: F,
    made: Option<T>,
    reply: oneshot::Sender<Reply<T>>,
}

impl<I, T, F> TypedJob<I, T, F> {
    /// Does `work` with `input` and answers to `reply`.
    pub(crate) fn new(
        strength: Strength,
        input: I,
        work: F,
        reply: oneshot::Sender<Reply<T>>,
    ) -> Self {
        Self { strength, input, work, made: None, reply }
    }
}

impl<I, T, F> Job for TypedJob<I, T, F>
where
    I: Send + Sync,
    T: Send,
    F: for<'t> Fn(&'t mut Tx, &'t I) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync,
{
    fn strength(&self) -> Strength {
        self.strength
    }

    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> {
        Box::pin(async move {
            self.made = None;
            let made = (self.work)(tx, &self.input).await?;
            tx.settle().await?;
            self.made = Some(made);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let made = self.made;
        let end = end.and_then(|()| {
            made.ok_or_else(|| StoreError::unavailable("the change was not carried out"))
        });
        // Whoever asked may have gone; the change stands all the same.
        self.reply.send(Reply::Ended(end)).ok();
    }

    fn panicked(self: Box<Self>, payload: Box<dyn Any + Send>) {
        self.reply.send(Reply::Panicked(payload)).ok();
    }
}
