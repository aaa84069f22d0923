//! A request to the server behind, under way: what it tells meanwhile, and its end.

use std::sync::Arc;

use futures::{
    FutureExt,
    future::{BoxFuture, ready},
};
use galaxy_app::{AppError, servers::Relayed};
use galaxy_tool::server::{
    Answer, Asked as Question, Elicit, OnLog, OnProgress, OnTask, Progress, RequestCx, ServerError,
};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

/// So much is heard ahead of a client that reads slowly; more of it is dropped, except questions,
/// which wait.
const AHEAD: usize = 64;

/// What came of a request.
pub(super) type Said = Result<Relayed, AppError>;

/// What the server says meanwhile.
pub(super) enum Heard {
    /// How far it is.
    Progress(Progress),
    /// A line of its log.
    Log(Value),
    /// It asks, and waits on the line for the answer.
    Asks(Put),
}

/// A question that waits on the line. Dropped, it is cancelled.
pub(super) struct Put {
    pub(super) question: Question,
    reply: oneshot::Sender<Answer>,
}

impl Put {
    /// Tells the server what somebody said.
    pub(super) fn answer(self, answer: Answer) {
        // A server that does not wait any more needs no answer.
        let _ = self.reply.send(answer);
    }
}

/// What comes next.
pub(super) enum News {
    /// The server said something.
    Heard(Heard),
    /// It is over.
    Over(Said),
}

/// A request under way. Dropped, it is cancelled at the server. It goes on only while somebody
/// waits for its news, or while the server waits for an answer.
pub(super) struct Flight {
    work: BoxFuture<'static, Said>,
    /// What came of it, while there is more to be heard that was said before.
    over: Option<Said>,
    heard: mpsc::Receiver<Heard>,
    cancel: CancellationToken,
    _cancelled: DropGuard,
}

impl Flight {
    /// Begins what `work` makes of the context that it is given; the client can be asked what
    /// `asker` says, and gets tasks or not.
    pub(super) fn begin(
        (asker, on_task): (Value, OnTask),
        work: impl FnOnce(RequestCx) -> BoxFuture<'static, Said>,
    ) -> Self {
        let (tell, heard) = mpsc::channel(AHEAD);
        let ear = Arc::new(Ear(tell));
        let cancel = CancellationToken::new();
        let cx = RequestCx {
            cancel: cancel.clone(),
            progress: ear.clone(),
            elicit: ear.clone(),
            log: ear,
            asker: Some(asker),
            on_task,
        };
        let _cancelled = cancel.clone().drop_guard();
        Self { work: work(cx), over: None, heard, cancel, _cancelled }
    }

    /// Waits for what comes next; what was heard before the end comes before it. Once `cancel` is
    /// set, the server is told, and what it says then is the end.
    pub(super) async fn next(&mut self, cancel: &CancellationToken) -> News {
        while self.over.is_none() {
            tokio::select! {
                biased;
                Some(heard) = self.heard.recv() => return News::Heard(heard),
                said = &mut self.work => self.over = Some(said),
                () = cancel.cancelled(), if !self.cancel.is_cancelled() => self.cancel.cancel(),
            }
        }
        while let Ok(heard) = self.heard.try_recv() {
            match heard {
                Heard::Progress(_) | Heard::Log(_) => return News::Heard(heard),
                // Whoever asked does not wait any more.
                Heard::Asks(_) => (),
            }
        }
        News::Over(self.over.take().unwrap_or(Ok(Relayed::Failed(ServerError::Cancelled))))
    }
}

/// Hears everything that a server says during a request.
struct Ear(mpsc::Sender<Heard>);

impl OnProgress for Ear {
    fn progress(&self, progress: Progress) {
        // Progress is a courtesy.
        let _ = self.0.try_send(Heard::Progress(progress));
    }
}

impl OnLog for Ear {
    fn logged(&self, params: Value) {
        // So is a log.
        let _ = self.0.try_send(Heard::Log(params));
    }
}

impl Elicit for Ear {
    fn ask(&self, question: Question) -> BoxFuture<'_, Answer> {
        let (reply, answer) = oneshot::channel();
        let put = Put { question, reply };
        let sent = self.0.send(Heard::Asks(put));
        async move {
            match sent.await {
                Ok(()) => answer.await.unwrap_or(Answer::Cancel),
                // Whoever could ask somebody has gone.
                Err(_) => ready(Answer::Cancel).await,
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn what_was_said_before_the_end_is_heard_before_it() {
        let mut flight = Flight::begin((json!({}), OnTask::Waits), |cx| {
            async move {
                cx.progress.progress(Progress { done: 1.0, total: None, message: None });
                cx.log.logged(json!({ "data": "a line" }));
                Ok(Relayed::Answered(json!({})))
            }
            .boxed()
        });
        let never = CancellationToken::new();
        assert!(matches!(flight.next(&never).await, News::Heard(Heard::Progress(_))));
        assert!(matches!(flight.next(&never).await, News::Heard(Heard::Log(_))));
        assert!(matches!(flight.next(&never).await, News::Over(Ok(Relayed::Answered(_)))));
    }

    #[tokio::test]
    async fn whoever_gives_up_hears_what_became_of_it() {
        let mut flight = Flight::begin((json!({}), OnTask::Waits), |cx| {
            async move {
                cx.cancel.cancelled().await;
                Ok(Relayed::Failed(ServerError::Cancelled))
            }
            .boxed()
        });
        let gives_up = CancellationToken::new();
        gives_up.cancel();
        let news = flight.next(&gives_up).await;
        assert!(matches!(news, News::Over(Ok(Relayed::Failed(ServerError::Cancelled)))));
    }
}
