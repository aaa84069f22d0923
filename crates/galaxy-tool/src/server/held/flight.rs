//! A request under way that can change hands.

use std::sync::{Arc, Mutex, PoisonError};

use futures::{FutureExt, future::BoxFuture};
use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    server::{
        ToolServer,
        elicit::{Answer, Asked, Elicit},
        error::ServerError,
        request::{OnProgress, Progress, Request, RequestCx},
    },
    tool::{Asks, Notes},
};

type Ended = Result<Value, ServerError>;

/// A request under way. Dropped, it is cancelled at the server.
pub(in crate::server) struct Flight {
    /// When it ends at the latest.
    pub(super) latest: Instant,
    ended: watch::Receiver<Option<Ended>>,
    questions: mpsc::Receiver<Put>,
    listener: Arc<Listener>,
    cancel: CancellationToken,
    _cancelled: DropGuard,
}

/// What a flight tells.
pub(in crate::server) enum News {
    /// It is over.
    Ended(Ended),
    /// Its server asks, and waits for the answer.
    Asks(Put),
}

/// A question on the line.
pub(in crate::server) struct Put {
    /// What.
    pub(in crate::server) asked: Asked,
    /// Where the answer goes.
    pub(super) reply: oneshot::Sender<Answer>,
}

impl Put {
    /// Says no, without anybody being asked.
    pub(in crate::server) fn decline(self) {
        // A server that does not wait any more needs no answer.
        let _ = self.reply.send(Answer::Decline);
    }
}

impl Flight {
    /// Sends `request`.
    pub(in crate::server) fn start(
        server: &Arc<dyn ToolServer>,
        request: Request,
        notes: &Notes,
        asks: &Asks,
    ) -> Self {
        let latest = Instant::now() + server.spec().limits.ceiling;
        let (tell, ended) = watch::channel(None);
        let (put, questions) = mpsc::channel(1);
        let listener = Arc::new(Listener(Mutex::new(notes.clone())));
        let cancel = CancellationToken::new();
        let cx = RequestCx {
            cancel: cancel.clone(),
            progress: listener.clone(),
            elicit: Arc::new(Line(put)),
            ..RequestCx::default()
        };
        let server = server.clone();
        asks.holds.tasks().spawn(async move {
            let ceiling = server.spec().limits.ceiling;
            let result = tokio::select! {
                biased;
                result = server.request(request, &cx) => result,
                () = sleep_until(latest) => Err(ServerError::TimedOut(ceiling)),
                // Nobody is left who could hear what came of it.
                () = tell.closed() => return,
            };
            tell.send_replace(Some(result));
        });
        let _cancelled = cancel.clone().drop_guard();
        Self { latest, ended, questions, listener, cancel, _cancelled }
    }

    /// Waits for what comes next. Once `cancel` is set, the server is told, and what it says then
    /// is the end.
    pub(in crate::server) async fn next(&mut self, cancel: &CancellationToken) -> News {
        loop {
            tokio::select! {
                biased;
                ended = self.ended.wait_for(Option::is_some) => {
                    let lost = || Err(ServerError::Lost("it ended".to_owned()));
                    return News::Ended(ended.map_or(None, |it| it.clone()).unwrap_or_else(lost));
                }
                Some(put) = self.questions.recv(), if !self.cancel.is_cancelled() => {
                    return News::Asks(put);
                }
                () = cancel.cancelled(), if !self.cancel.is_cancelled() => self.cancel.cancel(),
            }
        }
    }

    /// How it ended, once it has.
    pub(super) fn ended(&self) -> watch::Receiver<Option<Ended>> {
        self.ended.clone()
    }

    /// Tells its progress to `notes` from now on.
    pub(super) fn listen(&self, notes: &Notes) {
        *self.listener.0.lock().unwrap_or_else(PoisonError::into_inner) = notes.clone();
    }
}

/// Whoever listens to the progress of a flight at the moment.
struct Listener(Mutex<Notes>);

impl OnProgress for Listener {
    fn progress(&self, progress: Progress) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).progress(progress);
    }
}

/// Takes the questions of a server that waits. One at a time is put; another one waits for it.
struct Line(mpsc::Sender<Put>);

impl Elicit for Line {
    fn ask(&self, asked: Asked) -> BoxFuture<'_, Answer> {
        async move {
            let (reply, answer) = oneshot::channel();
            // Whoever could ask a person has gone.
            if self.0.send(Put { asked, reply }).await.is_err() {
                return Answer::Cancel;
            }
            answer.await.unwrap_or(Answer::Cancel)
        }
        .boxed()
    }
}
