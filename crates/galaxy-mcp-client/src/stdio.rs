//! Servers that are processes of our own, spoken to line by line.

mod child;
mod lines;

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use galaxy_tool::server::{LogSource, ServerError};
use rmcp::{
    RoleClient,
    model::{
        ClientJsonRpcMessage, ClientRequest, ErrorCode, ErrorData, RequestId, ServerJsonRpcMessage,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use tokio::{
    io::AsyncWriteExt,
    process::{ChildStdin, ChildStdout},
    sync::Mutex,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{failure, log::Log, tap::Tap, wire};

pub(crate) use child::{Program, start};
use lines::{Line, Lines};

/// A server that says nothing to `server/discover` for so long is an old one that ignores what it
/// does not know. (rmcp would wait ten seconds.)
const DISCOVER: Duration = Duration::from_millis(2500);

/// The lines to and from a process. Clones share them, one after the other.
#[derive(Clone)]
pub(crate) struct Stdio(Arc<Shared>);

struct Shared {
    input: Mutex<Option<ChildStdin>>,
    output: Mutex<Lines<ChildStdout>>,
    tap: Tap,
    log: Arc<Log>,
    max_depth: usize,
    /// Fires when the process or the connection is over.
    ended: CancellationToken,
    discover: std::sync::Mutex<Discover>,
    /// How long to wait for an answer to `server/discover`, if not for ever.
    patience: Option<Duration>,
}

/// What became of `server/discover`.
#[derive(Debug, Clone)]
enum Discover {
    /// Not asked, or answered.
    Settled,
    /// Asked.
    Asked {
        /// As which request.
        id: RequestId,
        /// Until then.
        until: Option<Instant>,
    },
    /// Given up; an answer that comes now would only confuse rmcp.
    GivenUp {
        /// As which request.
        id: RequestId,
    },
    /// Answered after it had been given up: the server is a modern one that starts slowly.
    Late,
}

impl Stdio {
    fn new(
        input: ChildStdin,
        output: ChildStdout,
        program: &Program<'_>,
        ended: CancellationToken,
    ) -> Self {
        Self(Arc::new(Shared {
            input: Mutex::new(Some(input)),
            output: Mutex::new(Lines::new(output, program.limits.message_bytes)),
            tap: program.tap.clone(),
            log: program.log.clone(),
            max_depth: program.limits.depth,
            ended,
            discover: std::sync::Mutex::new(Discover::Settled),
            patience: program.era.is_none().then_some(DISCOVER),
        }))
    }

    /// Whether the server answered as a modern one when that was no longer expected. It waits for
    /// modern requests then, and one can begin again on the same lines.
    pub(crate) fn is_modern_after_all(&self) -> bool {
        matches!(*self.0.discover(), Discover::Late)
    }
}

impl Shared {
    fn discover(&self) -> MutexGuard<'_, Discover> {
        self.discover.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a line means to rmcp, if anything.
    fn read(&self, line: Line) -> Option<ServerJsonRpcMessage> {
        let message = match line {
            Line::Whole(text) if text.iter().all(u8::is_ascii_whitespace) => return None,
            Line::Whole(text) => match wire::decode(&text, &self.tap, self.max_depth) {
                Ok(message) => message,
                Err(err) => return self.nonsense(&text, err),
            },
            Line::TooLong { id, max } => {
                let err = failure::too_long("a message", max);
                self.log.add(LogSource::Connection, &err.to_string());
                let id =
                    id.filter(|it| self.tap.method(it).is_some()).or_else(|| self.tap.sole())?;
                wire::failed(&id, err, &self.tap)
            }
        };
        let answers = match &message {
            ServerJsonRpcMessage::Response(response) => Some(&response.id),
            ServerJsonRpcMessage::Error(error) => error.id.as_ref(),
            ServerJsonRpcMessage::Request(_) | ServerJsonRpcMessage::Notification(_) => None,
        };
        let is_success = matches!(message, ServerJsonRpcMessage::Response(_));
        let mut discover = self.discover();
        match &*discover {
            Discover::Asked { id, .. } if answers == Some(id) => *discover = Discover::Settled,
            Discover::GivenUp { id } if answers == Some(id) => {
                *discover = if is_success { Discover::Late } else { Discover::Settled };
                return None;
            }
            Discover::Settled
            | Discover::Asked { .. }
            | Discover::GivenUp { .. }
            | Discover::Late => (),
        }
        Some(message)
    }

    /// A line that is no message: a greeting, perhaps. One that begins like a message ends the only
    /// request that it can belong to.
    fn nonsense(&self, text: &[u8], err: ServerError) -> Option<ServerJsonRpcMessage> {
        let text = String::from_utf8_lossy(text);
        self.log.add(LogSource::Connection, &format!("{err}; it wrote: {text}"));
        let id = self.tap.sole().filter(|_| text.trim_start().starts_with('{'))?;
        Some(wire::failed(&id, err, &self.tap))
    }
}

impl Transport<RoleClient> for Stdio {
    type Error = ServerError;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), ServerError>> + Send + 'static {
        let shared = self.0.clone();
        if let ClientJsonRpcMessage::Request(request) = &item
            && matches!(request.request, ClientRequest::DiscoverRequest(_))
        {
            // Asked for the second time, the server is known to answer.
            let first = !self.is_modern_after_all();
            let until = shared.patience.filter(|_| first).map(|it| Instant::now() + it);
            *shared.discover() = Discover::Asked { id: request.id.clone(), until };
        }
        shared.tap.expect(&item);
        let text = serde_json::to_vec(&item);
        async move {
            let mut text = text.map_err(|err| ServerError::Garbled(err.to_string()))?;
            text.push(b'\n');
            let write = async {
                match shared.input.lock().await.as_mut() {
                    Some(input) => input.write_all(&text).await.map_err(|err| err.to_string()),
                    None => Err("it was closed".to_owned()),
                }
            };
            tokio::select! {
                written = write => written.map_err(ServerError::Lost),
                () = shared.ended.cancelled() => Err(ServerError::Lost("it ended".to_owned())),
            }
        }
    }

    /// The next message. Dropping the future loses nothing.
    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        let shared = self.0.clone();
        let mut output = shared.output.lock().await;
        loop {
            let asked = match &*shared.discover() {
                Discover::Asked { id, until: Some(until) } => Some((id.clone(), *until)),
                Discover::Asked { until: None, .. }
                | Discover::Settled
                | Discover::GivenUp { .. }
                | Discover::Late => None,
            };
            let until = asked.as_ref().map_or_else(Instant::now, |(_, until)| *until);
            let line = tokio::select! {
                line = output.next() => line,
                () = shared.ended.cancelled() => None,
                () = sleep_until(until), if asked.is_some() => {
                    let Some((id, _)) = asked else { continue };
                    *shared.discover() = Discover::GivenUp { id: id.clone() };
                    let data = ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "no answer", None);
                    return Some(ServerJsonRpcMessage::error(data, Some(id)));
                }
            };
            let Some(line) = line else {
                shared.ended.cancel();
                return None;
            };
            if let Some(message) = shared.read(line) {
                return Some(message);
            }
        }
    }

    async fn close(&mut self) -> Result<(), ServerError> {
        self.0.ended.cancel();
        self.0.input.lock().await.take();
        Ok(())
    }
}
